import { t } from './strings'

/** `1,234`; a thin choice so that all counts look alike. */
export const formatCount = (value: number): string => value.toLocaleString('en-US')

/** Figures with a real minus sign; `–` where undefined. */
export function formatFigure(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value).toFixed(digits)
  const sign = value < 0 && Number(size) > 0 ? '−' : ''
  return sign + (size.startsWith('0.') ? size.slice(1) : size)
}

/** `63 %` */
export const formatShare = (share: number): string => `${Math.floor(100 * share)} %`

/** `3 s`, `2 min`, `1 h`, in the language in use: one unit, rounded up so that it never says 0. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  if (seconds < 100) return t.status.duration.s(seconds)
  const minutes = Math.ceil(seconds / 60)
  return minutes < 100 ? t.status.duration.min(minutes) : t.status.duration.h(Math.ceil(minutes / 60))
}

/** `34 MB`; decimal, as file managers and the Hub say it. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit] ?? 'B'}`
}

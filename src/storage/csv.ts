export interface CsvOptions {
  /** Puts an apostrophe before what a spreadsheet would take for a formula. */
  spreadsheet: boolean
}

/** One field as RFC 4180 has it; null is an empty field. Numbers are written so that reading them gives the same float32. */
export function csvField(value: string | number | null, options: CsvOptions = { spreadsheet: false }): string {
  if (value === null) return ''
  if (typeof value === 'number') return Number.isFinite(value) ? String(Number(value.toPrecision(9))) : ''
  const text = options.spreadsheet && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One record with its line end. */
export const csvRow = (fields: readonly (string | number | null)[], options?: CsvOptions): string =>
  fields.map((field) => csvField(field, options)).join(',') + '\r\n'

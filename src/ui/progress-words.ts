import type { Progress } from '../core/types'
import type { ExplorerView } from '../state/api'
import { t } from './strings'
import { formatBytes, formatCount, formatDuration } from './format'

export interface ProgressWords {
  busy: boolean
  /** What is being done, or the status. */
  what: string
  /** How far: `61/144`; '' where it is not known. */
  amount: string
  /** 0 … 1; null where it is not known. */
  share: number | null
  /** How long still; '' where it is not known. */
  left: string
}

/** What the run is at, in words. */
export function progressWords(explorer: ExplorerView): ProgressWords {
  const busy = explorer.status === 'loading' || explorer.status === 'running'
  const progress = busy ? explorer.progress : null
  if (!progress) return { busy, what: t.status[explorer.status], amount: '', share: null, left: '' }
  const format = progress.unit === 'bytes' ? formatBytes : formatCount
  // One step of one says nothing about how far it is.
  const isCounted = progress.total > 1
  return {
    busy,
    what:
      progress.stage === 'project' ? t.projections[explorer.settings.projection].name : t.status.stages[progress.stage],
    amount: isCounted
      ? `${format(progress.done)}/${format(progress.total)}${rateOf(progress, explorer.timeLeftMs)}`
      : arrived(progress),
    share: isCounted ? Math.min(1, progress.done / progress.total) : null,
    left: explorer.timeLeftMs === null ? '' : t.status.left(formatDuration(explorer.timeLeftMs)),
  }
}

/** How fast bytes come in, from how long the rest will take. */
function rateOf({ unit, done, total }: Progress, timeLeftMs: number | null): string {
  if (unit !== 'bytes' || timeLeftMs === null || timeLeftMs <= 0) return ''
  return `, ${t.status.rate(formatBytes(((total - done) / timeLeftMs) * 1000))}`
}

/** Bytes of a file whose size the host did not say. */
const arrived = ({ unit, done, total }: Progress): string =>
  unit === 'bytes' && total === 0 && done > 0 ? formatBytes(done) : ''

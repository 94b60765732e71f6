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
    amount: isCounted ? `${format(progress.done)}/${format(progress.total)}` : '',
    share: isCounted ? Math.min(1, progress.done / progress.total) : null,
    left: explorer.timeLeftMs === null ? '' : t.status.left(formatDuration(explorer.timeLeftMs)),
  }
}

import type { ClusterScore } from '../core/clustering'
import type { AppError } from '../core/errors'
import type { ImageLabels } from '../core/label-map'
import type { SearchOptions } from '../core/search'
import type {
  ColorId,
  FigureRow,
  HeadPicture,
  HeadRef,
  ModelInfo,
  Progress,
  ProjectionSettings,
  Sequence,
  ViewId,
} from '../core/types'
import type { UserColumn } from '../core/user-column'

/** What the views need of the run; `Explorer` (explorer.svelte.ts) is the one implementation and the one owner of the run. */
export interface ExplorerView {
  readonly status: 'empty' | 'loading' | 'running' | 'ready' | 'failed'
  readonly error: AppError | null
  /** Notices that don't stop the run (truncated lines, a bad address value, a skipped file). */
  readonly notices: readonly Notice[]
  readonly progress: Progress | null
  /** Milliseconds still to go, as estimated; null: not known. */
  readonly timeLeftMs: number | null
  readonly model: ModelInfo | null
  /** Text lines as typed; kept whatever happens. */
  readonly texts: readonly string[]
  /** What the user brought along with the texts: value i is of text i. */
  readonly columns: readonly UserColumn[]
  /** Texts of the user that a sample, a link or a file took the place of; null: none. */
  readonly keptTexts: readonly string[] | null
  /** The texts are the user's; false: a sample's or a link's. */
  readonly hasOwnTexts: boolean
  /** Images as they were taken in; where the model takes images, image i is sequence i. */
  readonly images: readonly {
    readonly id: string
    readonly name: string
    readonly blob: Blob
    readonly labels?: ImageLabels
  }[]
  readonly sequences: readonly Sequence[]
  /** The results were read from a session file and not computed here. */
  readonly isFromSession: boolean
  readonly settings: Readonly<ProjectionSettings>
  readonly color: ColorId
  /** Name of the user's column that `user` colours by; '': the first. */
  readonly column: string
  readonly search: string
  readonly searchOptions: Readonly<SearchOptions>
  /** Grows whenever pictures or figures changed; at most once a frame. Read `picture()` after it. */
  readonly version: number
  readonly headsDone: number
  /** Projection workers that share the heads. */
  readonly workers: number
  picture(head: HeadRef): HeadPicture | null
  /** How far a head's picture is, 0 … 1; null: nothing is being computed for it. Read it after `progress`. */
  headProgress(head: HeadRef): number | null
  figures(head: HeadRef): FigureRow | null
  /** [t,t] of one sequence, rows queries. */
  attention(head: HeadRef, sequence: number): Promise<{ weights: Float32Array; size: number }>
  /** One head's raw vectors of all sequences: value vectors [m,valueDim] of its key/value head. */
  vectors(head: HeadRef): Promise<{ v: Float32Array; m: number }>
  /** [n] and [m]: 2-norms of raw q and k, for colour and size. */
  norms(head: HeadRef): { q: Float32Array; k: Float32Array } | null
  /** Visible heads first: the views say which. */
  setVisible(heads: readonly HeadRef[]): void
  cancel(): void
  retry(): void
  dismiss(notice: Notice): void
}

export interface Notice {
  code: string
  message: string
}

/** What is looked at; shared by all views, in the address. */
export interface SelectionView {
  view: ViewId
  head: HeadRef
  sequence: number | null
  /** Index of the pinned token inside its sequence, and its role. */
  token: number | null
  role: 'query' | 'key'
  /** Points taken together, ascending; the same tokens in every head. Not in the address. */
  points: readonly number[] | null
  /** Hover = peek; not in the address. */
  hover: { head: HeadRef; point: number } | null
  /**
   * Lets other state be undone and redone with what is looked at. Returns what is to be called before each change of it: changes
   * of one run (typing, dragging) that follow each other within a second are one step.
   */
  include(part: UndoPart): (run?: string) => void
}

/** State that can be undone: what `read` gives is never changed, and put back by `write`. */
export interface UndoPart {
  read(): unknown
  write(state: unknown): void
}

/** Scores how the matches of a search lie in heads' pictures, away from the page. */
export interface ClusteringPort {
  /** One score a head: `points` [2n,dims], queries first; `rows` of the matching tokens, `mask` [n]. */
  score(
    heads: readonly { index: number; points: Float32Array; dims: 2 | 3 }[],
    rows: Int32Array,
    mask: Uint8Array,
  ): Promise<(ClusterScore | null)[]>
}

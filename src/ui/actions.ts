import type { FindLabels } from '../core/label-map'
import type { SearchMatch } from '../core/search'
import type { ColorId, JointId, ProjectionId, ProjectionParameter, ProjectionSettings } from '../core/types'
import type { PaletteId } from '../encodings/types'
import type { AtlasSceneApi } from '../scene/api'
import type { ClusteringPort } from '../state/api'
import type { ArrangementChoice } from '../state/arrangement-choice.svelte'
import type { TextReplacement } from '../state/dependencies'
import type { FolderFile } from '../state/model-folders'
import type { ModelLibraryPort, OpenRequest } from '../state/model-library'
import type { Segmenter } from '../state/segmenter.svelte'
import type { Screen } from '../state/screen'
import type { RecentModel } from '../state/model-recent'
import type { NetworkLock } from '../state/network-lock.svelte'
import type { Drafts } from '../storage/draft'
import type { ExportOptions } from '../storage/exports'
import type { Language } from './strings'

export type ThemeChoice = 'auto' | 'light' | 'dark'

export interface RequestLine {
  url: string
  bytes: number
  /** Milliseconds since the epoch. */
  at: number
  why: string
}

export interface SettingsPatch extends Partial<ProjectionSettings> {
  color?: ColorId
  column?: string
  search?: string
  match?: SearchMatch
  case?: 0 | 1
  first?: 0 | 1
  palette?: PaletteId
  theme?: ThemeChoice
  lang?: Language
  backend?: 'auto' | 'webgpu' | 'wasm'
  rotation?: 'after' | 'before'
  bos?: 0 | 1
}

/** What the views can ask for; the composition root ties it to the run. Failures come back as the explorer's `error`. */
export interface AppActions {
  /** Replaces the text input; lines verbatim. */
  setTexts(lines: readonly string[]): void
  /** The same for a sample or a file: the user's own texts are kept. */
  replaceTexts?(lines: readonly string[], replacement: TextReplacement): void
  /** Puts kept texts back; `unshown`: lines that were typed since and not shown yet. */
  bringBackTexts?(unshown: readonly string[] | null): void
  /** Image input, and the image model where another kind is open. */
  readonly images?: {
    set(blobs: readonly Blob[]): void
    add(blobs: readonly Blob[]): void
    remove(index: number): void
    move(from: number, to: number): void
    /** What the patches of the images are. */
    label(find: FindLabels): void
    /** Opens the built-in image model. */
    open(): void
  }
  set(patch: SettingsPatch): void
  /** Replaces the pictures. */
  setImages?(blobs: readonly Blob[]): void
  /** Opens a model. @throws AppError BAD_ARGUMENT for what is no model; what happens later is the explorer's `error` */
  openModel?(request: OpenRequest): void
  /** Opens a model of this computer: its files under their paths inside the folder. */
  openFolder?(name: string, files: readonly FolderFile[]): void
  /** The id under which a folder of this computer can be opened. */
  nameFolder?(name: string, files: readonly FolderFile[]): string
  /** Labels patches by a segmentation model. */
  readonly segmenter?: Segmenter
  /** Session files. Failures of `open` come back as notices. */
  readonly session?: {
    open(file: File): Promise<void>
    /** Computes here what a session file brought. */
    leave(): void
  }
  /** Whether this tab is the one that saves (null: not known yet), where there are several. */
  readonly tabs?: { readonly isWriter: boolean | null; takeOver(): void }
  /** Text that was typed and not shown yet, of this tab and of closed ones. */
  readonly drafts?: Drafts
  /** What this browser keeps besides models. */
  readonly stored?: {
    results(): Promise<{ entries: number; bytes: number } | null>
    clearResults(): Promise<void>
    /** Texts, images, drafts and the list of recent models. */
    clearInputs(): Promise<void>
  }
  /** Lists of models, and a look at one before it is opened. */
  readonly library?: ModelLibraryPort
  /** Models of earlier visits, the latest first. */
  recentModels?(): readonly RecentModel[]
  /** How the heads of the matrix are arranged, shared with the address. */
  readonly arrangement?: ArrangementChoice
  /** Compares heads for the search. */
  readonly clustering: ClusteringPort
  /** Is told what is drawn. */
  readonly screen?: Screen
  /** One step back, or forth again, in what is looked at. */
  undo?(): void
  redo?(): void
  /** What stands between this page and the network. */
  readonly network?: Pick<NetworkLock, 'isGuarded' | 'openHosts' | 'hasUpdate' | 'takeUpdate'>
  /** What `atlas.export` writes, and a name for it. @throws AppError in a rejection: NOT_AVAILABLE, CANCELLED */
  export?(kind: string, format: string, options?: ExportOptions): Promise<{ name: string; blob: Blob }>
  /** Every request of the app so far. */
  requests(): readonly RequestLine[]
  /** Projections that are built; only these are shown. */
  readonly projections: readonly ProjectionId[]
  /** Dimensions that a projection draws in. */
  dimsOf(projection: ProjectionId): readonly (2 | 3)[]
  /** Settings that a projection heeds; none: it is made from q·k itself, not from a joint space. */
  parametersOf(projection: ProjectionId): readonly ProjectionParameter[]
  /** Ways to bring queries and keys into one space. */
  readonly joints: readonly JointId[]
  /** First layer and head are 0 or 1 on the screen. */
  readonly base?: 0 | 1
  /** Theme asked for by the address or remembered; `auto` follows the system. */
  readonly theme: ThemeChoice
  /** Language of the words. */
  readonly lang?: Language
  /** Colours of queries, keys and ramps. */
  readonly palette?: PaletteId
}

/** Makes the renderer for a canvas; may load it first. */
export type CreateScene = (canvas: HTMLCanvasElement) => AtlasSceneApi | Promise<AtlasSceneApi>

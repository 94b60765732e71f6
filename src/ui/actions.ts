import type { ColorId, ProjectionId, ProjectionSettings } from '../core/types'
import type { AtlasSceneApi } from '../scene/api'

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
  theme?: ThemeChoice
  backend?: 'auto' | 'webgpu' | 'wasm'
}

/** What the views can ask for; the composition root ties it to the run. Failures come back as the explorer's `error`. */
export interface AppActions {
  /** Replaces the text input; lines verbatim. */
  setTexts(lines: readonly string[]): void
  set(patch: SettingsPatch): void
  /** One step back, or forth again, in what is looked at. */
  undo?(): void
  redo?(): void
  /** Every request of the app so far. */
  requests(): readonly RequestLine[]
  /** Projections that are built; only these are shown. */
  readonly projections: readonly ProjectionId[]
  /** First layer and head are 0 or 1 on the screen. */
  readonly base?: 0 | 1
  /** Theme asked for by the address or remembered; `auto` follows the system. */
  readonly theme: ThemeChoice
}

/** Makes the renderer for a canvas; may load it first. */
export type CreateScene = (canvas: HTMLCanvasElement) => AtlasSceneApi | Promise<AtlasSceneApi>

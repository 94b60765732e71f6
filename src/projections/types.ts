import type {
  HeadVectors,
  JointId,
  JointVectors,
  ProjectionId,
  ProjectionParameter,
  ProjectionSettings,
  Span,
} from '../core/types'
import type { GpuKernels } from '../gpu/kernels'

/** What a joint method or a projection may know beside the vectors, and how it behaves as a good citizen of its worker. */
export interface HeadContext {
  vectors: HeadVectors
  spans: readonly Span[]
  causal: boolean
  /** Keys further than this from the query are masked; null: no window. */
  window: number | null
  /** [n] 1 where the token is special. */
  special: Uint8Array
  /** [m] the same of the keys. */
  keySpecial: Uint8Array
  settings: ProjectionSettings
  /** layer · H + head: the stream of seeded randomness (core/random.ts). */
  headIndex: number
  /** The GPU that computes this head; null or absent: WASM does. */
  gpu?: GpuKernels | null
  /**
   * Call it between slices of some milliseconds, always with `await`: reports progress, now and then lets messages in,
   * and throws CANCELLED when the job was cancelled.
   */
  pause(done: number, total: number): Promise<void>
}

/** One way to bring q and k into one space. */
export interface JointMethod {
  readonly id: JointId
  apply(head: HeadVectors, context: HeadContext): Promise<JointVectors>
}

export interface JointInfo {
  id: JointId
  label: string
  description: string
  /** The agreement of the joint space holds by construction, so it says nothing about the head. */
  byConstruction: boolean
}

/** One way to draw a joint space. Deterministic in (joint, settings, headIndex). */
export interface Projection {
  readonly id: ProjectionId
  /** It has work for a GPU with this head. Absent: never. */
  usesGpu?(joint: JointVectors): boolean
  /** [n+m,dims]: queries, then keys; all finite, whatever the (finite) input. */
  project(joint: JointVectors, context: HeadContext): Promise<Float32Array>
}

export interface ProjectionInfo {
  id: ProjectionId
  label: string
  description: string
  dims: readonly (2 | 3)[]
  parameters: readonly ProjectionParameter[]
  /** Too slow for all heads: made for the opened head only. */
  openedHeadOnly: boolean
}

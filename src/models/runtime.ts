import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import type { Backend } from '../core/types'

/** The part of onnxruntime that is used, the same in every build of it. */
export interface OnnxRuntime {
  InferenceSession: { create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<RuntimeSession> }
  Tensor: new (type: Tensor.Type, data: Tensor.DataType, dims: readonly number[]) => Tensor
}

export type RuntimeSession = Pick<InferenceSession, 'run' | 'release' | 'inputNames' | 'outputNames'>

/** A runtime that is ready for sessions. */
export interface Runtime {
  ort: OnnxRuntime
  backend: Backend
  executionProvider: InferenceSession.ExecutionProviderConfig
  threads: number
  /** Why the GPU went away; null while it is there. */
  lost(): string | null
}

/** What the GPU of this device is good for. */
export interface GpuProbe {
  /** The adapter computes on the CPU: right, but slower than WASM. */
  software: boolean
  /** It can compute in half precision (`shader-f16`). */
  float16: boolean
}

/** Where runtimes come from: the browser's in the worker, Node's in tests. */
export interface RuntimeProvider {
  /** null: no WebGPU here. */
  probeGpu(): Promise<GpuProbe | null>
  /**
   * @param threads asked number; null: as many as help
   * @throws AppError NOT_AVAILABLE when the backend is not there, NETWORK when its files can't be fetched
   */
  load(backend: Backend, threads: number | null): Promise<Runtime>
}

/**
 * Threads of the WASM backend: they need cross-origin isolation, more than four help little, and they spin while they wait: with
 * one for each core, any other work (projections, the page itself) makes all of them wait for the one that lost its core.
 */
export function chooseThreads(asked: number | null, isolated: boolean, cores: number): number {
  if (!isolated) return 1
  return Math.max(1, Math.floor(asked ?? Math.min(4, Math.ceil(cores / 2))))
}

import * as ort from 'onnxruntime-web'
import type { RuntimeProvider } from '../../src/models/runtime'

/** The WASM build of the runtime, in Node, with one thread. There is no GPU. */
export function nodeRuntime(): RuntimeProvider {
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
  return {
    probeGpu: () => Promise.resolve(null),
    load: (backend) =>
      backend === 'wasm'
        ? Promise.resolve({ ort, backend, executionProvider: 'wasm', threads: 1, lost: () => null })
        : Promise.reject(new Error('no WebGPU in Node')),
  }
}

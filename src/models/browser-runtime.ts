import gpuGlue from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import gpuBinary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import wasmGlue from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmBinary from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { AppError } from '../core/errors'
import type { Backend } from '../core/types'
import { isSoftwareAdapter, requestAdapter } from '../gpu/adapter'
import { createMessage } from '../onnx/encode'
import type { RequestRecord } from '../rpc/contracts'
import { explainRuntimeError } from './runtime-errors'
import { chooseThreads, type GpuProbe, type Runtime, type RuntimeProvider } from './runtime'

const addresses: Record<Backend, { glue: string; binary: string }> = {
  wasm: { glue: wasmGlue, binary: wasmBinary },
  webgpu: { glue: gpuGlue, binary: gpuBinary },
}

const absolute = (address: string) => new URL(address, globalThis.location.href).href

async function probeGpu(): Promise<GpuProbe | null> {
  const adapter = await requestAdapter()
  return adapter && { software: isSoftwareAdapter(adapter), float16: adapter.features.has('shader-f16') }
}

/** Features that the runtime's kernels use when the device was asked for them. */
const wantedFeatures: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query']

const raisedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
  'maxBindGroups',
] as const

/** An own device outlives sessions; the runtime's would go with the last of them. */
async function createDevice(): Promise<GPUDevice> {
  const adapter = await requestAdapter()
  if (!adapter) {
    throw new AppError('NOT_AVAILABLE', 'This browser offers no WebGPU here: choose backend=wasm (or auto) instead.')
  }
  return await adapter.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(raisedLimits.map((limit) => [limit, adapter.limits[limit]])),
  })
}

async function loadWebgpu(): Promise<Runtime> {
  const device = await createDevice()
  const ort = await import('onnxruntime-web/webgpu')
  // After the import of @huggingface/transformers too: it points this field to another host when it is empty.
  await import('@huggingface/transformers')
  configure(ort.env, 'webgpu', 1)
  let lost: string | null = null
  void device.lost.then(({ message }) => {
    lost = message || 'no reason given'
  })
  // `device` is read by the runtime, but not declared yet.
  const executionProvider = { name: 'webgpu', device } as { name: 'webgpu' }
  return { ort, backend: 'webgpu', executionProvider, threads: 1, lost: () => lost }
}

async function loadWasm(asked: number | null): Promise<Runtime> {
  const ort = await import('onnxruntime-web/wasm')
  const threads = chooseThreads(asked, globalThis.crossOriginIsolated, navigator.hardwareConcurrency)
  configure(ort.env, 'wasm', threads)
  try {
    // The first session starts the runtime: a trifle now, so that this goes on beside the download of the weights.
    await (await ort.InferenceSession.create(trivialModel())).release()
  } catch (error) {
    throw explainRuntimeError(error, null)
  }
  return { ort, backend: 'wasm', executionProvider: 'wasm', threads, lost: () => null }
}

/** A model that gives back its one input. */
function trivialModel(): Uint8Array {
  const float = createMessage().message(1, createMessage().int(1, 1).message(2, createMessage()))
  const value = (name: string) => createMessage().text(1, name).message(2, float)
  const graph = createMessage()
    .message(1, createMessage().text(1, 'x').text(2, 'y').text(4, 'Identity'))
    .text(2, 'trivial')
    .message(11, value('x'))
    .message(12, value('y'))
  return createMessage().int(1, 8).message(7, graph).message(8, createMessage().int(2, 17)).finish()
}

/** Both addresses must be given: with the glue missing, threads would run this app's own worker file. */
function configure(env: typeof import('onnxruntime-web/wasm').env, backend: Backend, threads: number): void {
  const { glue, binary } = addresses[backend]
  env.logLevel = 'error'
  env.wasm.numThreads = threads
  env.wasm.proxy = false
  env.wasm.wasmPaths = { mjs: absolute(glue), wasm: absolute(binary) }
}

/** The builds of onnxruntime-web that come with the app, each loaded when first needed. */
export function browserRuntime(): RuntimeProvider {
  const loaded = new Map<Backend, Promise<Runtime>>()
  return {
    probeGpu,
    load(backend, threads) {
      const runtime = loaded.get(backend) ?? (backend === 'webgpu' ? loadWebgpu() : loadWasm(threads))
      loaded.set(backend, runtime)
      runtime.catch(() => loaded.delete(backend))
      return runtime
    },
  }
}

/** What the worker fetched without `fetch` (the runtime and code that is imported late), as the browser measured it. */
export function measuredRequests(timeline: Performance): RequestRecord[] {
  const runtime = new Set(Object.values(addresses).flatMap(({ glue, binary }) => [absolute(glue), absolute(binary)]))
  return (timeline.getEntriesByType('resource') as PerformanceResourceTiming[])
    .filter(({ name }) => /^https?:/.test(name))
    .map(({ name, encodedBodySize, startTime }) => ({
      url: name,
      bytes: encodedBodySize,
      at: Math.round(timeline.timeOrigin + startTime),
      why: runtime.has(name) ? 'model runtime' : 'program code',
    }))
}

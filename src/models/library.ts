import { AppError } from '../core/errors'
import type {
  BackendReason,
  BuiltinModel,
  ChoiceReason,
  Inspection,
  LibraryService,
  ModelSpec,
  Preflight,
  RequestRecord,
  StorageUse,
  StoredModel,
  WeightFileChoice,
} from '../rpc/contracts'
import { readConfig } from './model-files'
import { lookAhead } from './preflight'
import type { GpuProbe } from './runtime'
import { openSource, readManifest, type SourceEnvironment } from './sources'
import { cacheName } from './sources/fetch-file'
import { listStored, removeStored } from './sources/stored'
import { chooseWeightFile, largeBytes, weightOptions, type WeightFile } from './weight-file'

export interface LibraryOptions extends Omit<SourceEnvironment, 'onRequest'> {
  probeGpu(): Promise<GpuProbe | null>
  /** The browser's storage manager, where there is one. */
  storage: Pick<StorageManager, 'estimate' | 'persisted'> | null
}

/** What can be known and done about models without opening one: lists, sizes, a look at a file, what is stored. */
export class ModelLibrary implements LibraryService {
  readonly #options: LibraryOptions
  #inspecting: AbortController | null = null

  constructor(options: LibraryOptions) {
    this.#options = options
  }

  /** @throws AppError NETWORK, TRUNCATED; MODEL_NOT_FOUND where the list is missing */
  async builtins(host: string, onRequest: (record: RequestRecord) => void): Promise<BuiltinModel[]> {
    const { models } = await readManifest(host, {}, { ...this.#options, onRequest })
    return models.map(({ name, kind, title, licence, origin, dtype, bytes }) => ({
      id: `builtin:${name}`,
      kind,
      title,
      licence,
      origin,
      dtype,
      bytes,
    }))
  }

  /** @throws AppError BAD_ARGUMENT, MODEL_NOT_FOUND, NO_ONNX_FILE, NETWORK, TRUNCATED, CANCELLED */
  async inspect(spec: ModelSpec, onRequest: (record: RequestRecord) => void): Promise<Inspection> {
    this.#inspecting?.abort()
    const controller = (this.#inspecting = new AbortController())
    const { signal } = controller
    const source = await openSource(spec, { signal }, { ...this.#options, onRequest })
    const config = await readConfig(source, signal)
    const found = spec.backend === 'wasm' ? null : await this.#options.probeGpu()
    const gpu = spec.backend === 'auto' && found?.software ? null : found
    const wish = {
      dtype: spec.dtype,
      file: spec.file,
      backend: gpu ? 'webgpu' : 'wasm',
      float16: gpu?.float16 ?? false,
    } as const
    const file = await chooseWeightFile(source, wish, { signal })
    const listed = await source.list('onnx', { signal, why: 'list of weight files' })
    const files = listed && weightOptions(listed)
    const chosen = files?.find(({ path }) => path === file.path) ?? {
      ...file,
      stem: weightOptions([{ ...file, sha256: null }])[0]?.stem ?? '',
    }
    const preflight = await lookAhead(source, file.path, config, spec.backend, gpu, signal)
    if (signal.aborted) throw new AppError('CANCELLED', 'Another model was asked for.')
    const asked = spec.dtype !== null || spec.file !== null
    return {
      id: spec.id,
      files,
      chosen: { ...chosen, bytes: chosen.bytes ?? preflight?.bytes ?? null },
      reason: asked ? 'asked' : reasonFor(file, files, gpu !== null, source.preferred !== null),
      backendReason: backendReason(spec, found, gpu, preflight),
      preflight: preflight?.examined ?? null,
      isStored: (await this.#cached(source.address(file.path))) !== null,
    }
  }

  async stored(hosts: { builtinHost: string }): Promise<StoredModel[]> {
    return await listStored(this.#options.caches, hosts.builtinHost)
  }

  async remove(addresses: string[]): Promise<void> {
    await removeStored(this.#options.caches, addresses)
  }

  async storage(): Promise<StorageUse> {
    const { storage } = this.#options
    const none: StorageUse = { used: null, quota: null, persisted: false }
    try {
      const [{ usage, quota }, persisted] = await Promise.all([storage!.estimate(), storage!.persisted()])
      return { used: usage ?? null, quota: quota ?? null, persisted }
    } catch {
      return none
    }
  }

  async #cached(url: string): Promise<Response | null> {
    try {
      return (await (await this.#options.caches?.open(cacheName))?.match(url)) ?? null
    } catch {
      return null
    }
  }
}

function reasonFor(
  file: WeightFile,
  files: readonly WeightFileChoice[] | null,
  onGpu: boolean,
  isBuiltin: boolean,
): ChoiceReason {
  if (isBuiltin) return 'builtin'
  if (files?.length === 1) return 'only'
  if (onGpu) {
    if (file.dtype === 'fp32') return 'gpu-plain'
    const plain = files?.find(({ dtype, path }) => dtype === 'fp32' && sameStem(path, file.path))
    return (plain?.bytes ?? 0) > largeBytes ? 'gpu-large' : 'gpu-other'
  }
  if (['q8', 'int8', 'uint8'].includes(file.dtype)) return 'wasm-integer'
  return file.dtype === 'fp32' ? 'wasm-plain' : 'wasm-other'
}

const sameStem = (plain: string, other: string) => other.startsWith(plain.replace(/\.onnx$/, '_'))

function backendReason(
  spec: ModelSpec,
  found: GpuProbe | null,
  gpu: GpuProbe | null,
  seen: { examined: Preflight } | null,
): BackendReason {
  if (spec.backend !== 'auto') return 'asked'
  if (!gpu) return found ? 'software-gpu' : 'no-gpu'
  if (seen?.examined.backend !== 'wasm') return 'gpu'
  return seen.examined.half && !gpu.float16 ? 'no-half' : 'integer'
}

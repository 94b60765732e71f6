import { computeAttention } from '../core/attention'
import { AppError, toAppError } from '../core/errors'
import type { LabelMap } from '../core/label-map'
import type { ModelInfo, ModelInput, Progress, SequenceVectors } from '../core/types'
import { patchModel } from '../onnx/patch'
import { planModel, type PlannedModel } from '../onnx/plan'
import { readWeights } from '../onnx/read-heads'
import type { PatchedModel, Plan, Site } from '../onnx/types'
import type { ModelService, ModelSpec, PreparedInput, RequestRecord } from '../rpc/contracts'
import { buildFeeds, fixedBatch, inputKind } from './feeds'
import { pictureTokens, trimCrop, type PictureProcessor } from './image-processor'
import { readModelConfig, type ModelConfig } from './model-config'
import { readConfig, readExternal, readPictures, readTokenizerFiles, readWeightFile } from './model-files'
import { OwnWeights, togetherBytes } from './own-weights'
import { labelPatches } from './patch-labels'
import { imageProbe, textProbe } from './probe'
import { SerialQueue } from './queue'
import type { GpuProbe, Runtime, RuntimeProvider } from './runtime'
import { testModel, unknownRotation, type SelfTest } from './self-test'
import { TapSession, type Output } from './session'
import { openSource, type SourceEnvironment } from './sources'
import { hashBytes } from './sources/hash'
import { chooseBackend, cutBatches, layersAtOnce, refuseSites, requireGrid, shortWindow } from './suitability'
import { collectVectors, outputOf, vectorNames } from './taps'
import { createTokenizer, loadTokenizers, type TextTokenizer } from './tokenizer'
import { chooseWeightFile } from './weight-file'

export interface InferenceOptions extends Omit<SourceEnvironment, 'onRequest'> {
  provider: RuntimeProvider
  /** Requests of the process that go past `fetch` (the runtime's own files). */
  otherRequests?: () => RequestRecord[]
}

/** Longer sequences are cut: the attention of one layer grows with the square of the length. */
const longestSequence = 1024

interface OpenModel {
  info: ModelInfo
  plan: Plan
  session: TapSession
  config: ModelConfig
  test: SelfTest
  /** What the self-test ran. */
  probe: ModelInput
  tokenizer: TextTokenizer | null
  pictures: PictureProcessor | null
}

type Report = (progress: Progress) => void

/** One model at a time: from the files of a source to q, k and v of every layer and head. Holds no DOM, no worker, no clock. */
export class Inference implements ModelService {
  readonly #options: InferenceOptions
  readonly #queue = new SerialQueue()
  readonly #reported = new Set<string>()
  readonly #own = new OwnWeights()
  #model: OpenModel | null = null
  #opening: AbortController | null = null

  constructor(options: InferenceOptions) {
    this.#options = options
  }

  /**
   * @throws AppError BAD_ARGUMENT, MODEL_NOT_FOUND, NO_ONNX_FILE, NETWORK, TRUNCATED, WRONG_HASH, EXTERNAL_DATA_MISSING, CANCELLED;
   * NOT_ONNX, NO_ATTENTION_FOUND, CONTROL_FLOW, UNSUPPORTED_OP, NEEDS_OTHER_INPUT, DTYPE_UNSUPPORTED, TOO_BIG;
   * TOKENIZER_FAILED, IMAGE_FAILED; NOT_AVAILABLE, TAP_LOST, SHAPE_SURPRISE, OUT_OF_MEMORY, DEVICE_LOST
   */
  async open(spec: ModelSpec, onProgress: Report, onRequest: (record: RequestRecord) => void): Promise<ModelInfo> {
    await this.close()
    const controller = new AbortController()
    this.#opening = controller
    try {
      const model = await this.#open(spec, controller.signal, onProgress, (record) => {
        this.#reported.add(record.url)
        onRequest(record)
      })
      if (controller.signal.aborted) {
        await model.session.release()
        throw cancelled()
      }
      this.#model = model
      return model.info
    } finally {
      if (this.#opening === controller) this.#opening = null
      for (const record of this.#options.otherRequests?.() ?? []) {
        if (this.#reported.has(record.url)) continue
        this.#reported.add(record.url)
        onRequest(record)
      }
    }
  }

  prepareTexts(lines: string[]): Promise<PreparedInput[]> {
    return settle(() => {
      const { tokenizer } = this.#opened()
      if (!tokenizer)
        throw new AppError(
          'NEEDS_OTHER_INPUT',
          'This model takes pictures, not text: choose a text model or give pictures.',
        )
      return lines.map((line) => tokenizer.prepare(line))
    })
  }

  async prepareImages(blobs: Blob[]): Promise<(PreparedInput | { error: { code: string; message: string } })[]> {
    const { pictures, probe, config, test } = this.#opened()
    if (!pictures || probe.kind !== 'image')
      throw new AppError(
        'NEEDS_OTHER_INPUT',
        'This model takes text, not pictures: choose a model for pictures or give text.',
      )
    const prepared: (PreparedInput | { error: { code: string; message: string } })[] = []
    for (const blob of blobs) {
      try {
        const input = await pictures.prepare(blob)
        const grid = requireGrid(test.tokens, probe, input, config)
        const { rows, columns } = grid
        prepared.push({
          input,
          tokens: pictureTokens(grid, config.distilled),
          truncated: 0,
          grid: { rows, columns },
          crop: trimCrop(pictures.cropOf(input), grid, config.patchSize),
        })
      } catch (error) {
        const { code, message } = toAppError(error, 'IMAGE_FAILED')
        prepared.push({ error: { code, message } })
      }
    }
    return prepared
  }

  /** [rows·columns] @throws AppError IMAGE_FAILED, NEEDS_OTHER_INPUT */
  async labelImage(blob: Blob, map: LabelMap): Promise<Int16Array> {
    const { pictures, probe, config, test } = this.#opened()
    if (!pictures || probe.kind !== 'image')
      throw new AppError('NEEDS_OTHER_INPUT', 'This model takes text, so there are no patches: choose a vision model.')
    return labelPatches(map, await pictures.sizeOf(blob), async (rgba, width, height) => {
      const input = await pictures.toInput(rgba, width, height)
      const grid = requireGrid(test.tokens, probe, input, config)
      return { ...grid, crop: trimCrop(pictures.cropOf(input), grid, config.patchSize) }
    })
  }

  /** @throws AppError BAD_ARGUMENT for inputs of unequal length; those of a session's run */
  async run(inputs: ModelInput[]): Promise<SequenceVectors[]> {
    const { plan, session, config, test } = this.#opened()
    const names = vectorNames(plan.sites)
    const results: SequenceVectors[] = []
    for (const batch of cutBatches(inputs, fixedBatch(plan.inputs), test)) {
      const outputs = await session.run(buildFeeds(plan.inputs, batch, config), names)
      results.push(...collectVectors(outputs, plan.sites, test, batch.length))
    }
    return results
  }

  /** [H,t,t] @throws AppError BAD_ARGUMENT for a layer that is not there; those of a session's run */
  async attention(input: ModelInput, layer: number): Promise<Float32Array> {
    const { plan, session, config, test, info } = this.#opened()
    const site = plan.sites[layer]
    if (!site)
      throw new AppError('BAD_ARGUMENT', `There is no layer ${layer}: the model has layers 0 to ${test.layers - 1}.`)
    const feeds = buildFeeds(plan.inputs, [input], config)
    const fetchWeights = async (layers: readonly Site[]) => {
      const taps = layers.flatMap(({ weights }) => (weights ? [weights.name] : []))
      const outputs = await session.run(feeds, taps)
      return taps.map((name) => squareWeights(outputOf(outputs, name)))
    }
    if (site.weights) {
      const tokens = input.kind === 'text' ? input.ids.length : test.tokens
      const together = 4 * test.layers * test.heads * tokens * tokens <= togetherBytes
      return together && plan.sites.every(({ weights }) => weights)
        ? await this.#own.get(input, layer, () => fetchWeights(plan.sites))
        : (await fetchWeights([site]))[0]!
    }
    const used = [{ ...site, before: null }]
    const [vectors] = collectVectors(await session.run(feeds, vectorNames(used)), used, { ...test, layers: 1 }, 1)
    return attentionOf(vectors!, layer, info)
  }

  /** Lets go of the model, and ends a download that is under way. */
  async close(): Promise<void> {
    this.#opening?.abort()
    this.#opening = null
    const model = this.#model
    this.#model = null
    this.#own.forget()
    await model?.session.release()
  }

  #opened(): OpenModel {
    if (!this.#model) throw new AppError('NOT_AVAILABLE', 'No model is open: open one first.')
    return this.#model
  }

  async #open(
    spec: ModelSpec,
    signal: AbortSignal,
    onProgress: Report,
    onRequest: (record: RequestRecord) => void,
  ): Promise<OpenModel> {
    const { provider } = this.#options
    const source = await openSource(spec, { signal }, { ...this.#options, onRequest })
    const configFile = await readConfig(source, signal)
    const gpu = await this.#probe(spec.backend)
    // What is needed in any case is fetched beside the weights; errors are told where the result is used.
    const early = {
      library: source.kind === 'text' ? unheard(loadTokenizers()) : null,
      runtime: gpu ? null : unheard(provider.load('wasm', spec.threads)),
      tokenizer: source.kind === 'text' ? unheard(readTokenizerFiles(source, signal)) : null,
    }
    const wish = {
      dtype: spec.dtype,
      file: spec.file,
      backend: gpu ? 'webgpu' : 'wasm',
      float16: gpu?.float16 ?? false,
    } as const
    const file = await chooseWeightFile(source, wish, { signal })
    const bytes = await readWeightFile(source, file, signal, onProgress)
    const sha256 = await hashBytes(bytes)
    const planned = withRotation(planModel(bytes), spec.rotation === 'before')
    const { plan } = planned
    const kind = inputKind(plan.inputs)
    const config = readModelConfig(configFile, kind)
    refuseSites(planned)
    const backend = chooseBackend(spec.backend, gpu, planned)
    const external = await readExternal(source, file, plan.externalFiles, signal, onProgress)
    const maxTokens = Math.min(config.maxPositions ?? Infinity, shortWindow(config), longestSequence)
    const tokenizer =
      kind === 'text'
        ? await createTokenizer(await (early.tokenizer ?? readTokenizerFiles(source, signal)), maxTokens, {
            bos: spec.bos === true,
          })
        : null
    const pictures = kind === 'image' ? await readPictures(source, signal) : null
    onProgress({ stage: 'load', done: 0, total: 1, unit: 'steps' })
    const runtime = await (early.runtime ?? provider.load(backend, spec.threads))
    const patched = patchModel(bytes, planned.index, plan)
    patched.external.push(...external)
    const probe = tokenizer ? textProbe(tokenizer, config.window) : imageProbe(plan.inputs, config, null)
    const { session, test } = await this.#verify(patched, runtime, planned, probe, config, signal, onProgress)
    const unturned = plan.sites.some(({ before }) => before)
    const causal = test.masks.every((mask) => mask.causal)
    const info: ModelInfo = {
      id: spec.id,
      revision: spec.revision,
      host: spec.id.startsWith('builtin:') ? null : spec.host,
      file: file.path,
      dtype: file.dtype,
      sha256,
      bytes: bytes.length + external.reduce((sum, { data }) => sum + data.length, 0),
      backend,
      kind,
      layers: test.layers,
      heads: test.heads,
      kvHeads: test.kvHeads,
      headDim: test.headDim,
      valueDim: test.valueDim,
      scale: test.scale,
      causal,
      masks: test.masks,
      verified: unturned && test.verified === 'exact' ? 'bias' : test.verified,
      verification: test.verification,
      quantised: plan.quantised,
      rotary: plan.sites.some(({ flags }) => flags.rotary),
      ...(unturned && { rotation: 'before' }),
      ...(causal && tokenizer?.hasBos && { bos: tokenizer.addsBos }),
      maxTokens: tokenizer?.maxTokens ?? test.tokens,
    }
    return { info, plan, session, config, test, probe, tokenizer, pictures }
  }

  /** null: WASM it is. @throws AppError NOT_AVAILABLE when WebGPU is asked for and not there */
  async #probe(asked: ModelSpec['backend']): Promise<GpuProbe | null> {
    if (asked === 'wasm') return null
    const gpu = await this.#options.provider.probeGpu()
    if (!gpu && asked === 'webgpu') {
      throw new AppError('NOT_AVAILABLE', 'This browser offers no WebGPU here: choose backend=wasm (or auto) instead.')
    }
    return asked === 'auto' && gpu?.software ? null : gpu
  }

  /** Creates the session and runs the self-test; a graph whose optimisation lost a tap is tried once more with less of it. */
  async #verify(
    patched: PatchedModel,
    runtime: Runtime,
    { plan }: PlannedModel,
    probe: ModelInput,
    config: ModelConfig,
    signal: AbortSignal,
    onProgress: Report,
  ): Promise<{ session: TapSession; test: SelfTest }> {
    const attempt = async (level: 'all' | 'basic') => {
      if (signal.aborted) throw cancelled()
      const session = await TapSession.create(patched, runtime, this.#queue, level)
      try {
        onProgress({ stage: 'load', done: 1, total: 1, unit: 'steps' })
        onProgress({ stage: 'verify', done: 0, total: 1, unit: 'steps' })
        const feeds = buildFeeds(plan.inputs, [probe], config)
        const test = await testModel((names) => session.run(feeds, names), plan, layersAtOnce(probe, config))
        onProgress({ stage: 'verify', done: 1, total: 1, unit: 'steps' })
        return { session, test }
      } catch (error) {
        await session.release()
        throw error
      }
    }
    try {
      return await attempt('all')
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'TAP_LOST') throw error
      return await attempt('basic')
    }
  }
}

/** The plan with taps before rotation only where they are asked for. @throws AppError NOT_AVAILABLE where they can't be had */
function withRotation(planned: PlannedModel, isBefore: boolean): PlannedModel {
  const { plan } = planned
  const isRotary = plan.sites.some(({ flags }) => flags.rotary)
  if (isBefore && isRotary && !plan.sites.every(({ before }) => before)) throw unknownRotation()
  const sites = isBefore ? plan.sites : plan.sites.map((site) => ({ ...site, before: null }))
  return { ...planned, plan: { ...plan, sites } }
}

/** A promise whose failure is only reported to those who await it. */
function unheard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

const cancelled = () => new AppError('CANCELLED', 'Opening the model was cancelled.')

/** [H,t,t]; a sink is a further column without a key, and left out. */
function squareWeights({ data, dims }: Output): Float32Array {
  const { heads, queries, keys, values } = readWeights(data, dims, 1)
  return keys === queries
    ? values
    : values.filter((_, at) => at % keys < queries).subarray(0, heads * queries * queries)
}

/** Synchronous work behind a promise: what it throws rejects. */
const settle = async <T>(work: () => T): Promise<T> => work()

/** [H,t,t] softmax(scale · q·kᵀ + mask) of one layer, where the model does not show its own. `vectors` hold that layer only. */
function attentionOf({ q, k, queries, keys }: SequenceVectors, layer: number, info: ModelInfo): Float32Array {
  const { heads, kvHeads, headDim: dim } = info
  const weights = new Float32Array(heads * queries * keys)
  const mask = info.masks[layer] ?? { causal: info.causal, window: null }
  for (let head = 0; head < heads; head++) {
    const keyHead = Math.floor((head * kvHeads) / heads)
    const own = computeAttention({
      q: q.subarray(head * queries * dim, (head + 1) * queries * dim),
      k: k.subarray(keyHead * keys * dim, (keyHead + 1) * keys * dim),
      queries,
      keys,
      dim,
      scale: info.scale[layer * heads + head] ?? 1,
      mask,
    })
    weights.set(own, head * queries * keys)
  }
  return weights
}

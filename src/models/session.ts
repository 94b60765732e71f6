import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { AppError } from '../core/errors'
import { float16ToFloat32 } from '../onnx/float16'
import type { PatchedModel } from '../onnx/types'
import type { Feed } from './feeds'
import type { SerialQueue } from './queue'
import type { Runtime, RuntimeSession } from './runtime'
import { explainRuntimeError } from './runtime-errors'

/** Fusions that take queries and keys away even where they are outputs of the graph. */
const harmfulOptimizers = [
  'AttentionFusion',
  'GroupQueryAttentionFusion',
  'GroupQueryAttentionPreNormFusion',
  'GqaValueLayoutTransformer',
  'MatMulNBitsQkvFusion',
].join(';')

/** One output, always as float32. */
export interface Output {
  dims: number[]
  data: Float32Array
}

/** A patched model in the runtime. All calls go through one queue: the runtime bears no two at once. */
export class TapSession {
  readonly #session: RuntimeSession
  readonly #runtime: Runtime
  readonly #queue: SerialQueue

  private constructor(session: RuntimeSession, runtime: Runtime, queue: SerialQueue) {
    this.#session = session
    this.#runtime = runtime
    this.#queue = queue
  }

  /**
   * @param level `basic` where the full optimisation lost a tap
   * @throws AppError NOT_ONNX, TAP_LOST, UNSUPPORTED_OP, OUT_OF_MEMORY, EXTERNAL_DATA_MISSING, NETWORK, DEVICE_LOST
   */
  static async create(
    patched: PatchedModel,
    runtime: Runtime,
    queue: SerialQueue,
    level: 'all' | 'basic' = 'all',
  ): Promise<TapSession> {
    const options: InferenceSession.SessionOptions = {
      executionProviders: [runtime.executionProvider],
      externalData: patched.external,
      graphOptimizationLevel: level,
      logSeverityLevel: 3,
      extra: { optimization: { disable_specified_optimizers: harmfulOptimizers } },
    }
    try {
      const session = await queue.run(() => runtime.ort.InferenceSession.create(patched.model, options))
      return new TapSession(session, runtime, queue)
    } catch (error) {
      throw explainRuntimeError(error, runtime.lost())
    }
  }

  get backend() {
    return this.#runtime.backend
  }

  /**
   * Runs the model and fetches the named outputs only.
   * @throws AppError TAP_LOST, OUT_OF_MEMORY, DEVICE_LOST, DTYPE_UNSUPPORTED, NEEDS_OTHER_INPUT, UNSUPPORTED_OP
   */
  async run(feeds: Record<string, Feed>, names: readonly string[]): Promise<Map<string, Output>> {
    const { ort } = this.#runtime
    const unique = [...new Set(names)]
    try {
      return await this.#queue.run(async () => {
        const inputs = Object.fromEntries(
          Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]),
        )
        const results = await this.#session.run(inputs, unique)
        return new Map(unique.map((name) => [name, readOutput(name, results[name])]))
      })
    } catch (error) {
      throw explainRuntimeError(error, this.#runtime.lost())
    }
  }

  async release(): Promise<void> {
    await this.#queue.run(() => this.#session.release())
  }
}

function readOutput(name: string, tensor: Tensor | undefined): Output {
  if (!tensor)
    throw new AppError(
      'TAP_LOST',
      'The runtime did not return queries or keys of this model: choose another weight file of the model.',
      { details: name },
    )
  const dims = [...tensor.dims]
  const data = toFloat32(tensor)
  tensor.dispose()
  return { dims, data }
}

function toFloat32({ type, data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (type === 'float16' && data instanceof Uint16Array) return Float32Array.from(data, float16ToFloat32)
  if (Array.isArray(data)) throw new AppError('SHAPE_SURPRISE', 'The model returned words where numbers were expected.')
  return Float32Array.from(data as ArrayLike<number | bigint>, Number)
}

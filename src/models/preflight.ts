import { AppError, isAppError, toAppError } from '../core/errors'
import type { Backend, InputKind } from '../core/types'
import { planEnds, planModel, type PlannedModel } from '../onnx/plan'
import type { ModelSpec, Preflight } from '../rpc/contracts'
import { inputKind } from './feeds'
import { readModelConfig, type ModelConfig } from './model-config'
import type { GpuProbe } from './runtime'
import type { FileEnds, ModelSource } from './sources'
import { looksLikeHtml } from './sources/fetch-file'
import { chooseBackend, refuseSites } from './suitability'

const float16 = 10

/** What a weight file holds and whether it can be opened here, seen from its ends and `config.json`. */
export function examineEnds(
  ends: FileEnds,
  configFile: unknown,
  asked: ModelSpec['backend'],
  gpu: GpuProbe | null,
): Preflight {
  const guess = readModelConfig(configFile)
  let planned: PlannedModel | null = null
  let problem: AppError | null = null
  let kind: InputKind | null = null
  let backend: Backend = gpu ? 'webgpu' : 'wasm'
  try {
    if (looksLikeHtml(ends.head))
      throw new AppError(
        'NOT_ONNX',
        'The host sent a web page in the place of the weights: check the name and the host.',
      )
    const isPartial = ends.tail === null
    planned = planSeen(ends)
    if (!isPartial) kind = inputKind(planned.plan.inputs)
    refuseSites(planned)
    backend = chooseBackend(asked, gpu, planned)
  } catch (error) {
    // Too little was seen: the download will show.
    if (!isAppError(error) || error.code !== 'TRUNCATED') problem = toAppError(error, 'NOT_ONNX')
  }
  const config = kind === null ? guess : readModelConfig(configFile, kind)
  return {
    kind,
    layers: planned?.plan.sites.length ?? null,
    heads: planned?.plan.sites[0]?.heads ?? config.heads,
    kvHeads: planned?.plan.sites[0]?.kvHeads ?? config.kvHeads,
    headDim: widthOf(config),
    half: planned?.plan.elementTypes.includes(float16) ?? false,
    quantised: planned?.plan.quantised ?? false,
    backend,
    problem: problem && { code: problem.code, message: problem.message },
  }
}

function planSeen({ head, tail, length }: FileEnds): PlannedModel {
  if (tail === null || length === null) return planModel(head, { partial: true })
  return tail.length === 0 ? planModel(head) : planEnds(head, tail, length)
}

const widthOf = ({ headDim, hiddenSize, heads }: ModelConfig): number | null =>
  headDim ?? (hiddenSize !== null && heads !== null && hiddenSize % heads === 0 ? hiddenSize / heads : null)

/**
 * Looks at a weight file before its download: two range requests.
 * @returns null where the source has no such file
 * @throws AppError NETWORK, CANCELLED
 */
export async function lookAhead(
  source: ModelSource,
  path: string,
  configFile: unknown,
  asked: ModelSpec['backend'],
  gpu: GpuProbe | null,
  signal: AbortSignal,
): Promise<{ examined: Preflight; bytes: number | null } | null> {
  const ends = await source.peek(path, { why: 'look at the weight file', signal })
  return ends && { examined: examineEnds(ends, configFile, asked, gpu), bytes: ends.length }
}

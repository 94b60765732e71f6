import { AppError } from '../core/errors'
import type { Backend, ModelInput } from '../core/types'
import type { PlannedModel } from '../onnx/plan'
import type { ModelSpec } from '../rpc/contracts'
import { fixedLength } from './feeds'
import { findGrid, resizeGrid, type PatchGrid } from './image-processor'
import type { ModelConfig } from './model-config'
import { longestWindow } from './probe'
import type { GpuProbe } from './runtime'
import type { SelfTest } from './self-test'

type PictureInput = Extract<ModelInput, { kind: 'image' }>

/** What a file can do here: which backend, which inputs, how many at once. */

/** One run of the runtime takes so many tokens at most, and so many cells of attention in a layer: more is not faster, only later. */
const largestBatch = { tokens: 512, cells: 16 * 1024 * 1024 }

const float16 = 10

/** Operators that run on the CPU whatever the backend: on WebGPU each costs a copy to and fro. */
const cpuOperators = new Set(['MatMulInteger', 'ConvInteger', 'DynamicQuantizeLinear', 'Attention'])

/** A window that the self-test can't show must not be exceeded: the drawn weights would be wrong beyond it. */
export const shortWindow = ({ window }: ModelConfig) => (window === null || window <= longestWindow ? Infinity : window)

/** What no run is needed for to know that it does not work. */
export function refuseSites({ plan }: PlannedModel): void {
  const length = fixedLength(plan.inputs)
  if (length !== null) {
    throw new AppError(
      'NEEDS_OTHER_INPUT',
      `This file takes texts of exactly ${length} tokens only: choose a file with a free length.`,
    )
  }
  if (plan.sites.some(({ flags }) => flags.windowed)) {
    throw new AppError(
      'UNSUPPORTED_OP',
      'This model attends within windows of the picture, which is not supported: choose a model whose tokens attend to all others.',
    )
  }
  if (plan.sites.some(({ flags }) => flags.cross)) {
    throw new AppError(
      'UNSUPPORTED_OP',
      'This file has attention between two different token sequences, which is not supported yet: choose the encoder of the model (file=encoder_model).',
    )
  }
}

/** @throws AppError DTYPE_UNSUPPORTED when WebGPU is asked for and can't compute in the file's precision */
export function chooseBackend(
  asked: ModelSpec['backend'],
  gpu: GpuProbe | null,
  { plan, index }: PlannedModel,
): Backend {
  if (!gpu) return 'wasm'
  const half = plan.elementTypes.includes(float16)
  if (asked === 'webgpu') {
    if (half && !gpu.float16) {
      throw new AppError(
        'DTYPE_UNSUPPORTED',
        'This GPU has no half precision, which this file needs: choose dtype=fp32, or backend=wasm.',
      )
    }
    return 'webgpu'
  }
  const onCpu = index.graph.nodes.some(({ operator, domain }) => domain === '' && cpuOperators.has(operator))
  return (half && !gpu.float16) || onCpu ? 'wasm' : 'webgpu'
}

/**
 * The patches of an input. How many tokens come before them is seen on the self-test's probe, whose size may be another one.
 * @param tokens of the probe
 * @throws AppError SHAPE_SURPRISE
 */
export function requireGrid(
  tokens: number,
  probe: PictureInput,
  { shape: [, height, width] }: PictureInput,
  { patchSize }: ModelConfig,
): PatchGrid {
  const [, probeHeight, probeWidth] = probe.shape
  const seen = findGrid(tokens, probeHeight, probeWidth, patchSize)
  const isSame = height === probeHeight && width === probeWidth
  const grid = !seen || isSame ? seen : resizeGrid(seen, height, width, patchSize)
  if (grid) return grid
  throw new AppError(
    'SHAPE_SURPRISE',
    `The ${tokens} tokens of this model are no grid of patches, so they can't be placed on the picture: choose another model.`,
  )
}

/** Runs that fit: as many inputs as the file and the memory allow. */
export function cutBatches(inputs: ModelInput[], fixed: number | null, { heads, tokens }: SelfTest): ModelInput[][] {
  const first = inputs[0]
  if (!first) return []
  const length = first.kind === 'text' ? first.ids.length : tokens
  const fits = Math.min(largestBatch.tokens / length, largestBatch.cells / (heads * length * length))
  const size = fixed ?? Math.max(1, Math.floor(fits))
  if (fixed !== null && fixed > 1) {
    throw new AppError(
      'NEEDS_OTHER_INPUT',
      `This file takes exactly ${fixed} inputs at once: choose a file with a free batch size.`,
    )
  }
  const batches: ModelInput[][] = []
  for (const input of inputs) {
    const last = batches.at(-1)
    if (last && last.length < size && isLike(last[0]!, input)) last.push(input)
    else batches.push([input])
  }
  return batches
}

/** Pictures of as many tokens may still be of another shape. */
const isLike = (one: ModelInput, other: ModelInput): boolean =>
  one.kind === 'text' || (other.kind === 'image' && one.shape.join() === other.shape.join())

/** How many layers' attention the self-test may hold at once. The number of tokens of a picture is only estimated. */
export function layersAtOnce(probe: ModelInput, { heads, patchSize }: ModelConfig): number {
  const [, height, width] = probe.kind === 'image' ? probe.shape : [0, 0, 0]
  const tokens = probe.kind === 'text' ? probe.ids.length : (height * width) / (patchSize ?? 14) ** 2 + 8
  return Math.max(1, Math.floor(largestBatch.cells / ((heads ?? 16) * tokens * tokens)))
}

import { AppError } from '../core/errors'
import type { SequenceVectors } from '../core/types'
import { readHeads, type HeadTensor } from '../onnx/read-heads'
import type { Site, Tap } from '../onnx/types'
import type { Output } from './session'

/** Sizes that all layers of a model share. */
export interface ModelShape {
  layers: number
  heads: number
  kvHeads: number
  headDim: number
  /** 0: the graph does not show values. */
  valueDim: number
}

export function outputOf(results: ReadonlyMap<string, Output>, name: string): Output {
  const output = results.get(name)
  if (!output) {
    throw new AppError(
      'TAP_LOST',
      'The runtime did not return queries or keys of this model: choose another weight file.',
      {
        details: name,
      },
    )
  }
  return output
}

export function readTap(
  results: ReadonlyMap<string, Output>,
  tap: Tap,
  batch: number,
  heads: number | null,
): HeadTensor {
  const { data, dims } = outputOf(results, tap.name)
  return readHeads(tap, data, dims, batch, heads)
}

/** Names of everything that q, k and v of all layers are read from. */
export const vectorNames = (sites: readonly Site[]): string[] =>
  sites.flatMap((site) => {
    const { q, k } = shownTaps(site)
    return site.v ? [q.name, k.name, site.v.name] : [q.name, k.name]
  })

/** Queries and keys as they are shown: before their rotary encoding where that was asked for. */
const shownTaps = ({ q, k, before }: Site): { q: Tap; k: Tap } => before ?? { q, k }

/**
 * q, k and v of every sequence of a batch, in all layers.
 * @throws AppError SHAPE_SURPRISE where a layer's dimensions are not those of the self-test, TAP_LOST
 */
export function collectVectors(
  results: ReadonlyMap<string, Output>,
  sites: readonly Site[],
  shape: ModelShape,
  batch: number,
): SequenceVectors[] {
  const { layers, heads, kvHeads, headDim, valueDim } = shape
  let sequences: SequenceVectors[] = []
  sites.forEach((site, layer) => {
    const shown = shownTaps(site)
    const q = readTap(results, shown.q, batch, site.heads)
    const k = readTap(results, shown.k, batch, site.kvHeads)
    const v = site.v && valueDim > 0 ? readTap(results, site.v, batch, site.kvHeads) : null
    if (layer === 0) {
      sequences = Array.from({ length: batch }, () => ({
        queries: q.tokens,
        keys: k.tokens,
        q: new Float32Array(layers * heads * q.tokens * headDim),
        k: new Float32Array(layers * kvHeads * k.tokens * headDim),
        v: new Float32Array(layers * kvHeads * k.tokens * valueDim),
      }))
    }
    sequences.forEach((sequence, index) => {
      place(q, index, sequence.q, layer, heads, sequence.queries, headDim)
      place(k, index, sequence.k, layer, kvHeads, sequence.keys, headDim)
      if (v) place(v, index, sequence.v, layer, kvHeads, sequence.keys, valueDim)
    })
  })
  return sequences
}

/** Copies one sequence's part of a tap to its layer. Repeated heads (one value head for each query head) are taken once. */
function place(
  from: HeadTensor,
  sequence: number,
  to: Float32Array,
  layer: number,
  heads: number,
  tokens: number,
  width: number,
): void {
  const repeat = from.heads / heads
  if (!Number.isInteger(repeat) || from.tokens !== tokens || from.width !== width) {
    throw new AppError(
      'SHAPE_SURPRISE',
      'The layers of this model differ in shape from one input to the next, which is not supported.',
      {
        details: `layer ${layer}: ${from.heads} heads, ${from.tokens} tokens, width ${from.width}; expected ${heads}, ${tokens}, ${width}`,
      },
    )
  }
  const size = tokens * width
  for (let head = 0; head < heads; head++) {
    const start = (sequence * from.heads + head * repeat) * size
    to.set(from.values.subarray(start, start + size), (layer * heads + head) * size)
  }
}

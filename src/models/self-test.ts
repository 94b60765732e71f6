import { AppError } from '../core/errors'
import type { Mask, Verdict } from '../core/types'
import { readScale, readWeights, type HeadTensor } from '../onnx/read-heads'
import type { Plan, Site } from '../onnx/types'
import { verifySite } from '../onnx/verify'
import type { Output } from './session'
import { outputOf, readTap, type ModelShape } from './taps'

export interface SelfTest extends ModelShape {
  /** Tokens of the probe as the layers see it. */
  tokens: number
  /** [L·H] */
  scale: number[]
  masks: Mask[]
  verified: Verdict
  /** One line a layer. */
  verification: string
}

const float16 = 10

/** Everything that is tapped of some layers. */
const testNames = (sites: readonly Site[]): string[] =>
  sites.flatMap(({ q, k, v, before, weights, output, product, scale }) => [
    q.name,
    k.name,
    ...(before ? [before.q.name, before.k.name] : []),
    ...[v, weights, output, product].flatMap((tap) => (tap ? [tap.name] : [])),
    ...[...scale.runtime, ...(product?.scale.runtime ?? [])].map(({ name }) => name),
  ])

/**
 * Measures a model by a short input: its shape, scales and masks, and whether softmax(scale · q·kᵀ + mask) is the model's own
 * attention in every layer.
 * @param run runs that input (batch 1) and gives the named outputs
 * @param layersAtOnce layers whose attention fits into memory together; each group is a run of its own
 * @throws AppError UNSUPPORTED_OP where layers differ in heads or width, SHAPE_SURPRISE, TAP_LOST; what `run` throws
 */
export async function testModel(
  run: (names: string[]) => Promise<ReadonlyMap<string, Output>>,
  plan: Plan,
  layersAtOnce: number,
): Promise<SelfTest> {
  const layers: ReturnType<typeof testSite>[] = []
  for (let start = 0; start < plan.sites.length; start += layersAtOnce) {
    const group = plan.sites.slice(start, start + layersAtOnce)
    const results = await run(testNames(group))
    layers.push(...group.map((site) => testSite(results, site, plan)))
  }
  const first = layers[0]
  if (!first) throw new AppError('NO_ATTENTION_FOUND', 'No attention was found in this model.')
  const odd = layers.findIndex(
    ({ heads, kvHeads, headDim, tokens }) =>
      heads !== first.heads || kvHeads !== first.kvHeads || headDim !== first.headDim || tokens !== first.tokens,
  )
  if (odd >= 0) {
    throw new AppError(
      'UNSUPPORTED_OP',
      `Layer ${odd} of this model has other heads or tokens than layer 0, which is not supported: choose another model.`,
      {
        details: JSON.stringify(
          layers.map(({ heads, kvHeads, headDim, tokens }) => ({ heads, kvHeads, headDim, tokens })),
        ),
      },
    )
  }
  const verdicts = layers.map(({ verdict }) => verdict.verdict)
  const valueDim = layers.every((layer) => layer.valueDim === first.valueDim) ? first.valueDim : 0
  return {
    layers: layers.length,
    heads: first.heads,
    kvHeads: first.kvHeads,
    headDim: first.headDim,
    valueDim,
    tokens: first.tokens,
    scale: layers.flatMap(({ scale }) => [...scale]),
    masks: layers.map(({ verdict }) => verdict.mask),
    verified: verdicts.includes('unverified') ? 'unverified' : verdicts.includes('bias') ? 'bias' : 'exact',
    verification: layers.map(({ verdict }, layer) => `L${layer}: ${verdict.verdict}, ${verdict.note}`).join('\n'),
  }
}

/** A rotation keeps the length of every vector, but for one factor (some models lengthen them alike). @throws AppError NOT_AVAILABLE */
function checkTurned(before: HeadTensor, after: HeadTensor): void {
  const isSame = before.heads === after.heads && before.tokens === after.tokens && before.width === after.width
  const ratios: number[] = []
  for (let row = 0; isSame && row < after.values.length; row += after.width) {
    const length = ({ values }: HeadTensor) => Math.hypot(...values.subarray(row, row + after.width))
    const own = length(before)
    if (own > 1e-6) ratios.push(length(after) / own)
  }
  const [first = 1] = ratios
  if (!isSame || ratios.some((ratio) => Math.abs(ratio / first - 1) > 0.02)) throw unknownRotation()
}

/** Where queries before rotation are asked for and can't be had. */
export const unknownRotation = (): AppError =>
  new AppError(
    'NOT_AVAILABLE',
    'What this model rotates can’t be told from the rest of its graph, so there are no queries and keys before rotation: choose rotation=after.',
  )

function testSite(results: ReadonlyMap<string, Output>, site: Site, plan: Plan) {
  const q = readTap(results, site.q, 1, site.heads)
  const k = readTap(results, site.k, 1, site.kvHeads)
  const v = site.v && readTap(results, site.v, 1, site.kvHeads)
  if (q.tokens !== k.tokens)
    throw new AppError(
      'UNSUPPORTED_OP',
      `This model attends from ${q.tokens} tokens to ${k.tokens} others, which is not supported: choose a model whose tokens attend to one another.`,
    )
  if (site.before) {
    checkTurned(readTap(results, site.before.q, 1, site.heads), q)
    checkTurned(readTap(results, site.before.k, 1, site.kvHeads), k)
  }
  const matrix = (name: string) => {
    const { data, dims } = outputOf(results, name)
    return readWeights(data, dims, 1)
  }
  const weights = site.weights && matrix(site.weights.name)
  if (weights && (weights.heads !== q.heads || weights.queries !== q.tokens))
    throw new AppError(
      'SHAPE_SURPRISE',
      'The queries of this model lie in an order that is not known, so its heads cannot be told apart: choose another model.',
      {
        details: `queries [${q.heads},${q.tokens},${q.width}], weights [${weights.heads},${weights.queries},${weights.keys}]`,
      },
    )
  const factors = (wanted: Site['scale']) => {
    const runtime = new Map(wanted.runtime.map(({ name }) => [name, outputOf(results, name).data]))
    return readScale({ scale: wanted }, runtime, q.width, q.heads)
  }
  const scale = factors(site.scale)
  const verdict = verifySite({
    q,
    k,
    v,
    weights,
    output: site.output && readTap(results, site.output, 1, site.heads ?? q.heads),
    product: site.product && { values: matrix(site.product.name), scale: factors(site.product.scale) },
    scale,
    flags: site.flags,
    mask: site.mask,
    half: plan.elementTypes.includes(float16),
  })
  return {
    verdict,
    scale,
    heads: q.heads,
    kvHeads: k.heads,
    headDim: q.width,
    // Values may be repeated for each query head; where they can't be counted they are left out.
    valueDim: v && v.tokens === k.tokens && v.heads % k.heads === 0 ? v.width : 0,
    tokens: q.tokens,
  }
}

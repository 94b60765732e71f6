import { AxisFigureMeter } from '../../src/core/axis-figures/meter'
import { patchTable } from '../../src/core/axis-figures/patch-table'
import { HeadFigureMeter } from '../../src/core/head-figures/meter'
import type { FigureRow, HeadVectors, ModelInfo, Sequence, SequenceVectors, Span } from '../../src/core/types'
import { pictureTokens, readNormalisation, toCrop } from '../../src/models/image-processor'
import { Inference } from '../../src/models/inference'
import { brightnessPlans } from '../../src/ui/samples/images/brightness'
import { huePlans } from '../../src/ui/samples/images/hue'
import { planSidePx, renderPlan, type Plan } from '../../src/ui/samples/images/render'
import { sinusoidPlans } from '../../src/ui/samples/images/sinusoids'
import { startHubHost } from './hub-host'
import { nodeRuntime } from './node-runtime'

/** What one model made of one sample set. */
export interface SetVectors {
  info: ModelInfo
  sequences: Sequence[]
  vectors: SequenceVectors[]
}

/** Runs a set of generated pictures; they have the model's own size, so that only normalisation is left to do. */
export async function runPlans(
  inference: Inference,
  info: ModelInfo,
  plans: readonly Plan[],
  preprocessor: unknown,
): Promise<SetVectors> {
  const { factor, mean, deviation } = readNormalisation(preprocessor)
  const area = planSidePx ** 2
  const sequences: Sequence[] = []
  const vectors: SequenceVectors[] = []
  for (const plan of plans) {
    const rgba = renderPlan(plan)
    const pixels = new Float32Array(3 * area)
    for (let at = 0; at < 3 * area; at++) {
      const channel = Math.floor(at / area)
      pixels[at] = (rgba[4 * (at % area) + channel]! * factor - mean[channel]!) / deviation[channel]!
    }
    const input = { kind: 'image' as const, pixels, shape: [3, planSidePx, planSidePx] as [number, number, number] }
    const [made] = await inference.run([input])
    vectors.push(made!)
    const side = Math.floor(Math.sqrt(made!.queries))
    const grid = { rows: side, columns: side }
    const tokens = pictureTokens({ ...grid, prefix: made!.queries - side * side })
    const crop = toCrop(input, { factor, mean, deviation })
    sequences.push({ id: plan.name, name: plan.name, tokens, truncated: 0, grid, crop })
  }
  return { info, sequences, vectors }
}

/** Every second image from `first` on: half of a set. */
export const halfOf = ({ info, sequences, vectors }: SetVectors, first: 0 | 1): SetVectors => ({
  info,
  sequences: sequences.filter((_, index) => index % 2 === first),
  vectors: vectors.filter((_, index) => index % 2 === first),
})

const spansOf = ({ vectors }: SetVectors): Span[] => {
  let start = 0
  return vectors.map(({ queries, keys }) => {
    const span = { queryStart: start, queries, keyStart: start, keys }
    start += queries
    return span
  })
}

function gather({ info, vectors }: SetVectors, index: number): HeadVectors {
  const dim = info.headDim
  const n = vectors.reduce((sum, { queries }) => sum + queries, 0)
  const [q, k] = [new Float32Array(n * dim), new Float32Array(n * dim)]
  let start = 0
  for (const part of vectors) {
    const length = part.queries * dim
    q.set(part.q.subarray(index * length, (index + 1) * length), start)
    k.set(part.k.subarray(index * length, (index + 1) * length), start)
    start += length
  }
  return { q, k, n, m: n, dim, scale: info.scale[index]! }
}

/** [L·H] figures of attention of all heads. */
export function attentionFigures(set: SetVectors): FigureRow[] {
  const spans = spansOf(set)
  const special = Uint8Array.from(set.sequences.flatMap(({ tokens }) => tokens.map((token) => Number(token.special))))
  const mask = { causal: false, window: null }
  return Array.from({ length: set.info.layers * set.info.heads }, (_, index) => {
    const vectors = gather(set, index)
    const facts = { vectors, mask, sameTokens: true, querySpecial: special, keySpecial: special, tokenIds: null }
    const meter = new HeadFigureMeter(facts, spans[0]!.keys)
    spans.forEach((span, at) => {
      const { grid, crop } = set.sequences[at]!
      meter.add(span, { ...grid!, patchPx: crop!.height / grid!.rows })
    })
    return meter.result()
  })
}

/** [L·H] figures of the main axis of all heads. */
export function axisFigures(set: SetVectors): FigureRow[] {
  const table = patchTable(set.sequences)!
  const spans = spansOf(set)
  return Array.from({ length: set.info.layers * set.info.heads }, (_, index) => {
    const meter = new AxisFigureMeter(gather(set, index), table)
    for (const span of spans) meter.add(span)
    return meter.result()
  })
}

/** One table of docs/findings.md: heads of one sample set by one figure. */
export interface Finding {
  id: string
  set: 'hue' | 'brightness' | 'sinusoids'
}

export const findings: readonly Finding[] = [
  { id: 'axis_hue', set: 'hue' },
  { id: 'axis_brightness', set: 'brightness' },
  { id: 'axis_frequency', set: 'sinusoids' },
  { id: 'axis_row', set: 'brightness' },
  { id: 'axis_column', set: 'brightness' },
  { id: 'look_at_self', set: 'brightness' },
  { id: 'same_row', set: 'brightness' },
  { id: 'same_column', set: 'brightness' },
  { id: 'cls_mass', set: 'brightness' },
  { id: 'attention_distance_px', set: 'brightness' },
]

export interface FoundHead {
  /** As in `L3 H9`. */
  name: string
  value: number
  /** The same over every second image, from the first and from the second on; null in the quick form. */
  halves: [number, number] | null
  /** What uniform attention gives; null for figures that have none. */
  uniform: number | null
}

/** Heads with the highest values first, for every finding. */
export async function deriveFindings(withHalves: boolean): Promise<Map<string, FoundHead[]>> {
  const host = await startHubHost()
  const inference = new Inference({ provider: nodeRuntime(), fetch, caches: null, now: () => 0 })
  try {
    const spec = { id: 'builtin:dinov2-small', revision: 'main', dtype: null, file: null, threads: null } as const
    const where = { host: `${host.address}models/`, backend: 'wasm' } as const
    const nothing = () => undefined
    const info = await inference.open({ ...spec, ...where }, nothing, nothing)
    const preprocessor: unknown = await (await fetch(`${where.host}dinov2-small/preprocessor_config.json`)).json()
    const found = new Map<string, FoundHead[]>()
    for (const [name, plans] of Object.entries({
      hue: huePlans,
      brightness: brightnessPlans,
      sinusoids: sinusoidPlans,
    })) {
      const ids = findings.filter(({ set }) => set === name).map(({ id }) => id)
      const set = await runPlans(inference, info, plans, preprocessor)
      const needsAttention = ids.some((id) => !id.startsWith('axis_'))
      const measure = (part: SetVectors): FigureRow[] => {
        const attention = needsAttention ? attentionFigures(part) : []
        return axisFigures(part).map((row, index) => ({ ...row, ...attention[index] }))
      }
      const whole = measure(set)
      const halves = withHalves ? ([measure(halfOf(set, 0)), measure(halfOf(set, 1))] as const) : null
      for (const id of ids) found.set(id, rankHeads(id, info.heads, whole, halves))
    }
    return found
  } finally {
    await inference.close()
    await host.close()
  }
}

function rankHeads(
  id: string,
  heads: number,
  whole: readonly FigureRow[],
  halves: readonly [readonly FigureRow[], readonly FigureRow[]] | null,
): FoundHead[] {
  return whole
    .map((row, index): FoundHead => ({
      name: `L${Math.floor(index / heads)} H${index % heads}`,
      value: row[id]!,
      halves: halves && [halves[0][index]![id]!, halves[1][index]![id]!],
      uniform: row[`${id}_uniform`] ?? null,
    }))
    .sort((one, other) => other.value - one.value)
}

import { computeFidelity } from '../../core/fidelity'
import { scaleAndTranslate } from '../../core/joint'
import type { Span } from '../../core/types'
import { computePca } from '../pca'
import type { HeadContext, JointMethod } from '../types'

export const smallestC = 0.2
export const largestC = 5
/** Ratio of neighbours on the first grid, 5^¼: nine values from .2 to 5, with 1 among them. */
const gridRatio = Math.sqrt(Math.sqrt(5))
const gridSteps = 4
/** Halvings of the log interval around the best grid value: c is found to about 5 %. */
const refinements = 3
/** c stays 1 unless the agreement gets better by more than this. */
const leastGain = 1e-4
/** Queries whose agreement is measured for each c: whole sequences, evenly spread. */
const sampledQueries = 1000

/**
 * Chooses c in [.2, 5] for the best query-specific agreement (core/fidelity.ts) of the PCA picture in the dimensions and
 * metric of the settings. (The agreement of the joint space itself would always run to an end of the range, and the overall
 * agreement of a picture rewards moving popular keys.) The search is continuous in log c and takes only + − × ÷ √, so that
 * every engine finds the same c. An end of the range is flagged; c is 1 where nothing improves.
 */
export const method: JointMethod = {
  id: 'scale',
  async apply(head, context) {
    const best = await searchC((c) => measureC(c, context), context.pause)
    return { ...scaleAndTranslate(head, best), cAtBound: best === smallestC || best === largestC }
  },
}

/** The c of the lowest `measure(c)`; null counts as no improvement. Halves the log interval by geometric means. */
export async function searchC(
  measure: (c: number) => Promise<number | null>,
  pause: (done: number, total: number) => Promise<void>,
): Promise<number> {
  const evaluations = 2 * gridSteps + 1 + 2 * refinements
  let done = 0
  const evaluate = async (c: number): Promise<number> => {
    await pause(done++, evaluations)
    return (await measure(c)) ?? Infinity
  }
  const unit = await evaluate(1)
  if (unit === Infinity) return 1

  const grid = [1]
  for (let step = 1, c = 1; step <= gridSteps; step++) {
    c *= gridRatio
    grid.push(step === gridSteps ? largestC : c)
    grid.unshift(step === gridSteps ? smallestC : 1 / c)
  }
  const values: number[] = []
  for (const c of grid) values.push(c === 1 ? unit : await evaluate(c))
  let place = gridSteps // ties stay at 1
  for (let index = 0; index < grid.length; index++) if (values[index]! < values[place]!) place = index

  let middle = grid[place]!
  let lowest = values[place]!
  let left = grid[Math.max(0, place - 1)]!
  let right = grid[Math.min(grid.length - 1, place + 1)]!
  for (let step = 0; step < refinements; step++) {
    const candidates = [Math.sqrt(left * middle), Math.sqrt(middle * right)] as const
    const found = [
      candidates[0] === middle ? Infinity : await evaluate(candidates[0]),
      candidates[1] === middle ? Infinity : await evaluate(candidates[1]),
    ] as const
    if (found[0] < lowest && found[0] <= found[1]) {
      right = middle
      middle = candidates[0]
      lowest = found[0]
    } else if (found[1] < lowest) {
      left = middle
      middle = candidates[1]
      lowest = found[1]
    } else {
      left = candidates[0]
      right = candidates[1]
    }
  }
  return unit - lowest > leastGain ? middle : 1
}

async function measureC(c: number, context: HeadContext): Promise<number | null> {
  const { vectors, spans, causal, window, special, keySpecial, settings } = context
  const joint = scaleAndTranslate(vectors, c)
  const points = await computePca(joint, settings.metric, settings.dims, spans)
  const input = {
    vectors,
    joint,
    jointMetric: 'cosine',
    mask: { causal, window },
    querySpecial: special,
    keySpecial,
    points,
    dims: settings.dims,
  } as const
  return computeFidelity(input, sampleSpans(spans), { specificOnly: true }).pictureSpecific
}

/** Every so-many-th sequence, so that some `sampledQueries` queries are left. */
export function sampleSpans(spans: readonly Span[]): Span[] {
  let queries = 0
  for (const span of spans) queries += span.queries
  const step = Math.max(1, Math.round(queries / sampledQueries))
  return spans.filter((_, index) => index % step === 0)
}

import type { GraphView } from '../graph-view'
import type { NodeIndex } from '../model-index'
import { hintOf } from '../hint'
import { findBefore } from '../before-rotation'
import { isCross, isRotary } from '../origin'
import type { Site } from '../types'

/** A site of a fused operator: everything that the rules fill in alike. */
export function fusedSite(
  node: NodeIndex,
  graph: GraphView,
  site: Pick<Site, 'q' | 'k' | 'v' | 'output' | 'heads' | 'kvHeads' | 'mask'> & {
    weights?: Site['weights']
    /** Where the operator itself turns them; absent: they are looked for in the graph. */
    before?: Site['before']
    scale: number | null
    flags: Pick<Site['flags'], 'operator'> & Partial<Site['flags']>
    /** Tensors that go into the operator as queries and as values. */
    sources: { queries: string; values: string }
  },
): Site {
  const { sources, scale, flags, ...rest } = site
  return {
    ...rest,
    weights: site.weights ?? null,
    before: site.before ?? findBefore(site, graph),
    product: null,
    scale: { constant: scale, runtime: [] },
    flags: {
      rotary: isRotary(sources.queries, graph),
      additive: false,
      softcap: false,
      sink: false,
      cross: isCross(sources.queries, sources.values, graph),
      windowed: false,
      quantised: false,
      ...flags,
    },
    hint: hintOf(node),
  }
}

import type { HeadRef } from '../core/types'

/** `L3 H9`; layers and heads count from `base`. */
export const formatHead = ({ layer, head }: HeadRef, base: 0 | 1 = 0): string => `L${layer + base} H${head + base}`

/** Reads `L3 H9`, `l3h9`, `3.9`, `3-9`, `3 9`, `3,9` or `3/9`; null where it is no head of a layers × heads model. */
export function parseHead(text: string, layers: number, heads: number, base: 0 | 1 = 0): HeadRef | null {
  const match = /^\s*(?:l(?:ayer)?\s*)?(\d+)\s*(?:[.,\-/:]|\s)?\s*(?:h(?:ead)?\s*)?(\d+)\s*$/i.exec(text)
  if (!match || /^\s*\d+\s*$/.test(text)) return null
  const layer = Number(match[1]) - base
  const head = Number(match[2]) - base
  return layer >= 0 && layer < layers && head >= 0 && head < heads ? { layer, head } : null
}

export const isSameHead = (a: HeadRef | null, b: HeadRef | null): boolean =>
  a === b || (a !== null && b !== null && a.layer === b.layer && a.head === b.head)

/** The neighbouring head, or null at the edge of the grid. */
export function neighbourOf(
  { layer, head }: HeadRef,
  direction: 'left' | 'right' | 'up' | 'down',
  layers: number,
  heads: number,
): HeadRef | null {
  const next = {
    layer: layer + (direction === 'down' ? 1 : direction === 'up' ? -1 : 0),
    head: head + (direction === 'right' ? 1 : direction === 'left' ? -1 : 0),
  }
  return next.layer >= 0 && next.layer < layers && next.head >= 0 && next.head < heads ? next : null
}

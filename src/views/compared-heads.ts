import type { HeadRef } from '../core/types'
import { isSameHead } from '../ui/head-name'

/** Heads that stand beside the opened one: four maps in all. */
export const mostCompared = 3

/** Takes a head in, or out where it is in; the oldest makes room for one too many. */
export const toggleCompared = (compared: readonly HeadRef[], head: HeadRef): readonly HeadRef[] =>
  compared.some((other) => isSameHead(other, head))
    ? compared.filter((other) => !isSameHead(other, head))
    : [...compared, head].slice(-mostCompared)

/** The heads beside after another one is opened: where it stood beside, the one that was open takes its place. */
export function openBeside(compared: readonly HeadRef[], opened: HeadRef, next: HeadRef): readonly HeadRef[] {
  if (!compared.some((other) => isSameHead(other, next))) return compared
  const isThere = compared.some((other) => isSameHead(other, opened))
  return isThere
    ? compared.filter((other) => !isSameHead(other, next))
    : compared.map((other) => (isSameHead(other, next) ? opened : other))
}

/** The heads that are shown beside the opened one: those that the model has, without that one itself. */
export const shownBeside = (
  compared: readonly HeadRef[],
  opened: HeadRef,
  { layers, heads }: { layers: number; heads: number },
): readonly HeadRef[] =>
  compared.filter((head) => head.layer < layers && head.head < heads && !isSameHead(head, opened))

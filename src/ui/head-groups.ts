/** Heads that share keys and values (grouped-query attention): a layer's query heads in runs of equal length. */
export interface HeadGroups {
  /** Heads in a group. */
  size: number
  /** Key heads of a layer. */
  count: number
}

/** null where every head has keys of its own. */
export function headGroups(model: { heads: number; kvHeads: number } | null): HeadGroups | null {
  if (!model || model.kvHeads <= 0 || model.kvHeads >= model.heads || model.heads % model.kvHeads !== 0) return null
  return { size: model.heads / model.kvHeads, count: model.kvHeads }
}

/** Key head of a query head. */
export const groupOf = (groups: HeadGroups, head: number): number => Math.floor(head / groups.size)

/** Query heads of a key head, first and last. */
export const groupEnds = (groups: HeadGroups, group: number): readonly [number, number] => [
  group * groups.size,
  (group + 1) * groups.size - 1,
]

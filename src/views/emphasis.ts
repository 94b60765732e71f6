/** 0 dimmed, 1 as usual, 2 standing out. */
export interface Standouts {
  /** [n] 1 where the token matches the search; null: no search. */
  matches: Uint8Array | null
  /** [n+m] 0 where a legend's filter leaves the point out; null: no filter. */
  kept: Uint8Array | null
}

/**
 * Puts the search and the legend's filter on top of the emphasis of the pin: matches stand out everywhere and dim the rest, but
 * not the pinned sequence; what the filter leaves out is dimmed in any case.
 * @param pinned [n+m], null: nothing pinned
 * @returns [n+m], null: all points as usual
 */
export function mergeEmphasis(
  count: number,
  pinned: Uint8Array | null,
  { matches, kept }: Standouts,
): Uint8Array | null {
  if (!matches && !kept) return pinned
  const emphasis = pinned ? pinned.slice() : new Uint8Array(count).fill(matches ? 0 : 1)
  if (matches) {
    const n = matches.length
    for (let point = 0; point < count; point += 1) {
      if (matches[point < n ? point : point - n] === 1) emphasis[point] = 2
    }
  }
  if (kept) {
    for (let point = 0; point < count; point += 1) if (kept[point] === 0) emphasis[point] = 0
  }
  return emphasis
}

/**
 * The order in which a head's points are drawn: mixed, so that keys do not cover queries and any first part of it is a
 * fair sample of the head. The same for equal counts, whenever and wherever it is made.
 * @returns [count], point index of each slot
 */
export function mixSlots(count: number): Uint32Array {
  const slots = new Uint32Array(count)
  for (let i = 0; i < count; i++) slots[i] = i
  for (let i = count - 1; i > 0; i--) {
    const j = hash(i) % (i + 1)
    const swapped = slots[i]!
    slots[i] = slots[j]!
    slots[j] = swapped
  }
  return slots
}

/** Slot of each point: the inverse of `mixSlots`. */
export function invertSlots(slots: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(slots.length)
  for (let slot = 0; slot < slots.length; slot++) inverse[slots[slot]!] = slot
  return inverse
}

/** A 32-bit mix of multiplications and shifts (Murmur-like finaliser). */
function hash(value: number): number {
  let h = Math.imul(value + 0x9e3779b9, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

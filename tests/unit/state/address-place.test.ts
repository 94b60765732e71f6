import { describe, expect, it } from 'vitest'
import { isSamePlace, opensPlace, readPlace, type RememberedPlace } from '../../../src/state/address-place'

const matrix: RememberedPlace = {
  view: 'matrix',
  head: { layer: 0, head: 0 },
  sequence: null,
  token: null,
  role: 'query',
}
const head: RememberedPlace = { ...matrix, view: 'head', head: { layer: 3, head: 9 } }
const sentence: RememberedPlace = { ...head, view: 'sequence', sequence: 2, token: 4 }

describe('places of the history', () => {
  it('open with another view, head or sequence; not by moving in the matrix or pinning', () => {
    expect(opensPlace(matrix, head)).toBe(true)
    expect(opensPlace(head, { ...head, head: { layer: 3, head: 8 } })).toBe(true)
    expect(opensPlace(sentence, { ...sentence, sequence: 3 })).toBe(true)
    expect(opensPlace(matrix, { ...matrix, head: { layer: 1, head: 1 } })).toBe(false)
    expect(opensPlace(sentence, { ...sentence, token: 7, role: 'key' })).toBe(false)
    expect(opensPlace({ ...sentence, sequence: null }, sentence)).toBe(false)
  })

  it('are told apart', () => {
    expect(isSamePlace(sentence, { ...sentence, head: { ...sentence.head } })).toBe(true)
    expect(isSamePlace(sentence, { ...sentence, token: 5 })).toBe(false)
    expect(isSamePlace(sentence, null)).toBe(false)
  })

  it('are read back, whoever wrote them', () => {
    expect(readPlace(structuredClone(sentence))).toEqual(sentence)
    expect(readPlace({ view: 'head', head: { layer: 1, head: 2 }, sequence: -1, token: 'x' })).toEqual({
      ...head,
      head: { layer: 1, head: 2 },
    })
    for (const odd of [
      null,
      7,
      {},
      { view: 'other', head: { layer: 0, head: 0 } },
      { view: 'head', head: { layer: -1 } },
    ])
      expect(readPlace(odd)).toBeNull()
  })
})

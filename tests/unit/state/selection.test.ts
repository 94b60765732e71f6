import { describe, expect, it } from 'vitest'
import { Selection } from '../../../src/state/selection.svelte'

/** Ends the step of one event handler. */
const nextEvent = () => Promise.resolve()

describe('selection', () => {
  it('undoes and redoes one step an event, in however many assignments', async () => {
    const selection = new Selection()
    selection.head = { layer: 3, head: 9 }
    selection.view = 'head'
    await nextEvent()
    selection.pin(4, 17, 'key')
    await nextEvent()
    selection.undo()
    expect([selection.view, selection.token, selection.head]).toEqual(['head', null, { layer: 3, head: 9 }])
    selection.undo()
    expect([selection.view, selection.head]).toEqual(['matrix', { layer: 0, head: 0 }])
    expect(selection.canUndo).toBe(false)
    selection.redo()
    selection.redo()
    expect([selection.sequence, selection.token, selection.role]).toEqual([4, 17, 'key'])
    expect(selection.canRedo).toBe(false)
  })

  it('undoes what is included with the place, and takes a run of changes as one', async () => {
    let now = 0
    const selection = new Selection(() => now)
    let text = ''
    const before = selection.include({ read: () => text, write: (state) => (text = state as string) })
    const type = async (next: string, afterMs: number) => {
      now += afterMs
      before('search')
      text = next
      await Promise.resolve()
    }
    await type('b', 0)
    await type('ba', 200)
    await type('bank', 900)
    selection.openHead({ layer: 1, head: 2 })
    await Promise.resolve()
    await type('bank of', 100)
    await type('river', 5000)
    selection.undo()
    expect(text).toBe('bank of')
    selection.undo()
    expect(text).toBe('bank')
    expect(selection.view).toBe('head')
    selection.undo()
    expect([selection.view, text]).toEqual(['matrix', 'bank'])
    selection.undo()
    expect(text).toBe('')
    for (let step = 0; step < 4; step++) selection.redo()
    expect([selection.view, text]).toEqual(['head', 'river'])
    expect(selection.canRedo).toBe(false)
  })

  it('goes back one level at a time', async () => {
    const selection = new Selection()
    selection.openHead({ layer: 1, head: 2 })
    selection.openSequence(3)
    selection.pin(3, 5, 'query')
    selection.back()
    expect([selection.view, selection.token, selection.sequence]).toEqual(['sequence', null, 3])
    selection.back()
    expect(selection.view).toBe('head')
    selection.back()
    expect(selection.view).toBe('matrix')
  })

  it('stays inside what there is', () => {
    const selection = new Selection()
    selection.go({ view: 'sequence', head: { layer: 11, head: 11 }, sequence: 4, token: 9 })
    selection.fit({ layers: 2, heads: 4, ids: ['a', 'b', 'c', 'd', 'e'], lengths: [3, 3, 3, 3, 3] })
    expect([selection.head, selection.sequence, selection.token]).toEqual([{ layer: 1, head: 3 }, 4, null])
    selection.fit({ layers: 2, heads: 4, ids: ['a'], lengths: [3] })
    expect([selection.view, selection.sequence]).toEqual(['head', null])
  })

  it('follows its sequence when others go, and lets go of one that is gone', () => {
    const selection = new Selection()
    const shape = { layers: 2, heads: 4 }
    selection.fit({ ...shape, ids: ['a', 'b', 'c'], lengths: [5, 5, 5] })
    selection.go({ view: 'sequence', sequence: 2, token: 3 })
    selection.fit({ ...shape, ids: ['b', 'c'], lengths: [5, 5] })
    expect([selection.view, selection.sequence, selection.token]).toEqual(['sequence', 1, 3])
    selection.fit({ ...shape, ids: ['b'], lengths: [5] })
    expect([selection.view, selection.sequence, selection.token]).toEqual(['head', null, null])
  })

  it('keeps selected points as a step of their own, for the tokens that they were taken from', () => {
    const selection = new Selection()
    selection.fit({ layers: 2, heads: 4, ids: ['a', 'b'], lengths: [3, 4] })
    const points = [1, 5]
    selection.points = points
    selection.openHead({ layer: 1, head: 1 })
    selection.fit({ layers: 2, heads: 4, ids: ['a', 'b'], lengths: [3, 4] })
    expect(selection.points).toBe(points)
    selection.fit({ layers: 2, heads: 4, ids: ['c'], lengths: [9] })
    expect(selection.points).toBeNull()
    selection.undo()
    expect(selection.points).toBeNull()
  })

  it('tells listeners, but not of what did not change', () => {
    const selection = new Selection()
    let told = 0
    const stop = selection.onChange(() => told++)
    selection.openHead({ layer: 1, head: 1 })
    selection.openHead({ layer: 1, head: 1 })
    selection.hover = { head: { layer: 0, head: 0 }, point: 3 }
    expect(told).toBe(1)
    stop()
    selection.openMatrix()
    expect(told).toBe(1)
  })
})

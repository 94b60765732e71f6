import { expect, it } from 'vitest'
import { TableState } from '../../../src/ui/table-state.svelte'

const pause = () => Promise.resolve()

it('opens a table with its columns guessed, and gives what is chosen of it', async () => {
  const state = new TableState(pause)
  expect([state.file, state.chosen, state.preview]).toEqual([null, null, []])
  const rows = Array.from({ length: 9 }, (_, index) => `${index},Sentence ${index} is here.,x`)
  expect(await state.open('a.csv', `id,text,label\n${rows.join('\n')}`, 'csv')).toBeNull()
  expect([state.choice, state.canHaveHeader]).toEqual([{ hasHeader: true, text: 1, second: null }, true])
  expect(state.preview).toHaveLength(5)
  expect(state.chosen?.lines).toHaveLength(9)
  state.choose({ second: 2 })
  expect(state.chosen?.lines[0]).toBe('Sentence 0 is here. ||| x')
  // A column is one of the two.
  state.choose({ text: 2 })
  expect([state.choice.text, state.choice.second]).toEqual([2, null])
  state.choose({ hasHeader: false })
  expect(state.chosen?.lines[0]).toBe('label')
  state.close()
  expect(state.chosen).toBeNull()
})

it('keeps the table that is open where another can’t be read', async () => {
  const state = new TableState(pause)
  await state.open('a.json', '["one"]', 'json')
  expect(state.canHaveHeader).toBe(false)
  expect(await state.open('b.json', '{', 'json')).toBe('json')
  expect(state.file?.name).toBe('a.json')
})

import { expect, it } from 'vitest'
import type { LeftDraft } from '../../../src/storage/draft'
import { LeftDrafts } from '../../../src/ui/left-drafts.svelte'

const draftOf = (text: string): LeftDraft => ({ key: `draft:${text}`, text })
const settle = () => new Promise((resolve) => setTimeout(resolve))

function create(left: string[], unshown: string | null) {
  const log: string[] = []
  const editor = { text: unshown }
  const drafts = new LeftDrafts(
    {
      left: async () => left.map(draftOf),
      adopt: async ({ text }) => void log.push(`adopt ${text}`),
      putBy: async (text) => (log.push(`put ${text} by`), draftOf(text)),
      forget: async (key) => void log.push(`forget ${key}`),
    },
    { unshown: () => editor.text, write: (text) => (editor.text = text) },
  )
  return { drafts, editor, log, offered: () => drafts.list.map(({ text }) => text) }
}

it('the newest comes into an empty editor, the others are offered', async () => {
  const { drafts, editor, log, offered } = create(['new', 'old'], null)
  await drafts.load()
  expect([editor.text, offered(), log]).toEqual(['new', ['old'], ['adopt new']])
})

it('what stands in the editor stays until asked, and changes places then: nothing is lost', async () => {
  const { drafts, editor, log, offered } = create(['left'], 'mine')
  await drafts.load()
  expect([editor.text, offered()]).toEqual(['mine', ['left']])
  drafts.bring()
  await settle()
  expect([editor.text, offered()]).toEqual(['left', ['mine']])
  expect(log).toEqual(['put mine by', 'adopt left'])
})

it('all can be forgotten, also what was left since', async () => {
  const left = ['a']
  const { drafts, log, offered } = create(left, 'mine')
  await drafts.load()
  left.push('later')
  await drafts.forgetAll()
  expect([offered(), log]).toEqual([[], ['forget draft:a', 'forget draft:later']])
})

it('what is offered can be forgotten', async () => {
  const { drafts, editor, log, offered } = create(['a', 'b'], 'mine')
  await drafts.load()
  drafts.forget()
  expect([editor.text, offered(), log]).toEqual(['mine', [], ['forget draft:a', 'forget draft:b']])
})

import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'
import { walkMainPath } from '../helpers/main-path'

const lines = [
  'The bank raised its rates while the boat drifted toward the bank.',
  'A spring in the old clock broke during the first week of spring.',
  'In 1998, 2004 and 2016 the river rose by 3, 5 and 8 metres.',
]

for (const [name, isolated] of [
  ['WASM with one thread', false],
  ['WASM with threads', true],
] as const)
  test.describe(name, () => {
    test.use({ isolated })

    test('paste, all heads, one head, one sentence, reload', ({ app, openApp, problems }) =>
      walkMainPath({ app, openApp, problems, backend: 'wasm', lines }))
  })

test('a changed sentence computes only itself', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', lines)
  await ready(page)
  const before = (await call<AtlasInfo>(page, 'info')).sequences.map((sequence) => sequence.id)
  await call(page, 'setTexts', [lines[0], 'This one is new.', lines[2]])
  await ready(page)
  const after = (await call<AtlasInfo>(page, 'info')).sequences
  expect([after[0]!.id, after[2]!.id]).toEqual([before[0], before[2]])
  expect(after[1]!.id).not.toBe(before[1])
  expect(problems).toEqual([])
})

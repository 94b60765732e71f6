import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { joinPair, splitPair } from '../../../src/core/sentence-pair'
import { buildFeeds } from '../../../src/models/feeds'
import { createTokenizer, fitPair } from '../../../src/models/tokenizer'
import type { ModelConfig } from '../../../src/models/model-config'

const readJson = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../public/models/${path}`, import.meta.url), 'utf8'))
const tokenizerOf = (model: string, room: number) =>
  createTokenizer(
    { tokenizer: readJson(`${model}/tokenizer.json`), config: readJson(`${model}/tokenizer_config.json`) },
    room,
  )
const bert = (room = 512) => tokenizerOf('bge-small-en-v1.5', room)

test('a line is a pair where its mark stands between white space and has text on both sides', () => {
  expect(splitPair('A man sleeps. ||| Nobody is awake.')).toEqual(['A man sleeps.', 'Nobody is awake.'])
  expect(splitPair('one\t|||\ttwo ||| three')).toEqual(['one', 'two ||| three'])
  for (const line of ['no mark', 'a|||b', ' ||| b', 'a ||| ', '|||', 'a || b']) expect(splitPair(line)).toBeNull()
  expect(splitPair(joinPair(' a ', ' b '))).toEqual(['a', 'b'])
})

test('a pair is encoded as the tokenizer encodes pairs, with token types', async () => {
  const { tokens, input, truncated } = (await bert()).prepare('The cat sat. ||| It was unbelievable.')
  const texts = tokens.map(({ text }) => text)
  const border = texts.indexOf('[SEP]') + 1
  expect(texts.slice(0, border)).toEqual(['[CLS]', 'the', 'cat', 'sat', '.', '[SEP]'])
  expect(texts.slice(border)).toEqual(['it', 'was', 'unbelievable', '.', '[SEP]'])
  expect(tokens.flatMap(({ special }, index) => (special ? [index] : []))).toEqual([0, border - 1, texts.length - 1])
  expect(truncated).toBe(0)
  const types = texts.map((_, index) => (index < border ? 0 : 1))
  expect(input).toMatchObject({ kind: 'text', typeIds: Int32Array.from(types) })
  // They reach the model.
  const inputs = ['input_ids', 'token_type_ids'].map((name) => ({ name, elementType: 7, dims: ['batch', 'length'] }))
  const feeds = buildFeeds(inputs, [input], {} as ModelConfig)
  expect([...feeds['token_type_ids']!.data].map(Number)).toEqual(types)
})

test('the longer sentence is cut where the two do not fit', async () => {
  const { tokens, truncated, input } = (await bert(13)).prepare(`${'cat '.repeat(20)} ||| dog dog dog`)
  expect(tokens.map(({ text }) => text).join(' ')).toBe('[CLS] cat cat cat cat cat cat cat [SEP] dog dog dog [SEP]')
  expect(truncated).toBe(13)
  expect(input.kind === 'text' && input.typeIds?.length).toBe(13)
  for (const [first, second, room, kept] of [
    [3, 4, 10, [3, 4]],
    [9, 9, 7, [4, 3]],
    [1, 9, 7, [1, 6]],
    [9, 1, 7, [6, 1]],
    [4, 9, 7, [4, 3]],
    [5, 5, 0, [0, 0]],
  ] as const)
    expect(fitPair(first, second, room)).toEqual(kept)
})

test('a tokenizer without pairs reads one text, and says so', async () => {
  const tokenizer = await tokenizerOf('smollm2-135m-instruct', 512)
  const pair = tokenizer.prepare('The cat sat. ||| It slept.')
  expect(pair.joined).toBe(true)
  expect(pair.tokens).toEqual(tokenizer.prepare('The cat sat. It slept.').tokens)
  expect(tokenizer.prepare('The cat sat.').joined).toBeUndefined()
})

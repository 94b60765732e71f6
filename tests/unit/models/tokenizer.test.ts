import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readModelConfig } from '../../../src/models/model-config'
import { createTokenizer, cutText, type TextTokenizer } from '../../../src/models/tokenizer'
import { readGolden } from '../../helpers/goldens'
import { fixtures, readTruth, siteFile } from '../../helpers/truth'

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

const fixtureTokenizer = (id: string, maxPositions = Infinity) =>
  createTokenizer(
    { tokenizer: readJson(siteFile(id, 'tokenizer.json')), config: readJson(siteFile(id, 'tokenizer_config.json')) },
    maxPositions,
  )

const builtin = (file: string) => new URL(`../../../public/models/bge-small-en-v1.5/${file}`, import.meta.url).pathname

const bge = () =>
  createTokenizer(
    { tokenizer: readJson(builtin('tokenizer.json')), config: readJson(builtin('tokenizer_config.json')) },
    512,
  )

const idsOf = (tokenizer: TextTokenizer, line: string) => tokenizer.prepare(line).tokens.map(({ id }) => id)

test.each(fixtures.filter(({ kind }) => kind === 'text'))(
  '$id: ids and strings are those of the reference',
  async ({ id, text, tokens }) => {
    const prepared = (await fixtureTokenizer(id)).prepare(text!)
    expect(prepared.tokens.map((token) => token.id)).toEqual([...readTruth(id)['input_ids']!.data])
    expect(prepared.tokens.map((token) => token.text)).toEqual(tokens)
    expect(prepared.truncated).toBe(0)
  },
)

test('the built-in encoder gives the ids of the goldens, special tokens by id', async () => {
  const tokenizer = await bge()
  for (const input of readGolden('bge-small-en-v1.5').inputs) {
    const { tokens } = tokenizer.prepare(input.text)
    expect(tokens.map(({ id }) => id)).toEqual(input.input_ids)
    expect(tokens.map(({ text }) => text)).toEqual(input.tokens)
    expect(tokens.flatMap(({ special }, index) => (special ? [index] : []))).toEqual([0, tokens.length - 1])
  }
})

test('a GPT-2 tokenizer adds no token of its own', async () => {
  const tokenizer = await fixtureTokenizer('zoo/gpt2-sdpa-ts')
  expect(tokenizer.prepare('the').tokens.some(({ special }) => special)).toBe(false)
})

describe('text that is too long', () => {
  test('is cut to the limit with its closing token kept, and the rest is counted', async () => {
    const tokenizer = await bge()
    const { tokens, truncated, input } = tokenizer.prepare('cat '.repeat(600))
    expect(tokens).toHaveLength(512)
    expect(tokens.at(0)?.text).toBe('[CLS]')
    expect(tokens.at(-1)?.text).toBe('[SEP]')
    expect(truncated).toBe(600 - 510)
    expect(input).toMatchObject({ kind: 'text', typeIds: null })
  })

  test('exactly as long as the limit is not cut', async () => {
    const tokenizer = await bge()
    expect(tokenizer.prepare('cat '.repeat(510))).toMatchObject({ truncated: 0 })
    expect(tokenizer.prepare('cat '.repeat(511))).toMatchObject({ truncated: 1 })
  })

  test.each([
    ['words', 'word cat '.repeat(11_200), 22_400],
    ['one word', 'a'.repeat(100_000), null],
    ['emoji', '😀'.repeat(50_000), null],
    ['half a million characters', 'cat and '.repeat(70_000), 140_000],
  ])('100,000 characters and more of %s are cut and counted', async (_, text, count) => {
    for (const tokenizer of [await bge(), await fixtureTokenizer('zoo/gpt2-sdpa-ts')]) {
      const { tokens, truncated } = tokenizer.prepare(text)
      expect(tokens.length).toBeLessThanOrEqual(tokenizer.maxTokens)
      if (count !== null && tokenizer.maxTokens === 512) expect(tokens.length - 2 + truncated).toBe(count)
    }
  })
})

test('odd text gives tokens, not errors', async () => {
  const tokenizer = await bge()
  for (const line of ['', ' ', '😀👩‍👩‍👧', 'שלום עולם', '\u0000\u0007\u001b[31m', '\ud83d', 'a\u0301e\u0301', '汉字']) {
    const ids = idsOf(tokenizer, line)
    expect(ids.at(0)).toBe(101)
    expect(ids.at(-1)).toBe(102)
  }
})

test('broken tokenizer files are named as such', async () => {
  await expect(createTokenizer({ tokenizer: { model: { type: 'Nothing' } }, config: {} }, 512)).rejects.toMatchObject({
    code: 'TOKENIZER_FAILED',
  })
})

test('pieces add up to the text and never split a character', () => {
  for (const text of ['word '.repeat(100), '😀'.repeat(100), 'x'.repeat(501)]) {
    const pieces = cutText(text, 33)
    expect(pieces.join('')).toBe(text)
    for (const piece of pieces) expect(encodeURIComponent(piece)).not.toBe('') // throws on half a character
  }
})

test('positions behind the padding id do not count', () => {
  expect(readModelConfig({ max_position_embeddings: 514, pad_token_id: 1 }).maxPositions).toBe(512)
  expect(readModelConfig({ max_position_embeddings: 512, pad_token_id: 0 }).maxPositions).toBe(512)
  expect(readModelConfig({ n_positions: 1024 }).maxPositions).toBe(1024)
  expect(readModelConfig({}).maxPositions).toBeNull()
})

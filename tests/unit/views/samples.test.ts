import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../../src/models/tokenizer'
import { findSampleSet, sampleSets, type SampleId } from '../../../src/ui/samples'
import { generateArithmetic } from '../../../src/ui/samples/arithmetic'
import { sentencePairs } from '../../../src/ui/samples/pairs'
import { commonWords, generateRepeated, repeatedShape } from '../../../src/ui/samples/repeated'
import { ambiguousWords } from '../../../src/ui/samples/two-meanings'
import { t } from '../../../src/ui/strings'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const readJson = (path: string): unknown => JSON.parse(read(path))
const tokenizerOf = (folder: string) =>
  createTokenizer(
    { tokenizer: readJson(`${folder}/tokenizer.json`), config: readJson(`${folder}/tokenizer_config.json`) },
    512,
  )
const bert = await tokenizerOf('public/models/bge-small-en-v1.5')
/** Byte-level, as GPT-2’s. */
const bytes = await tokenizerOf('public/models/smollm2-135m-instruct')

const load = (id: SampleId) => findSampleSet(id)!.load()
const lengthOf = (line: string): number => bert.prepare(line).tokens.length
const wordsOf = (line: string): string[] => line.toLowerCase().match(/[a-z]+/g) ?? []

describe('every sample set', () => {
  it('is found by its id, and no other is', () => {
    expect(sampleSets.map(({ id }) => findSampleSet(id)?.id)).toEqual(sampleSets.map(({ id }) => id))
    expect(new Set(sampleSets.map(({ id }) => id)).size).toBe(sampleSets.length)
    for (const name of ['none', '', 'constructor']) expect(findSampleSet(name)).toBeNull()
    for (const { id } of sampleSets) expect(id).toMatch(/^[\w-]+$/)
  })

  it.each(sampleSets)('$id has the lines that are promised: none blank, twice, or too long', async ({ id, count }) => {
    const lines = await load(id)
    expect(lines.length).toBe(count)
    expect(new Set(lines).size).toBe(count)
    for (const line of lines) {
      expect(line).toBe(line.trim())
      expect(line).not.toMatch(/[\n\r\t]|^$/)
      expect(bert.prepare(line).truncated).toBe(0)
      expect(bert.prepare(line).tokens.map(({ text }) => text)).not.toContain('[UNK]')
    }
  })

  it.each(sampleSets)('$id has a name and one line on what to look for', ({ id }) => {
    const { name, hint } = t.samples[id]
    expect(name.length).toBeGreaterThan(3)
    expect(name.length).toBeLessThan(32)
    expect(hint.length).toBeGreaterThan(20)
    expect(hint.length).toBeLessThan(90)
  })

  it('but the first is fetched only when asked for', () => {
    const source = read('src/ui/samples/index.ts')
    expect(source.match(/^import .*$/gm)).toEqual(["import { firstLook } from './first-look'"])
    expect(source.match(/import\('/g)?.length).toBe(sampleSets.length - 1)
  })
})

describe('encyclopaedia', () => {
  it('has at least 185 sentences and about 5,000 tokens', async () => {
    // With the two special tokens of each line: 194 lines, 5,088 tokens, 11 to 54 a line.
    const lengths = (await load('encyclopaedia')).map(lengthOf)
    const total = lengths.reduce((sum, length) => sum + length, 0)
    expect(lengths.length).toBeGreaterThanOrEqual(185)
    expect(total).toBeGreaterThanOrEqual(4800)
    expect(total).toBeLessThanOrEqual(5300)
    expect(total / lengths.length).toBeGreaterThan(26)
    expect(total / lengths.length).toBeLessThan(28)
    expect(Math.min(...lengths)).toBeLessThanOrEqual(12)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(11)
    expect(Math.max(...lengths)).toBeGreaterThanOrEqual(50)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(62)
  })

  it('is varied: many words, many ways to begin', async () => {
    const lines = await load('encyclopaedia')
    expect(new Set(lines.flatMap(wordsOf)).size).toBeGreaterThan(1500)
    expect(new Set(lines.map((line) => wordsOf(line).slice(0, 2).join(' '))).size).toBeGreaterThan(lines.length * 0.85)
    for (const line of lines) expect(line).toMatch(/^["A-Z].*\.$/)
  })
})

it('two meanings: each word is in both of its sentences, once', async () => {
  const lines = await load('two-meanings')
  expect(ambiguousWords.length).toBe(12)
  for (const [index, [word]] of ambiguousWords.entries())
    for (const line of lines.slice(2 * index, 2 * index + 2))
      expect(wordsOf(line).filter((entry) => entry === word)).toEqual([word])
})

it('pairs: the two sentences differ in one word, which is one token', async () => {
  const lines = await load('pairs')
  for (const [index, [one, other]] of sentencePairs.entries()) {
    expect(lines[index]).toBe(`${one} ||| ${other}`)
    const [left, right] = [bert.prepare(one).tokens, bert.prepare(other).tokens]
    expect(right.length).toBe(left.length)
    expect(left.filter(({ id }, at) => id !== right[at]?.id).length, one).toBe(1)
  }
})

describe('repeated', () => {
  it('says each line twice, at a distance that is the same in tokens, for word pieces and byte-level tokens', async () => {
    const { length } = repeatedShape
    for (const line of await load('repeated')) {
      for (const [tokenizer, own] of [
        [bert, 1],
        [bytes, 0],
      ] as const) {
        const ids = tokenizer.prepare(` ${line}`).tokens.map(({ id }) => id)
        const words = ids.slice(own, ids.length - own)
        expect(words.length, line).toBe(2 * length)
        expect(words.slice(length)).toEqual(words.slice(0, length))
        expect(new Set(words).size).toBe(length)
      }
    }
  })

  it('is drawn with a seed from words that are no two alike', () => {
    expect(new Set(commonWords).size).toBe(commonWords.length)
    expect(generateRepeated(7)).toEqual(generateRepeated(7))
    expect(generateRepeated(7)).not.toEqual(generateRepeated(8))
    expect(new Set(generateRepeated(1).join(' ').split(' ')).size).toBeGreaterThan(commonWords.length * 0.9)
  })
})

describe('arithmetic', () => {
  const number = (text: string): number => {
    const place = smallNumbers.indexOf(text.toLowerCase())
    return place >= 0 ? place : 10 * tens.indexOf(text.toLowerCase())
  }
  const smallNumbers =
    'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen'.split(' ')
  const tens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
  const minutes = (time: string): number => Number(time.split(':')[0]) * 60 + Number(time.split(':')[1])
  const n = (groups: string[], at: number): number => Number(groups[at])

  /** Reads the problem and works it out anew. */
  const checks: readonly [RegExp, (groups: string[]) => boolean][] = [
    [/^(\d+) \+ (\d+) = (\d+)$/, (g) => n(g, 0) + n(g, 1) === n(g, 2)],
    [/^(\d+) - (\d+) = (\d+)$/, (g) => n(g, 0) - n(g, 1) === n(g, 2)],
    [/^What is (\d+) times (\d+)\? The answer is (\d+)\.$/, (g) => n(g, 0) * n(g, 1) === n(g, 2)],
    [/^(\w+) plus (\w+) is (\w+)\.$/, ([a = '', b = '', c = '']) => number(a) + number(b) === number(c)],
    [
      /^(\d+) divided by (\d+) is (\d+), remainder (\d+)\.$/,
      (g) => Math.floor(n(g, 0) / n(g, 1)) === n(g, 2) && n(g, 0) % n(g, 1) === n(g, 3),
    ],
    [/^1\/(\d) of (\d+) is (\d+)\.$/, (g) => n(g, 1) / n(g, 0) === n(g, 2)],
    [/^(\d\.\d) \+ (\d\.\d) = (\d+\.\d)$/, (g) => Math.abs(n(g, 0) + n(g, 1) - n(g, 2)) < 1e-9],
    [/^(\d+)% of (\d+) is (\d+(?:\.\d)?)\.$/, (g) => (n(g, 0) * n(g, 1)) / 100 === n(g, 2)],
    [
      /^(\w+) has (\d+) (\w+), finds (\d+) more and gives (\d+) away\. Now \1 has (\d+) \3\.$/,
      (g) => n(g, 1) + n(g, 3) - n(g, 4) === n(g, 5),
    ],
    [
      /^A film of (\d+) minutes that begins at (\d+:\d\d) ends at (\d+:\d\d)\.$/,
      ([length = '', start = '', end = '']) => minutes(start) + Number(length) === minutes(end),
    ],
    [
      /^Is (\d) × (\d) more than (\d+)\? (Yes|No), it is (\d+)\.$/,
      (g) => n(g, 0) * n(g, 1) === n(g, 4) && n(g, 4) > n(g, 2) === (g[3] === 'Yes'),
    ],
    [
      /^(\w+) and (\w+) make (\w+); (\w+) less (\w+) leaves (\w+)\.$/,
      ([a = '', b = '', c = '', d, e, f = '']) =>
        tenOrMore(a) + tenOrMore(b) === tenOrMore(c) && c === d && b === e && f === a.toLowerCase(),
    ],
  ]
  const tenOrMore = number

  it.each([1, 2, 3])('of seed %i is right, five problems of each of twelve forms', (seed) => {
    const counts = new Map<RegExp, number>()
    for (const problem of generateArithmetic(seed)) {
      const fits = checks.filter(([form]) => form.test(problem))
      expect(fits.length, problem).toBe(1)
      const [form, isRight] = fits[0]!
      expect(isRight(form.exec(problem)!.slice(1)), problem).toBe(true)
      counts.set(form, (counts.get(form) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual(Array.from(checks, () => 5))
  })

  it('is drawn with a seed', async () => {
    expect((await load('arithmetic')).join(' ')).toMatch(/(?=.*Yes, it is)(?=.*No, it is)/)
    expect(await load('arithmetic')).toEqual(generateArithmetic(1))
    expect(generateArithmetic(1)).not.toEqual(generateArithmetic(2))
  })
})

it('code: brackets and quotes that open also close', async () => {
  const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
  for (const line of await load('code')) {
    const open: string[] = []
    const bare = line.replace(/'(?:\\.|[^'\\])'|=>|->|<-/g, '').replace(/"[^"]*"|'[^']*'/g, '')
    expect(bare, line).not.toMatch(/["']/)
    for (const mark of bare) {
      if (mark in closers) open.push(closers[mark]!)
      else if (Object.values(closers).includes(mark)) expect(mark, line).toBe(open.pop())
    }
    expect(open, line).toEqual([])
  }
})

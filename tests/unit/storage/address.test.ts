import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressCodecs,
  addressKeys,
  AddressBar,
  colorIds,
  formatAddress,
  parseAddress,
  parseHead,
  type AddressValues,
  type AddressWindow,
} from '../../../src/storage/address'

const words = fc.string({ unit: 'grapheme', maxLength: 30 })
const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/)
const natural = fc.nat(1e9)
const values: fc.Arbitrary<Partial<AddressValues>> = fc.record(
  {
    model: fc.oneof(
      name.map((part) => `builtin:${part}`),
      fc.array(name, { minLength: 2, maxLength: 3 }).map((parts) => parts.join('/')),
    ),
    revision: fc.stringMatching(/^[A-Za-z0-9/_.-]{1,20}$/),
    dtype: fc.constantFrom('fp32', 'q8', 'q4f16'),
    file: name,
    host: fc.webUrl({ withQueryParameters: true }),
    backend: fc.constantFrom('auto', 'webgpu', 'wasm'),
    threads: fc.integer({ min: 1, max: 64 }),
    samples: fc.stringMatching(/^[\w-]{1,12}$/),
    text: fc.array(
      words.map((line) => line.replaceAll('\n', '')),
      { minLength: 1, maxLength: 4 },
    ),
    joint: fc.constantFrom('raw', 'translate', 'scale', 'lift'),
    projection: fc.constantFrom('pca', 'umap', 'umap-js', 'tsne', 'singular'),
    dims: fc.constantFrom(2, 3),
    metric: fc.constantFrom('cosine', 'euclidean'),
    seed: fc.maxSafeInteger(),
    neighbors: fc.integer({ min: 2, max: 200 }),
    mindist: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    perplexity: fc.double({ min: 1, max: 500, noNaN: true }),
    epochs: fc.option(fc.integer({ min: 1, max: 10000 })),
    follow: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    view: fc.constantFrom('matrix', 'head', 'sequence'),
    head: fc.record({ layer: fc.nat(9999), head: fc.nat(9999) }),
    sequence: natural,
    token: natural,
    color: fc.constantFrom(...colorIds),
    column: words,
    search: words,
    theme: fc.constantFrom('light', 'dark', 'auto'),
    lang: fc.constantFrom('en', 'zh'),
    base: fc.constantFrom(0, 1),
    match: fc.constantFrom('exact', 'substring', 'regex'),
    case: fc.constantFrom(0, 1),
    first: fc.constantFrom(0, 1),
    palette: fc.constantFrom('default', 'paper', 'contrast'),
  } satisfies { [K in keyof AddressValues]: fc.Arbitrary<AddressValues[K]> },
  { requiredKeys: [] },
)
const unknownPairs = fc.array(fc.stringMatching(/^zz[a-z%0-9]{0,5}(=[a-z0-9%+=]{0,9})?$/), { maxLength: 3 })

describe('the address', () => {
  it('says what was written into it', () => {
    fc.assert(
      fc.property(values, unknownPairs, (wanted, unknown) => {
        const parsed = parseAddress(`#${formatAddress(wanted, unknown)}`)
        expect(parsed.problems).toEqual([])
        expect({ ...parsed.values }).toEqual({ ...wanted })
        expect(parsed.unknown).toEqual(unknown)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws, and names every value that it ignores', () => {
    fc.assert(
      fc.property(fc.constantFrom(...addressKeys), fc.string(), (key, text) => {
        const parsed = parseAddress(`${key}=${text.replaceAll('&', '')}&seed=3`)
        expect(key in parsed.values || parsed.problems.length === 1).toBe(true)
        if (key !== 'seed') expect(parsed.values.seed).toBe(3)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['joint=nonsense42', 'nonsense42'],
    ['dims=9', 'dims=9'],
    ['seed=1.5', 'seed=1.5'],
    ['seed=', 'seed='],
    ['mindist=-1', 'mindist'],
    ['model=one-part', 'one-part'],
    ['host=javascript:alert(1)', 'host'],
    ['text=%E0%A4%A', 'text'],
    ['head=L3', 'head=L3'],
    ['epochs=0x10', 'epochs'],
    ['threads=1e9', 'threads'],
    ['__proto__=1&color=constructor', 'constructor'],
  ])('ignores %s', (hash, named) => {
    const parsed = parseAddress(hash)
    expect(parsed.values).toEqual({})
    expect(parsed.problems.join()).toContain(named)
  })

  it('does not read a plus as a space', () => {
    expect(parseAddress('search=a+b%20c').values.search).toBe('a+b c')
  })

  it.each(['L3H9', 'L3 H9', 'l3h9', '3.9', '3-9'])('reads the head %s', (text) => {
    expect(parseHead(text)).toEqual({ layer: 3, head: 9 })
  })

  it('says for every key what would be right', () => {
    for (const key of addressKeys) expect(addressCodecs[key].expected.length).toBeGreaterThan(3)
  })
})

function createWindow(hash: string) {
  const listeners = new Set<() => void>()
  const state: AddressWindow & { go(hash: string): void; replaced: number; listeners: Set<() => void> } = {
    location: { hash, href: `http://app/path/?a=1${hash}` },
    history: {
      replaceState: (_, __, url) => {
        state.location.href = url
        state.location.hash = url.includes('#') ? url.slice(url.indexOf('#')) : ''
        state.replaced++
      },
    },
    addEventListener: (_, listener) => void listeners.add(listener),
    removeEventListener: (_, listener) => void listeners.delete(listener),
    go: (next) => {
      state.location.hash = next
      for (const listener of listeners) listener()
    },
    replaced: 0,
    listeners,
  }
  return state
}

describe('the address bar', () => {
  it('writes what differs from the default, keeps unknown pairs, and leaves the rest of the address', () => {
    const target = createWindow('#zzz=1&view=matrix')
    const bar = new AddressBar(target)
    bar.read()
    bar.write({ dims: 3, seed: 0, view: 'matrix' }, { dims: 2, seed: 0, view: 'matrix' })
    expect(target.location.href).toBe('http://app/path/?a=1#dims=3&view=matrix&zzz=1')
    bar.write({ dims: 2 }, { dims: 2 })
    expect(target.location.hash).toBe('#dims=2&view=matrix&zzz=1')
    const before = target.replaced
    bar.write({ dims: 2 }, { dims: 2 })
    expect(target.replaced).toBe(before)
  })

  it('takes keys out', () => {
    const target = createWindow('#text=a%0Ab')
    const bar = new AddressBar(target)
    expect(bar.read().values.text).toEqual(['a', 'b'])
    bar.write({ text: undefined }, {})
    expect(target.location.href).toBe('http://app/path/?a=1')
  })

  it('tells of changes until it is stopped', () => {
    const target = createWindow('')
    const bar = new AddressBar(target)
    const seen: unknown[] = []
    const stop = bar.onChange(({ values: patch }) => seen.push(patch))
    target.go('#seed=4')
    stop()
    expect(seen).toEqual([{ seed: 4 }])
    expect(target.listeners.size).toBe(0)
  })
})

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
    by: fc.constantFrom('entropy', 'fidelity_picture'),
    order: fc.constantFrom(...(['grid', 'high', 'low'] as const)),
    tint: fc.constantFrom(...([0, 1] as const)),
    range: fc
      .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 100 }))
      .map(([low, width]) => [low / 4, low / 4 + width / 8] as const),
    palette: fc.constantFrom('default', 'paper', 'contrast'),
    role: fc.constantFrom('query', 'key'),
    rotation: fc.constantFrom('after', 'before'),
    bos: fc.constantFrom(0, 1),
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

type Listener = (event: Event) => void

/** A window of the few properties that the address needs, with a history that can be gone through. */
function createWindow(hash: string) {
  const listeners: Record<'hashchange' | 'popstate', Set<Listener>> = { hashchange: new Set(), popstate: new Set() }
  const entries: { url: string; state: unknown }[] = [{ url: `http://app/path/?a=1${hash}`, state: null }]
  let at = 0
  const location = {
    get href() {
      return entries[at]!.url
    },
    get hash() {
      const { url } = entries[at]!
      return url.includes('#') ? url.slice(url.indexOf('#')) : ''
    },
  }
  const state = {
    location,
    history: {
      replaceState: (entry: unknown, _: string, url: string) => {
        entries[at] = { url, state: entry }
        state.replaced++
      },
      pushState: (entry: unknown, _: string, url: string) => {
        entries.splice(++at, entries.length, { url, state: entry })
      },
    },
    addEventListener: (type: 'hashchange' | 'popstate', listener: Listener) => void listeners[type].add(listener),
    removeEventListener: (type: 'hashchange' | 'popstate', listener: Listener) => void listeners[type].delete(listener),
    /** The user types another hash. */
    go: (next: string) => {
      const before = location.href
      entries.splice(++at, entries.length, { url: before.replace(/#.*$/, '') + next, state: null })
      for (const type of ['popstate', 'hashchange'] as const)
        for (const listener of listeners[type])
          listener(Object.assign(new Event(type), { state: null, newURL: location.href }))
    },
    /** Back (−1) or Forward (1): `popstate` first, `hashchange` with the address that was left for. */
    travel: (steps: number) => {
      const before = location.href
      at += steps
      const newURL = location.href
      for (const listener of listeners.popstate)
        listener(Object.assign(new Event('popstate'), { state: entries[at]!.state }))
      if (before === newURL) return
      for (const listener of listeners.hashchange) listener(Object.assign(new Event('hashchange'), { newURL }))
    },
    entries,
    replaced: 0,
    listeners: listeners.hashchange,
  }
  return state satisfies AddressWindow as AddressWindow & typeof state
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

  it('makes an entry of what opens something, and Back leads to the place before with the settings of now', async () => {
    const target = createWindow('#seed=4')
    const bar = new AddressBar(target)
    bar.read()
    bar.note('matrix')
    const returned: unknown[] = []
    const wishes: unknown[] = []
    bar.onReturn((place) => {
      returned.push(place)
      bar.write({ view: place === 'matrix' ? 'matrix' : 'head' }, { view: 'matrix' }, { place, opens: false })
    })
    bar.onChange(({ values }) => wishes.push(values))

    // One step in several writes: the entry before stays as it was, without the token.
    bar.write({ token: 7 }, {}, { place: 'matrix, token 7', opens: false })
    bar.write({ view: 'head' }, { view: 'matrix' }, { place: 'head', opens: true })
    expect(target.entries.map(({ url }) => url.slice(url.indexOf('#')))).toEqual([
      '#seed=4',
      '#seed=4&view=head&token=7',
    ])
    await Promise.resolve()
    bar.write({ seed: 9 }, { seed: 0 })
    expect(target.entries).toHaveLength(2)

    target.travel(-1)
    expect(returned).toEqual(['matrix'])
    expect(wishes).toEqual([])
    expect(target.location.hash).toContain('seed=9')
    target.travel(1)
    expect(returned).toEqual(['matrix', 'head'])
    expect(target.location.hash).toBe('#seed=9&view=head&token=7')

    // A typed address is a wish, also right after.
    target.go('#seed=1')
    expect(wishes).toEqual([{ seed: 1 }])
  })
})

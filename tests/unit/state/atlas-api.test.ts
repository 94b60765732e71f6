import { describe, expect, it } from 'vitest'
import { createAtlas, installAtlas, type AtlasParts } from '../../../src/atlas-api'
import { linkAddress } from '../../../src/state/address-link'
import { Preferences } from '../../../src/state/preferences.svelte'
import { Screen } from '../../../src/state/screen'
import { Selection } from '../../../src/state/selection.svelte'
import { AddressBar } from '../../../src/storage/address'
import { createWorld, settle } from './fakes'

/** What the app puts together, around fakes and a window of three properties. */
async function createApp(hash = '', screen?: Screen) {
  const world = createWorld()
  const selection = new Selection()
  const preferences = new Preferences()
  const listeners: (() => void)[] = []
  const address = {
    location: { hash, href: `http://app/${hash}` },
    history: {
      replaceState: (_: unknown, __: string, url: string) => {
        address.location.href = url
        address.location.hash = url.includes('#') ? url.slice(url.indexOf('#')) : ''
      },
      pushState: (state: unknown, unused: string, url: string) => address.history.replaceState(state, unused, url),
    },
    addEventListener: (type: string, listener: (event: Event) => void) =>
      void (type === 'hashchange' && listeners.push(() => listener(new Event(type)))),
    removeEventListener: () => undefined,
  }
  const root = { dataset: {} as Record<string, string> }
  const parts: AtlasParts = {
    explorer: world.explorer,
    selection,
    preferences,
    version: '1.2.3',
    ownRequests: () => [],
    segmenter: { run: () => Promise.resolve({ labelled: 0, problems: [] }) },
    drawPng: () => null,
    pause: async () => undefined,
    ...(screen && { screen }),
  }
  const target = { document: { documentElement: root } } as unknown as Window
  installAtlas(target, parts)
  linkAddress(new AddressBar(address), parts)
  const setHash = (next: string) => {
    address.location.hash = `#${next}`
    address.location.href = `http://app/#${next}`
    for (const listener of listeners) listener()
  }
  const early = root.dataset['status']
  await settle()
  return { ...world, atlas: target.atlas, parts, root, address, setHash, selection, early }
}

const codeOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (problem: { code: string }) => problem.code,
  )

const plain = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  Number.isFinite(value) ||
  ((Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
    Object.values(value as object).every(plain))

describe('window.atlas', () => {
  it('keeps data-status and state() in step, inside each call', async () => {
    const { atlas, root, early } = await createApp()
    expect([early, root.dataset['status']]).toEqual(['loading', 'empty'])
    const accepted = atlas.setTexts(['the cat sat'])
    expect([root.dataset['status'], atlas.state().status]).toEqual(['loading', 'loading'])
    await accepted
    const state = await atlas.ready()
    expect([state.status, state.model, state.backend]).toEqual(['ready', 'builtin:bge-small-en-v1.5', 'wasm'])
    expect(state).toEqual(atlas.state())
    expect(plain(state)).toBe(true)
    expect(plain(atlas.info())).toBe(true)
    expect(root.dataset['error']).toBeUndefined()
  })

  it('is ready when the last head is drawn, not before', async () => {
    let hidden = false
    const screen = new Screen(() => hidden)
    let drawn = false
    screen.watch(() => drawn)
    const { atlas, root, explorer } = await createApp('', screen)
    await atlas.setTexts(['the cat sat'])
    await explorer.ready()
    expect([explorer.status, root.dataset['status'], atlas.state().status]).toEqual(['ready', 'running', 'running'])
    expect(await codeOf(atlas.ready(0))).toBe('TIMEOUT')
    const wait = atlas.ready()
    drawn = true
    screen.changed()
    expect(root.dataset['status']).toBe('ready')
    expect((await wait).status).toBe('ready')
    // A page that is not shown draws no frames: nobody waits for one.
    drawn = false
    hidden = true
    screen.changed()
    expect((await atlas.ready()).status).toBe('ready')
  })

  it('has the code of a failure in data-error', async () => {
    const { atlas, root, model } = await createApp()
    const { AppError } = await import('../../../src/core/errors')
    model.failOpen = new AppError('MODEL_NOT_FOUND', 'There is no such model: check the name.')
    expect(await codeOf(atlas.open({ model: 'owner/none' }))).toBe('MODEL_NOT_FOUND')
    const state = await atlas.ready()
    expect([state.status, state.error?.code]).toEqual(['failed', 'MODEL_NOT_FOUND'])
    expect(root.dataset).toEqual({ status: 'failed', error: 'MODEL_NOT_FOUND' })
    model.failOpen = null
    await atlas.open({ model: 'owner/name' })
    await settle()
    expect(root.dataset).toEqual({ status: 'empty' })
  })

  it('rejects wrong arguments and never throws', async () => {
    const { atlas } = await createApp()
    const wrong: Promise<unknown>[] = [
      atlas.setTexts('one line' as never),
      atlas.setTexts([1] as never),
      atlas.setImages([{}] as never),
      atlas.removeSequence('0' as never),
      atlas.removeSequence(0),
      atlas.set({ dims: 7 as never }),
      atlas.set({ nonsense: 1 } as never),
      atlas.open({} as never),
      atlas.open({ model: 'one-part' }),
      atlas.ready('soon' as never),
      atlas.vectors(null as never),
      atlas.coordinates({ layer: 0, head: -1 }),
      atlas.attention({ layer: 0, head: 0, sequence: 1.5 }),
      atlas.export('nonsense', 'csv'),
      atlas.export('coordinates', 'nonsense'),
      atlas.export('attention', 'npz', { heads: [] }),
    ]
    for (const [index, promise] of wrong.entries())
      expect([index, await codeOf(promise)]).toEqual([index, 'BAD_ARGUMENT'])
    expect(atlas.state().status).toBe('empty')
  })

  it('takes null and undefined for "not given"', async () => {
    const { atlas } = await createApp()
    await atlas.setTexts(['the cat sat'])
    const before = await atlas.ready(null)
    await atlas.set({ joint: null, dims: undefined, seed: null })
    expect(await atlas.ready()).toEqual(before)
  })

  it('takes the word for rounds that are found by themselves', async () => {
    const { atlas } = await createApp()
    await atlas.set({ epochs: 20 })
    expect(atlas.state().epochs).toBe(20)
    await atlas.set({ epochs: 'auto' as never })
    expect(atlas.state().epochs).toBeNull()
  })

  it('takes settings, the selection and preferences in one call', async () => {
    const { atlas, selection } = await createApp()
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    await atlas.set({ dims: 3, head: { layer: 1, head: 2 } as never, view: 'head', theme: 'dark' })
    expect(await atlas.ready()).toMatchObject({ dims: 3, head: 'L1H2', view: 'head', theme: 'dark' })
    expect(selection.head).toEqual({ layer: 1, head: 2 })
    expect(await codeOf(atlas.set({ head: 'L9H0' }))).toBe('BAD_ARGUMENT')
  })

  it('lists requests', async () => {
    const { atlas } = await createApp()
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    expect(atlas.requests()).toEqual([
      { url: 'http://app/models//builtin:bge-small-en-v1.5', bytes: 1, at: 0, why: 'model' },
    ])
  })

  it('exports after the run, with the settings', async () => {
    const { atlas } = await createApp()
    await atlas.setTexts(['the "cat", sat', '=SUM(A1)'])
    const csv = await (await atlas.export('coordinates', 'csv')).text()
    const [header, first] = csv.split('\r\n')
    expect(header).toBe('layer,head,kind,sequence,position,token_id,token,x,y')
    expect(first).toMatch(/^0,0,query,0,0,3,the,/)
    expect(csv).toContain('"""cat"","')
    const settings = JSON.parse(await (await atlas.export('settings', 'json')).text()) as Record<string, unknown>
    expect(settings).toMatchObject({
      model: 'builtin:bge-small-en-v1.5',
      joint: 'translate',
      version: '1.2.3',
      dtype: 'fp32',
    })
    expect(await codeOf(atlas.export('figure', 'png'))).toBe('NOT_AVAILABLE')
    const svg = await (await atlas.export('figure', 'svg')).text()
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/)
  })

  it('says "nothing to export" without a model', async () => {
    const { atlas, parts } = await createApp()
    expect(await codeOf(atlas.export('coordinates', 'npz'))).toBe('INPUT_EMPTY')
    expect(createAtlas(parts).info()).toBeNull()
  })
})

describe('the address', () => {
  it('changes the status inside the event and keeps unknown keys', async () => {
    const { atlas, setHash, root, address } = await createApp()
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    setHash('dims=3&seed=11&zzz=1')
    expect(root.dataset['status']).toBe('running')
    expect(await atlas.ready()).toMatchObject({ dims: 3, seed: 11 })
    setHash('joint=raw&zzz=1')
    expect(await atlas.ready()).toMatchObject({ dims: 3, seed: 11, joint: 'raw' })
    await atlas.set({ seed: 12 })
    await atlas.ready()
    expect(address.location.hash).toMatch(/zzz=1/)
    expect(address.location.hash).toMatch(/seed=12/)
    expect(address.location.hash).not.toMatch(/text=/)
  })

  it('names bad values and takes the good ones', async () => {
    const { atlas, setHash, explorer } = await createApp()
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    setHash('joint=nonsense42&dims=9&seed=13')
    expect(await atlas.ready()).toMatchObject({ joint: 'translate', dims: 2, seed: 13, status: 'ready' })
    expect(explorer.notices.map(({ message }) => message).join()).toMatch(/nonsense42/)
  })

  it('loses text and samples once texts are edited', async () => {
    const { atlas, address, explorer } = await createApp('#text=one%20line%0Aanother&view=head&head=L1H2')
    await atlas.ready()
    expect(explorer.texts).toEqual(['one line', 'another'])
    expect(address.location.hash).toMatch(/text=/)
    expect(atlas.state()).toMatchObject({ view: 'head', head: 'L1H2' })
    await atlas.setTexts(['quite new'])
    expect(address.location.hash).not.toMatch(/text=/)
    expect(address.location.hash).toMatch(/head=L1H2/)
  })

  it('follows the selection', async () => {
    const { atlas, address, selection } = await createApp()
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    selection.openHead({ layer: 1, head: 1 })
    selection.pin(0, 2, 'key')
    expect(address.location.hash).toBe('#view=head&head=L1H1&sequence=0&token=2&role=key')
    expect(atlas.state()).toMatchObject({ token: 2, role: 'key' })
    selection.pin(0, 1, 'query')
    expect(address.location.hash).toBe('#view=head&head=L1H1&sequence=0&token=1&role=query')
  })

  it('reads a token as a key where the address says so', async () => {
    const { atlas, selection } = await createApp('#view=sequence&sequence=0&token=1&role=key')
    await atlas.setTexts(['the cat sat'])
    await atlas.ready()
    expect([selection.token, selection.role]).toEqual([1, 'key'])
  })
})

describe('text with columns', () => {
  it('is taken with a value a line, and told', async () => {
    const { atlas } = await createApp()
    await atlas.setTexts(['a b', '', 'c d'], { columns: [{ name: 'year', values: [1998, 0, null] }] })
    await atlas.ready()
    expect(atlas.info()?.columns).toEqual([{ name: 'year', kind: 'number', values: ['1998', null] }])
    await atlas.set({ color: 'user', column: 'year' })
    expect(atlas.state()).toMatchObject({ color: 'user', column: 'year' })
    await atlas.setTexts(['new'])
    expect(atlas.info()?.columns).toBeUndefined()
    for (const columns of [[{ name: 'x', values: [1] }], [{ values: [1, 2] }], 'x', [{ name: 'x', values: [1, {}] }]])
      expect(await codeOf(atlas.setTexts(['a', 'b'], { columns: columns as never }))).toBe('BAD_ARGUMENT')
  })
})

describe('the language', () => {
  it('is what the address or a call says, and the address follows', async () => {
    const { atlas, explorer, address } = await createApp('#lang=zh')
    expect(explorer.notices).toEqual([])
    expect(atlas.state().lang).toBe('zh')
    await atlas.set({ lang: 'en' })
    expect(atlas.state().lang).toBe('en')
    expect(address.location.hash).toContain('lang=en')
    expect(await codeOf(atlas.set({ lang: 'fr' as never }))).toBe('BAD_ARGUMENT')
  })

  it('gets no word in an address that has none', async () => {
    const { atlas, address } = await createApp('#projection=pca')
    await atlas.set({ lang: 'zh', theme: 'dark' })
    expect(address.location.hash).not.toMatch(/lang|theme/)
  })
})

describe('labels from a script', () => {
  it('go to the images of the call, though these are moved while the labels are read', async () => {
    const { atlas, explorer } = await createApp('#model=builtin:dinov2-small')
    await atlas.setImages(['one', 'two'].map((name) => new File([name], `${name}.png`, { type: 'image/png' })))
    await atlas.ready()
    const given = atlas.setLabels([[{ row: 0, column: 0, label: 'of one' }], null])
    await atlas.moveImage(0, 1)
    await given
    await atlas.ready()
    expect(explorer.images.map(({ name }) => name)).toEqual(['two.png', 'one.png'])
    expect(atlas.info()?.sequences.map(({ labels }) => labels ?? null)).toEqual([null, [null, 'of one']])
  })
})

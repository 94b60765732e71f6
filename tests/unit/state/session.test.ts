import { describe, expect, it } from 'vitest'
import { AppError, isAppError } from '../../../src/core/errors'
import { openSessionFile } from '../../../src/state/open-session'
import { packSession, Session } from '../../../src/state/session'
import { Selection } from '../../../src/state/selection.svelte'
import { readSession, writeSession, type SessionContent } from '../../../src/storage/session-file'
import { createWorld, settle, type Stores, type World } from './fakes'

const pause = async () => undefined
const place = { view: 'sequence', head: { layer: 1, head: 2 }, sequence: 1, token: 2, role: 'key' } as const
const lines = ['the cat sat', 'on the mat today']

async function begin(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = createWorld(options)
  world.explorer.start({})
  await settle()
  return world
}

async function contentOf({ explorer }: World, vectors = true): Promise<SessionContent> {
  await explorer.ready()
  return packSession(await explorer.sessionSource({ vectors }), '1.2.3', place)
}

/** A session of two lines with the seed 7, as a file. */
async function makeFile({ vectors = true, projection = 'pca' } = {}): Promise<{ file: Blob; world: World }> {
  const world = await begin()
  world.explorer.setTexts(lines, [{ name: 'year', values: ['1998', null] }])
  world.explorer.set({ seed: 7, projection, color: 'position', search: 'cat' })
  return { file: await writeSession(await contentOf(world, vectors), pause), world }
}

/** The same content as JSON that can be changed. */
async function changed(change: (json: Record<string, never>) => void, groups?: SessionContent['groups']) {
  const { file } = await makeFile()
  const content = await readSession(file, pause)
  const json = structuredClone(content.json) as Record<string, never>
  change(json)
  return { ...content, json, groups: groups ?? content.groups }
}

async function open(world: World, file: Blob): Promise<Selection> {
  const selection = new Selection()
  await openSessionFile({ explorer: world.explorer, selection }, file, pause)
  await world.explorer.ready()
  return selection
}

describe('a session', () => {
  it('shows on another computer what was saved, without its model and without computing', async () => {
    const { file, world } = await makeFile()
    const other = await begin()
    const selection = await open(other, file)
    expect(other.model.opened).toEqual([])
    expect(other.pool.jobs).toEqual([])
    expect(selection).toMatchObject(place)
    const { explorer } = other
    expect(explorer.isFromSession).toBe(true)
    expect(explorer).toMatchObject({ texts: lines, color: 'position', search: 'cat', status: 'ready' })
    expect(explorer.columns).toEqual([{ name: 'year', values: ['1998', null] }])
    expect(explorer.settings).toEqual(world.explorer.settings)
    for (const head of [
      { layer: 0, head: 0 },
      { layer: 1, head: 2 },
    ]) {
      expect(await explorer.coordinates(head)).toEqual(await world.explorer.coordinates(head))
      expect(await explorer.vectors(head)).toEqual(await world.explorer.vectors(head))
      expect(await explorer.attention(head, 1)).toEqual(await world.explorer.attention(head, 1))
      expect(explorer.norms(head)).toEqual(world.explorer.norms(head))
    }
    expect(await explorer.headFigures()).toEqual(await world.explorer.headFigures())
    expect(explorer.sequences.map(({ tokens, name }) => ({ tokens, name }))).toEqual(
      world.explorer.sequences.map(({ tokens, name }) => ({ tokens, name })),
    )
    expect(other.model.opened).toEqual([])
  })

  it('is there again after a reload, and gives the same file', async () => {
    const { file } = await makeFile({ projection: 'umap' })
    const other = await begin()
    await open(other, file)
    await settle()
    other.clock.advance(1000)
    await settle()
    const again = await begin({ stores: other.stores })
    await again.explorer.ready()
    expect(again.explorer.isFromSession).toBe(true)
    expect(again.model.opened).toEqual([])
    const content = await contentOf(again)
    const first = await readSession(file, pause)
    expect(content.json).toEqual(first.json)
    expect(content.groups).toEqual(first.groups)
    expect((await writeSession(content, pause)).size).toBe(file.size)
  })

  it('shows without room to store anything', async () => {
    const { file } = await makeFile()
    const blocked = () => Promise.reject(new Error('blocked'))
    const stores = Object.fromEntries(
      ['data', 'index', 'saved'].map((name) => [
        name,
        { get: blocked, set: blocked, delete: blocked, keys: blocked, entries: blocked },
      ]),
    ) as unknown as Stores
    const other = await begin({ stores })
    await open(other, file)
    expect(other.model.opened).toEqual([])
    expect(other.explorer.status).toBe('ready')
  })

  it('saved without vectors asks the model for them when they are needed', async () => {
    const { file, world } = await makeFile({ vectors: false })
    const other = await begin()
    await open(other, file)
    expect(other.model.opened).toEqual([])
    const head = { layer: 0, head: 1 }
    expect(await other.explorer.vectors(head)).toEqual(await world.explorer.vectors(head))
    expect(other.model.opened).toHaveLength(1)
  })

  it('keeps the texts that were there, and never passes for what was computed here', async () => {
    const { file } = await makeFile()
    const content = await readSession(file, pause)
    const points = content.groups['pictures']!['points0']!
    points.fill(123)
    const forged = await writeSession(content, pause)
    const other = await begin()
    other.explorer.setTexts(['my own line'])
    await other.explorer.ready()
    await open(other, forged)
    const head = { layer: 0, head: 0 }
    expect((await other.explorer.coordinates(head)).points[0]).toBe(123)
    expect(other.explorer.keptTexts).toEqual(['my own line'])
    other.explorer.leaveSession()
    await other.explorer.ready()
    expect(other.explorer.isFromSession).toBe(false)
    expect(other.explorer.texts).toEqual(lines)
    expect((await other.explorer.coordinates(head)).points[0]).not.toBe(123)
    // Neither later, nor for the lines of the session among others.
    other.explorer.bringBackTexts()
    await other.explorer.ready()
    other.explorer.setTexts(lines)
    await other.explorer.ready()
    expect((await other.explorer.coordinates(head)).points[0]).not.toBe(123)
  })

  it('says whether its queries and keys are those before rotation, and whether texts begin with a start token', async () => {
    const world = await begin({ change: { rotary: true, rotation: 'before', bos: true } })
    world.explorer.setTexts(lines)
    const file = await writeSession(await contentOf(world), pause)
    const other = await begin()
    await open(other, file)
    expect(other.explorer.model).toMatchObject({ rotation: 'before', bos: true })
  })

  it('is put aside with a word where the model is another file', async () => {
    const { file } = await makeFile({ vectors: false })
    const other = await begin({ change: { sha256: 'another file' } })
    await open(other, file)
    expect(other.explorer.model?.sha256).toBe('sha of builtin:bge-small-en-v1.5')
    other.explorer.set({ seed: 8 })
    await settle()
    await other.explorer.ready()
    expect(other.explorer.model?.sha256).toBe('another file')
    expect(other.explorer.isFromSession).toBe(false)
    expect(other.explorer.notices).toContainEqual(expect.objectContaining({ code: 'BAD_SESSION' }))
    expect(other.explorer.status).toBe('ready')
  })

  it('of images brings the images along', async () => {
    const world = await begin()
    const images = [
      new File(['1'], 'one.png', { type: 'image/png' }),
      new File(['22'], '<b>.svg', { type: 'text/html' }),
    ]
    world.explorer.setImages(images)
    const content = await contentOf(world)
    const other = await begin()
    await open(other, await writeSession(content, pause))
    expect(other.model.opened).toEqual([])
    expect(other.explorer.images.map(({ name, blob }) => [name, blob.type, blob.size])).toEqual([
      ['one.png', 'image/png', 1],
      ['<b>.svg', '', 2],
    ])
    expect(other.explorer.sequences.map(({ crop }) => crop)).toEqual(world.explorer.sequences.map(({ crop }) => crop))
  })

  it('changes nothing where it can not be opened', async () => {
    const other = await begin()
    other.explorer.setTexts(['my own line'])
    await other.explorer.ready()
    const selection = new Selection()
    const parts = { explorer: other.explorer, selection }
    await expect(openSessionFile(parts, new Blob(['no session']), pause)).rejects.toMatchObject({ code: 'BAD_SESSION' })
    const bad = await changed((json) => delete json['model'])
    await expect(openSessionFile(parts, await writeSession(bad, pause), pause)).rejects.toBeInstanceOf(AppError)
    expect(other.explorer.texts).toEqual(['my own line'])
    expect(other.explorer.status).toBe('ready')
  })
})

describe('a session whose parts do not fit together', () => {
  type Json = Record<string, never> & { [key: string]: never }
  const set = (json: object, path: string, value: unknown) => {
    const steps = path.split('.')
    const last = steps.pop()!
    const owner = steps.reduce((at, step) => (at as Record<string, object>)[step]!, json) as Record<string, unknown>
    if (value === undefined) delete owner[last]
    else owner[last] = value
  }
  it.each([
    ['model', null],
    ['model.layers', 0],
    ['model.layers', 1e9],
    ['model.heads', 2.5],
    ['model.kvHeads', 99],
    ['model.headDim', -4],
    ['model.scale', [1]],
    ['model.masks', [{ causal: 1, window: null }]],
    ['model.dtype', 'fp7'],
    ['model.kind', 'sound'],
    ['model.id', 'other/model'],
    ['work', 'text'],
    ['work.choice', { id: null }],
    ['texts', [{ text: ' ' }]],
    ['texts', []],
    ['texts.0.text', 7],
    ['texts.0.values', 'all'],
    ['images', [{ name: 'a', type: 'image/png' }]],
    ['sequences', []],
    ['sequences.0.tokens', [{ id: 1, text: 'the', special: false }]],
    ['sequences.0.tokens.0', { id: 'x', text: 'the', special: false }],
    ['sequences.0.grid', { rows: 1000, columns: 1000 }],
    ['sequences.0.truncated', -1],
    ['keys', ['a', 'b']],
    ['keys.1', null],
    ['notices', [7]],
    ['pictures.0.indices', [0, 0, 1, 2, 3, 4]],
    ['pictures.0.indices.0', 99],
    ['pictures.0.settings.dims', 3],
    ['pictures.0.c', []],
    ['pictures.0.figures', [null]],
    ['pictures', {}],
  ])('is refused: %s = %j', async (path, value) => {
    const content = await changed((json: Json) => set(json, path, value))
    let problem: unknown
    try {
      new Session(content)
    } catch (thrown) {
      problem = thrown
    }
    expect(isAppError(problem) ? problem.code : problem).toBe('BAD_SESSION')
  })

  it.each(['normsQ', 'points0', 'q0', 'v1'])('is refused: %s of another length, or not a number', async (name) => {
    const { groups } = await changed(() => undefined)
    const group = Object.keys(groups).find((key) => groups[key]![name])!
    const good = groups[group]![name]!
    for (const array of [good.slice(1), Float32Array.from(good, (value, at) => (at === 0 ? NaN : value))]) {
      const content = await changed(() => undefined, { ...groups, [group]: { ...groups[group], [name]: array } })
      expect(() => new Session(content)).toThrow(AppError)
    }
  })
})

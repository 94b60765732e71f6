import fc from 'fast-check'
import { unzipSync, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { isAppError } from '../../../src/core/errors'
import { readSession, writeSession, type SessionContent } from '../../../src/storage/session-file'

const pause = async () => undefined

const content: SessionContent = {
  json: { app: '1.0.0', lines: ['ü', '</script>'], nothing: null },
  groups: {
    dataset: { normsQ: Float32Array.of(1.5, -0, 3e38), crop0: new Float32Array(Uint8Array.of(255, 1, 2, 255).buffer) },
    pictures: { points0: new Float32Array(0) },
  },
  images: [new Blob(['one']), new Blob([Uint8Array.of(0, 255)])],
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer())
const written = async () => bytesOf(await writeSession(content, pause))
const open = (bytes: Uint8Array) => readSession(new Blob([bytes as Uint8Array<ArrayBuffer>]), pause)
const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (problem: unknown) => (isAppError(problem) ? `${problem.code} ${problem.message}` : `not ours: ${String(problem)}`),
  )

/** The session with other words in its description; the checksum is as it was. */
const reworded = async (change: (text: string) => string) => {
  const files = unzipSync(await written())
  files['session.json'] = new TextEncoder().encode(change(new TextDecoder().decode(files['session.json'])))
  return zipSync(files, { level: 0 })
}

describe('session files', () => {
  it('give back what was written, bit for bit, and the same bytes for the same content', async () => {
    const bytes = await written()
    const back = await open(bytes)
    expect(back.json).toEqual(content.json)
    expect(back.groups).toEqual(content.groups)
    expect(Object.is(back.groups['dataset']!['normsQ']![1], -0)).toBe(true)
    expect(await Promise.all(back.images.map((image) => image.text()))).toEqual([
      'one',
      await content.images[1]!.text(),
    ])
    expect(bytes).toEqual(await written())
  })

  it('are a zip of session.json with a version, and of NPZ files', async () => {
    const files = unzipSync(await written())
    expect(Object.keys(files)).toEqual(['session.json', 'dataset.npz', 'pictures.npz', 'images/0', 'images/1'])
    expect(JSON.parse(new TextDecoder().decode(files['session.json']))).toMatchObject({ version: 1 })
    expect(Object.keys(unzipSync(files['dataset.npz']!))).toEqual(['normsQ.npy', 'crop0.npy'])
  })

  it('of a newer version, of another program or of none are refused in words', async () => {
    expect(await messageOf(open(await reworded((text) => text.replace('"version":1', '"version":2'))))).toMatch(
      /BAD_SESSION .*newer version/,
    )
    expect(await messageOf(open(await reworded(() => '{"version":1}')))).toMatch(/BAD_SESSION .*no session file/)
    expect(await messageOf(open(await reworded(() => 'null')))).toMatch(/BAD_SESSION .*no session file/)
    expect(await messageOf(open(await reworded((text) => text.replace('ü', 'u'))))).toMatch(/BAD_SESSION .*checksum/)
    expect(await messageOf(open(new TextEncoder().encode('a text')))).toMatch(/BAD_SESSION .*no zip/)
    expect(await messageOf(open(zipSync({ 'other.txt': new Uint8Array(3) }, { level: 0 })))).toMatch(/BAD_SESSION/)
    expect(await messageOf(open(new Uint8Array(0)))).toMatch(/BAD_SESSION/)
  })

  it('that would grow when they are unpacked are refused before', async () => {
    const bomb = zipSync({ 'session.json': new Uint8Array(50 * 2 ** 20) }, { level: 9 })
    expect(bomb.length).toBeLessThan(100_000)
    expect(await messageOf(open(bomb))).toMatch(/BAD_SESSION .*compressed/)
    // Entries that all point at the same bytes: 40 names in the directory, one file behind them.
    const one = zipSync({ 'images/10': new Uint8Array(10_000) }, { level: 0 })
    const end = one.length - 22
    const [from] = new Uint32Array(one.slice(end + 16, end + 20).buffer)
    const entry = one.slice(from, end)
    const directory = Array.from({ length: 40 }, (_, at) => {
      const copy = entry.slice()
      copy.set(new TextEncoder().encode(String(10 + at)), 46 + 'images/'.length)
      return [...copy]
    }).flat()
    const tail = one.slice(end)
    tail.set(Uint8Array.of(40, 0, 40, 0), 8)
    new DataView(tail.buffer).setUint32(12, directory.length, true)
    const overlapping = Uint8Array.from([...one.slice(0, from), ...directory, ...tail])
    expect(Object.keys(unzipSync(overlapping))).toHaveLength(40)
    expect(await messageOf(open(overlapping))).toMatch(/BAD_SESSION/)
  })

  it('can not reach a prototype', async () => {
    const bytes = await reworded((text) => text.replace('"lines"', '"__proto__":{"polluted":1},"lines"'))
    const answer = await open(bytes).catch((problem: unknown) => problem)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(Object.getPrototypeOf((answer as SessionContent).json)).toBe(Object.prototype)
    expect((answer as SessionContent).json).not.toHaveProperty('polluted')
  })

  it('with any byte changed or cut give the same content or BAD_SESSION, never another error', async () => {
    const bytes = await written()
    const same = await open(bytes)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        async (at, value, cut) => {
          const broken = cut ? bytes.slice(0, at) : bytes.slice()
          if (!cut) broken[at] = value
          const answer = await open(broken).catch((problem: unknown) => problem)
          if (isAppError(answer)) expect(answer.code).toBe('BAD_SESSION')
          else expect({ ...(answer as SessionContent), images: [] }).toEqual({ ...same, images: [] })
        },
      ),
      { numRuns: 2000 },
    )
  })
})

import { unzipSync } from 'fflate'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { HeadPicture, HeadRef } from '../../../src/core/types'
import { csvField, csvRow } from '../../../src/storage/csv'
import { createExport, exportFormats, exportName, type ExportSource } from '../../../src/storage/exports'
import { npyHeader, writeNpz } from '../../../src/storage/npz'

const pause = async () => undefined

/** A .npy file by the format's own words: magic, version 1.0, little-endian header length, a padded Python dictionary. */
function readNpy(bytes: Uint8Array) {
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  const length = bytes[8]! + bytes[9]! * 256
  expect((10 + length) % 64).toBe(0)
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length))
  expect(header.endsWith('\n')).toBe(true)
  const match = /^\{'descr': '(.{3})', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(header)
  const shape = match![2]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number)
  const data = bytes.slice(10 + length).buffer
  const types = { '<f4': Float32Array, '<i4': Int32Array, '|u1': Uint8Array }
  return { type: match![1], shape, data: new types[match![1] as keyof typeof types](data) }
}

async function readNpz(blob: Blob) {
  const files = unzipSync(new Uint8Array(await blob.arrayBuffer()))
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), readNpy(bytes)]))
}

describe('npz', () => {
  it('is what numpy reads', async () => {
    const floats = Float32Array.from({ length: 12 }, (_, at) => at / 7)
    const blob = await writeNpz(
      [
        { name: 'points', type: '<f4', shape: [2, 3, 2], chunks: [floats.subarray(0, 6), floats.subarray(6)] },
        { name: 'one', type: '<i4', shape: [3], chunks: [Int32Array.of(-1, 0, 7)] },
        { name: 'empty', type: '|u1', shape: [0], chunks: [] },
      ],
      pause,
    )
    const files = await readNpz(blob)
    expect(files['points']).toEqual({ type: '<f4', shape: [2, 3, 2], data: floats })
    expect([...files['one']!.data]).toEqual([-1, 0, 7])
    expect(files['empty']?.shape).toEqual([0])
  })

  it('has the header of numpy.save', () => {
    const text = new TextDecoder('latin1').decode(npyHeader('<f4', [5]))
    expect(text.slice(10)).toBe(`{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }`.padEnd(117) + '\n')
  })

  it('gives the same bytes for the same data', async () => {
    const write = () => writeNpz([{ name: 'a', type: '<i4', shape: [1], chunks: [Int32Array.of(1)] }], pause)
    expect(new Uint8Array(await (await write()).arrayBuffer())).toEqual(
      new Uint8Array(await (await write()).arrayBuffer()),
    )
  })

  it('refuses data that does not fill its shape, and more than 4 GB', async () => {
    const write = (shape: number[]) =>
      writeNpz([{ name: 'a', type: '<f4', shape, chunks: [new Float32Array(3)] }], pause)
    await expect(write([4])).rejects.toMatchObject({ code: 'SHAPE_SURPRISE' })
    await expect(write([2 ** 31])).rejects.toMatchObject({ code: 'TOO_BIG' })
  })
})

describe('csv', () => {
  /** RFC 4180, read by its grammar. */
  const read = (text: string): string[][] => {
    const rows: string[][] = []
    let row: string[] = []
    for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
      row.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
      if (end === ',') continue
      rows.push(row)
      row = []
    }
    return rows
  }

  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), { minLength: 1 }), (rows) => {
        expect(read(rows.map((row) => csvRow(row)).join(''))).toEqual(rows)
      }),
    )
  })

  it('writes numbers that read back as the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(csvField(value)))).toBe(value === 0 ? 0 : value)
      }),
    )
    expect([csvField(NaN), csvField(null), csvField(0.1)]).toEqual(['', '', '0.1'])
  })

  it.each(['=SUM(A1)', '+1', '-1', '@x', '\tx', '\rx'])(
    'neutralises %j for spreadsheets only when asked',
    (formula) => {
      expect(csvField(formula).replaceAll('"', '')).toBe(formula)
      expect(csvField(formula, { spreadsheet: true }).replaceAll('"', '')).toBe(`'${formula}`)
    },
  )
})

const layers = 2
const heads = 4
const kvHeads = 2
const tokens = [
  [
    { id: 5, text: 'He said, "no"', special: false },
    { id: 6, text: '=1+1', special: false },
  ],
  [{ id: 7, text: '<&>', special: true }],
]
const n = 3

function createSource(change: Partial<ExportSource> = {}): ExportSource {
  const picture = ({ layer, head }: HeadRef): HeadPicture => ({
    layer,
    head,
    points: Float32Array.from({ length: 2 * n * 2 }, (_, at) => layer * 100 + head * 10 + at + 0.1),
    n,
    m: n,
    dims: 2,
    projection: 'pca',
    c: 1,
  })
  return {
    settings: () => ({ model: 'builtin:tiny', dims: 2, seed: 5, text: 'ü' }),
    shape: () => ({ layers, heads, kvHeads, headDim: 2, valueDim: 3, scale: [1, 2, 3, 4, 5, 6, 7, 8] }),
    sequences: () => tokens.map((list, index) => ({ id: `s${index}`, name: '', tokens: list, truncated: 0 })),
    coordinates: async (head) => picture(head),
    vectors: async ({ layer, head }) => ({
      q: new Float32Array(n * 2).fill(layer * 10 + head),
      k: new Float32Array(n * 2).fill(layer * 10 + Math.floor((head * kvHeads) / heads)),
      v: new Float32Array(n * 3).fill(layer * 10 + Math.floor((head * kvHeads) / heads)),
    }),
    attention: async ({ head }, sequence) => {
      const size = tokens[sequence]!.length
      return { weights: new Float32Array(size * size).fill(head), size }
    },
    session: async ({ vectors }) => ({ json: { vectors }, groups: {}, images: [] }),
    figures: async () => [
      { layer: 0, head: 0, fidelity: -0.5 },
      { layer: 0, head: 1, fidelity: null, recall: 0.25 },
    ],
    focus: () => null,
    drawPng: null,
    pause,
    ...change,
  }
}

describe('exports', () => {
  it('coordinates csv', async () => {
    const text = await (await createExport('coordinates', 'csv', {}, createSource())).text()
    const rows = text.trimEnd().split('\r\n')
    expect(rows).toHaveLength(1 + layers * heads * 2 * n)
    expect(rows.slice(0, 3)).toEqual([
      'layer,head,kind,sequence,position,token_id,token,x,y',
      '0,0,query,0,0,5,"He said, ""no""",0.100000001,1.10000002',
      '0,0,query,0,1,6,=1+1,2.0999999,3.0999999',
    ])
    expect(rows[4]).toMatch(/^0,0,key,0,0,5,/)
    const safe = await (await createExport('coordinates', 'csv', { spreadsheet: true }, createSource())).text()
    expect(safe).toContain(",'=1+1,")
  })

  it('coordinates json', async () => {
    const json = JSON.parse(await (await createExport('coordinates', 'json', {}, createSource())).text())
    expect(json.settings).toMatchObject({ model: 'builtin:tiny', seed: 5 })
    expect(json.tokens[2]).toEqual({ sequence: 1, position: 0, token_id: 7, token: '<&>' })
    expect(json.heads).toHaveLength(layers * heads)
    expect(json.heads[5].points.map(([x]: number[]) => Math.fround(x!))).toEqual(
      [0, 1, 2, 3, 4, 5].map((at) => Math.fround(110.1 + at * 2)),
    )
  })

  it('coordinates npz', async () => {
    const files = await readNpz(await createExport('coordinates', 'npz', {}, createSource()))
    expect(files['points']).toMatchObject({ type: '<f4', shape: [layers, heads, 2 * n, 2] })
    expect([...files['token_id']!.data]).toEqual([5, 6, 7])
    expect([...files['sequence']!.data]).toEqual([0, 0, 1])
    expect([...files['position']!.data]).toEqual([0, 1, 0])
    expect(JSON.parse(new TextDecoder().decode(files['settings']!.data as Uint8Array<ArrayBuffer>))).toMatchObject({
      text: 'ü',
    })
  })

  it('vectors npz: keys and values once for each key head', async () => {
    const files = await readNpz(await createExport('vectors', 'npz', {}, createSource()))
    expect(files['q']?.shape).toEqual([layers, heads, n, 2])
    expect(files['k']?.shape).toEqual([layers, kvHeads, n, 2])
    expect(files['v']?.shape).toEqual([layers, kvHeads, n, 3])
    expect([...files['k']!.data].filter((_, at) => at % 6 === 0)).toEqual([0, 1, 10, 11])
    expect([...files['scale']!.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(files['scale']?.shape).toEqual([layers, heads])
  })

  it('attention npz: all heads, or the named ones', async () => {
    const files = await readNpz(await createExport('attention', 'npz', {}, createSource()))
    expect(files['attention_0']?.shape).toEqual([layers, heads, 2, 2])
    expect(files['attention_1']?.shape).toEqual([layers, heads, 1, 1])
    expect(files['heads']).toBeUndefined()
    const some = [
      { layer: 1, head: 3 },
      { layer: 0, head: 2 },
    ]
    const few = await readNpz(await createExport('attention', 'npz', { heads: some }, createSource()))
    expect(few['attention_1']).toMatchObject({ shape: [2, 1, 1], data: Float32Array.of(3, 2) })
    expect(few['heads']).toMatchObject({ shape: [2, 2], data: Int32Array.of(1, 3, 0, 2) })
  })

  it('figures csv and json', async () => {
    const csv = await (await createExport('figures', 'csv', {}, createSource())).text()
    expect(csv).toBe('layer,head,fidelity,recall\r\n0,0,-0.5,\r\n0,1,,0.25\r\n')
    const json = JSON.parse(await (await createExport('figures', 'json', {}, createSource())).text())
    expect([json.figures.length, json.settings.seed]).toEqual([2, 5])
  })

  it('figure svg: well-formed, with the tokens of an opened head', async () => {
    const grid = await (await createExport('figure', 'svg', {}, createSource())).text()
    expect(grid.match(/<circle /g)).toHaveLength(layers * heads * n + 1)
    const one = await (
      await createExport('figure', 'svg', {}, createSource({ focus: () => ({ layer: 1, head: 2 }) }))
    ).text()
    expect(one).toContain('&lt;&amp;&gt;')
    expect(one).toContain('L1 H2')
    expect(one.replace(/<([a-z]+)[^>]*\/>/g, '').match(/<[a-z]+/g)).toHaveLength(one.match(/<\/[a-z]+>/g)!.length)
  })

  it('figure png comes from the view', async () => {
    const drawPng = async (scale: number) => new Blob([`scale ${scale}`])
    expect(await (await createExport('figure', 'png', { scale: 2 }, createSource({ drawPng }))).text()).toBe('scale 2')
    await expect(createExport('figure', 'png', { scale: 9 }, createSource({ drawPng }))).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
    })
    await expect(createExport('figure', 'png', {}, createSource())).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  })

  it.each([
    ['nonsense', 'csv'],
    ['coordinates', 'nonsense'],
    ['constructor', 'name'],
    ['coordinates', 'toString'],
  ])('refuses %s as %s', async (kind, format) => {
    const problem = await createExport(kind, format, {}, createSource()).catch((error: AppError) => error)
    expect(problem).toBeInstanceOf(AppError)
    expect((problem as AppError).code).toBe('BAD_ARGUMENT')
  })

  it('names files by model and kind', () => {
    expect(exportName('coordinates', 'csv', { model: 'builtin:tiny' })).toBe('tiny-coordinates.csv')
    expect(exportName('vectors', 'npz', { model: 'owner/na me' })).toBe('owner-na-me-vectors.npz')
    expect(exportFormats).toContainEqual({ kind: 'coordinates', format: 'npz' })
  })
})

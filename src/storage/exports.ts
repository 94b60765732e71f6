import { AppError } from '../core/errors'
import type { FigureRow, HeadPicture, HeadRef, Sequence } from '../core/types'
import { csvRow } from './csv'
import { drawFigureSvg } from './figure-svg'
import { writeNpz, type NpyPart } from './npz'
import { writeSession, type SessionContent } from './session-file'

/** Where the numbers of an export come from. */
export interface ExportSource {
  /** What the numbers depend on: model, revision, sha256, dtype, backend, joint, projection, … */
  settings(): Record<string, unknown>
  shape(): {
    layers: number
    heads: number
    kvHeads: number
    headDim: number
    valueDim: number
    scale: readonly number[]
  }
  sequences(): readonly Sequence[]
  coordinates(head: HeadRef): Promise<HeadPicture>
  vectors(head: HeadRef): Promise<{ q: Float32Array; k: Float32Array; v: Float32Array }>
  attention(head: HeadRef, sequence: number): Promise<{ weights: Float32Array; size: number }>
  figures(): Promise<FigureRow[]>
  /** Inputs, settings and results of now. */
  session(options: { vectors: boolean }): Promise<SessionContent>
  /** The head that fills the view; null: the matrix. */
  focus(): HeadRef | null
  /** What the view draws; null while no view is there. */
  drawPng: ((scale: number) => Promise<Blob>) | null
  pause(): Promise<void>
}

export interface ExportOptions {
  /** csv: neutralise what a spreadsheet takes for a formula. */
  spreadsheet?: boolean
  /** attention npz: only these heads. */
  heads?: readonly HeadRef[]
  /** figure png: 1–4. */
  scale?: number
  /** session atlas: queries, keys and values as well, so that attention and other pictures need no model (default). */
  vectors?: boolean
}

interface TokenRow {
  sequence: number
  position: number
  id: number
  text: string
}

type Writer = (source: ExportSource, options: ExportOptions) => Promise<Blob>

const settingsText = (source: ExportSource) => JSON.stringify(source.settings(), null, 2)
const jsonBlob = (parts: string[]) => new Blob(parts, { type: 'application/json' })
const csvBlob = (parts: string[]) => new Blob(parts, { type: 'text/csv;charset=utf-8' })

const tokenRows = (source: ExportSource): TokenRow[] =>
  source
    .sequences()
    .flatMap((entry, sequence) => entry.tokens.map(({ id, text }, position) => ({ sequence, position, id, text })))

const allHeads = (source: ExportSource): HeadRef[] => {
  const { layers, heads } = source.shape()
  return Array.from({ length: layers * heads }, (_, index) => ({
    layer: Math.floor(index / heads),
    head: index % heads,
  }))
}

async function coordinatesCsv(source: ExportSource, options: ExportOptions): Promise<Blob> {
  const csv = { spreadsheet: options.spreadsheet === true }
  const tokens = tokenRows(source)
  const dims = Number(source.settings()['dims'])
  const parts = [
    csvRow([
      'layer',
      'head',
      'kind',
      'sequence',
      'position',
      'token_id',
      'token',
      'x',
      'y',
      ...(dims === 3 ? ['z'] : []),
    ]),
  ]
  for (const head of allHeads(source)) {
    const picture = await source.coordinates(head)
    let rows = ''
    for (let point = 0; point < picture.n + picture.m; point++) {
      const query = point < picture.n
      const token = tokens[query ? point : point - picture.n]
      if (!token) continue
      const place = Array.from(picture.points.subarray(point * picture.dims, (point + 1) * picture.dims))
      rows += csvRow(
        [
          head.layer,
          head.head,
          query ? 'query' : 'key',
          token.sequence,
          token.position,
          token.id,
          token.text,
          ...place,
        ],
        csv,
      )
    }
    parts.push(rows)
    await source.pause()
  }
  return csvBlob(parts)
}

async function coordinatesJson(source: ExportSource): Promise<Blob> {
  const tokens = tokenRows(source).map(({ sequence, position, id, text }) => ({
    sequence,
    position,
    token_id: id,
    token: text,
  }))
  const parts = [`{"settings":${settingsText(source)},\n"tokens":${JSON.stringify(tokens)},\n"heads":[`]
  for (const [index, head] of allHeads(source).entries()) {
    const { points, dims, n, m } = await source.coordinates(head)
    const rows = Array.from({ length: n + m }, (_, point) =>
      Array.from(points.subarray(point * dims, (point + 1) * dims), (value) => Number(value.toPrecision(9))),
    )
    parts.push(`${index === 0 ? '' : ','}\n${JSON.stringify({ layer: head.layer, head: head.head, points: rows })}`)
    await source.pause()
  }
  return jsonBlob([...parts, ']}\n'])
}

/** The columns that say which row is which token, and the settings. */
function commonParts(source: ExportSource): NpyPart[] {
  const tokens = tokenRows(source)
  const column = (name: string, read: (row: TokenRow) => number): NpyPart => ({
    name,
    type: '<i4',
    shape: [tokens.length],
    chunks: [Int32Array.from(tokens, read)],
  })
  return [
    column('token_id', (row) => row.id),
    column('sequence', (row) => row.sequence),
    column('position', (row) => row.position),
    settingsPart(source),
  ]
}

function settingsPart(source: ExportSource): NpyPart {
  const bytes = new TextEncoder().encode(settingsText(source))
  return { name: 'settings', type: '|u1', shape: [bytes.length], chunks: [bytes] }
}

async function coordinatesNpz(source: ExportSource): Promise<Blob> {
  const { layers, heads } = source.shape()
  const first = await source.coordinates({ layer: 0, head: 0 })
  async function* points() {
    for (const head of allHeads(source)) yield (await source.coordinates(head)).points
  }
  const shape = [layers, heads, first.n + first.m, first.dims]
  return writeNpz([{ name: 'points', type: '<f4', shape, chunks: points() }, ...commonParts(source)], source.pause)
}

async function vectorsNpz(source: ExportSource): Promise<Blob> {
  const { layers, heads, kvHeads, headDim, valueDim, scale } = source.shape()
  const n = tokenRows(source).length
  async function* tensor(name: 'q' | 'k' | 'v', count: number) {
    for (let layer = 0; layer < layers; layer++)
      for (let index = 0; index < count; index++) {
        // Query head h uses key head floor(h · Hk / H): the first one that uses key head j is ceil(j · H / Hk).
        const head = count === heads ? index : Math.ceil((index * heads) / count)
        yield (await source.vectors({ layer, head }))[name]
      }
  }
  const part = (name: 'q' | 'k' | 'v', count: number, dim: number): NpyPart => ({
    name,
    type: '<f4',
    shape: [layers, count, n, dim],
    chunks: tensor(name, count),
  })
  const scales: NpyPart = { name: 'scale', type: '<f4', shape: [layers, heads], chunks: [Float32Array.from(scale)] }
  return writeNpz(
    [
      part('q', heads, headDim),
      part('k', kvHeads, headDim),
      part('v', kvHeads, valueDim),
      scales,
      ...commonParts(source),
    ],
    source.pause,
  )
}

async function attentionNpz(source: ExportSource, options: ExportOptions): Promise<Blob> {
  const { layers, heads } = source.shape()
  const chosen = options.heads ?? allHeads(source)
  const parts: NpyPart[] = source.sequences().map((sequence, index) => {
    const t = sequence.tokens.length
    async function* weights() {
      for (const head of chosen) {
        yield (await source.attention(head, index)).weights
        await source.pause()
      }
    }
    const leading = options.heads ? [chosen.length] : [layers, heads]
    return { name: `attention_${index}`, type: '<f4', shape: [...leading, t, t], chunks: weights() }
  })
  if (options.heads)
    parts.push({
      name: 'heads',
      type: '<i4',
      shape: [chosen.length, 2],
      chunks: [Int32Array.from(chosen.flatMap(({ layer, head }) => [layer, head]))],
    })
  return writeNpz([...parts, settingsPart(source)], source.pause)
}

/** Layer and head first, then every figure id that occurs, in order of appearance. */
export function figureColumns(rows: readonly FigureRow[]): string[] {
  const columns = new Set(['layer', 'head'])
  for (const row of rows) for (const id of Object.keys(row)) columns.add(id)
  return [...columns]
}

async function figuresCsv(source: ExportSource): Promise<Blob> {
  const rows = await source.figures()
  const columns = figureColumns(rows)
  return csvBlob([csvRow(columns), ...rows.map((row) => csvRow(columns.map((column) => row[column] ?? null)))])
}

const figuresJson = async (source: ExportSource): Promise<Blob> =>
  jsonBlob([JSON.stringify({ settings: source.settings(), figures: await source.figures() }, null, 1)])

async function figureSvg(source: ExportSource): Promise<Blob> {
  const focus = source.focus()
  const settings = source.settings()
  const pictures: HeadPicture[] = []
  for (const head of focus ? [focus] : allHeads(source)) pictures.push(await source.coordinates(head))
  const svg = drawFigureSvg({
    title: focus ? `L${focus.layer} H${focus.head}` : 'All heads',
    caption: `${settings['model']} · ${settings['dtype']} · ${settings['backend']} · ${settings['joint']} · ${settings['projection']} ${settings['dims']}-D · ${settings['metric']} · seed ${settings['seed']}${settings['rotation'] === 'before' ? ' · before rotation' : ''}`,
    pictures,
    columns: focus ? 1 : source.shape().heads,
    sequences: source.sequences(),
    queryColor: '#0072b2',
    keyColor: '#d55e00',
  })
  return new Blob([svg], { type: 'image/svg+xml' })
}

async function figurePng(source: ExportSource, options: ExportOptions): Promise<Blob> {
  const scale = options.scale ?? 1
  if (!(scale >= 1 && scale <= 4))
    throw new AppError('BAD_ARGUMENT', `The scale of a picture is a number from 1 to 4, not ${scale}.`)
  if (!source.drawPng) throw new AppError('NOT_AVAILABLE', 'No view is drawn yet that a picture could be taken of.')
  return source.drawPng(scale)
}

/** Every export: kind, format, writer. */
const writers: Readonly<Record<string, Readonly<Record<string, Writer>>>> = {
  coordinates: { csv: coordinatesCsv, json: coordinatesJson, npz: coordinatesNpz },
  vectors: { npz: vectorsNpz },
  attention: { npz: attentionNpz },
  figures: { csv: figuresCsv, json: figuresJson },
  figure: { svg: figureSvg, png: figurePng },
  settings: { json: async (source) => jsonBlob([settingsText(source)]) },
  session: {
    atlas: async (source, { vectors = true }) => writeSession(await source.session({ vectors }), source.pause),
  },
}

/** Kinds and formats that `createExport` knows, for menus. */
export const exportFormats: readonly { kind: string; format: string }[] = Object.entries(writers).flatMap(
  ([kind, formats]) => Object.keys(formats).map((format) => ({ kind, format })),
)

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/** Writes one file. Rejects BAD_ARGUMENT for a kind or format that there is not, NOT_AVAILABLE for what is not built yet. */
export async function createExport(
  kind: string,
  format: string,
  options: ExportOptions,
  source: ExportSource,
): Promise<Blob> {
  const formats = own(writers, kind)
  if (!formats)
    throw new AppError('BAD_ARGUMENT', `There is no export "${kind}": use ${Object.keys(writers).join(', ')}.`)
  const writer = own(formats, format)
  if (!writer)
    throw new AppError(
      'BAD_ARGUMENT',
      `"${kind}" can be exported as ${Object.keys(formats).join(', ')}, not as "${format}".`,
    )
  return writer(source, options)
}

/** A file name that says what is inside, for downloads. */
export function exportName(kind: string, format: string, settings: Readonly<Record<string, unknown>>): string {
  const model = String(settings['model'] ?? 'model')
    .replace(/^builtin:/, '')
    .replace(/[^\w.-]+/g, '-')
  return `${model}-${kind}.${kind === 'settings' ? 'settings.json' : format}`
}

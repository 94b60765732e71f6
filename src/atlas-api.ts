import { AppError, toAppError } from './core/errors'
import type { SearchMatch } from './core/search'
import type { FigureRow, HeadRef, InputKind, JointId, MetricId, ProjectionId, Token, Verdict } from './core/types'
import { isNumeric, type UserColumn } from './core/user-column'
import type { RequestRecord } from './rpc/contracts'
import { applySettings } from './state/address-link'
import type { Explorer, OpenRequest } from './state/explorer.svelte'
import { placeOf } from './state/address-place'
import { openSessionFile } from './state/open-session'
import type { Preferences } from './state/preferences.svelte'
import type { Segmenter } from './state/segmenter.svelte'
import type { Selection } from './state/selection.svelte'
import type { SettingsPatch } from './state/settings'
import { readColorNames, readGivenLabels, type GivenLabels } from './ui/images/given-labels'
import { createExport, type ExportOptions, type ExportSource } from './storage/exports'

/** Plain JSON. */
export interface AtlasState {
  status: 'empty' | 'loading' | 'running' | 'ready' | 'failed'
  error?: { code: string; message: string }
  /** As opened: `builtin:NAME` or `owner/name`; null before a model was asked for. */
  model: string | null
  /** The one in use; `auto` only before a model. */
  backend: string
  /** Queries and keys after their rotary encoding, or before it. */
  rotation: 'after' | 'before'
  bos: 0 | 1
  joint: JointId
  projection: ProjectionId
  dims: 2 | 3
  metric: MetricId
  seed: number
  neighbors: number
  mindist: number
  perplexity: number
  epochs: number | null
  follow: number
  color: string
  column: string
  search: string
  match: SearchMatch
  case: 0 | 1
  first: 0 | 1
  view: string
  head: string
  sequence: number | null
  token: number | null
  role: 'query' | 'key'
  theme: string
  palette: string
  lang: string
  base: number
}

/** Plain JSON. */
export interface AtlasInfo {
  layers: number
  heads: number
  kvHeads: number
  headDim: number
  kind: InputKind
  causal: boolean
  verified: Verdict
  sequences: {
    id: string
    name: string
    tokens: Token[]
    truncated: number
    grid?: { rows: number; columns: number }
    /** What each token shows (null: not known), where the image has labels. */
    labels?: (string | null)[]
  }[]
  /** What came along with the texts: value i is of sequence i. Absent where there is nothing. */
  columns?: { name: string; kind: 'number' | 'category'; values: (string | null)[] }[]
}

/** A column that is given with texts: a value for each line as given. */
export interface GivenColumn {
  name: string
  values: readonly (string | number | null | undefined)[]
}

type Given<T> = T | null | undefined

/** `window.atlas`: docs/scripting.md. Arrays are fresh, row-major float32; indices are 0-based. */
export interface AtlasApi {
  readonly version: string
  ready(timeoutMs?: Given<number>): Promise<AtlasState>
  state(): AtlasState
  open(request: OpenRequest): Promise<void>
  setTexts(lines: readonly string[], options?: Given<{ columns?: Given<readonly GivenColumn[]> }>): Promise<void>
  addTexts(lines: readonly string[]): Promise<void>
  setImages(blobs: readonly Blob[]): Promise<void>
  addImages(blobs: readonly Blob[]): Promise<void>
  removeSequence(index: number): Promise<void>
  /** Puts an image in another place. */
  moveImage(from: number, to: number): Promise<void>
  /** One entry an image. `names`: of masks' colours. */
  setLabels(labels: readonly GivenLabels[], options?: Given<{ names?: Given<Record<string, string>> }>): Promise<void>
  /** Labels the images by a segmentation model; resolves when all have them. */
  segment(request: OpenRequest): Promise<{ labelled: number; problems: string[] }>
  set(patch: SettingsPatch): Promise<void>
  info(): AtlasInfo | null
  vectors(head: HeadRef): Promise<{
    q: Float32Array
    k: Float32Array
    v: Float32Array
    n: number
    m: number
    dim: number
    scale: number
  }>
  joint(
    head: HeadRef,
  ): Promise<{ q: Float32Array; k: Float32Array; dim: number; c: number; shift: Float32Array | number }>
  attention(where: HeadRef & { sequence: number }): Promise<{ weights: Float32Array; size: number }>
  coordinates(head: HeadRef): Promise<{ points: Float32Array; n: number; m: number; dims: 2 | 3 }>
  headFigures(): Promise<FigureRow[]>
  requests(): RequestRecord[]
  export(kind: string, format: string, options?: Given<ExportOptions>): Promise<Blob>
  /** Shows what `export('session', 'atlas')` wrote, without the model. Resolves on acceptance. */
  openSession(file: Blob): Promise<void>
}

declare global {
  interface Window {
    atlas: AtlasApi
  }
}

export interface AtlasParts {
  explorer: Explorer
  selection: Selection
  preferences: Preferences
  segmenter: Pick<Segmenter, 'run'>
  version: string
  /** Requests of the page itself, beside those of the model worker. */
  ownRequests: () => readonly RequestRecord[]
  /** Draws the view as it is shown; null while there is none. */
  drawPng: () => ((scale: number) => Promise<Blob>) | null
  pause: () => Promise<void>
  /** What is on the screen; a run is ready when its last head is drawn. Without it nothing is waited for. */
  screen?: ScreenPort
}

export interface ScreenPort {
  /** Whether every head that the run has worked out is drawn, or nothing can be drawn. */
  isDrawn(): boolean
  /** Called when that may have changed. Returns the way to stop. */
  onChange(listener: () => void): () => void
}

/** Waits for the run, then for its last head to be drawn. @throws AppError TIMEOUT */
async function untilReady({ explorer, screen }: AtlasParts, timeoutMs: number | null = null): Promise<void> {
  const endMs = timeoutMs === null ? Infinity : performance.now() + timeoutMs
  for (;;) {
    await explorer.ready(timeoutMs === null ? null : Math.max(0, endMs - performance.now()))
    if (explorer.status !== 'ready' || !screen || screen.isDrawn()) return
    await new Promise<void>((resolve, reject) => {
      const stops: (() => void)[] = []
      const settle = (action: () => void) => {
        for (const stop of stops) stop()
        action()
      }
      stops.push(screen.onChange(() => settle(resolve)))
      stops.push(explorer.onChange(() => settle(resolve)))
      if (timeoutMs === null) return
      const timer = setTimeout(
        () => settle(() => reject(new AppError('TIMEOUT', `Not drawn after ${timeoutMs} ms: wait longer.`))),
        Math.max(0, endMs - performance.now()),
      )
      stops.push(() => clearTimeout(timer))
    })
  }
}

/** The run's status; still `running` until its last head is drawn. */
export function statusOf({ explorer, screen }: Pick<AtlasParts, 'explorer' | 'screen'>): AtlasState['status'] {
  return explorer.status === 'ready' && screen && !screen.isDrawn() ? 'running' : explorer.status
}

/** Puts `atlas` on the window and keeps `<html data-status>` and `data-error` in step with the run, inside each call. */
export function installAtlas(target: Window, parts: AtlasParts): void {
  const root = target.document.documentElement
  const show = () => {
    const { error } = parts.explorer
    const status = statusOf(parts)
    root.dataset['status'] = status
    if (status === 'failed' && error) root.dataset['error'] = error.code
    else delete root.dataset['error']
  }
  show()
  // The address writes and reads this too, so listeners of `status` that come later see the document as it is.
  parts.explorer.onChange((event) => {
    if (event === 'status') show()
  })
  parts.screen?.onChange(show)
  target.atlas = createAtlas(parts)
}

/** All calls of `window.atlas`. */
export function createAtlas(parts: AtlasParts): AtlasApi {
  const { explorer, selection } = parts
  const state = () => readState(parts)
  return {
    version: parts.version,
    ready: (timeoutMs) =>
      asynchronous(async () => {
        await untilReady(parts, readTimeout(timeoutMs))
        return state()
      }),
    state,
    open: (request) => asynchronous(() => explorer.open(request)),
    setTexts: (lines, options) =>
      asynchronous(() => explorer.setTexts(readLines(lines), readColumns(options?.columns, lines.length))),
    addTexts: (lines) => asynchronous(() => explorer.addTexts(readLines(lines))),
    setImages: (blobs) => asynchronous(() => explorer.setImages(readBlobs(blobs))),
    addImages: (blobs) => asynchronous(() => explorer.addImages(readBlobs(blobs))),
    removeSequence: (index) => asynchronous(() => explorer.removeSequence(readIndex(index, 'sequence'))),
    moveImage: (from, to) => asynchronous(() => explorer.moveImage(readIndex(from, 'image'), readIndex(to, 'image'))),
    setLabels: (labels, options) =>
      asynchronous(async () => {
        if (!Array.isArray(labels)) throw new AppError('BAD_ARGUMENT', 'Labels are a list with one entry an image.')
        // Images may be moved or dropped while masks are read. Those that are not back yet can only be counted.
        const ids = explorer.isRestored ? explorer.images.map(({ id }) => id) : null
        const read = await readGivenLabels(labels, readColorNames(options?.names))
        explorer.labelImages(({ id }, index) => read[ids ? ids.indexOf(id) : index])
      }),
    segment: (request) => asynchronous(() => parts.segmenter.run(request)),
    set: (patch) => asynchronous(() => applySettings(parts, patch)),
    info: () => readInfo(explorer),
    vectors: (head) => asynchronous(() => explorer.vectors(readHead(head))),
    joint: (head) =>
      asynchronous(async () => {
        const isLift = explorer.settings.joint === 'lift'
        const { q, k, dim, c, shift } = await explorer.joint(readHead(head))
        return { q, k, dim, c, shift: isLift ? 0 : shift }
      }),
    attention: (where) =>
      asynchronous(() => explorer.attention(readHead(where), readIndex(where.sequence, 'sequence'))),
    coordinates: (head) =>
      asynchronous(async () => {
        const { points, n, m, dims } = await explorer.coordinates(readHead(head))
        return { points, n, m, dims }
      }),
    headFigures: () => asynchronous(() => explorer.headFigures()),
    requests: () => [...explorer.requests, ...parts.ownRequests()].map((record) => ({ ...record })),
    export: (kind, format, options) =>
      asynchronous(async () => {
        const source = exportSource(parts)
        const checked = readExportOptions(explorer, options ?? {})
        // Everything that a file says is of one moment: the run comes to its end first.
        if (explorer.status !== 'empty') await untilReady(parts)
        if (explorer.status === 'failed' && explorer.error) throw explorer.error
        return ofOneMoment(explorer, () => createExport(String(kind), String(format), checked, source(selection)))
      }),
    openSession: (file) =>
      asynchronous(() => {
        if (!((file as unknown) instanceof Blob))
          throw new AppError('BAD_ARGUMENT', 'A session is a Blob or File that export("session", "atlas") gave.')
        return openSessionFile(parts, file, parts.pause)
      }),
  }
}

/** @throws AppError CANCELLED where inputs, settings or the model change while the file is being written */
async function ofOneMoment(explorer: Explorer, write: () => Promise<Blob>): Promise<Blob> {
  let changed = false
  const stop = explorer.onChange((event) => {
    // Pictures and figures come in only after one of these.
    if (event === 'inputs' || event === 'model' || (event === 'status' && explorer.status !== 'ready')) changed = true
  })
  const interrupted = () =>
    new AppError('CANCELLED', 'Something was changed while the file was being written: export again when it is ready.')
  try {
    const blob = await write()
    if (changed) throw interrupted()
    return blob
  } catch (problem) {
    throw changed ? interrupted() : problem
  } finally {
    stop()
  }
}

/** Runs at once, so that the status is right when the call returns; what it throws becomes a rejection. */
async function asynchronous<T>(action: () => T | Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (problem) {
    throw toAppError(problem, 'BAD_ARGUMENT')
  }
}

function readState(parts: AtlasParts): AtlasState {
  const { explorer, selection, preferences } = parts
  const status = statusOf(parts)
  const { error, model, choice, settings, color, column, search, searchOptions } = explorer
  const { layer, head } = selection.head
  return {
    status,
    ...(status === 'failed' && error && { error: { code: error.code, message: error.message } }),
    model: model?.id ?? choice.id,
    backend: model?.backend ?? choice.backend,
    rotation: choice.rotation,
    bos: choice.bos,
    ...settings,
    color,
    column,
    search,
    match: searchOptions.match,
    case: searchOptions.caseSensitive ? 1 : 0,
    first: searchOptions.firstOnly ? 1 : 0,
    view: selection.view,
    head: `L${layer}H${head}`,
    sequence: selection.sequence,
    token: selection.token,
    role: selection.role,
    theme: preferences.theme,
    palette: preferences.palette,
    lang: preferences.lang,
    base: preferences.base,
  }
}

function readInfo({ model, sequences, columns }: Explorer): AtlasInfo | null {
  if (!model) return null
  const { layers, heads, kvHeads, headDim, kind, causal, verified } = model
  return {
    layers,
    heads,
    kvHeads,
    headDim,
    kind,
    causal,
    verified,
    sequences: sequences.map(({ id, name, tokens, truncated, grid, labels }) => ({
      id,
      name,
      tokens: tokens.map((token) => ({ id: token.id, text: token.text, special: token.special })),
      truncated,
      ...(grid && { grid: { ...grid } }),
      ...(labels && { labels: [...labels] }),
    })),
    ...(kind === 'text' &&
      columns.length > 0 && {
        columns: columns.map((column) => ({
          name: column.name,
          kind: isNumeric(column) ? 'number' : 'category',
          values: column.values.slice(0, sequences.length),
        })),
      }),
  }
}

/** The settings that every export carries. */
export function exportSettings({
  explorer,
  version,
}: Pick<AtlasParts, 'explorer' | 'version'>): Record<string, unknown> {
  const { model, settings } = explorer
  return {
    model: model?.id ?? null,
    revision: model?.revision ?? null,
    host: model?.host ?? null,
    file: model?.file ?? null,
    sha256: model?.sha256 ?? null,
    dtype: model?.dtype ?? null,
    quantised: model?.quantised ?? null,
    backend: model?.backend ?? null,
    verified: model?.verified ?? null,
    rotation: model?.rotation ?? 'after',
    ...(model?.bos !== undefined && { bos: model.bos }),
    ...settings,
    indices: '0-based',
    version,
  }
}

/** Where an export takes its numbers from, for the selection that it is made of. */
export const exportSource =
  (parts: AtlasParts) =>
  (selection: Selection): ExportSource => {
    const { explorer } = parts
    return {
      settings: () => exportSettings(parts),
      shape: () => {
        const { model } = explorer
        if (!model)
          throw new AppError(
            'INPUT_EMPTY',
            'There is nothing to export yet: add text or images, and a model that takes them.',
          )
        return model
      },
      sequences: () => explorer.sequences,
      coordinates: (head) => explorer.coordinates(head),
      vectors: (head) => explorer.vectors(head),
      attention: (head, sequence) => explorer.attention(head, sequence),
      figures: () => explorer.headFigures(),
      session: async (options) => {
        const [{ packSession }, source] = await Promise.all([
          import('./state/session'),
          explorer.sessionSource(options),
        ])
        return packSession(source, parts.version, placeOf(selection))
      },
      focus: () => (selection.view === 'matrix' ? null : selection.head),
      drawPng: parts.drawPng(),
      pause: parts.pause,
    }
  }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function readIndex(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new AppError('BAD_ARGUMENT', `There is no ${what} ${String(value)}: give a whole number from 0 on.`)
}

function readHead(value: unknown): HeadRef {
  if (!isObject(value)) throw new AppError('BAD_ARGUMENT', 'Name a head: {layer: 3, head: 9}.')
  return { layer: readIndex(value['layer'], 'layer'), head: readIndex(value['head'], 'head') }
}

function readTimeout(value: unknown): number | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' && value >= 0) return Math.min(value, 2 ** 31 - 1)
  throw new AppError('BAD_ARGUMENT', 'The time-out of ready() is a number of milliseconds.')
}

function readLines(value: unknown): string[] {
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value
  throw new AppError('BAD_ARGUMENT', 'Texts are a list of lines: ["one", "two"].')
}

function readColumns(value: unknown, lines: number): UserColumn[] | undefined {
  if (value === null || value === undefined) return undefined
  const isColumn = (entry: unknown): entry is GivenColumn =>
    isObject(entry) &&
    typeof entry['name'] === 'string' &&
    Array.isArray(entry['values']) &&
    entry['values'].length === lines &&
    entry['values'].every((cell) => cell === null || ['string', 'number', 'undefined'].includes(typeof cell))
  if (Array.isArray(value) && value.every(isColumn))
    return value.map(({ name, values }) => ({
      name,
      values: values.map((cell) => (cell === null || cell === undefined ? null : String(cell))),
    }))
  throw new AppError(
    'BAD_ARGUMENT',
    'Columns are a list such as [{name: "year", values: [1998, 2004]}], one value a line.',
  )
}

function readBlobs(value: unknown): Blob[] {
  if (Array.isArray(value) && value.every((blob) => blob instanceof Blob)) return value
  throw new AppError('BAD_ARGUMENT', 'Images are a list of Blobs or Files.')
}

function readExportOptions({ model }: Explorer, value: unknown): ExportOptions {
  if (!isObject(value)) throw new AppError('BAD_ARGUMENT', 'Options of an export are an object such as {scale: 2}.')
  const options: ExportOptions = {}
  if (typeof value['spreadsheet'] === 'boolean') options.spreadsheet = value['spreadsheet']
  if (typeof value['scale'] === 'number') options.scale = value['scale']
  if (typeof value['vectors'] === 'boolean') options.vectors = value['vectors']
  const heads = value['heads']
  if (heads === null || heads === undefined) return options
  if (!Array.isArray(heads) || heads.length === 0)
    throw new AppError('BAD_ARGUMENT', 'options.heads is a list such as [{layer: 3, head: 9}].')
  options.heads = heads.map((entry) => readHead(entry))
  const outside = options.heads.find(({ layer, head }) => model && (layer >= model.layers || head >= model.heads))
  if (outside) throw new AppError('BAD_ARGUMENT', `There is no head L${outside.layer} H${outside.head} in this model.`)
  return options
}

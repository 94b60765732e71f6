import { searchMatches, type SearchMatch } from '../core/search'
import type { Backend, Dtype, HeadRef, JointId, MetricId, ProjectionId, ViewId } from '../core/types'

export const joints = ['raw', 'translate', 'scale', 'lift'] as const satisfies readonly JointId[]
export const projectionIds = ['pca', 'umap', 'umap-js', 'tsne', 'singular'] as const satisfies readonly ProjectionId[]
export const metrics = ['cosine', 'euclidean'] as const satisfies readonly MetricId[]
export const views = ['matrix', 'head', 'sequence'] as const satisfies readonly ViewId[]
export const backends = ['auto', 'webgpu', 'wasm'] as const satisfies readonly (Backend | 'auto')[]
export const dtypes = ['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4'] as const satisfies readonly Dtype[]
export const rotations = ['after', 'before'] as const
export const roles = ['query', 'key'] as const
export const orders = ['grid', 'high', 'low'] as const
export const paletteIds = ['default', 'paper', 'contrast'] as const
export const colorIds =
  'type position mod5 norm sequence special length frequency piece pos received entropy search row column patch hue brightness label user'.split(
    ' ',
  )

/** What the address can say. A key that is absent leaves things as they are. */
export interface AddressValues {
  model: string
  revision: string
  dtype: Dtype
  file: string
  host: string
  backend: Backend | 'auto'
  threads: number
  rotation: (typeof rotations)[number]
  /** 1: a token for the beginning goes before each text. */
  bos: 0 | 1
  samples: string
  /** Lines of text. */
  text: string[]
  joint: JointId
  projection: ProjectionId
  dims: 2 | 3
  metric: MetricId
  seed: number
  neighbors: number
  mindist: number
  perplexity: number
  /** null: as many as the projection thinks right. */
  epochs: number | null
  follow: number
  view: ViewId
  head: HeadRef
  sequence: number
  token: number
  /** How the token is read. */
  role: (typeof roles)[number]
  color: string
  /** Name of the user's column that `color=user` shows; '': the first. */
  column: string
  search: string
  /** How the search text is meant. */
  match: SearchMatch
  /** 1: upper and lower case are told apart. */
  case: 0 | 1
  /** 1: only the first match of each sequence. */
  first: 0 | 1
  /** Figure that the heads of the matrix are arranged by. */
  by: string
  order: (typeof orders)[number]
  /** 1: tiles are tinted by the figure. */
  tint: 0 | 1
  /** Heads whose figure lies outside are left out. */
  range: readonly [number, number]
  palette: (typeof paletteIds)[number]
  theme: 'light' | 'dark' | 'auto'
  lang: 'en' | 'zh'
  base: 0 | 1
}

export type AddressKey = keyof AddressValues

interface Codec<T> {
  /** undefined: not a value of this key. */
  parse(text: string): T | undefined
  format(value: T): string
  /** What would be right, for the message. */
  expected: string
}

const oneOf = <T extends string>(values: readonly T[]): Codec<T> => ({
  parse: (text) => values.find((value) => value === text),
  format: (value) => value,
  expected: values.join(', '),
})

const number = (low: number, high: number, integer: boolean): Codec<number> => ({
  parse: (text) => {
    const value = Number(text)
    if (!/^-?\d+(\.\d+)?(e-?\d+)?$/.test(text) || !(value >= low && value <= high)) return undefined
    return integer && !Number.isInteger(value) ? undefined : value
  },
  format: String,
  expected: `${integer ? 'a whole number' : 'a number'} from ${low} to ${high}`,
})

const text = (pattern: RegExp, expected: string): Codec<string> => ({
  parse: (value) => (pattern.test(value) ? value : undefined),
  format: (value) => value,
  expected,
})

const numbered = <T extends number>(values: readonly T[]): Codec<T> => ({
  parse: (value) => values.find((entry) => String(entry) === value),
  format: String,
  expected: values.join(' or '),
})

/** `L3H9` (also `L3 H9`, `3.9`, `3-9`) as a head; undefined if it is none. */
export function parseHead(value: string): HeadRef | undefined {
  const match = /^l?(\d{1,4})\s*[h.\-:]\s*(\d{1,4})$/i.exec(value.trim())
  return match ? { layer: Number(match[1]), head: Number(match[2]) } : undefined
}

export const formatHead = (head: HeadRef): string => `L${head.layer}H${head.head}`

const isWebAddress = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)

/** The keys in the order in which they are written. */
export const addressCodecs: { readonly [K in AddressKey]: Codec<AddressValues[K]> } = {
  model: text(/^(builtin:[\w.-]+|folder:[^/\\\n\r]+|[\w.-]+(\/[\w.-]+)+)$/, 'builtin:NAME or owner/name'),
  revision: text(/^[^\s?#]+$/, 'a branch, tag or commit'),
  dtype: oneOf(dtypes),
  file: text(/^[^\s?#\\]+$/, 'a file name without .onnx'),
  host: {
    parse: (value) => (isWebAddress(value) ? value : undefined),
    format: (value) => value,
    expected: 'an http(s) address',
  },
  backend: oneOf(backends),
  threads: number(1, 64, true),
  rotation: oneOf(rotations),
  bos: numbered([0, 1] as const),
  samples: text(/^[\w-]+$/, 'the name of a sample set'),
  text: {
    parse: (value) => value.split('\n'),
    format: (lines) => lines.join('\n'),
    expected: 'lines of text',
  },
  joint: oneOf(joints),
  projection: oneOf(projectionIds),
  dims: numbered([2, 3] as const),
  metric: oneOf(metrics),
  seed: number(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true),
  neighbors: number(2, 200, true),
  mindist: number(0, 1, false),
  perplexity: number(1, 500, false),
  epochs: {
    parse: (value) => (value === 'auto' ? null : number(1, 10000, true).parse(value)),
    format: (value) => (value === null ? 'auto' : String(value)),
    expected: 'auto or a whole number from 1 to 10000',
  },
  follow: number(0, 1, false),
  view: oneOf(views),
  head: { parse: parseHead, format: formatHead, expected: 'a head such as L3H9' },
  sequence: number(0, 1e9, true),
  token: number(0, 1e9, true),
  role: oneOf(roles),
  color: oneOf(colorIds),
  column: text(/^/, 'the name of a column'),
  search: text(/^/, 'text'),
  match: oneOf(searchMatches),
  case: numbered([0, 1] as const),
  first: numbered([0, 1] as const),
  by: text(/^[a-z][a-z0-9_]*$/, 'the id of a head figure'),
  order: oneOf(orders),
  tint: numbered([0, 1] as const),
  range: {
    parse: (value) => {
      const [low, high, ...rest] = value.split('..').map((end) => number(-1e9, 1e9, false).parse(end))
      return low !== undefined && high !== undefined && rest.length === 0 && low <= high ? [low, high] : undefined
    },
    format: ([low, high]) => `${low}..${high}`,
    expected: 'two numbers such as 0.1..0.5',
  },
  palette: oneOf(paletteIds),
  theme: oneOf(['light', 'dark', 'auto']),
  lang: oneOf(['en', 'zh']),
  base: numbered([0, 1] as const),
}

export const addressKeys = Object.keys(addressCodecs) as AddressKey[]

const isAddressKey = (key: string): key is AddressKey => Object.hasOwn(addressCodecs, key)

export interface ParsedAddress {
  values: Partial<AddressValues>
  /** Pairs that are not ours, as they were written. */
  unknown: string[]
  /** One sentence for each value that was ignored. */
  problems: string[]
}

const shorten = (value: string): string => (value.length > 60 ? `${value.slice(0, 60)}…` : value)

/** Reads the part after `#`. Never throws: what can't be read is named in `problems`. */
export function parseAddress(hash: string): ParsedAddress {
  const parsed: ParsedAddress = { values: {}, unknown: [], problems: [] }
  for (const pair of hash.replace(/^#/, '').split('&')) {
    if (pair === '') continue
    const border = pair.indexOf('=')
    const key = border < 0 ? pair : pair.slice(0, border)
    const raw = border < 0 ? '' : pair.slice(border + 1)
    if (!isAddressKey(key)) parsed.unknown.push(pair)
    else readPair(parsed, key, raw)
  }
  return parsed
}

function readPair<K extends AddressKey>(parsed: ParsedAddress, key: K, raw: string): void {
  const codec = addressCodecs[key]
  let value: AddressValues[K] | undefined
  let shown = raw
  try {
    shown = decodeURIComponent(raw)
    value = codec.parse(shown)
  } catch {
    value = undefined
  }
  if (value === undefined)
    parsed.problems.push(`The address says ${key}=${shorten(shown)}, which is not ${codec.expected}; it was ignored.`)
  else parsed.values[key] = value
}

/** Only what would end or split a pair is encoded, so that addresses stay readable. */
const encode = (value: string): string =>
  encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')

/** The part after `#`, without it. `parseAddress` of it gives the same values and unknown pairs. */
export function formatAddress(values: Partial<AddressValues>, unknown: readonly string[] = []): string {
  const pairs: string[] = []
  const write = <K extends AddressKey>(key: K): void => {
    const value = values[key]
    if (value !== undefined) pairs.push(`${key}=${encode(addressCodecs[key].format(value as AddressValues[K]))}`)
  }
  for (const key of addressKeys) write(key)
  return [...pairs, ...unknown].join('&')
}

/** The little of `window` that the address needs. */
export interface AddressWindow {
  location: { hash: string; href: string }
  history: {
    replaceState(state: unknown, unused: string, url: string): void
    pushState(state: unknown, unused: string, url: string): void
  }
  addEventListener(type: 'hashchange' | 'popstate', listener: (event: Event) => void): void
  removeEventListener(type: 'hashchange' | 'popstate', listener: (event: Event) => void): void
}

/** What an entry of the browser's history remembers beside its address. */
interface EntryState {
  atlasPlace: unknown
}

const isEntryState = (state: unknown): state is EntryState =>
  typeof state === 'object' && state !== null && 'atlasPlace' in state

/** The address bar: tells of patches as they come, and is rewritten in place when settings change. */
export class AddressBar {
  readonly #window: AddressWindow
  #unknown: string[] = []
  #written: Partial<AddressValues> = {}
  /** What the entry remembers; null: nothing yet. */
  #place: unknown = null
  /** The entry as it was before what is written now: several writes of one step are one entry. */
  #before: { hash: string; place: unknown } | null = null
  #hasPushed = false
  /** Where Back or Forward led: the `hashchange` that follows is not a wish of its own. */
  #returnedTo: string | null = null

  constructor(target: AddressWindow) {
    this.#window = target
  }

  /** Reads the address as it is now. */
  read(): ParsedAddress {
    const parsed = parseAddress(this.#window.location.hash)
    this.#unknown = parsed.unknown
    this.#written = parsed.values
    return parsed
  }

  /** Remembers the place that the entry shows, without a word in the address. */
  note(place: unknown): void {
    this.#place = place
  }

  /** Calls back inside every `hashchange` event. Returns the way to stop. */
  onChange(apply: (parsed: ParsedAddress) => void): () => void {
    const listener = (event: Event) => {
      const isReturn = this.#returnedTo !== null && (event as HashChangeEvent).newURL === this.#returnedTo
      this.#returnedTo = null
      if (!isReturn) apply(this.read())
    }
    this.#window.addEventListener('hashchange', listener)
    return () => this.#window.removeEventListener('hashchange', listener)
  }

  /**
   * Calls back when the browser's Back or Forward leads to an entry of `write`, with the place it remembers. The settings that
   * its address names are of then: they stay as they are now. Returns the way to stop.
   */
  onReturn(go: (place: unknown) => void): () => void {
    const listener = (event: Event) => {
      const { state } = event as PopStateEvent
      if (!isEntryState(state)) return
      this.#returnedTo = this.#window.location.href
      this.#place = state.atlasPlace
      this.#before = null
      go(state.atlasPlace)
      this.#replace()
    }
    this.#window.addEventListener('popstate', listener)
    return () => this.#window.removeEventListener('popstate', listener)
  }

  /**
   * Puts the values into the address: a key whose value is its default appears only if it is there already; undefined
   * takes a key out; keys that aren't mentioned stay. No event. With `entry` the browser remembers a place, as a step of its own
   * where that opens something: Back then leads to the place before.
   */
  write(
    values: { [K in AddressKey]?: AddressValues[K] | undefined },
    defaults: Partial<AddressValues>,
    entry?: { place: unknown; opens: boolean },
  ): void {
    const next: Partial<AddressValues> = { ...this.#written }
    const put = <K extends AddressKey>(key: K): void => {
      if (!(key in values)) return
      const value = values[key] as AddressValues[K] | undefined
      const format = (entry: AddressValues[K]) => addressCodecs[key].format(entry)
      const usual = defaults[key] as AddressValues[K] | undefined
      if (value === undefined) delete next[key]
      else if (key in next || usual === undefined || format(usual) !== format(value)) next[key] = value
    }
    for (const key of addressKeys) put(key)
    this.#written = next
    if (entry) this.#beginStep()
    const placeBefore = this.#place
    if (entry) this.#place = entry.place
    if (entry?.opens && !this.#hasPushed) this.#push()
    else if (this.#hash !== this.#shownHash || placeBefore !== this.#place) this.#replace()
  }

  get #hash(): string {
    return formatAddress(this.#written, this.#unknown)
  }

  get #shownHash(): string {
    return this.#window.location.hash.replace(/^#/, '')
  }

  #beginStep(): void {
    if (this.#before) return
    this.#before = { hash: this.#shownHash, place: this.#place }
    this.#hasPushed = false
    queueMicrotask(() => (this.#before = null))
  }

  #push(): void {
    const { hash, place } = this.#before!
    // What the step has written so far belongs to the new entry.
    this.#window.history.replaceState(this.#stateOf(place), '', this.#urlOf(hash))
    this.#window.history.pushState(this.#stateOf(this.#place), '', this.#urlOf(this.#hash))
    this.#hasPushed = true
  }

  #replace(): void {
    this.#window.history.replaceState(this.#stateOf(this.#place), '', this.#urlOf(this.#hash))
  }

  #stateOf(place: unknown): EntryState | null {
    return place === null ? null : { atlasPlace: place }
  }

  #urlOf(hash: string): string {
    const base = this.#window.location.href.replace(/#.*$/, '')
    return hash === '' ? base : `${base}#${hash}`
  }
}

import type { PreTrainedTokenizer } from '@huggingface/transformers'
import { AppError } from '../core/errors'
import { splitPair } from '../core/sentence-pair'
import type { Token } from '../core/types'
import type { PreparedInput } from '../rpc/contracts'

/** Text beyond this many characters of a line is not encoded at once: some algorithms slow down with the square of it. */
const pieceCharacters = 200_000

interface Frame {
  /** Ids that the tokenizer itself puts before and after every text. */
  before: number[]
  after: number[]
}

/** The same around two texts, with the type (0 or 1) of every token. */
interface PairFrame extends Frame {
  between: number[]
  types: { before: number[]; first: number; between: number[]; second: number; after: number[] }
}

/** The tokenizer of one model: ids, and the vocabulary's own strings. */
export class TextTokenizer {
  readonly #tokenizer: PreTrainedTokenizer
  readonly #strings: (string | undefined)[] = []
  readonly #special: ReadonlySet<number>
  readonly #frame: Frame
  #pairFrame: PairFrame | null | undefined
  readonly maxTokens: number
  readonly #bos: number | null
  /** The token for the beginning is put before every text here. */
  readonly addsBos: boolean

  /** @param maxTokens longest input of the model, in tokens with the special ones */
  constructor(tokenizer: PreTrainedTokenizer, maxTokens: number, { bos = false } = {}) {
    this.#tokenizer = tokenizer
    for (const [text, id] of tokenizer.get_vocab() as Map<string, number>) this.#strings[id] = text
    this.#special = new Set((tokenizer as unknown as { all_special_ids: number[] }).all_special_ids)
    this.#frame = this.#findFrame()
    this.maxTokens = maxTokens
    const { bos_token: text } = tokenizer as unknown as { bos_token?: string | null }
    const id = text ? this.#strings.indexOf(text) : -1
    // A tokenizer that puts it there itself is left alone.
    this.#bos = id < 0 || this.#frame.before.includes(id) ? null : id
    this.addsBos = bos && this.#bos !== null
  }

  /** There is a token for the beginning of a text that the tokenizer doesn't add by itself. */
  get hasBos(): boolean {
    return this.#bos !== null
  }

  /**
   * One line as tokens: the special ones are those that the tokenizer adds by itself, no others. A line with a pair of sentences is
   * encoded as the tokenizer encodes pairs; where it knows none, as one text. @throws AppError TOKENIZER_FAILED
   */
  prepare(line: string): PreparedInput {
    const prepared = this.#prepareLine(line)
    return this.addsBos ? this.#begin(prepared, this.#bos!) : prepared
  }

  /** Puts a token before all others; the last one makes room where there is none. */
  #begin(prepared: PreparedInput, bos: number): PreparedInput {
    const { input, tokens, truncated } = prepared
    if (input.kind !== 'text') return prepared
    const kept = Math.min(input.ids.length, this.maxTokens - 1)
    return {
      ...prepared,
      input: {
        kind: 'text',
        ids: Int32Array.of(bos, ...input.ids.subarray(0, kept)),
        typeIds: input.typeIds && Int32Array.of(0, ...input.typeIds.subarray(0, kept)),
      },
      tokens: [this.#token(bos), ...tokens.slice(0, kept)],
      truncated: truncated + input.ids.length - kept,
    }
  }

  #prepareLine(line: string): PreparedInput {
    const pair = splitPair(line)
    if (!pair) return this.#prepareText(line)
    if (this.#pairFrame === undefined) this.#pairFrame = this.#findPairFrame()
    return this.#pairFrame
      ? this.#preparePair(pair, this.#pairFrame)
      : { ...this.#prepareText(pair.join(' ')), joined: true }
  }

  #prepareText(line: string): PreparedInput {
    const room = Math.max(this.maxTokens - this.#frame.before.length - this.#frame.after.length, 0)
    const { ids, left } = this.#encode(line, room)
    const all = left > 0 ? [...this.#frame.before, ...ids, ...this.#frame.after] : ids
    return {
      input: { kind: 'text', ids: Int32Array.from(all), typeIds: null },
      tokens: all.map((id) => this.#token(id)),
      truncated: left,
    }
  }

  /** Where the two do not fit, the end of the longer one is left out (`longest_first` of the Hub's tokenizers). */
  #preparePair([one, other]: readonly [string, string], { before, between, after, types }: PairFrame): PreparedInput {
    const room = Math.max(this.maxTokens - before.length - between.length - after.length, 0)
    const first = this.#encodeBare(one)
    const second = this.#encodeBare(other)
    const [firstKept, secondKept] = fitPair(first.length, second.length, room)
    const parts: [ids: number[], types: number[] | number][] = [
      [before, types.before],
      [first.slice(0, firstKept), types.first],
      [between, types.between],
      [second.slice(0, secondKept), types.second],
      [after, types.after],
    ]
    const ids = parts.flatMap(([part]) => part)
    const typeIds = parts.flatMap(([part, type]) => part.map((_, at) => (typeof type === 'number' ? type : type[at]!)))
    return {
      input: { kind: 'text', ids: Int32Array.from(ids), typeIds: Int32Array.from(typeIds) },
      tokens: ids.map((id) => this.#token(id)),
      truncated: first.length + second.length - firstKept - secondKept,
    }
  }

  /** All ids of a text without what surrounds it. @throws AppError TOKENIZER_FAILED */
  #encodeBare(text: string): number[] {
    try {
      return cutText(text, pieceCharacters).flatMap((piece) =>
        this.#tokenizer.encode(piece, { add_special_tokens: false }),
      )
    } catch (error) {
      throw unreadable(text, error)
    }
  }

  /** Ids with the frame if all fit, otherwise the first `room` ids without it and how many were left out. */
  #encode(line: string, room: number): { ids: number[]; left: number } {
    try {
      const pieces = cutText(line, pieceCharacters)
      if (pieces.length === 1) {
        const whole = this.#tokenizer.encode(line)
        if (whole.length <= this.maxTokens) return { ids: whole, left: 0 }
      }
      const ids: number[] = []
      let count = 0
      for (const piece of pieces) {
        const part = this.#tokenizer.encode(piece, { add_special_tokens: false })
        if (count < room) ids.push(...part.slice(0, room - count))
        count += part.length
      }
      return { ids, left: count - ids.length }
    } catch (error) {
      throw unreadable(line, error)
    }
  }

  /** What surrounds every text: the ids with special tokens, less the ids without. */
  #findFrame(): Frame {
    try {
      const bare = this.#tokenizer.encode('a', { add_special_tokens: false })
      const framed = this.#tokenizer.encode('a')
      const extra = framed.length - bare.length
      for (let start = 0; start <= extra; start++) {
        if (bare.every((id, index) => framed[start + index] === id)) {
          return { before: framed.slice(0, start), after: framed.slice(start + bare.length) }
        }
      }
      return { before: [], after: [] }
    } catch (error) {
      throw new AppError('TOKENIZER_FAILED', 'The tokenizer of this model does not work here: choose another model.', {
        cause: error,
        details: String(error),
      })
    }
  }

  /** What surrounds two texts; null: the tokenizer puts nothing between them, so it knows no pairs. */
  #findPairFrame(): PairFrame | null {
    const first = this.#encodeBare('a')
    const second = this.#encodeBare('b')
    const options = { text_pair: 'b', return_tensor: false, return_token_type_ids: true } as const
    const { input_ids: framed, token_type_ids: types } = this.#tokenizer('a', options) as {
      input_ids: number[]
      token_type_ids?: number[]
    }
    const find = (part: readonly number[], from: number) => {
      for (let start = from; start <= framed.length - part.length; start++)
        if (part.every((id, index) => framed[start + index] === id)) return start
      return -1
    }
    const firstAt = find(first, 0)
    const firstEnd = firstAt + first.length
    const secondAt = firstAt < 0 ? -1 : find(second, firstEnd)
    const secondEnd = secondAt + second.length
    if (secondAt <= firstEnd) return null
    const typesOf = (from: number, to: number) => framed.slice(from, to).map((_, at) => types?.[from + at] ?? 0)
    return {
      before: framed.slice(0, firstAt),
      between: framed.slice(firstEnd, secondAt),
      after: framed.slice(secondEnd),
      types: {
        before: typesOf(0, firstAt),
        first: types?.[firstAt] ?? 0,
        between: typesOf(firstEnd, secondAt),
        second: types?.[secondAt] ?? 0,
        after: typesOf(secondEnd, framed.length),
      },
    }
  }

  #token(id: number): Token {
    return { id, text: this.#strings[id] ?? '', special: this.#special.has(id) }
  }
}

function unreadable(text: string, cause: unknown): AppError {
  const excerpt = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return new AppError('TOKENIZER_FAILED', `The tokenizer could not read “${excerpt}”: change or remove this line.`, {
    cause,
    details: String(cause),
  })
}

/** How much of two lists stays where only `room` entries fit: the longer one is cut first, at equal lengths the second. */
export function fitPair(first: number, second: number, room: number): [first: number, second: number] {
  if (first + second <= room) return [first, second]
  const half = Math.floor(room / 2)
  if (first <= room - half) return [first, room - first]
  if (second <= half) return [room - second, second]
  return [room - half, half]
}

/** Pieces of at most `characters` code units, cut at a space where there is one near, never inside a surrogate pair. */
export function cutText(text: string, characters: number): string[] {
  const pieces: string[] = []
  let start = 0
  while (text.length - start > characters) {
    let end = start + characters
    const space = text.lastIndexOf(' ', end)
    if (space > start + characters / 2) end = space
    else if (/[\uDC00-\uDFFF]/.test(text.charAt(end))) end -= 1
    pieces.push(text.slice(start, end))
    start = end
  }
  pieces.push(text.slice(start))
  return pieces
}

/** What `tokenizer.json` and `tokenizer_config.json` hold; the second may be missing. */
export interface TokenizerFiles {
  tokenizer: unknown
  config: unknown
}

/** The library is fetched when it is first needed; asking early saves the wait. */
export const loadTokenizers = () => import('@huggingface/transformers')

/**
 * The tokenizer that the model's own files describe.
 * @param options `bos`: put the token for the beginning before every text, where there is one
 * @param maxPositions what the model itself has room for; the tokenizer's own limit may be lower
 * @throws AppError TOKENIZER_FAILED
 */
export async function createTokenizer(
  files: TokenizerFiles,
  maxPositions: number,
  options: { bos?: boolean } = {},
): Promise<TextTokenizer> {
  const library = await loadTokenizers()
  try {
    const config = (files.config ?? {}) as { tokenizer_class?: unknown; model_max_length?: unknown }
    const name = typeof config.tokenizer_class === 'string' ? config.tokenizer_class.replace(/Fast$/, '') : ''
    const classes = library as unknown as Record<string, typeof library.PreTrainedTokenizer | undefined>
    const Class = (name.endsWith('Tokenizer') ? classes[name] : undefined) ?? library.PreTrainedTokenizer
    const limit = config.model_max_length
    const stated = typeof limit === 'number' && limit > 0 ? limit : Infinity
    return new TextTokenizer(new Class(files.tokenizer as object, config), Math.min(stated, maxPositions), options)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(
      'TOKENIZER_FAILED',
      'The tokenizer files of this model could not be used: choose another model.',
      {
        cause: error,
        details: String(error),
      },
    )
  }
}

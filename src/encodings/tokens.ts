import type { Sequence, Token } from '../core/types'
import type { Role, TokenTable } from './types'

/** Rows of a head in the order of its points: every sequence's queries, then every sequence's keys. */
export function buildTokenTable(sequences: readonly Sequence[]): TokenTable {
  const count = sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0)
  const sequenceOf = new Int32Array(2 * count)
  const positionOf = new Int32Array(2 * count)
  let row = 0
  sequences.forEach((sequence, index) => {
    for (let position = 0; position < sequence.tokens.length; position += 1) {
      for (const at of [row, count + row]) {
        sequenceOf[at] = index
        positionOf[at] = position
      }
      row += 1
    }
  })
  return { sequences, n: count, m: count, sequenceOf, positionOf }
}

export const roleOf = (table: TokenTable, point: number): Role => (point < table.n ? 'query' : 'key')

export function tokenOf(table: TokenTable, point: number): Token | null {
  const sequence = table.sequences[table.sequenceOf[point] ?? -1]
  return sequence?.tokens[table.positionOf[point] ?? -1] ?? null
}

/** Tokens in the sequence of a point. */
export function lengthOf(table: TokenTable, point: number): number {
  return table.sequences[table.sequenceOf[point] ?? -1]?.tokens.length ?? 0
}

/** Point of a token: its query or its key; −1 where there is none. */
export function pointOf(table: TokenTable, sequence: number, position: number, role: Role): number {
  let start = 0
  for (let index = 0; index < sequence; index += 1) start += table.sequences[index]?.tokens.length ?? 0
  const length = table.sequences[sequence]?.tokens.length ?? 0
  if (position < 0 || position >= length) return -1
  return (role === 'key' ? table.n : 0) + start + position
}

/** Position as a share of its sequence, 0 … 1; a sequence of one token is at 0. */
export function shareOf(table: TokenTable, point: number): number {
  return (table.positionOf[point] ?? 0) / Math.max(1, lengthOf(table, point) - 1)
}

export type TokenClass = 'word' | 'piece' | 'number' | 'punctuation' | 'special'
export const tokenClasses: readonly TokenClass[] = ['word', 'piece', 'number', 'punctuation', 'special']

/** The token without its vocabulary's marks (`##`, `Ġ`, `▁`, `</w>`). */
export const bareText = (text: string): string => text.replace(/^(##|[Ġ▁]+)/u, '').replace(/<\/w>$/u, '')

export function classOf(token: Token): TokenClass {
  if (token.special) return 'special'
  const bare = bareText(token.text)
  if (/^[\p{N}][\p{N}.,]*$/u.test(bare)) return 'number'
  if (bare.length > 0 && /^[\p{P}\p{S}]+$/u.test(bare)) return 'punctuation'
  return token.text.startsWith('##') ? 'piece' : 'word'
}

export type PieceState = 'whole' | 'start' | 'inside' | 'other'
export const pieceStates: readonly PieceState[] = ['whole', 'start', 'inside', 'other']

const marksWordStart = new WeakMap<TokenTable, boolean>()

/** Whether the vocabulary marks the first piece of a word (`Ġthe`, `▁the`) instead of the later ones (`##ing`). */
function hasStartMarks(table: TokenTable): boolean {
  const known = marksWordStart.get(table)
  if (known !== undefined) return known
  const answer = table.sequences.some(({ tokens }) =>
    tokens.some(({ text, special }) => !special && /^[Ġ▁]/u.test(text)),
  )
  marksWordStart.set(table, answer)
  return answer
}

const isWordLike = (token: Token | undefined): token is Token =>
  token !== undefined && !token.special && /^[\p{L}\p{N}\p{M}\u0100-\u0143]+$/u.test(bareText(token.text))

/** Whether the token goes on with the word of the token before it. */
function goesOn(table: TokenTable, tokens: readonly Token[], position: number): boolean {
  const token = tokens[position]
  if (!isWordLike(token)) return false
  if (token.text.startsWith('##')) return true
  return hasStartMarks(table) && !/^[Ġ▁]/u.test(token.text) && isWordLike(tokens[position - 1])
}

/** Where in its word a token stands. */
export function pieceStateOf(table: TokenTable, point: number): PieceState {
  const tokens = table.sequences[table.sequenceOf[point] ?? -1]?.tokens ?? []
  const position = table.positionOf[point] ?? 0
  if (!isWordLike(tokens[position])) return 'other'
  if (goesOn(table, tokens, position)) return 'inside'
  return goesOn(table, tokens, position + 1) ? 'start' : 'whole'
}

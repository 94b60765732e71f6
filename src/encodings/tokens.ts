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

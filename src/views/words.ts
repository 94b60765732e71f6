import type { PieceMarks } from '../core/surface'
import type { Token } from '../core/types'
import { classOf } from '../encodings/tokens'

export { findPieceMarks, type PieceMarks } from '../core/surface'

/** Whether a token goes on with the word of the token before it. Special tokens and punctuation are words of their own. */
function goesOn(token: Token, before: Token, marks: PieceMarks): boolean {
  if (token.special || before.special) return false
  if (marks === 'continuation') return token.text.startsWith('##')
  if (marks === 'none') return false
  if (classOf(token) === 'punctuation' || classOf(before) === 'punctuation') return false
  return marks === 'space' ? !/^[Ġ▁Ċ]/u.test(token.text) && before.text !== 'Ċ' : !before.text.endsWith('</w>')
}

/** [tokens] index of each token's word, 0 … words − 1. */
export function groupWords(tokens: readonly Token[], marks: PieceMarks): Int32Array {
  const words = new Int32Array(tokens.length)
  let word = -1
  tokens.forEach((token, index) => {
    const before = tokens[index - 1]
    if (!before || !goesOn(token, before, marks)) word += 1
    words[index] = word
  })
  return words
}

/** One text a word, as in the vocabulary, without the marks inside it. */
export function joinWords(tokens: readonly Token[], words: Int32Array): string[] {
  const texts: string[] = []
  tokens.forEach(({ text }, index) => {
    const word = words[index] ?? 0
    const before = texts[word]
    texts[word] = before === undefined ? text : before.replace(/<\/w>$/u, '') + text.replace(/^##/u, '')
  })
  return texts
}

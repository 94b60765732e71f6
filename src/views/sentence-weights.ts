import { mergePieces, renormalizeWithout, weightByValueNorm } from '../core/attention'

export interface SentenceInput {
  /** [size,size] the model's weights of one head and one sequence; rows are queries. */
  weights: Float32Array
  size: number
  /** [size] 1 where a token is hidden. Hidden keys are taken out of every row, hidden queries lose theirs. */
  hiddenQueries: Uint8Array
  hiddenKeys: Uint8Array
  /** [size] word of each token; null: word pieces stay as they are. */
  words: Int32Array | null
  /** [size,dim] value vectors, for weight · ‖v‖; null: weights alone. */
  values: { v: Float32Array; dim: number } | null
}

export interface SentenceWeights {
  /** [size,size]; hidden rows and columns are 0. */
  weights: Float32Array
  /** Words, or tokens. */
  size: number
  /** [size] share of each query's attention that went to hidden keys; of a word the mean over its pieces. */
  removedMass: Float32Array
  /** Mean of it over the queries that are shown; 0 where none is. */
  meanRemoved: number
  /** [size] */
  hiddenQueries: Uint8Array
  hiddenKeys: Uint8Array
}

/**
 * What the sentence view draws, in this order: hidden keys out and rows renormalised to 1; · ‖v‖; pieces merged (to a word = sum,
 * from a word = mean). A word with a hidden piece is hidden as a whole.
 */
export function prepareSentence(input: SentenceInput): SentenceWeights {
  const { size, words, values } = input
  const hiddenKeys = spreadToWords(input.hiddenKeys, words)
  const hiddenQueries = spreadToWords(input.hiddenQueries, words)
  const { weights: kept, removedMass } = renormalizeWithout(input.weights, size, size, hiddenKeys)
  const weighted = values ? weightByValueNorm(kept, size, size, values.v, values.dim) : kept
  const shown = words
    ? mergePieces(weighted, size, words)
    : { weights: weighted === input.weights ? weighted.slice() : weighted, words: size }
  const result: SentenceWeights = {
    weights: shown.weights,
    size: shown.words,
    removedMass: meanOfWords(removedMass, words, shown.words),
    meanRemoved: 0,
    hiddenQueries: flagsOfWords(hiddenQueries, words, shown.words),
    hiddenKeys: flagsOfWords(hiddenKeys, words, shown.words),
  }
  let sum = 0
  let rows = 0
  for (let query = 0; query < result.size; query += 1) {
    if (result.hiddenQueries[query]) {
      result.weights.fill(0, query * result.size, (query + 1) * result.size)
      continue
    }
    sum += result.removedMass[query] ?? 0
    rows += 1
  }
  result.meanRemoved = rows > 0 ? sum / rows : 0
  return result
}

function spreadToWords(hidden: Uint8Array, words: Int32Array | null): Uint8Array {
  if (!words) return hidden
  const hiddenWords = new Set<number>()
  words.forEach((word, token) => {
    if (hidden[token]) hiddenWords.add(word)
  })
  return Uint8Array.from(words, (word) => (hiddenWords.has(word) ? 1 : 0))
}

function meanOfWords(values: Float32Array, words: Int32Array | null, count: number): Float32Array {
  if (!words) return values
  const sums = new Float64Array(count)
  const pieces = new Float64Array(count)
  words.forEach((word, token) => {
    sums[word]! += values[token] ?? 0
    pieces[word]! += 1
  })
  return Float32Array.from(sums, (sum, word) => sum / (pieces[word] || 1))
}

function flagsOfWords(flags: Uint8Array, words: Int32Array | null, count: number): Uint8Array {
  if (!words) return flags
  const result = new Uint8Array(count)
  words.forEach((word, token) => {
    if (flags[token]) result[word] = 1
  })
  return result
}

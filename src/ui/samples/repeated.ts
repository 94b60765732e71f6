import { createRandom } from '../../core/random'

/** Each is one token for BERT and, after a space, for byte-level tokenizers, so that the second time comes exactly `length` tokens later. */
export const commonWords: readonly string[] = (
  'apple arm bird black blue boat bone book bread bridge bus camp chair church circle city clock cloud cold corn cup day ' +
  'dog door dream dust east egg farm fire fish flag floor food game gold grass green hand hat hill horse house ice iron ' +
  'island king lake lamp leg letter milk moon music night oil paper piano queen rain ring river road salt sand ship silver ' +
  'snow song star stone storm summer table tea train tree wall water wind window wood'
).split(' ')

export const repeatedShape = { lines: 30, length: 12 } as const

/** Lines of different words in random order, each said twice: the usual test for induction heads. The same for the same seed. */
export function generateRepeated(seed: number): string[] {
  const random = createRandom(seed)
  return Array.from({ length: repeatedShape.lines }, () => {
    const left = [...commonWords]
    const words = Array.from(
      { length: repeatedShape.length },
      () => left.splice(Math.floor(random() * left.length), 1)[0]!,
    )
    return [...words, ...words].join(' ')
  })
}

export const repeated: readonly string[] = generateRepeated(1)

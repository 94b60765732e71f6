/** Parts of speech in the order of the legend; `other` is also what is not known. */
export const speechParts = [
  'noun',
  'properNoun',
  'verb',
  'adjective',
  'adverb',
  'pronoun',
  'determiner',
  'preposition',
  'conjunction',
  'number',
  'other',
] as const

export type SpeechPart = (typeof speechParts)[number]

import { joinPair } from '../../core/sentence-pair'

/**
 * A statement and one that may or may not follow from it. The second repeats the first but for one word, so that every
 * token but one has its twin in the same line.
 */
export const sentencePairs: readonly (readonly [string, string])[] = [
  ['All birds in the garden are singing.', 'Some birds in the garden are singing.'],
  ['The baker sold ten loaves before noon.', 'The baker sold ten loaves after noon.'],
  ['Nobody in the office has seen the letter.', 'Somebody in the office has seen the letter.'],
  ['The red car stopped behind the bus.', 'The red vehicle stopped behind the bus.'],
  ['A man is playing the violin on the stage.', 'A woman is playing the violin on the stage.'],
  ['The lake was frozen in January.', 'The lake was frozen in July.'],
  ['Peter gave the book to his sister.', 'Peter sold the book to his sister.'],
  ['The old bridge is wider than the road.', 'The old bridge is narrower than the road.'],
  ['She always walks to work in the rain.', 'She never walks to work in the rain.'],
  ['The doctor who called the nurse was late.', 'The doctor who thanked the nurse was late.'],
  ['Three children were swimming in the river.', 'Two children were swimming in the river.'],
  ['The shop opens at eight on Saturdays.', 'The shop closes at eight on Saturdays.'],
  ['Ten of the lamps on the wall are lit.', 'Most of the lamps on the wall are lit.'],
  ['The puppy is asleep under the table.', 'The dog is asleep under the table.'],
  ['Anna knows that the train has left.', 'Anna hopes that the train has left.'],
  ['The soup was hot enough to eat.', 'The soup was cold enough to eat.'],
  ['They moved from Lisbon to Oslo in spring.', 'They moved from Madrid to Oslo in spring.'],
  ['If it rains, the match will be cancelled.', 'Unless it rains, the match will be cancelled.'],
  ['The judge believed the first witness.', 'The judge doubted the first witness.'],
  ['Every student answered at least one question.', 'Every student answered at most one question.'],
]

/** Each pair in one line, so that either sentence can attend to the other. */
export const pairs: readonly string[] = sentencePairs.map(([first, second]) => joinPair(first, second))

/** A word and two sentences, one for each of its meanings. */
export const ambiguousWords: readonly (readonly [word: string, one: string, other: string])[] = [
  ['bank', 'He opened an account at the bank on the corner.', 'We sat on the grassy bank and watched the stream.'],
  ['bark', 'The bark of the birch is white and thin.', 'The bark of the dog woke the whole street.'],
  ['match', 'She struck a match and lit the candle.', 'Our team lost the match by a single goal.'],
  ['crane', 'A crane lifted the steel beams onto the roof.', 'A crane stood on one leg in the shallow marsh.'],
  ['pitcher', 'The pitcher threw the ball past the batter.', 'The pitcher on the table was full of lemonade.'],
  ['seal', 'A seal dived under the ice to catch a fish.', 'A seal of red wax closed the old letter.'],
  ['pupil', 'Every pupil handed the homework to the teacher.', 'The pupil of the eye grows wide in the dark.'],
  ['organ', 'The organ filled the church with music.', 'The liver is an organ that cleans the blood.'],
  ['nail', 'He hammered a nail into the wall to hang a picture.', 'She broke a nail and filed the others short.'],
  ['mouse', 'The mouse ran from the cat into a hole.', 'Click the left button of the mouse to open the file.'],
  ['palm', 'A tall palm gave shade to the beach.', 'He held the coin in the palm of his hand.'],
  ['court', 'The court found the accused not guilty.', 'The players left the court after the last set.'],
]

/** The two sentences of a word follow one another. */
export const twoMeanings: readonly string[] = ambiguousWords.flatMap(([, one, other]) => [one, other])

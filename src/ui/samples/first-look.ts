/** Written for this program, each to show something: the comment names what to look for. */
export const firstLook: readonly string[] = [
  // one word, two meanings
  'She sat on the river bank and wondered whether the bank would lend her the money.',
  'The bat flew out of the cave just as the boy picked up his bat.',
  'A spring in the old clock broke during the first week of spring.',
  'The light bag stood under the light by the door.',
  // repeated words: duplicate-token and previous-token heads
  'The cat watched the cat that watched the cat.',
  'Rain fell on Monday, rain fell on Tuesday, and on Wednesday rain fell again.',
  'What is done is done, and what is gone is gone.',
  'red blue green red blue green red blue green red blue',
  // numbers
  'In 1969 two people walked on the Moon; by 1972 twelve people had.',
  'Seven plus five is twelve, and 7 + 5 = 12.',
  'The train at 9:45 costs 18 euros, the train at 10:15 costs 24 euros.',
  'Chapter 3 begins on page 47 and chapter 4 begins on page 63.',
  // punctuation and brackets
  '"Where," she asked, "did you leave the keys?"',
  'Bread, cheese, olives, figs, and (if there is any left) cake.',
  'Stop! Wait... are you sure?',
  'The answer (which nobody expected) was, in the end, quite simple.',
  // pronouns and what they refer to
  'Maria told her brother that he could borrow her bicycle.',
  'The trophy did not fit in the suitcase because it was too big.',
  'The trophy did not fit in the suitcase because it was too small.',
  'When the children saw their grandmother, they ran to her.',
  // long words, names, order
  'Photosynthesis turns carbon dioxide and sunlight into sugar and oxygen.',
  'Paris is the capital of France, and Rome is the capital of Italy.',
  'The dog chased the fox, but the fox was never chased by the dog again.',
  'First wash the apples, then peel the apples, and finally slice them thin.',
]

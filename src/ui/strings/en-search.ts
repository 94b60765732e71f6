import type { SearchMatch } from '../../core/search'

export const search = {
  name: 'Search tokens',
  placeholder: 'Search',
  clear: 'Clear the search',
  options: 'Search options',
  how: 'What to find',
  matches: {
    exact: {
      name: 'Token',
      hint: 'The whole token as it is shown, or a whole word or phrase that was cut into tokens. ##ing is not ing.',
    },
    substring: { name: 'Part', hint: 'Tokens that contain the text, alone or together with their neighbours' },
    regex: {
      name: 'Pattern',
      hint: 'A regular expression for a token or a word, such as ^b.nk$ or \\d+. No pattern can hang the page.',
    },
  } satisfies Record<SearchMatch, { name: string; hint: string }>,
  caseSensitive: 'Match case',
  firstOnly: 'First in each sequence',
  found: (count: number, text: string, sequences: string) =>
    `${text} ${count === 1 ? 'token' : 'tokens'} in ${sequences} ${sequences === '1' ? 'sequence' : 'sequences'}`,
  invalid: 'no pattern',
  none: 'No token matches.',
  contained: (count: number, text: string) => `${text} ${count === 1 ? 'contains' : 'contain'} it`,
  previous: 'Previous match',
  next: 'Next match',
  place: (index: string, count: string) => `${index} of ${count}`,
  clustering: 'Clustering',
  clusteringDefinition:
    'How close together the matches lie in the picture. For every match: the share of matches among its k nearest points of the same role (k = 10, or all other matches if fewer), set against what chance gives: 0 as by chance, 1 all together. Mean over queries and keys.',
  clusteringHigh: 'the matches lie together',
  clusterChance: (share: string) => `chance ${share}`,
  best: 'Where they lie together',
  legend: (k: string, chance: string) => `0 = chance, 1 = together; from the ${k} nearest, chance share ${chance}`,
  sort: 'Sort heads by it',
  sorted: 'Sorted by it',
  notCompared: (why: string) => `${why} Search again to try anew.`,
  scoring: 'Comparing heads…',
  tooFew: 'Clustering needs at least two matches.',
}

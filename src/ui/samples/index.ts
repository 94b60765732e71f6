import { firstLook } from './first-look'

export interface SampleSet {
  /** Value of the address key `samples`; its name and description are in the strings. */
  readonly id: SampleId
  /** Number of lines, known before they are loaded. */
  readonly count: number
  /** Lines, one sequence each. Rejects where the script that holds them can't be fetched. */
  load(): Promise<readonly string[]>
}

export type SampleId = 'first-look' | 'encyclopaedia' | 'two-meanings' | 'pairs' | 'repeated' | 'arithmetic' | 'code'

/** Text sample sets, in the order of the menu. A new one is one file and one line here; only the first comes with the page. */
export const sampleSets: readonly SampleSet[] = [
  { id: 'first-look', count: 24, load: () => Promise.resolve(firstLook) },
  { id: 'encyclopaedia', count: 194, load: async () => (await import('./encyclopaedia')).encyclopaedia },
  { id: 'two-meanings', count: 24, load: async () => (await import('./two-meanings')).twoMeanings },
  { id: 'pairs', count: 20, load: async () => (await import('./pairs')).pairs },
  { id: 'repeated', count: 30, load: async () => (await import('./repeated')).repeated },
  { id: 'arithmetic', count: 60, load: async () => (await import('./arithmetic')).arithmetic },
  { id: 'code', count: 30, load: async () => (await import('./code')).code },
]

/** The set of that name; null: there is none. */
export const findSampleSet = (id: string): SampleSet | null => sampleSets.find((set) => set.id === id) ?? null

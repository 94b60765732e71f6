import { firstLook } from './first-look'

export interface SampleSet {
  /** Value of the address key `samples`; its name and description are in the strings. */
  readonly id: SampleId
  readonly lines: readonly string[]
}

export type SampleId = 'first-look'

/** Text sample sets, in the order of the menu. A new one is one file and one line here. */
export const sampleSets: readonly SampleSet[] = [{ id: 'first-look', lines: firstLook }]

import { en, type Strings } from './en'

/** The words of the language in use. */
export const t: Strings = en

export type { Strings }

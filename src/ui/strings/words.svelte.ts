import { en, type Strings } from './en'
import type { Language } from './language'

/** Languages other than English come when they are chosen. */
const loaders: Readonly<Record<Language, () => Promise<Strings>>> = {
  en: () => Promise.resolve(en),
  zh: async () => (await import('./zh')).zh,
}

let words: Strings = $state.raw(en)
let wanted: Language = 'en'

/** The words of the language in use. What reads them from a template or a `$derived` follows a change of language. */
export const t: Strings = new Proxy(en, { get: (_, key) => Reflect.get(words, key) as unknown })

/** Shows the words of a language; a later call wins. Rejects where they could not be fetched: then all stays as it was. */
export async function showLanguage(language: Language): Promise<void> {
  wanted = language
  const loaded = await loaders[language]()
  if (wanted === language) words = loaded
}

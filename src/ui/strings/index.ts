export type { FigureWords, Strings } from './en'
export { firstLanguage, languageNames, languageTags, type Language } from './language'
export { showLanguage, t } from './words.svelte'

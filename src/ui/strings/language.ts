import type { AddressValues } from '../../storage/address'

/** A language that the interface has words in. */
export type Language = AddressValues['lang']

/** Each by its own name, as it is offered. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' }

/** For `<html lang>`: screen readers choose the voice by it, browsers the shapes of Han characters. */
export const languageTags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' }

const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(languageNames, text)

/** The one that was chosen before; else the first that the browser asks for and that there is; else English. */
export function firstLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (isLanguage(stored)) return stored
  return wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '').find(isLanguage) ?? 'en'
}

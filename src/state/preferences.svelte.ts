export interface PreferenceValues {
  theme: 'light' | 'dark' | 'auto'
  palette: 'default' | 'paper' | 'contrast'
  lang: 'en' | 'zh'
  /** 1: layers and heads are counted from 1 on the screen. */
  base: 0 | 1
}

/** Taste of the user: how things look, never what they are. */
export class Preferences {
  #values: PreferenceValues = $state.raw({ theme: 'auto', palette: 'default', lang: 'en', base: 0 })
  #listeners: readonly (() => void)[] = []

  constructor(first: Partial<PreferenceValues> = {}) {
    this.#values = { ...this.#values, ...first }
  }

  get theme(): PreferenceValues['theme'] {
    return this.#values.theme
  }
  get palette(): PreferenceValues['palette'] {
    return this.#values.palette
  }
  get lang(): PreferenceValues['lang'] {
    return this.#values.lang
  }
  get base(): PreferenceValues['base'] {
    return this.#values.base
  }

  /** Absent keys stay as they are. */
  set({ theme, palette, lang, base }: Partial<PreferenceValues>): void {
    const before = this.#values
    this.#values = {
      theme: theme ?? before.theme,
      palette: palette ?? before.palette,
      lang: lang ?? before.lang,
      base: base ?? before.base,
    }
    for (const listener of this.#listeners) listener()
  }

  /** Called after every `set`. Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners = [...this.#listeners, listener]
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener))
  }
}

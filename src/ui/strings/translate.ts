/** English sentence with `{}` where it has a value → the same in another language, with `{0}`, `{1}`, … */
export type Messages = Readonly<Record<string, string>>

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
const patternOf = (template: string): RegExp => new RegExp(`^${template.split('{}').map(escape).join('([\\s\\S]*?)')}$`)

/**
 * Says sentences of the code in another language: by whole sentences, or several one after another. A value that is a
 * known phrase is said in that language too. null: there are no words for it.
 */
export function createTranslator(messages: Messages): (text: string) => string | null {
  // Those with the longest words of their own are the most particular.
  const rules = Object.entries(messages)
    .map(([english, other]) => ({ pattern: patternOf(english), size: english.length, other }))
    .sort((a, b) => b.size - a.size)

  const whole = (text: string): string | null => {
    for (const { pattern, other } of rules) {
      const match = pattern.exec(text)
      if (match) return other.replace(/\{(\d)\}/g, (_, index: string) => value(match[Number(index) + 1] ?? ''))
    }
    return null
  }
  const value = (text: string): string => {
    if (Object.hasOwn(messages, text)) return messages[text]!
    return text.includes(' ') ? (whole(text) ?? text) : text
  }

  return (text) => {
    const sentences = text.split(/(?<=[.!?]) (?=[^a-z])/)
    const parts = sentences.map(whole)
    return parts.includes(null) || sentences.length < 2 ? whole(text) : parts.join('')
  }
}

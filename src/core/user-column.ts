/** A column that the user brought along with the texts: one value a sequence, null where there is none. */
export interface UserColumn {
  name: string
  values: readonly (string | null)[]
}

const numberPattern = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i

/** A decimal number as tables have it; null: it is none, or too large to be one. */
export function readNumber(text: string | null): number | null {
  if (text === null || !numberPattern.test(text.trim())) return null
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

const isGiven = (value: string | null): value is string => value !== null && value.trim() !== ''

/** A column is of numbers where it has values and every one of them is a number; of categories otherwise. */
export const isNumeric = ({ values }: UserColumn): boolean => {
  const given = values.filter(isGiven)
  return given.length > 0 && given.every((value) => readNumber(value) !== null)
}

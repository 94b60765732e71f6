const candidates = [',', ';', '\t'] as const

/** So much of a text is looked at. */
const mostCharacters = 64_000
const mostRecords = 20

interface Look {
  /** Quotes that end before their cell does. */
  wrong: number
  /** Cells of each record. */
  widths: number[]
}

/** What the first records are if this is the delimiter: quotes open a cell at its start only (RFC 4180). */
function look(text: string, delimiter: string): Look {
  const result: Look = { wrong: 0, widths: [] }
  let width = 1
  let isStart = true
  for (let at = 0; at < text.length && result.widths.length < mostRecords; at += 1) {
    const character = text[at]!
    if (character === '"' && isStart) {
      at = text.indexOf('"', at + 1)
      while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
      if (at < 0) break
      const after = text[at + 1]
      if (after !== undefined && after !== delimiter && after !== '\r' && after !== '\n') result.wrong += 1
      isStart = false
    } else if (character === delimiter) {
      width += 1
      isStart = true
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && text[at + 1] === '\n') at += 1
      result.widths.push(width)
      width = 1
      isStart = true
    } else isStart = false
  }
  if (result.widths.length < mostRecords && !isStart) result.widths.push(width)
  return result
}

/** Share of the records that are as wide as the first, 0 where that is one cell. */
const evenness = ({ widths }: Look): number =>
  (widths[0] ?? 1) < 2 ? 0 : widths.filter((width) => width === widths[0]).length / widths.length

/**
 * The delimiter of a text: the one with the fewest wrong quotes, then the most records of one width, then the most cells; a comma
 * where nothing tells.
 */
export function guessDelimiter(text: string): string {
  const start = text.slice(0, mostCharacters)
  const looks = candidates.map((delimiter) => ({ delimiter, ...look(start, delimiter) }))
  looks.sort(
    (one, other) =>
      one.wrong - other.wrong || evenness(other) - evenness(one) || (other.widths[0] ?? 1) - (one.widths[0] ?? 1),
  )
  return looks[0]!.delimiter
}

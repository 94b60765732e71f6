/** What stands between the two sentences of a pair that is written in one line. */
export const pairMark = '|||'

/**
 * The two sentences of a line such as `A man sleeps. ||| Nobody is awake.`: cut at the first mark that stands between white
 * space. null: the line is one sentence (no mark, or nothing on one of its sides).
 */
export function splitPair(line: string): readonly [first: string, second: string] | null {
  const match = /\s\|\|\|\s/.exec(line)
  if (!match) return null
  const first = line.slice(0, match.index).trim()
  const second = line.slice(match.index + match[0].length).trim()
  return first !== '' && second !== '' ? [first, second] : null
}

/** The line that `splitPair` takes apart again. */
export const joinPair = (first: string, second: string): string => `${first.trim()} ${pairMark} ${second.trim()}`

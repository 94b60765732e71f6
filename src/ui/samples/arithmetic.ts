import { createRandom } from '../../core/random'

const small = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen'.split(' ')
const tens = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const names = ['Ana', 'Ben', 'Chen', 'Dina', 'Emil', 'Farah'] as const
const things = ['apples', 'pencils', 'stamps', 'shells', 'cards', 'coins'] as const

interface Dice {
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  pick<T>(list: readonly T[]): T
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const clock = (minutes: number): string => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`

/** Twelve ways to put a problem; the answers are figures, words, fractions, decimals, per cents, times, yes or no. */
const forms: readonly ((dice: Dice) => string)[] = [
  ({ whole }) => {
    const [a, b] = [whole(11, 89), whole(11, 89)]
    return `${a} + ${b} = ${a + b}`
  },
  ({ whole }) => {
    const [a, b] = [whole(100, 999), whole(11, 99)]
    return `${a} - ${b} = ${a - b}`
  },
  ({ whole }) => {
    const [a, b] = [whole(3, 12), whole(3, 12)]
    return `What is ${a} times ${b}? The answer is ${a * b}.`
  },
  ({ whole }) => {
    const [a, b] = [whole(1, 7), whole(1, 8)]
    return `${capital(small[a]!)} plus ${small[b]} is ${small[a + b]}.`
  },
  ({ whole }) => {
    const [divisor, quotient, rest] = [whole(4, 9), whole(3, 12), whole(1, 3)]
    return `${divisor * quotient + rest} divided by ${divisor} is ${quotient}, remainder ${rest}.`
  },
  ({ whole, pick }) => {
    const part = pick([2, 3, 4, 5] as const)
    const result = whole(3, 15)
    return `1/${part} of ${part * result} is ${result}.`
  },
  ({ whole }) => {
    const [a, b] = [whole(11, 79), whole(11, 79)]
    return `${(a / 10).toFixed(1)} + ${(b / 10).toFixed(1)} = ${((a + b) / 10).toFixed(1)}`
  },
  ({ whole, pick }) => {
    const [percent, base] = [pick([10, 20, 25, 50, 75] as const), 20 * whole(2, 25)]
    return `${percent}% of ${base} is ${(percent * base) / 100}.`
  },
  ({ whole, pick }) => {
    const [name, thing] = [pick(names), pick(things)]
    const [has, gets, gives] = [whole(6, 20), whole(3, 12), whole(2, 5)]
    return `${name} has ${has} ${thing}, finds ${gets} more and gives ${gives} away. Now ${name} has ${has + gets - gives} ${thing}.`
  },
  ({ whole }) => {
    const [start, length] = [60 * whole(7, 19) + 5 * whole(0, 11), 5 * whole(5, 18)]
    return `A film of ${length} minutes that begins at ${clock(start)} ends at ${clock(start + length)}.`
  },
  ({ whole, pick }) => {
    const [a, b] = [whole(4, 9), whole(4, 9)]
    const c = a * b + pick([-12, -5, -1, 1, 4, 15])
    return `Is ${a} × ${b} more than ${c}? ${a * b > c ? 'Yes' : 'No'}, it is ${a * b}.`
  },
  ({ whole }) => {
    const [a, b] = [whole(2, 5), whole(1, 4)]
    return `${capital(tens[a]!)} and ${tens[b]} make ${tens[a + b]}; ${tens[a + b]} less ${tens[b]} leaves ${tens[a]}.`
  },
]

/** As many problems of each form, in turns, no two alike. The same for the same seed. */
export function generateArithmetic(seed: number): string[] {
  const random = createRandom(seed)
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const dice: Dice = { whole, pick: (list) => list[whole(0, list.length - 1)]! }
  const problems = new Set<string>()
  for (let round = 1; round <= 5; round++)
    for (const form of forms) {
      const before = problems.size
      while (problems.size === before) problems.add(form(dice))
    }
  return [...problems]
}

export const arithmetic: readonly string[] = generateArithmetic(1)

import { AppError } from './errors'

/** Whether a text contains what the pattern says. */
export type TextTest = (text: string) => boolean

type Node =
  | { kind: 'one'; test: (character: string) => boolean }
  | { kind: 'assert'; test: (before: string, after: string) => boolean }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; parts: Node[] }
  | { kind: 'repeat'; part: Node; least: number; most: number }

/** Steps of the compiled pattern; `next` and `other` are indices of steps. */
type Step =
  | { kind: 'one'; test: (character: string) => boolean; next: number }
  | { kind: 'assert'; test: (before: string, after: string) => boolean; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'found' }

const mostSteps = 2000

/**
 * Compiles a regular expression. All ways of matching are followed at once, step by step through the text (Thompson 1968), so
 * that the time is at most steps × characters whatever the pattern: `(a+)+$` is as quick as `a`. What can't be done that way,
 * back-references and look-around, is refused.
 * @throws AppError BAD_ARGUMENT: not a pattern, or too long, or one of the refused constructs
 */
export function compilePattern(source: string, caseSensitive: boolean): TextTest {
  const steps = compile(new Parser(source, caseSensitive).parse())
  return (text) => run(steps, [...text])
}

const bad = (what: string): AppError => new AppError('BAD_ARGUMENT', `The pattern can't be read: ${what}.`)

const isWord = (character: string): boolean => /^\w$/.test(character)
const isEdge = (before: string, after: string): boolean => isWord(before) !== isWord(after)

class Parser {
  private readonly characters: readonly string[]
  private at = 0
  private depth = 0

  constructor(
    source: string,
    private readonly caseSensitive: boolean,
  ) {
    this.characters = [...source]
  }

  parse(): Node {
    const node = this.choice()
    if (this.at < this.characters.length) throw bad('there is a ) without a (')
    return node
  }

  private get now(): string {
    return this.characters[this.at] ?? ''
  }

  private take(): string {
    const character = this.now
    this.at += 1
    return character
  }

  private startsWith(text: string): boolean {
    return this.characters.slice(this.at, this.at + text.length).join('') === text
  }

  private choice(): Node {
    const parts = [this.sequence()]
    while (this.now === '|') {
      this.at += 1
      parts.push(this.sequence())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  private sequence(): Node {
    const parts: Node[] = []
    while (this.at < this.characters.length && this.now !== '|' && this.now !== ')') parts.push(this.repeated())
    return { kind: 'sequence', parts }
  }

  private repeated(): Node {
    const node = this.atom()
    const bounds = this.quantifier()
    if (!bounds) return node
    const [least, most] = bounds
    if (most < least) throw bad(`{${least},${most}} ends before it begins`)
    // Lazy or greedy makes no difference to whether there is a match.
    if (this.now === '?') this.at += 1
    if (this.quantifier()) throw bad('a repetition is repeated; put the first one into brackets')
    return { kind: 'repeat', part: node, least, most }
  }

  private quantifier(): readonly [number, number] | null {
    const simple = ({ '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] } as const)[this.now as '*' | '+' | '?']
    if (simple) {
      this.at += 1
      return simple
    }
    const match = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.characters.slice(this.at, this.at + 12).join(''))
    if (!match) return null
    this.at += match[0].length
    const least = Number(match[1])
    if (match[2] === undefined) return [least, least]
    return [least, match[3] ? Number(match[3]) : Infinity]
  }

  private atom(): Node {
    const character = this.take()
    switch (character) {
      case '(':
        return this.group()
      case '[':
        return this.set()
      case '\\':
        return this.escape()
      case '.':
        return { kind: 'one', test: () => true }
      case '^':
        return { kind: 'assert', test: (before) => before === '' }
      case '$':
        return { kind: 'assert', test: (_, after) => after === '' }
      case '*':
      case '+':
      case '?':
        throw bad(`there is nothing before ${character}`)
      default:
        return this.literal(character)
    }
  }

  private group(): Node {
    if (this.now === '?') {
      const named = /^\?<[A-Za-z_]\w*>/.exec(this.characters.slice(this.at, this.at + 40).join(''))
      if (this.startsWith('?:')) this.at += 2
      else if (named) this.at += named[0].length
      else throw bad('look-ahead, look-behind and flags are not supported; write what is to be found itself')
    }
    this.depth += 1
    if (this.depth > 100) throw bad('too many brackets inside each other')
    const node = this.choice()
    this.depth -= 1
    if (this.take() !== ')') throw bad('a ( is not closed')
    return node
  }

  private set(): Node {
    const from = this.at - 1
    if (this.now === '^') this.at += 1
    while (this.at < this.characters.length && this.now !== ']') this.at += this.now === '\\' ? 2 : 1
    if (this.take() !== ']') throw bad('a [ is not closed')
    return this.native(this.characters.slice(from, this.at).join(''))
  }

  private escape(): Node {
    const character = this.take()
    if (character === '') throw bad('it ends in \\')
    if (character === 'b') return { kind: 'assert', test: isEdge }
    if (character === 'B') return { kind: 'assert', test: (before, after) => !isEdge(before, after) }
    if (/[1-9k]/.test(character)) throw bad('references back to a group are not supported')
    const rest = this.characters.slice(this.at, this.at + 40).join('')
    const long = { p: /^\{[\w=]+\}/, P: /^\{[\w=]+\}/, u: /^(\{[\da-f]{1,6}\}|[\da-f]{4})/i, x: /^[\da-f]{2}/i }
    const tail = long[character as keyof typeof long]?.exec(rest)?.[0] ?? ''
    this.at += tail.length
    if (tail || /[dDwWsSntrfv0]/.test(character)) return this.native(`\\${character}${tail}`)
    return this.literal(character)
  }

  private literal(character: string): Node {
    if (this.caseSensitive) return { kind: 'one', test: (other) => other === character }
    return this.native(character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  }

  /** One character of a kind, as the browser's own expressions mean it: on a single character they can't run away. */
  private native(source: string): Node {
    let expression: RegExp
    try {
      expression = new RegExp(`^${source}$`, this.caseSensitive ? 'su' : 'sui')
    } catch {
      try {
        expression = new RegExp(`^${source}$`, this.caseSensitive ? 's' : 'si')
      } catch {
        throw bad(`${source} is not a set of characters`)
      }
    }
    const known = new Map<string, boolean>()
    const test = (character: string): boolean => {
      let answer = known.get(character)
      if (answer === undefined) known.set(character, (answer = expression.test(character)))
      return answer
    }
    return { kind: 'one', test }
  }
}

/** From the end to the start, so that each step knows the one after it. Step 0 is `found`; the last one is the first to take. */
function compile(node: Node): readonly Step[] {
  const steps: Step[] = [{ kind: 'found' }]
  const add = (step: Step): number => {
    if (steps.length >= mostSteps) throw bad('it is too long when its repetitions are written out')
    return steps.push(step) - 1
  }
  const emit = (part: Node, next: number): number => {
    switch (part.kind) {
      case 'one':
      case 'assert':
        return add({ ...part, next })
      case 'sequence':
        return part.parts.reduceRight((after, inner) => emit(inner, after), next)
      case 'choice': {
        const starts = part.parts.map((inner) => emit(inner, next))
        return starts.reduceRight((other, start) => add({ kind: 'split', next: start, other }))
      }
      case 'repeat':
        return emitRepeat(part, next)
    }
  }
  const emitRepeat = ({ part, least, most }: Extract<Node, { kind: 'repeat' }>, next: number): number => {
    let start = next
    if (most === Infinity) {
      const loop: Step = { kind: 'split', next: 0, other: next }
      start = add(loop)
      loop.next = emit(part, start)
    } else
      for (let count = least; count < most; count += 1)
        start = add({ kind: 'split', next: emit(part, start), other: next })
    for (let count = 0; count < least; count += 1) start = emit(part, start)
    return start
  }
  const start = emit(node, 0)
  // The first step to take is told by an extra split that leads to it both ways.
  add({ kind: 'split', next: start, other: start })
  return steps
}

function run(steps: readonly Step[], characters: readonly string[]): boolean {
  const mark = new Int32Array(steps.length).fill(-1)
  let now: number[] = []
  for (let at = 0; at <= characters.length; at += 1) {
    const before = characters[at - 1] ?? ''
    const after = characters[at] ?? ''
    // A match may begin anywhere.
    const open = [...now, steps.length - 1]
    const later: number[] = []
    while (open.length > 0) {
      const index = open.pop()!
      if (mark[index] === at) continue
      mark[index] = at
      const step = steps[index]!
      if (step.kind === 'found') return true
      if (step.kind === 'split') open.push(step.next, step.other)
      else if (step.kind === 'assert') {
        if (step.test(before, after)) open.push(step.next)
      } else if (after !== '' && step.test(after)) later.push(step.next)
    }
    now = later
  }
  return false
}

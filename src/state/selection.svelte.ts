import type { HeadRef, ViewId } from '../core/types'
import type { SelectionView, UndoPart } from './api'

/** The part of the selection that is in the address and can be undone. */
export interface Place {
  view: ViewId
  head: HeadRef
  sequence: number | null
  token: number | null
  role: 'query' | 'key'
  /** Points taken together (a lasso, a box), ascending; the same tokens in every head. Not in the address. */
  points: readonly number[] | null
}

const keptSteps = 200
/** Changes of one run that are no further apart are one step. */
const runMs = 1000

interface Step {
  place: Place
  /** What the included parts were, in their order. */
  others: readonly unknown[]
}

const isSame = (one: Place, other: Place): boolean =>
  one.view === other.view &&
  one.head.layer === other.head.layer &&
  one.head.head === other.head.head &&
  one.sequence === other.sequence &&
  one.token === other.token &&
  one.role === other.role &&
  one.points === other.points

/** What is looked at, with a way back. Every step of a user is one entry of the undo stack; hovering is none. */
export class Selection implements SelectionView {
  #place = $state.raw<Place>({
    view: 'matrix',
    head: { layer: 0, head: 0 },
    sequence: null,
    token: null,
    role: 'query',
    points: null,
  })
  #undone = $state.raw<readonly Step[]>([])
  #done = $state.raw<readonly Step[]>([])
  hover = $state.raw<SelectionView['hover']>(null)
  readonly #listeners: (() => void)[] = []
  readonly #parts: UndoPart[] = []
  readonly #now: () => number
  /** The run of the last step, null: it is a step of its own. */
  #run: string | null = null
  #recordedAt = 0
  /** Ids of the sequences that indices refer to; null before any were there. */
  #ids: readonly string[] | null = null
  /** What one event handler does is one step, in however many assignments. */
  #inStep = false
  /** Lengths of the sequences at the last fit. */
  #fitted = ''

  /** @param now milliseconds of a clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get view(): ViewId {
    return this.#place.view
  }
  set view(view: ViewId) {
    this.go({ view })
  }
  get head(): HeadRef {
    return this.#place.head
  }
  set head(head: HeadRef) {
    this.go({ head })
  }
  get sequence(): number | null {
    return this.#place.sequence
  }
  set sequence(sequence: number | null) {
    this.go({ sequence })
  }
  get token(): number | null {
    return this.#place.token
  }
  set token(token: number | null) {
    this.go({ token })
  }
  get role(): 'query' | 'key' {
    return this.#place.role
  }
  set role(role: 'query' | 'key') {
    this.go({ role })
  }
  get points(): readonly number[] | null {
    return this.#place.points
  }
  set points(points: readonly number[] | null) {
    this.go({ points })
  }
  get canUndo(): boolean {
    return this.#done.length > 0
  }
  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  /** Called inside the call that changes something (hovering excepted). Returns the way to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  /** One step; what is not named stays. */
  go(change: Partial<Place>): void {
    const next = { ...this.#place, ...change }
    if (isSame(next, this.#place)) return
    this.#record(null)
    this.#move(next)
  }

  include(part: UndoPart): (run?: string) => void {
    this.#parts.push(part)
    return (run) => this.#record(run ?? null)
  }

  /** Remembers what is there before it changes. */
  #record(run: string | null): void {
    const now = this.#now()
    const goesOn = run !== null && run === this.#run && now - this.#recordedAt < runMs
    this.#run = run
    this.#recordedAt = now
    if (goesOn || this.#inStep) return
    this.#done = [...this.#done.slice(1 - keptSteps), this.#here]
    this.#undone = []
    this.#inStep = true
    queueMicrotask(() => (this.#inStep = false))
  }

  get #here(): Step {
    return { place: this.#place, others: this.#parts.map((part) => part.read()) }
  }

  #return({ place, others }: Step): void {
    this.#run = null
    this.#parts.forEach((part, index) => part.write(others[index]))
    this.#move(place)
  }

  /** Begins at a place in inputs that are still to come; there is no way back to the earlier ones. */
  restart(place: Omit<Place, 'points'>): void {
    this.#ids = null
    this.#fitted = ''
    this.#done = []
    this.#undone = []
    this.#run = null
    this.#move({ ...place, points: null })
  }

  openMatrix(): void {
    this.go({ view: 'matrix' })
  }

  openHead(head: HeadRef): void {
    this.go({ view: 'head', head })
  }

  openSequence(sequence: number): void {
    this.go({ view: 'sequence', sequence, ...(sequence === this.sequence ? {} : { token: null }) })
  }

  /** Pins a token of a sequence, as a query or as a key. */
  pin(sequence: number, token: number, role: 'query' | 'key'): void {
    this.go({ sequence, token, role })
  }

  /** Takes the pin away; the sequence stays open only in its own view. */
  clear(): void {
    this.hover = null
    this.go({ token: null, sequence: this.view === 'sequence' ? this.sequence : null })
  }

  /** One level up: the pin first, then from the sequence to the head, from the head to the matrix. */
  back(): void {
    if (this.token !== null) this.clear()
    else if (this.view === 'sequence') this.go({ view: 'head' })
    else this.openMatrix()
  }

  undo(): void {
    const last = this.#done.at(-1)
    if (!last) return
    this.#done = this.#done.slice(0, -1)
    this.#undone = [...this.#undone, this.#here]
    this.#return(last)
  }

  redo(): void {
    const last = this.#undone.at(-1)
    if (!last) return
    this.#undone = this.#undone.slice(0, -1)
    this.#done = [...this.#done, this.#here]
    this.#return(last)
  }

  /** Keeps what is selected inside what there is: after another model or other inputs. No step of its own. */
  fit(shape: { layers: number; heads: number; ids: readonly string[]; lengths: readonly number[] }): void {
    const tokens = shape.lengths.join()
    // Points are of the tokens they were taken from.
    if (this.#fitted !== '' && this.#fitted !== tokens) this.#forgetPoints()
    this.#fitted = tokens
    const { head, token, view } = this.#place
    const sequence = this.#followed(shape.ids)
    this.#ids = shape.ids
    const inside = head.layer < shape.layers && head.head < shape.heads
    const length = sequence === null ? undefined : shape.lengths[sequence]
    const next: Place = {
      ...this.#place,
      head: inside
        ? head
        : { layer: Math.min(head.layer, shape.layers - 1), head: Math.min(head.head, shape.heads - 1) },
      sequence: length === undefined ? null : sequence,
      token: length === undefined || token === null || token >= length ? null : token,
      view: view === 'sequence' && length === undefined ? 'head' : view,
    }
    if (!isSame(next, this.#place)) this.#move(next)
  }

  #forgetPoints(): void {
    const without = (place: Place): Place => (place.points ? { ...place, points: null } : place)
    const stepWithout = ({ place, others }: Step): Step => ({ place: without(place), others })
    this.#done = this.#done.map(stepWithout)
    this.#undone = this.#undone.map(stepWithout)
    if (this.#place.points) this.#move(without(this.#place))
  }

  /** The selected sequence by its place in the new list: it may have moved, or be gone. */
  #followed(ids: readonly string[]): number | null {
    const { sequence } = this.#place
    const id = sequence === null ? undefined : this.#ids?.[sequence]
    if (id === undefined) return sequence
    const at = ids.indexOf(id)
    return at < 0 ? null : at
  }

  #move(place: Place): void {
    this.#place = place
    for (const listener of [...this.#listeners]) listener()
  }
}

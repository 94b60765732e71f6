import type { HeadRef, Sequence } from '../core/types'
import type { Role } from '../encodings/types'
import type { WeightScale } from './opacity'

type Flips = Readonly<Record<string, boolean>>

/** How a sequence's attention is shown; kept while the page lives, single tokens only while their sequence is shown. */
export class SentenceState {
  shown: 'sentence' | 'pattern' = $state('sentence')
  part: 'lines' | 'heat' = $state('lines')
  scale: WeightScale = $state('whole')
  words: boolean = $state(false)
  valueNorm: boolean = $state(false)
  strip: boolean = $state(false)
  /** A second head beside the one that is looked at. */
  compare: HeadRef | null = $state.raw(null)
  #special = $state(false)
  #first = $state(false)
  /** Tokens hidden or shown one by one, whatever their kind. */
  #flips: { sequence: string; flips: Flips } = $state.raw({ sequence: '', flips: {} })

  get special(): boolean {
    return this.#special
  }
  set special(on: boolean) {
    this.#special = on
    this.#flips = { sequence: '', flips: {} }
  }
  get first(): boolean {
    return this.#first
  }
  set first(on: boolean) {
    this.#first = on
    this.#flips = { sequence: '', flips: {} }
  }

  /** [tokens] 1 where a query or key is hidden. */
  hidden({ id, tokens }: Sequence, role: Role): Uint8Array {
    const flips = this.#flips.sequence === id ? this.#flips.flips : null
    return Uint8Array.from(tokens, ({ special }, index) => {
      const flip = flips?.[keyOf(role, index)]
      return (flip ?? ((this.#special && special) || (this.#first && index === 0))) ? 1 : 0
    })
  }

  /** Hides or shows tokens (the pieces of a word go together) as queries or as keys. */
  setHidden({ id }: Sequence, role: Role, tokens: readonly number[], hide: boolean): void {
    const before = this.#flips.sequence === id ? this.#flips.flips : {}
    const after = Object.fromEntries(tokens.map((token) => [keyOf(role, token), hide]))
    this.#flips = { sequence: id, flips: { ...before, ...after } }
  }

  isChanged(id: string): boolean {
    const flipped = this.#flips.sequence === id && Object.keys(this.#flips.flips).length > 0
    return this.#special || this.#first || this.words || this.valueNorm || flipped
  }

  reset(): void {
    this.special = false
    this.first = false
    this.words = false
    this.valueNorm = false
  }
}

const keyOf = (role: Role, token: number): string => `${role} ${token}`

import { splitPair } from '../core/sentence-pair'
import { writingOf } from '../core/surface'
import type { Sequence } from '../core/types'
import { posEncoding } from '../encodings/pos'
import type { Encoding } from '../encodings/types'
import { placeWords } from '../language/place-words'
import { loadTagger, type Tagger } from '../language/tag-words'

const sliceMs = 12

export interface SpeechPorts {
  /** Lets the page handle events before the work goes on. */
  pause(): Promise<void>
  now(): number
  /** Fetches the tagger. */
  load?(): Promise<Tagger>
}

/** Parts of speech of all tokens, worked out when a colour first asks for them; sequences that stay are not tagged again. */
export class SpeechState {
  encoding: Encoding = $state.raw(posEncoding(null))
  /** The tagger could not be fetched. */
  failed: boolean = $state(false)
  private tagged: readonly Sequence[] | null = null
  private readonly known = new WeakMap<Sequence['tokens'], Uint8Array>()
  private tagger: Promise<Tagger> | null = null

  constructor(private readonly ports: SpeechPorts) {}

  /** Tags what is new among the sequences; called again, it starts from what is there then. */
  async ask(sequences: readonly Sequence[]): Promise<void> {
    if (this.tagged === sequences) return
    this.tagged = sequences
    this.encoding = posEncoding(null)
    this.failed = false
    let tag: Tagger
    try {
      tag = await (this.tagger ??= (this.ports.load ?? loadTagger)())
    } catch {
      this.tagger = null
      if (this.tagged === sequences) {
        this.tagged = null
        this.failed = true
      }
      return
    }
    const writing = writingOf(sequences)
    let until = this.ports.now() + sliceMs
    const parts: Uint8Array[] = []
    for (const { name, tokens } of sequences) {
      if (this.tagged !== sequences) return
      let own = this.known.get(tokens)
      if (!own) {
        const text = splitPair(name)?.join(' ') ?? name
        own = placeWords(text, tag(text), tokens, writing)
        this.known.set(tokens, own)
      }
      parts.push(own)
      if (this.ports.now() < until) continue
      await this.ports.pause()
      until = this.ports.now() + sliceMs
    }
    if (this.tagged !== sequences) return
    const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const own of parts) {
      all.set(own, at)
      at += own.length
    }
    this.encoding = posEncoding(all)
  }
}

import { AppError } from '../core/errors'
import type { ModelInfo } from '../core/types'
import type { PreparedInput } from '../rpc/contracts'
import type { Notice } from './api'
import type { ImageInput, ModelPort, TextInput } from './dependencies'
import { bytesPerToken, formatBytes } from './memory'
import type { Pass } from './pass'

const textsPerCall = 64
const imagesPerCall = 4

/** Lines to tokens, images to pixels; remembers what it prepared for the model of now. Stops where memory would run out. */
export class InputPreparer {
  readonly #model: ModelPort
  readonly #limitBytes: number
  readonly #texts = new Map<string, PreparedInput>()
  readonly #images = new Map<string, PreparedInput>()

  constructor(model: ModelPort, limitBytes: number) {
    this.#model = model
    this.#limitBytes = limitBytes
  }

  /** For another model everything is prepared again. */
  forget(): void {
    this.#texts.clear()
    this.#images.clear()
  }

  /** Lets go of the pixels of all other images. */
  keepImages(images: readonly ImageInput[]): void {
    const needed = new Set(images.map(({ id }) => id))
    for (const id of this.#images.keys()) if (!needed.has(id)) this.#images.delete(id)
  }

  /** Tokens of the lines that fit into memory, first ones first; the notice says what was left out. */
  async prepareTexts(
    texts: readonly TextInput[],
    model: ModelInfo,
    pass: Pass,
  ): Promise<{ prepared: PreparedInput[]; notices: Notice[] }> {
    const room = new Room(this.#limitBytes / bytesPerToken(model))
    for (let start = 0; start < texts.length && !room.full; start += textsPerCall) {
      const lines = texts.slice(start, start + textsPerCall).map(({ text }) => text)
      const unknown = [...new Set(lines.filter((line) => !this.#texts.has(line)))]
      if (unknown.length > 0) {
        const answers = await this.#model.prepareTexts(unknown)
        for (const [index, line] of unknown.entries()) this.#texts.set(line, answers[index]!)
        pass.check()
      }
      for (const line of lines) room.add(this.#texts.get(line)!)
      pass.step({ stage: 'tokenize', done: room.prepared.length, total: texts.length, unit: 'sequences' })
    }
    const notices = [...room.notices(texts.length, this.#limitBytes), ...pairNotices(room.prepared)]
    return { prepared: room.prepared, notices }
  }

  /** Pixels of the images that fit into memory. `broken` names those that can't be read; they are not among the prepared. */
  async prepareImages(
    images: readonly ImageInput[],
    model: ModelInfo,
    pass: Pass,
  ): Promise<{ prepared: PreparedInput[]; notices: Notice[]; broken: Set<string> }> {
    const room = new Room(this.#limitBytes / bytesPerToken(model))
    const broken = new Map<string, string>()
    for (let start = 0; start < images.length && !room.full; start += imagesPerCall) {
      const group = images.slice(start, start + imagesPerCall)
      const unknown = group.filter(({ id }) => !this.#images.has(id))
      const answers = unknown.length > 0 ? await this.#model.prepareImages(unknown.map(({ blob }) => blob)) : []
      pass.check()
      for (const [index, { id, name }] of unknown.entries()) {
        const answer = answers[index]!
        if ('error' in answer) broken.set(id, `${name} was skipped. ${answer.error.message}`)
        else this.#images.set(id, answer)
      }
      for (const { id } of group) {
        const prepared = this.#images.get(id)
        if (prepared) room.add(prepared)
      }
      pass.step({ stage: 'tokenize', done: room.prepared.length, total: images.length, unit: 'sequences' })
    }
    const [first] = broken.values()
    if (first !== undefined && room.prepared.length === 0) throw new AppError('IMAGE_FAILED', first)
    const notices = room.notices(images.length - broken.size, this.#limitBytes)
    for (const message of broken.values()) notices.push({ code: 'IMAGE_FAILED', message })
    return { prepared: room.prepared, notices, broken: new Set(broken.keys()) }
  }

  /** One line, from memory or from the model. */
  async text(line: string): Promise<PreparedInput> {
    const prepared = this.#texts.get(line) ?? (await this.#model.prepareTexts([line]))[0]!
    this.#texts.set(line, prepared)
    return prepared
  }

  /** One image. @throws AppError IMAGE_FAILED */
  async image({ id, name, blob }: ImageInput): Promise<PreparedInput> {
    const prepared = this.#images.get(id) ?? (await this.#model.prepareImages([blob]))[0]!
    if ('error' in prepared) throw new AppError('IMAGE_FAILED', `${name} can't be read any more: add it again.`)
    this.#images.set(id, prepared)
    return prepared
  }
}

/** Takes sequences in until there are too many tokens; the first one always fits. */
class Room {
  readonly prepared: PreparedInput[] = []
  full = false
  #tokens = 0
  readonly #limit: number

  constructor(limitTokens: number) {
    this.#limit = limitTokens
  }

  add(next: PreparedInput): void {
    if (this.prepared.length > 0 && this.#tokens + next.tokens.length > this.#limit) this.full = true
    if (this.full) return
    this.prepared.push(next)
    this.#tokens += next.tokens.length
  }

  notices(count: number, limitBytes: number): Notice[] {
    if (!this.full) return []
    const shown = `Only the first ${this.prepared.length} of ${count} sequences (${this.#tokens} tokens) are shown`
    return [
      {
        code: 'TOO_BIG',
        message: `${shown}: more would need over ${formatBytes(limitBytes)} of this device's memory. The rest is kept; remove some sequences or choose a smaller model to see it.`,
      },
    ]
  }
}

/** That pairs became one text each, in words. */
function pairNotices(prepared: readonly PreparedInput[]): Notice[] {
  const joined = prepared.filter((entry) => entry.joined).length
  if (joined === 0) return []
  const which = joined === 1 ? 'One line is a pair' : `${joined} lines are pairs`
  const message = `${which} of sentences, but this model knows no pairs: each was joined with a space and runs as one text.`
  return [{ code: 'NOT_AVAILABLE', message }]
}

/** What was cut off at the end of sequences, in words. */
export function truncationNotices(
  sequences: readonly { name: string; truncated: number }[],
  maxTokens: number,
): Notice[] {
  const cut = sequences.filter(({ truncated }) => truncated > 0)
  const [first] = cut
  if (!first) return []
  const left = cut.reduce((sum, { truncated }) => sum + truncated, 0)
  const name = first.name.length > 40 ? `${first.name.slice(0, 40)}…` : first.name
  const which = cut.length === 1 ? `“${name}” is` : `${cut.length} sequences are`
  return [
    {
      code: 'INPUT_TOO_LONG',
      message: `${which} longer than the ${maxTokens} tokens that the model takes: ${left} tokens were left out at the end.`,
    },
  ]
}

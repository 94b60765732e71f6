import { createRandom } from '../core/random'
import type { ModelInput } from '../core/types'
import type { GraphInput } from '../onnx/types'
import type { ModelConfig } from './model-config'
import type { TextTokenizer } from './tokenizer'

const sentence = 'The quick brown fox jumps over the lazy dog, and 3 cats sleep.'

/** A window of attention up to this width is measured with an input that is longer than it. */
export const longestWindow = 160

/** A line of about a dozen tokens; more where the model's attention has a window, so that the window shows. */
export function textProbe(tokenizer: TextTokenizer, window: number | null): ModelInput {
  const wanted = Math.min(window !== null && window <= longestWindow ? window + 8 : 8, tokenizer.maxTokens)
  let line = sentence
  let prepared = tokenizer.prepare(line)
  while (prepared.tokens.length < wanted && line.length < 20_000) {
    line = `${line} ${line}`
    prepared = tokenizer.prepare(line)
  }
  return prepared.input
}

/** A picture of smooth waves with a little noise, of the size that the model wants. Always the same. */
export function imageProbe(
  inputs: readonly GraphInput[],
  config: ModelConfig,
  processed: [height: number, width: number] | null,
): ModelInput {
  const dims = inputs.find(({ name }) => name === 'pixel_values')?.dims ?? []
  const fixed = (axis: number) => {
    const dim = dims[axis]
    return typeof dim === 'number' && dim > 0 ? dim : null
  }
  const channels = fixed(1) ?? config.channels
  const height = fixed(2) ?? processed?.[0] ?? config.imageSize ?? 224
  const width = fixed(3) ?? processed?.[1] ?? config.imageSize ?? 224
  const random = createRandom(1)
  const pixels = new Float32Array(channels * height * width)
  for (let at = 0; at < pixels.length; at++) {
    const x = at % width
    const y = Math.floor(at / width) % height
    const channel = Math.floor(at / (width * height))
    pixels[at] = Math.sin((x * (channel + 2)) / 7) * Math.cos((y * (channel + 1)) / 9) + (random() - 0.5) / 2
  }
  return { kind: 'image', pixels, shape: [channels, height, width] }
}

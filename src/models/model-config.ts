import type { InputKind } from '../core/types'

/** What a model's own `config.json` says, as far as it is used. Everything may be missing. */
export interface ModelConfig {
  modelType: string
  heads: number | null
  kvHeads: number | null
  headDim: number | null
  hiddenSize: number | null
  /** Longest input that the position table has room for. */
  maxPositions: number | null
  /** Side of a square patch in pixels. */
  patchSize: number | null
  imageSize: number | null
  /** Pictures have a distillation token after CLS. */
  distilled: boolean
  channels: number
  /** Width of the attention window of the layers that have one, in tokens. */
  window: number | null
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Position tables of some families begin behind the padding id: 514 rows are 512 positions. */
function usablePositions(rows: number, padding: unknown): number {
  const behindPadding = typeof padding === 'number' ? rows - padding - 1 : rows
  const isPowerOfTwo = (value: number) => value > 0 && (value & (value - 1)) === 0
  return !isPowerOfTwo(rows) && isPowerOfTwo(behindPadding) ? behindPadding : rows
}

/** Reads the fields of any family; models of two towers keep them one level down, text first unless pictures are asked for. */
export function readModelConfig(json: unknown, kind: InputKind | null = null): ModelConfig {
  const root = isObject(json) ? json : {}
  const towers = [root['text_config'], root['vision_config']]
  const parts = [root, ...(kind === 'image' ? towers.reverse() : towers)].filter(isObject)
  const number = (...names: string[]): number | null => {
    for (const part of parts) {
      for (const name of names) {
        const value = part[name]
        if (typeof value === 'number' && Number.isFinite(value)) return value
      }
    }
    return null
  }
  const first = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value)
  const side = (name: string): number | null => {
    const value = parts.map((part) => first(part[name])).find((candidate) => typeof candidate === 'number')
    return typeof value === 'number' ? value : null
  }
  // A DeiT without a teacher calls itself `vit`.
  const distilled = root['model_type'] === 'deit'
  const rows = number('max_position_embeddings', 'n_positions', 'max_seq_len', 'n_ctx')
  return {
    modelType: typeof root['model_type'] === 'string' ? root['model_type'] : '',
    heads: number('num_attention_heads', 'n_head', 'n_heads', 'num_heads', 'encoder_attention_heads'),
    kvHeads: number('num_key_value_heads'),
    headDim: number('head_dim'),
    hiddenSize: number('hidden_size', 'n_embd', 'd_model', 'dim'),
    maxPositions: rows === null ? null : usablePositions(rows, root['pad_token_id']),
    patchSize: side('patch_size'),
    imageSize: side('image_size'),
    distilled,
    channels: number('num_channels') ?? 3,
    window: number('sliding_window', 'local_attention', 'window_size'),
  }
}

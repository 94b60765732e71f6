import * as ort from 'onnxruntime-web/wasm'
import {
  readHeads,
  readScale,
  readWeights,
  type HeadTensor,
  type TensorData,
  type WeightTensor,
} from '../../src/onnx/read-heads'
import type { GraphInput, PatchedModel, Site } from '../../src/onnx/types'

ort.env.wasm.numThreads = 1
ort.env.logLevel = 'error'

/** Fusions that take tapped tensors out of the graph. */
const options: ort.InferenceSession.SessionOptions = {
  executionProviders: ['wasm'],
  logSeverityLevel: 3,
  extra: {
    optimization: {
      disable_specified_optimizers:
        'AttentionFusion;GroupQueryAttentionFusion;GroupQueryAttentionPreNormFusion;GqaValueLayoutTransformer;MatMulNBitsQkvFusion',
    },
  },
}

export type Outputs = Record<string, ort.Tensor>

export async function openSession(model: PatchedModel): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model.model, { ...options, externalData: model.external })
}

export interface Input {
  /** Token ids of each sequence, all of one length. */
  ids?: number[][]
  pixels?: { data: Float32Array; shape: number[] }
}

/** Feeds for the inputs that a graph names, as their element types want them. */
export function buildFeeds(inputs: readonly GraphInput[], input: Input): Record<string, ort.Tensor> {
  const batch = input.ids?.length ?? input.pixels!.shape[0]!
  const tokens = input.ids?.[0]?.length ?? 0
  const flat = input.ids?.flat() ?? []
  const integers = (type: number, values: number[], dims: number[]) =>
    type === 7
      ? new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims)
      : new ort.Tensor('int32', Int32Array.from(values), dims)
  return Object.fromEntries(
    inputs.map(({ name, elementType, dims }) => {
      if (name === 'pixel_values') return [name, new ort.Tensor('float32', input.pixels!.data, input.pixels!.shape)]
      if (name.startsWith('past_key_values'))
        return [name, new ort.Tensor('float32', new Float32Array(0), [batch, dims[1] as number, 0, dims[3] as number])]
      const values =
        name === 'attention_mask'
          ? flat.map(() => 1)
          : name === 'token_type_ids'
            ? flat.map(() => 0)
            : name === 'position_ids'
              ? flat.map((_, at) => at % tokens)
              : flat
      return [name, integers(elementType, values, [batch, tokens])]
    }),
  )
}

export interface SiteResult {
  q: HeadTensor
  k: HeadTensor
  v: HeadTensor | null
  before: { q: HeadTensor; k: HeadTensor } | null
  weights: WeightTensor | null
  output: HeadTensor | null
  product: { values: WeightTensor; scale: Float64Array } | null
  scale: Float64Array
}

export function readSite(site: Site, outputs: Outputs, batch: number): SiteResult {
  const data = (name: string) => outputs[name]!.data as TensorData
  const dims = (name: string) => outputs[name]!.dims
  const heads = (tap: Site['v'], count: number | null) =>
    tap && readHeads(tap, data(tap.name), dims(tap.name), batch, count)
  const weights = (name: string) => readWeights(data(name), dims(name), batch)
  const q = heads(site.q, site.heads)!
  const scaleOf = (scale: Site['scale']) =>
    readScale({ scale }, new Map(scale.runtime.map(({ name }) => [name, data(name)])), q.width, q.heads)
  return {
    q,
    k: heads(site.k, site.kvHeads)!,
    v: heads(site.v, site.kvHeads),
    before: site.before && {
      q: heads(site.before.q, site.heads)!,
      k: heads(site.before.k, site.kvHeads)!,
    },
    weights: site.weights && weights(site.weights.name),
    output: heads(site.output, site.heads),
    product: site.product && { values: weights(site.product.name), scale: scaleOf(site.product.scale) },
    scale: scaleOf(site.scale),
  }
}

/** softmax(scale · q·kᵀ) of one input and head, with the keys that `isVisible` leaves, [n,m]; and the scores themselves. */
export function attend(
  site: SiteResult,
  input: number,
  head: number,
  isVisible: (query: number, key: number) => boolean,
) {
  const { q, k } = site
  const scores = new Float64Array(q.tokens * k.tokens)
  const weights = new Float64Array(scores.length)
  const keyHead = Math.floor((head * k.heads) / q.heads)
  for (let i = 0; i < q.tokens; i++) {
    let sum = 0
    let most = -Infinity
    for (let j = 0; j < k.tokens; j++) {
      let score = 0
      for (let c = 0; c < q.width; c++)
        score +=
          q.values[((input * q.heads + head) * q.tokens + i) * q.width + c]! *
          k.values[((input * k.heads + keyHead) * k.tokens + j) * k.width + c]!
      scores[i * k.tokens + j] = score * site.scale[head]!
      if (isVisible(i, j)) most = Math.max(most, scores[i * k.tokens + j]!)
    }
    for (let j = 0; j < k.tokens; j++)
      if (isVisible(i, j)) sum += weights[i * k.tokens + j] = Math.exp(scores[i * k.tokens + j]! - most)
    for (let j = 0; j < k.tokens; j++) weights[i * k.tokens + j]! /= sum
  }
  return { scores, weights }
}

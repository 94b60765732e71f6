import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isAppError } from '../../src/core/errors'
import { createRandom } from '../../src/core/random'
import type { ModelIndex } from '../../src/onnx/model-index'
import { patchModel } from '../../src/onnx/patch'
import { planModel, planTaps } from '../../src/onnx/plan'
import { readHeads } from '../../src/onnx/read-heads'
import { readModel } from '../../src/onnx/wire'

const zoo = path.resolve(import.meta.dirname, '../fixtures/site/zoo')

/** Every ONNX file among the fixtures. */
export function readFixtureModels(): Uint8Array[] {
  return readdirSync(zoo).flatMap((name) => {
    const folder = path.join(zoo, name, 'onnx')
    return readdirSync(folder)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => new Uint8Array(readFileSync(path.join(folder, file))))
  })
}

/** A damaged copy: bytes changed, taken out, doubled, cut off, or taken from another file. */
export function mutate(files: readonly Uint8Array[], seed: number): Uint8Array {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = () => files[below(files.length)]!
  let bytes: Uint8Array = pick().slice()
  // Structure lies mostly at the front: half of the changes go there.
  const place = () => (random() < 0.5 ? below(Math.min(bytes.length, 4096)) : below(bytes.length))
  const splice = (at: number, removed: number, inserted: Uint8Array) => {
    const result = new Uint8Array(Math.max(0, bytes.length - removed) + inserted.length)
    result.set(bytes.subarray(0, at))
    result.set(inserted, at)
    result.set(
      bytes.subarray(Math.min(bytes.length, at + removed)).subarray(0, result.length - at - inserted.length),
      at + inserted.length,
    )
    bytes = result
  }
  const count = 1 + below(seed % 3 ? 2 : 8)
  for (let change = 0; change < count && bytes.length > 16; change++) {
    const at = place()
    const kind = below(9)
    if (kind === 0) bytes[at] = below(256)
    else if (kind === 1) bytes[at]! ^= 1 << below(8)
    else if (kind === 2) bytes = bytes.slice(0, 1 + at)
    else if (kind === 3) splice(at, Math.min(1 + below(64), bytes.length - at), new Uint8Array(0))
    else if (kind === 4) splice(at, 0, bytes.slice(at, at + 1 + below(4096)))
    else if (kind === 5) {
      const other = pick()
      const from = below(other.length)
      splice(at, 0, other.slice(from, from + 1 + below(2048)))
    } else if (kind === 6)
      splice(at, 0, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, below(256)))
    else if (kind === 7) bytes.fill(below(256), at, Math.min(bytes.length, at + 1 + below(256)))
    else for (let index = at; index < Math.min(bytes.length, at + 2048); index++) bytes[index]! ^= 0xff
  }
  return bytes
}

const operators = ['Softmax', 'MatMul', 'Reshape', 'Transpose', 'Mul', 'Add', 'Where', 'If', 'Attention', 'GroupQueryAttention', 'Einsum', 'Unsqueeze', 'Expand', 'RotaryEmbedding', 'Shape', 'Constant'] // prettier-ignore

/** A readable graph with its parts exchanged: operators, inputs, outputs, attributes. Loops and dangling names included. */
export function rewire(files: readonly Uint8Array[], seed: number): { bytes: Uint8Array; index: ModelIndex } {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const bytes = files[below(files.length)]!
  const index = readModel(bytes)
  const { nodes } = index.graph
  const count = 1 + below(seed % 4 ? 6 : 30)
  for (let change = 0; change < count; change++) {
    const place = below(nodes.length)
    const node = nodes[place]!
    // Mostly an earlier one: a loop hides everything behind it from the search.
    const other = nodes[below(random() < 0.9 ? place + 1 : nodes.length)]!
    const kind = below(7)
    if (kind === 0) node.operator = operators[below(operators.length)]!
    else if (kind === 1) node.inputs[below(node.inputs.length + 1)] = other.outputs[0] ?? ''
    else if (kind === 2) node.inputs = [...other.inputs]
    else if (kind === 3) node.outputs = [...other.outputs]
    else if (kind === 4) [node.attributes, other.attributes] = [other.attributes, node.attributes]
    else if (kind === 5) node.domain = node.domain ? '' : 'com.microsoft'
    else for (const attribute of node.attributes) attribute.ints = attribute.ints.map(() => below(7) - 2)
  }
  return { bytes, index }
}

/**
 * Reads, plans and patches one damaged file, or plans one rewired graph.
 *
 * @returns 'planned' or the code of the AppError
 * @throws whatever else was thrown: a defect
 */
export function fuzzOnce(files: readonly Uint8Array[], seed: number): string {
  try {
    const { bytes, index, plan } = seed % 2 ? planMutated(files, seed) : planRewired(files, seed)
    patchModel(bytes, index, plan)
    const dims = [1 + (seed % 3), 1 + (seed % 4), 2, 2]
    const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1))
    for (const { q, heads } of plan.sites.slice(0, 2)) readHeads(q, data, dims, 1, heads)
    return 'planned'
  } catch (error) {
    if (isAppError(error)) return error.code
    throw error
  }
}

function planMutated(files: readonly Uint8Array[], seed: number) {
  const bytes = mutate(files, seed)
  return { bytes, ...planModel(bytes, { partial: seed % 5 === 0 }) }
}

function planRewired(files: readonly Uint8Array[], seed: number) {
  const { bytes, index } = rewire(files, seed)
  return { bytes, index, plan: planTaps(index) }
}

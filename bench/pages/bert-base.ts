import { createMessage, type Message } from '../../src/onnx/encode'

const layers = 12
const heads = 12
const hidden = 768
const inner = 3072
const vocabulary = 30_522
const positions = 512
const float32 = 1
const int64 = 7

/**
 * A file of the size and form of BERT-base in float32, 435 MB, as exporters write it: nodes first, then weights, then inputs
 * and outputs. The weights are seeded noise; equal sizes share theirs.
 */
export function writeBertBase(): Uint8Array {
  const nodes: Message[] = []
  const tensors: Message[] = []
  const noise = new Map<number, Uint8Array>()
  let counter = 0
  const fresh = () => `${counter++}`

  const fill = (count: number): Uint8Array => {
    const known = noise.get(count)
    if (known) return known
    const values = new Float32Array(count)
    let state = count
    for (let at = 0; at < count; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      values[at] = (state / 2 ** 32 - 0.5) / 12
    }
    const bytes = new Uint8Array(values.buffer)
    noise.set(count, bytes)
    return bytes
  }
  const tensor = (dims: readonly number[], type: number, raw: Uint8Array): string => {
    const name = fresh()
    tensors.push(createMessage().ints(1, dims).int(2, type).text(8, name).bytes(9, raw))
    return name
  }
  const weight = (...dims: number[]) => tensor(dims, float32, fill(dims.reduce((product, dim) => product * dim, 1)))
  const scalar = (value: number) => tensor([], float32, new Uint8Array(Float32Array.of(value).buffer))
  const shape = (...values: number[]) =>
    tensor([values.length], int64, new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
  const node = (operator: string, inputs: string[], attributes: Message[] = [], output = fresh()): string => {
    const message = createMessage()
    for (const input of inputs) message.text(1, input)
    message.text(2, output).text(4, operator)
    for (const attribute of attributes) message.message(5, attribute)
    nodes.push(message)
    return output
  }
  const whole = (name: string, value: number) => createMessage().text(1, name).int(3, value).int(20, 2)
  const order = (...perm: number[]) => [createMessage().text(1, 'perm').ints(8, perm).int(20, 7)]
  const linear = (input: string, from: number, to: number) =>
    node('Add', [node('MatMul', [input, weight(from, to)]), weight(to)])
  const norm = (input: string) =>
    node('LayerNormalization', [input, weight(hidden), weight(hidden)], [whole('axis', -1)])
  const split = (input: string, ...perm: number[]) =>
    node('Transpose', [node('Reshape', [input, shape(0, 0, heads, hidden / heads)])], order(...perm))

  const words = node('Gather', [weight(vocabulary, hidden), 'input_ids'])
  const kinds = node('Gather', [weight(2, hidden), 'token_type_ids'])
  const length = node('Gather', [
    node('Shape', ['input_ids']),
    tensor([], int64, new Uint8Array(BigInt64Array.of(1n).buffer)),
  ])
  const ends = node('Unsqueeze', [length, shape(0)])
  const places = node('Slice', [weight(positions, hidden), shape(0), ends, shape(0)])
  const seen = node('Cast', ['attention_mask'], [whole('to', float32)])
  const hidden01 = node('Mul', [node('Sub', [scalar(1), seen]), scalar(-1e9)])
  const mask = node('Unsqueeze', [hidden01, shape(1, 2)])
  let state = norm(node('Add', [node('Add', [words, kinds]), places]))
  for (let layer = 0; layer < layers; layer++) {
    const queries = split(linear(state, hidden, hidden), 0, 2, 1, 3)
    const keys = split(linear(state, hidden, hidden), 0, 2, 3, 1)
    const values = split(linear(state, hidden, hidden), 0, 2, 1, 3)
    const scores = node('Div', [node('MatMul', [queries, keys]), scalar(8)])
    const weights = node('Softmax', [node('Add', [scores, mask])], [whole('axis', -1)])
    const context = node('Transpose', [node('MatMul', [weights, values])], order(0, 2, 1, 3))
    const merged = node('Reshape', [context, shape(0, 0, hidden)])
    state = norm(node('Add', [linear(merged, hidden, hidden), state]))
    const wide = linear(state, hidden, inner)
    const bent = node('Add', [node('Erf', [node('Div', [wide, scalar(Math.SQRT2)])]), scalar(1)])
    const gelu = node('Mul', [node('Mul', [wide, bent]), scalar(0.5)])
    state = norm(node('Add', [linear(gelu, inner, hidden), state]))
  }
  node('Identity', [state], [], 'last_hidden_state')

  const value = (name: string, type: number, dims: (string | number)[]) => {
    const entry = createMessage()
    for (const dim of dims)
      entry.message(1, typeof dim === 'string' ? createMessage().text(2, dim) : createMessage().int(1, dim))
    return createMessage()
      .text(1, name)
      .message(2, createMessage().message(1, createMessage().int(1, type).message(2, entry)))
  }
  const graph = createMessage()
  for (const message of nodes) graph.message(1, message)
  graph.text(2, 'bert-base')
  for (const message of tensors) graph.message(5, message)
  for (const name of ['input_ids', 'attention_mask', 'token_type_ids'])
    graph.message(11, value(name, int64, ['batch', 'sequence']))
  graph.message(12, value('last_hidden_state', float32, ['batch', 'sequence', hidden]))
  return createMessage().int(1, 8).message(7, graph).message(8, createMessage().text(1, '').int(2, 17)).finish()
}

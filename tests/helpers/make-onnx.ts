import { createRandom } from '../../src/core/random'
import { createMessage, type Message } from '../../src/onnx/encode'

type Attribute = number | number[] | string | GraphBuilder | { float: number }

const floatType = 1
const int64Type = 7

/** Writes small ONNX files for tests, node by node. Tensor names are numbers: nothing can be read out of them. */
export interface GraphBuilder {
  input(name: string, dims: (number | string)[], elementType?: number): string
  /** Seeded normal-ish numbers of the given size. */
  weight(dims: number[], size?: number): string
  floats(dims: number[], values: readonly number[]): string
  ints(values: readonly number[], dims?: number[]): string
  node(operator: string, inputs: string[], attributes?: Record<string, Attribute>, outputs?: number | string[]): string
  /** All outputs of a node. */
  nodes(operator: string, inputs: string[], attributes: Record<string, Attribute>, outputs: number | string[]): string[]
  output(name: string): void
  graph(): Message
  finish(): Uint8Array
}

const value = (name: string, elementType?: number, dims?: (number | string)[]): Message => {
  const message = createMessage().text(1, name)
  if (elementType === undefined) return message
  const shape = createMessage()
  for (const dim of dims ?? [])
    shape.message(1, typeof dim === 'number' ? createMessage().int(1, dim) : createMessage().text(2, dim))
  return message.message(2, createMessage().message(1, createMessage().int(1, elementType).message(2, shape)))
}

function attribute(name: string, content: Attribute): Message {
  const message = createMessage().text(1, name)
  if (typeof content === 'number') return message.int(3, content).int(20, 2)
  if (typeof content === 'string') return message.text(4, content).int(20, 3)
  if (Array.isArray(content)) return message.ints(8, content).int(20, 7)
  return 'float' in content
    ? message.float(2, content.float).int(20, 1)
    : message.message(6, content.graph()).int(20, 5)
}

const domains: Record<string, string> = { 'com.microsoft': 'com.microsoft' }

/** @param names first number of the tensor names: branches must not share them with the graph around */
export function createGraph({ opset = 17, seed = 1, names = 0 } = {}): GraphBuilder {
  const random = createRandom(seed)
  let counter = names
  const fields: [number, Message][] = []
  const fresh = () => `${counter++}`
  const add = (field: number, message: Message) => void fields.push([field, message])
  const tensor = (dims: readonly number[], elementType: number, raw: Uint8Array): string => {
    const name = fresh()
    add(5, createMessage().ints(1, dims).int(2, elementType).text(8, name).bytes(9, raw))
    return name
  }
  const builder: GraphBuilder = {
    input(name, dims, elementType = floatType) {
      add(11, value(name, elementType, dims))
      return name
    },
    weight(dims, size = 1) {
      const count = dims.reduce((product, dim) => product * dim, 1)
      return builder.floats(
        dims,
        Array.from({ length: count }, () => size * (random() + random() + random() + random() - 2)),
      )
    },
    floats: (dims, values) => tensor(dims, floatType, new Uint8Array(Float32Array.from(values).buffer)),
    ints: (values, dims = [values.length]) =>
      tensor(dims, int64Type, new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
    node: (operator, inputs, attributes = {}, outputs = 1) => builder.nodes(operator, inputs, attributes, outputs)[0]!,
    nodes(operator, inputs, attributes, outputs) {
      const [name, domain] = operator.split('@') as [string, string?]
      const results = typeof outputs === 'number' ? Array.from({ length: outputs }, fresh) : outputs
      const message = createMessage()
      for (const input of inputs) message.text(1, input)
      for (const result of results) message.text(2, result)
      message.text(4, name)
      for (const [key, content] of Object.entries(attributes)) message.message(5, attribute(key, content))
      add(1, message.text(7, domain ? domains[domain]! : ''))
      return results
    },
    output: (name) => add(12, value(name)),
    graph() {
      const message = createMessage().text(2, 'g')
      for (const [field, part] of fields) message.message(field, part)
      return message
    },
    finish() {
      const opsets = [createMessage().text(1, '').int(2, opset), createMessage().text(1, 'com.microsoft').int(2, 1)]
      const model = createMessage()
        .int(1, opset > 22 ? 11 : 8)
        .message(7, builder.graph())
      for (const entry of opsets) model.message(8, entry)
      return model.finish()
    },
  }
  return builder
}

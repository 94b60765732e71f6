import { AppError } from '../core/errors'
import { createMessage, type Message } from './encode'
import type { ByteSpan, ModelIndex, NodeIndex, TensorIndex } from './model-index'
import type { Additions, NewNode, PatchedModel, Plan } from './types'

/** Path under which the original bytes are mounted. */
export const originalPath = 'atlas-original-weights'

/** Initializers from this size on stay where they are; smaller ones are needed for shape inference. */
const externalFrom = 1024

const attributeTypes = { float: 1, int: 2, ints: 7 } as const

/**
 * A small model with every tap of the plan among its outputs. Initializers of 1 KiB and more are not copied: they point into
 * `bytes`, which the result holds (not copied) for mounting as external data. Everything else is copied byte for byte.
 *
 * @param index the index that belongs to the plan (`planModel`)
 * @throws AppError TRUNCATED for an index of a partly read file
 */
export function patchModel(bytes: Uint8Array, index: ModelIndex, plan: Plan): PatchedModel {
  if (!index.complete || index.length > bytes.length)
    throw new AppError(
      'TRUNCATED',
      'Only a part of the model file is there, so it cannot be opened: download all of it.',
    )
  const graph = createMessage()
  const changes = new Map(plan.additions.changes.map((change) => [change.node, change]))
  index.graph.nodes.forEach((node, place) => {
    const change = changes.get(place)
    if (change) graph.message(1, changeNode(bytes, node, change))
    else graph.bytes(1, slice(bytes, node.span))
  })
  for (const node of plan.additions.nodes) graph.message(1, encodeNode(node))
  for (const { span } of index.graph.others) graph.raw(slice(bytes, span))
  let external = false
  for (const tensor of index.graph.initializers) {
    const pointer = pointTo(tensor)
    external ||= pointer !== null
    if (pointer) graph.message(5, pointer)
    else graph.bytes(5, slice(bytes, tensor.span))
  }
  for (const tensor of plan.additions.tensors) graph.message(5, encodeTensor(tensor))
  for (const { span } of index.graph.inputs) graph.bytes(11, slice(bytes, span))
  for (const { span } of index.graph.outputs) graph.bytes(12, slice(bytes, span))
  for (const name of tapNames(plan)) graph.message(12, createMessage().text(1, name))
  for (const { span } of index.graph.values) graph.bytes(13, slice(bytes, span))

  const model = createMessage()
  for (const span of index.others) model.raw(slice(bytes, span))
  model.message(7, graph)
  return { model: model.finish(), external: external ? [{ path: originalPath, data: bytes }] : [] }
}

/** Names of all tensors that the plan reads, without those that are outputs of the file already; each once. */
export function tapNames(plan: Plan): string[] {
  const own = new Set(plan.outputs)
  const names = plan.sites.flatMap((site) => [
    site.q.name,
    site.k.name,
    ...(site.before ? [site.before.q.name, site.before.k.name] : []),
    ...[site.v, site.weights, site.output, site.product].flatMap((tap) => (tap ? [tap.name] : [])),
    ...[...site.scale.runtime, ...(site.product?.scale.runtime ?? [])].map(({ name }) => name),
  ])
  return [...new Set(names)].filter((name) => !own.has(name))
}

const slice = (bytes: Uint8Array, span: ByteSpan): Uint8Array => bytes.subarray(span.start, span.end)

/** A tensor whose numbers stay at their place in the original file; null where it is to be copied. */
function pointTo(tensor: TensorIndex): Message | null {
  const { raw } = tensor
  if (!raw || tensor.location || raw.end - raw.start < externalFrom) return null
  const entry = (key: string, value: string) => createMessage().text(1, key).text(2, value)
  return createMessage()
    .ints(1, tensor.dims)
    .int(2, tensor.elementType)
    .text(8, tensor.name)
    .message(13, entry('location', originalPath))
    .message(13, entry('offset', String(raw.start)))
    .message(13, entry('length', String(raw.end - raw.start)))
    .int(14, 1)
}

function encodeTensor(tensor: Additions['tensors'][number]): Message {
  const int64 = 7
  return createMessage().ints(1, tensor.dims).int(2, int64).ints(7, tensor.values).text(8, tensor.name)
}

function encodeAttribute({ name, kind, value }: NewNode['attributes'][number]): Message {
  const message = createMessage().text(1, name)
  const values = typeof value === 'number' ? [value] : value
  if (kind === 'float') message.float(2, values[0] ?? 0)
  else if (kind === 'int') message.int(3, values[0] ?? 0)
  else message.ints(8, values)
  return message.int(20, attributeTypes[kind])
}

function encodeNode(node: NewNode): Message {
  const message = createMessage()
  for (const input of node.inputs) message.text(1, input)
  for (const output of node.outputs) message.text(2, output)
  message.text(3, node.outputs[0] ?? '').text(4, node.operator)
  for (const attribute of node.attributes) message.message(5, encodeAttribute(attribute))
  return message.text(7, node.domain)
}

/** The node with other inputs and outputs, and with attributes in the place of its own of the same name. */
function changeNode(bytes: Uint8Array, node: NodeIndex, change: Additions['changes'][number]): Message {
  const message = createMessage()
  for (const input of change.inputs) message.text(1, input)
  for (const output of change.outputs) message.text(2, output)
  message.text(3, node.name).text(4, node.operator)
  const replaced = new Set(change.attributes.map(({ name }) => name))
  for (const attribute of node.attributes)
    if (!replaced.has(attribute.name)) message.bytes(5, slice(bytes, attribute.span))
  for (const attribute of change.attributes) message.message(5, encodeAttribute(attribute))
  return message.text(7, node.domain)
}

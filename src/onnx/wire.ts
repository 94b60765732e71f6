import { AppError } from '../core/errors'
import {
  smallTensor,
  type AttributeIndex,
  type ByteSpan,
  type GraphIndex,
  type ModelIndex,
  type NodeIndex,
  type TensorIndex,
  type ValueIndex,
} from './model-index'
import { float16ToFloat32 } from './float16'

/**
 * Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding) of an ONNX file, as far as
 * attention needs it: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto gives the field numbers used below.
 */

const limits = { entries: 1_000_000, list: 65_536, textBytes: 65_536 }

interface Field {
  number: number
  wire: number
  /** Content: of a varint or fixed field its bytes, of a length-delimited one what follows the length. */
  start: number
  end: number
  /** Where the tag begins, and where the tag ends. */
  tag: number
  afterTag: number
}

const damaged = (what: string) =>
  new AppError('NOT_ONNX', `The file is no readable ONNX model: ${what}. Choose another file or download it again.`)

const cut = (length: number) =>
  new AppError('TRUNCATED', `The file ends after ${length} bytes in the middle of its graph. Download it again.`)

class Reader {
  position: number
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Entries left before the file counts as hostile. */
  budget = limits.entries

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = 0
  }

  spend(): void {
    if (--this.budget < 0)
      throw new AppError(
        'TOO_BIG',
        'The graph has more than a million entries, more than any model that can run in a browser.',
      )
  }

  /** A varint as a signed 64-bit number (exact up to 2⁵³). */
  varint(end: number): number {
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index++) {
      if (this.position >= end) throw damaged('a number runs over the end of its message')
      const byte = this.bytes[this.position++]!
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= (bits & 0x0f) << 28
        high |= bits >> 4
      } else if (index < 9) high |= bits << (7 * (index - 5) + 3)
      else high |= (bits & 1) << 31
      if (byte < 0x80) return (high | 0) * 4294967296 + (low >>> 0)
    }
    throw damaged('a number is longer than ten bytes')
  }

  /** The next field of a message that ends at `end`; null where it ends. With `open`, content may run over the end. */
  field(end: number, open = false): Field | null {
    if (this.position >= end) return null
    const tag = this.position
    const key = this.varint(end)
    const number = Math.floor(key / 8)
    const wire = key & 7
    if (number <= 0) throw damaged('a field number is zero')
    const afterTag = this.position
    let start = afterTag
    let stop: number
    if (wire === 0) {
      this.varint(end)
      stop = this.position
    } else if (wire === 1) stop = start + 8
    else if (wire === 5) stop = start + 4
    else if (wire === 2) {
      const length = this.varint(end)
      if (length < 0) throw damaged('a length is negative')
      start = this.position
      stop = start + length
    } else throw damaged(`wire type ${wire} does not occur in ONNX files`)
    if (stop > end && !open) throw damaged('an entry runs over the end of its message')
    this.position = stop
    return { number, wire, start, end: stop, tag, afterTag }
  }

  *fields(span: ByteSpan): Generator<Field> {
    this.position = span.start
    for (;;) {
      const field = this.field(span.end)
      if (!field) return
      const next = this.position
      yield field
      this.position = next
    }
  }

  text(field: Field): string {
    if (field.wire !== 2) throw damaged('a name is not a text')
    if (field.end - field.start > limits.textBytes) throw damaged('a name is longer than 64 KiB')
    return decoder.decode(this.bytes.subarray(field.start, field.end))
  }

  int(field: Field): number {
    if (field.wire !== 0) throw damaged('a number has the wrong wire type')
    this.position = field.start
    return this.varint(field.end)
  }

  /** Appends the integers of a packed or single field. */
  ints(field: Field, into: number[]): void {
    this.position = field.start
    while (this.position < field.end) {
      if (into.length >= limits.list) return
      into.push(this.varint(field.end))
    }
  }

  message(field: Field): ByteSpan {
    if (field.wire !== 2) throw damaged('an entry has the wrong wire type')
    return { start: field.start, end: field.end }
  }
}

const decoder = new TextDecoder()

/** Little-endian numbers of `raw_data`, for the element types that scales and shapes have. */
function readRaw(reader: Reader, raw: ByteSpan, elementType: number, count: number): number[] | null {
  const width = { 1: 4, 6: 4, 7: 8, 10: 2, 11: 8, 9: 1, 3: 1, 2: 1 }[elementType]
  if (width === undefined || raw.end - raw.start < width * count) return null
  const { view } = reader
  return Array.from({ length: count }, (_, index) => {
    const at = raw.start + index * width
    if (elementType === 1) return view.getFloat32(at, true)
    if (elementType === 6) return view.getInt32(at, true)
    if (elementType === 7) return Number(view.getBigInt64(at, true))
    if (elementType === 10) return float16ToFloat32(view.getUint16(at, true))
    if (elementType === 11) return view.getFloat64(at, true)
    return elementType === 3 ? view.getInt8(at) : view.getUint8(at)
  })
}

function readTensor(reader: Reader, span: ByteSpan): TensorIndex {
  reader.spend()
  const tensor: TensorIndex = { name: '', dims: [], elementType: 0, span, raw: null, location: null, values: null }
  const typed: Field[] = []
  for (const field of reader.fields(span)) {
    if (field.number === 1) reader.ints(field, tensor.dims)
    else if (field.number === 2) tensor.elementType = reader.int(field)
    else if (field.number === 4 || field.number === 5 || field.number === 7 || field.number === 10) {
      // Unpacked writers give one field a number: only as many are kept as a small tensor may have.
      if (typed.length <= smallTensor) typed.push(field)
    } else if (field.number === 8) tensor.name = reader.text(field)
    else if (field.number === 9) tensor.raw = reader.message(field)
    else if (field.number === 13) readExternal(reader, reader.message(field), tensor)
  }
  const count = tensor.dims.reduce((product, dim) => product * dim, 1)
  if (count < 0 || count > smallTensor || !Number.isInteger(count)) return tensor
  if (tensor.raw) tensor.values = readRaw(reader, tensor.raw, tensor.elementType, count)
  else if (!tensor.location) tensor.values = readTyped(reader, typed, tensor.elementType, count)
  return tensor
}

function readTyped(reader: Reader, fields: Field[], elementType: number, count: number): number[] | null {
  const values: number[] = []
  for (const field of fields) {
    const width = field.number === 4 ? 4 : field.number === 10 ? 8 : 0
    if (!width) {
      if (field.end - field.start > 10 * smallTensor) return null
      reader.ints(field, values)
    } else
      for (let at = field.start; at + width <= field.end && values.length <= smallTensor; at += width)
        values.push(width === 4 ? reader.view.getFloat32(at, true) : reader.view.getFloat64(at, true))
  }
  if (values.length !== count) return null
  return elementType === 10 ? values.map((bits) => float16ToFloat32(bits & 0xffff)) : values
}

function readExternal(reader: Reader, span: ByteSpan, tensor: TensorIndex): void {
  let key = ''
  let value = ''
  for (const field of reader.fields(span))
    if (field.number === 1) key = reader.text(field)
    else if (field.number === 2) value = reader.text(field)
  if (key === 'location') tensor.location = value
}

function readAttribute(reader: Reader, span: ByteSpan): AttributeIndex {
  reader.spend()
  const attribute: AttributeIndex = {
    name: '',
    float: null,
    int: null,
    text: null,
    ints: [],
    tensor: null,
    graph: null,
    span,
  }
  for (const field of reader.fields(span)) {
    if (field.number === 1) attribute.name = reader.text(field)
    else if (field.number === 2 && field.wire === 5) attribute.float = reader.view.getFloat32(field.start, true)
    else if (field.number === 3) attribute.int = reader.int(field)
    else if (field.number === 4 && field.end - field.start <= 1024) attribute.text = reader.text(field)
    else if (field.number === 5) attribute.tensor = readTensor(reader, reader.message(field))
    else if (field.number === 6) attribute.graph = reader.message(field)
    else if (field.number === 8) reader.ints(field, attribute.ints)
  }
  return attribute
}

function readNode(reader: Reader, span: ByteSpan): NodeIndex {
  reader.spend()
  const node: NodeIndex = { name: '', operator: '', domain: '', inputs: [], outputs: [], attributes: [], span }
  for (const field of reader.fields(span)) {
    if (field.number === 1 || field.number === 2) {
      reader.spend()
      ;(field.number === 1 ? node.inputs : node.outputs).push(reader.text(field))
    } else if (field.number === 3) node.name = reader.text(field)
    else if (field.number === 4) node.operator = reader.text(field)
    else if (field.number === 5) node.attributes.push(readAttribute(reader, reader.message(field)))
    else if (field.number === 7) node.domain = reader.text(field)
  }
  if (node.domain === 'ai.onnx') node.domain = ''
  return node
}

function readDimension(reader: Reader, span: ByteSpan): number | string | null {
  let dimension: number | string | null = null
  for (const field of reader.fields(span))
    if (field.number === 1) dimension = reader.int(field)
    else if (field.number === 2) dimension = reader.text(field)
  return dimension
}

function readShape(reader: Reader, span: ByteSpan): (number | string | null)[] {
  const dims: (number | string | null)[] = []
  for (const field of reader.fields(span)) {
    if (field.number !== 1) continue
    reader.spend()
    dims.push(readDimension(reader, reader.message(field)))
  }
  return dims
}

function readValue(reader: Reader, span: ByteSpan): ValueIndex {
  reader.spend()
  const value: ValueIndex = { name: '', elementType: 0, dims: null, span }
  for (const field of reader.fields(span)) {
    if (field.number === 1) value.name = reader.text(field)
    else if (field.number === 2)
      for (const type of reader.fields(reader.message(field)))
        if (type.number === 1)
          for (const part of reader.fields(reader.message(type)))
            if (part.number === 1) value.elementType = reader.int(part)
            else if (part.number === 2) value.dims = readShape(reader, reader.message(part))
  }
  return value
}

const emptyGraph = (): GraphIndex => ({ nodes: [], initializers: [], inputs: [], outputs: [], values: [], others: [] })

/** Adds the entries of a GraphProto to `graph`; with `open`, entries that run over the end of the bytes are left out. */
function readGraphInto(reader: Reader, span: ByteSpan, graph: GraphIndex, open: boolean): void {
  reader.position = span.start
  for (;;) {
    let field: Field | null
    try {
      field = reader.field(span.end, open)
    } catch (error) {
      if (open && reader.position >= span.end) return
      throw error
    }
    if (!field || field.end > span.end) return
    const next = reader.position
    if (field.number === 1) graph.nodes.push(readNode(reader, reader.message(field)))
    else if (field.number === 5) graph.initializers.push(readTensor(reader, reader.message(field)))
    else if (field.number === 11) graph.inputs.push(readValue(reader, reader.message(field)))
    else if (field.number === 12) graph.outputs.push(readValue(reader, reader.message(field)))
    else if (field.number === 13) graph.values.push(readValue(reader, reader.message(field)))
    else {
      reader.spend()
      graph.others.push({ field: field.number, wire: field.wire, span: { start: field.tag, end: field.end } })
    }
    reader.position = next
  }
}

function readOpset(reader: Reader, span: ByteSpan): { domain: string; version: number } {
  const opset = { domain: '', version: 0 }
  for (const field of reader.fields(span))
    if (field.number === 1) opset.domain = reader.text(field)
    else if (field.number === 2) opset.version = reader.int(field)
  if (opset.domain === 'ai.onnx') opset.domain = ''
  return opset
}

/** Texts that are served or stored in place of a model, told by their first bytes. */
function refuseText(bytes: Uint8Array): void {
  if (bytes.length === 0) throw damaged('it is empty')
  const head = decoder
    .decode(bytes.subarray(0, 64))
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (head.startsWith('<')) throw damaged('it is a web page')
  if (head.startsWith('{') || head.startsWith('[')) throw damaged('it is a JSON text')
  if (head.startsWith('version https://git-lfs')) throw damaged('it is a Git LFS pointer, not the file itself')
}

/** The next field of the model; a tag that is cut off by the end of the bytes counts as a cut file. */
function topField(reader: Reader, end: number, known: boolean, partial: boolean): Field | null {
  try {
    return reader.field(end, true)
  } catch (error) {
    if (!known || reader.position < end) throw error
    if (partial) return null
    throw cut(end)
  }
}

/**
 * Reads names, attributes and places of a model's graph; nothing of its weights. Time and memory grow with the number of
 * graph entries only (at most a million).
 *
 * With `partial`, the bytes may be the head of a file: entries that are cut off are left out and `complete` is false.
 *
 * @throws AppError NOT_ONNX (a web page, JSON, another or a damaged file), TRUNCATED (the graph is longer than the
 *   bytes), TOO_BIG (more than a million entries)
 */
export function readModel(bytes: Uint8Array, options: { partial?: boolean } = {}): ModelIndex {
  refuseText(bytes)
  const reader = new Reader(bytes)
  const index: ModelIndex = {
    length: bytes.length,
    complete: true,
    opsets: [],
    graph: emptyGraph(),
    aliases: [],
    functions: 0,
    others: [],
  }
  let known = false
  let graphs = 0
  for (;;) {
    const field = topField(reader, bytes.length, known, options.partial ?? false)
    if (!field) break
    const next = reader.position
    // The first field tells a cut file from something that only happens to begin like a message.
    known ||=
      (field.number === 1 && field.wire === 0 && field.end <= bytes.length) || (field.number === 7 && field.wire === 2)
    if (field.end > bytes.length) {
      if (!known || field.number > 25) throw damaged('its first bytes are not those of a model')
      if (!options.partial) throw cut(bytes.length)
      index.complete = false
    }
    if (field.number === 7) {
      graphs++
      const { start, end } = reader.message(field)
      readGraphInto(reader, { start, end: Math.min(end, bytes.length) }, index.graph, end > bytes.length)
    } else if (field.end <= bytes.length) {
      reader.spend()
      if (field.number === 8) index.opsets.push(readOpset(reader, reader.message(field)))
      else if (field.number === 25) index.functions++
      index.others.push({ start: field.tag, end: field.end })
    }
    reader.position = next
  }
  if (graphs === 0) {
    if (known && !options.partial) throw cut(bytes.length)
    throw damaged('it holds no graph')
  }
  return index
}

/** Fields of a graph that may follow the weights: inputs, outputs, shapes, annotations. */
const tailFields = new Set([2, 10, 11, 12, 13, 14, 15, 16])

/** Where in `tail` entries begin that reach exactly to `end` and are no weights; -1: nowhere. */
function findTail(tail: Uint8Array, end: number): number {
  const reader = new Reader(tail)
  const firstInput = 11 * 8 + 2
  let tries = limits.entries
  for (
    let start = tail.indexOf(firstInput);
    start >= 0 && start < end && tries > 0;
    start = tail.indexOf(firstInput, start + 1)
  ) {
    reader.position = start
    try {
      for (let field = reader.field(end); field; field = reader.field(end))
        if (--tries < 0 || field.wire !== 2 || !tailFields.has(field.number)) throw damaged('no tail begins here')
      return start
    } catch {
      // Weights look like anything: the next place is tried.
    }
  }
  return -1
}

/**
 * Reads a model from its first and last bytes, for a look before the download. Exporters write the nodes first and the inputs
 * and outputs last, with the weights between; `complete` is false, so the result can be planned but not patched.
 *
 * @param tail the last bytes of the file, not overlapping `head`
 * @param fileLength bytes of the whole file
 * @throws AppError NOT_ONNX, TOO_BIG as `readModel`; TRUNCATED where inputs and outputs are not among the last bytes
 */
export function readModelEnds(head: Uint8Array, tail: Uint8Array, fileLength: number): ModelIndex {
  const index = readModel(head, { partial: true })
  if (index.complete) return index
  const reader = new Reader(head)
  for (let field = reader.field(head.length, true); field; field = reader.field(head.length, true)) {
    if (field.end <= head.length) continue
    const tailStart = fileLength - tail.length
    const end = field.end - tailStart
    const start = field.number === 7 && end > 0 && end <= tail.length ? findTail(tail, end) : -1
    if (start < 0) break
    readGraphInto(new Reader(tail), { start, end }, index.graph, false)
    const rest = new Reader(tail)
    for (const part of rest.fields({ start: end, end: tail.length }))
      if (part.number === 8) index.opsets.push(readOpset(rest, rest.message(part)))
      else if (part.number === 25) index.functions++
    return index
  }
  throw cut(head.length)
}

/**
 * Reads the body of a control flow operator.
 *
 * @throws AppError NOT_ONNX, TOO_BIG
 */
export function readGraph(bytes: Uint8Array, span: ByteSpan): GraphIndex {
  const graph = emptyGraph()
  readGraphInto(new Reader(bytes), span, graph, false)
  return graph
}

/** What the reader knows of a file: names and places of bytes. No weight is decoded. */

/** Bytes [start,end) of the file. */
export interface ByteSpan {
  start: number
  end: number
}

export interface TensorIndex {
  name: string
  dims: number[]
  /** ONNX element type: 1 float32, 6 int32, 7 int64, 10 float16, 11 float64, … */
  elementType: number
  /** The whole TensorProto. */
  span: ByteSpan
  /** Its `raw_data`. */
  raw: ByteSpan | null
  /** File name of external data. */
  location: string | null
  /** The numbers of a tensor of at most `smallTensor` elements, where they could be read. */
  values: number[] | null
}

export interface AttributeIndex {
  name: string
  float: number | null
  int: number | null
  text: string | null
  ints: number[]
  tensor: TensorIndex | null
  /** A GraphProto: body of a control flow operator. */
  graph: ByteSpan | null
  span: ByteSpan
}

export interface NodeIndex {
  name: string
  operator: string
  /** '' for the operators of ONNX itself. */
  domain: string
  inputs: string[]
  outputs: string[]
  attributes: AttributeIndex[]
  span: ByteSpan
}

export interface ValueIndex {
  name: string
  elementType: number
  /** null: no shape is given. Number, symbol, or null a dimension. */
  dims: (number | string | null)[] | null
  span: ByteSpan
}

export interface GraphIndex {
  nodes: NodeIndex[]
  initializers: TensorIndex[]
  inputs: ValueIndex[]
  outputs: ValueIndex[]
  values: ValueIndex[]
  /** Fields that are only copied, each with its number and the bytes after the tag (with their length prefix). */
  others: { field: number; wire: number; span: ByteSpan }[]
}

export interface ModelIndex {
  /** Bytes of the file that were at hand. */
  length: number
  /** False where only the head of a file was read. */
  complete: boolean
  opsets: { domain: string; version: number }[]
  graph: GraphIndex
  /** Outputs of the graph that are another tensor under a new name, once a branch has been hoisted. */
  aliases: { from: string; to: string }[]
  /** Operators that the file defines itself. */
  functions: number
  /** Every field of the model but the graph, tag included. */
  others: ByteSpan[]
}

/** Up to this many elements a tensor's numbers are read: scales and shapes, never weights. */
export const smallTensor = 16

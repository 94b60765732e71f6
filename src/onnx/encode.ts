/** Writes the protobuf wire format. Fields are byte chunks that are joined once, at the end. */
export interface Message {
  /** int64 as varint */
  int(field: number, value: number): Message
  text(field: number, value: string): Message
  float(field: number, value: number): Message
  ints(field: number, values: readonly number[]): Message
  bytes(field: number, value: Uint8Array): Message
  message(field: number, value: Message): Message
  /** Bytes as they are, tags included. */
  raw(value: Uint8Array): Message
  readonly size: number
  writeTo(target: Uint8Array, at: number): number
  finish(): Uint8Array
}

const encoder = new TextEncoder()

/** A varint of a signed 64-bit number. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = []
  if (value >= 0 && value <= 0x7fffffff) {
    let small = value
    for (; small > 127; small >>>= 7) bytes.push((small & 127) | 128)
    bytes.push(small)
    return Uint8Array.from(bytes)
  }
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

export function createMessage(): Message {
  const parts: (Uint8Array | Message)[] = []
  let size = 0
  const push = (part: Uint8Array | Message) => {
    parts.push(part)
    size += part instanceof Uint8Array ? part.length : part.size
  }
  const tag = (field: number, wire: number) => push(encodeVarint(field * 8 + wire))
  const message: Message = {
    int(field, value) {
      tag(field, 0)
      push(encodeVarint(value))
      return message
    },
    float(field, value) {
      tag(field, 5)
      push(new Uint8Array(Float32Array.of(value).buffer))
      return message
    },
    text: (field, value) => message.bytes(field, encoder.encode(value)),
    ints(field, values) {
      for (const value of values) message.int(field, value)
      return message
    },
    bytes(field, value) {
      tag(field, 2)
      push(encodeVarint(value.length))
      push(value)
      return message
    },
    message(field, value) {
      tag(field, 2)
      push(encodeVarint(value.size))
      push(value)
      return message
    },
    raw(value) {
      push(value)
      return message
    },
    get size() {
      return size
    },
    writeTo(target, at) {
      let position = at
      for (const part of parts)
        if (part instanceof Uint8Array) {
          target.set(part, position)
          position += part.length
        } else position = part.writeTo(target, position)
      return position
    },
    finish() {
      const target = new Uint8Array(size)
      message.writeTo(target, 0)
      return target
    },
  }
  return message
}

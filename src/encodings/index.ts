import { entropy } from './entropy'
import { frequency } from './frequency'
import { imageEncodings } from './image-encodings'
import { length } from './length'
import { mod5 } from './mod5'
import { norm } from './norm'
import { piece } from './piece'
import { pos } from './pos'
import { position } from './position'
import { received } from './received'
import { search } from './search'
import { sequence } from './sequence'
import { special } from './special'
import { type } from './type'
import type { Encoding } from './types'
import { user } from './user'

/** Every colour encoding, in the order of the menu. A new one is one file and one line here. */
export const encodings: readonly Encoding[] = [
  type,
  position,
  mod5,
  norm,
  received,
  entropy,
  special,
  piece,
  length,
  frequency,
  pos,
  sequence,
  search,
  user,
  ...imageEncodings,
]

/** The encoding of that id; query/key where it is not known. */
export const encodingOf = (id: string): Encoding => encodings.find((encoding) => encoding.id === id) ?? type

export const isEncoding = (id: string): boolean => encodings.some((encoding) => encoding.id === id)

export * from './types'

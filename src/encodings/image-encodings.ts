import { brightness } from './brightness'
import { column } from './column'
import { hue } from './hue'
import { label } from './label'
import { patch } from './patch'
import { row } from './row'
import type { Encoding } from './types'

/** Encodings that only patches have. A new one is one file and one line here. */
export const imageEncodings: readonly Encoding[] = [row, column, patch, hue, brightness, label]

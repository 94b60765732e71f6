import type { LegendLabel } from '../encodings/types'
import { t } from './strings'

/** A legend's word in the language in use. */
export const labelText = (label: LegendLabel): string => ('key' in label ? t.legend[label.key] : label.text)

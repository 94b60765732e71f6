import { speechParts } from '../core/speech-part'
import { stepEncoding } from './steps'
import type { Encoding } from './types'

const other = speechParts.indexOf('other')

/**
 * Part of speech of the word that a token is of.
 * @param parts [n] indices into `speechParts`; null: not known yet, all tokens are `other`
 */
export function posEncoding(parts: Uint8Array | null): Encoding {
  const encoding = stepEncoding({
    id: 'pos',
    scope: 'token',
    categories: speechParts.length,
    // What is no word is grey, so that words stand out.
    colors: {
      light: [
        '#0072b2',
        '#3fa0d8',
        '#d55e00',
        '#009e73',
        '#3c7a1e',
        '#b0489a',
        '#a87c00',
        '#7a5cc7',
        '#8a3b12',
        '#5d6470',
        '#a9afb8',
      ],
      dark: [
        '#4ba3e3',
        '#8fd0f5',
        '#f58442',
        '#2fc79b',
        '#94c973',
        '#df84c4',
        '#e8c33c',
        '#a995f0',
        '#cf8a5f',
        '#a3abb8',
        '#5f6671',
      ],
    },
    categoryOf: ({ table }, point) => parts?.[point < table.n ? point : point - table.n] ?? other,
    label: (_, category) => ({ key: speechParts[category] ?? 'other' }),
  })
  return { ...encoding, kind: 'text', ...(!parts && { value: () => ({ key: 'unknown' }) }) }
}

export const pos = posEncoding(null)

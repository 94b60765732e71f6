import type { ErrorEntry } from '../core/error-catalogue'
import type { FigureInfo } from '../core/figures'
import { t, type FigureWords } from './strings'

/** A sentence that follows a change of language: said anew wherever it is read. */
export type Say = () => string

/** What went wrong, in the language in use: the sentence itself, or what its code means where there are no words for it. */
export function tell({ code, message }: { code: string; message: string }): string {
  const entries: Readonly<Record<string, ErrorEntry | undefined>> = t.errors
  return t.told(message) ?? entries[code]?.meaning ?? message
}

/** The words of a head figure, in the language in use. */
export const figureWords = (info: FigureInfo): FigureWords => t.figureWords[info.id] ?? info

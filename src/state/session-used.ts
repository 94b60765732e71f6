/** Key of a session's results; `session` null: of what was computed here. */
export const sessionKey = (session: string | null, base: string): string =>
  session === null ? base : `session:${session}:${base}`

/** A session whose results stand for inputs and a model that have the key `base`. */
export interface UsedSession {
  id: string
  base: string
}

/** What was saved of it in the browser; null: nothing sound. */
export function readUsed(saved: unknown): UsedSession | null {
  if (typeof saved !== 'object' || saved === null) return null
  const { id, base } = saved as Partial<UsedSession>
  return typeof id === 'string' && typeof base === 'string' ? { id, base } : null
}

import { readSession } from '../storage/session-file'
import type { Explorer } from './explorer.svelte'
import type { Selection } from './selection.svelte'

/**
 * Shows what a session file holds; nothing changes where it can't be read.
 * @throws AppError BAD_SESSION, TOO_BIG
 */
export async function openSessionFile(
  { explorer, selection }: { explorer: Explorer; selection: Selection },
  file: Blob,
  pause: () => Promise<void>,
): Promise<void> {
  const { Session } = await import('./session')
  const session = new Session(await readSession(file, pause))
  explorer.openSession(session)
  if (session.place) selection.restart(session.place)
}

import { Drafts } from './draft'
import { indexedDbStore } from './key-value'
import { windowTimer } from './saved-work'

const randomName = (): string =>
  [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join('-')

/** Names are Web Locks that the page holds as long as it is there. Without them every tab has the name it wants. */
function createNames(locks: LockManager | null) {
  const releases: (() => void)[] = []
  const taken: string[] = []
  const hold = (name: string): Promise<boolean> => {
    if (!locks) return Promise.resolve(true)
    return new Promise((resolve) => {
      locks
        .request(name, { ifAvailable: true }, (lock) => {
          resolve(lock !== null)
          if (!lock) return undefined
          taken.push(name)
          return new Promise<void>((release) => releases.push(release))
        })
        .catch(() => resolve(true))
    })
  }
  const held = async () => ((await locks?.query())?.held ?? []).map(({ name }) => name ?? '')
  // A page that holds a lock is not kept for the way back.
  window.addEventListener('pagehide', () => releases.splice(0).forEach((release) => release()))
  window.addEventListener(
    'pageshow',
    ({ persisted }) => persisted && taken.splice(0).forEach((name) => void hold(name)),
  )
  return { hold, held }
}

/** Unshown text of this browser's tabs. */
export const browserDrafts = (): Drafts =>
  new Drafts({
    store: indexedDbStore('attention-atlas-saved'),
    tab: {
      read: (key) => sessionStorage.getItem(key),
      write: (key, text) => (text === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, text)),
    },
    ...createNames((navigator as { locks?: LockManager }).locks ?? null),
    createId: randomName,
    now: () => Date.now(),
    setTimer: windowTimer,
  })

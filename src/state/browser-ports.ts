import { cacheBudgetBytes, ContentCache } from '../storage/cache'
import { indexedDbStore } from '../storage/key-value'
import { SavedWork, saveDelayMs, windowTimer, type Journal } from '../storage/saved-work'
import type { Notice } from './api'
import type { ClockPort, ExplorerDependencies } from './dependencies'
import { TabWriter, writtenByOne, type TabMemory } from './tab-writer.svelte'

/** A turn of the event loop; the browser's own way to yield where it has one. */
function pause(): Promise<void> {
  const { scheduler } = globalThis as { scheduler?: { yield?: () => Promise<void> } }
  if (scheduler?.yield) return scheduler.yield()
  return new Promise((resolve) => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      resolve()
    }
    channel.port2.postMessage(null)
  })
}

/** Real time. Hidden pages draw no frames, so there a frame is a timer. */
export const browserClock: ClockPort = {
  now: () => Date.now(),
  pause,
  nextFrame: (action) => {
    if (document.hidden) setTimeout(action, 100)
    else requestAnimationFrame(action)
  },
  setTimer: (action, milliseconds) => setTimeout(action, milliseconds),
  clearTimer: (timer) => clearTimeout(timer as number),
}

/** Settings are small: the time that a slow disk may take is worth more than a write less. */
const settingsDelayMs = 20

/** Where browsers block it, reading or writing throws. */
const journal = (name: string): Journal => {
  const key = `attention-atlas-${name}`
  return {
    read: () => localStorage.getItem(key),
    write: (text) => localStorage.setItem(key, text),
    clear: () => localStorage.removeItem(key),
  }
}

/** Where browsers block it, a tab that is loaded anew asks like any other. */
const tabMemory: TabMemory = {
  read: () => {
    try {
      return sessionStorage.getItem('attention-atlas-writer') !== null
    } catch {
      return false
    }
  },
  write: (isWriter) => {
    try {
      if (isWriter) sessionStorage.setItem('attention-atlas-writer', '1')
      else sessionStorage.removeItem('attention-atlas-writer')
    } catch {
      return
    }
  },
}

/** Storage of this browser. `onNotice` hears of what does not work; what was typed is written when the page goes away. */
export function browserStorage(
  onNotice: (notice: Notice) => void,
): Pick<ExplorerDependencies, 'saved'> & { cache: ContentCache; writer: TabWriter } {
  const cache = new ContentCache(
    { data: indexedDbStore('attention-atlas-results'), index: indexedDbStore('attention-atlas-results-index') },
    { budgetBytes: cacheBudgetBytes, now: () => Date.now(), pause, onProblem: onNotice },
  )
  const store = indexedDbStore('attention-atlas-saved')
  const onBlocked = () =>
    onNotice({
      code: 'QUOTA',
      message:
        'The browser does not let this page store anything: images will be gone after a reload, and text and settings may be.',
    })
  const savedAs = (key: string, delayMs = saveDelayMs) =>
    new SavedWork(store, { key, delayMs, setTimer: windowTimer, onBlocked, journal: journal(key) })
  const saved = { inputs: savedAs('inputs'), settings: savedAs('settings', settingsDelayMs) }
  const writer = new TabWriter((navigator as { locks?: LockManager }).locks ?? null, tabMemory)
  const leave = () => {
    saved.inputs.leave()
    saved.settings.leave()
  }
  window.addEventListener('pagehide', () => {
    leave()
    // A page that holds a lock is not kept for the way back.
    writer.stop()
  })
  window.addEventListener('pageshow', ({ persisted }) => persisted && writer.start())
  document.addEventListener('visibilitychange', () => document.hidden && leave())
  return {
    cache,
    saved: { inputs: writtenByOne(saved.inputs, writer), settings: writtenByOne(saved.settings, writer) },
    writer,
  }
}

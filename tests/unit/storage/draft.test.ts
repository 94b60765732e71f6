import { describe, expect, it } from 'vitest'
import { Drafts } from '../../../src/storage/draft'
import { memoryStore } from '../../../src/storage/key-value'

/** A browser whose tabs share a database; `open` gives a tab, `kill` ends all of them and what belongs to them. */
function createBrowser() {
  const store = memoryStore()
  const held = new Set<string>()
  let time = 0
  let ids = 0
  const open = (tabStore = new Map<string, string>()) => {
    const own: string[] = []
    const drafts = new Drafts({
      store,
      tab: {
        read: (key) => tabStore.get(key) ?? null,
        write: (key, text) => void (text === null ? tabStore.delete(key) : tabStore.set(key, text)),
      },
      hold: async (name) => {
        if (held.has(name)) return false
        held.add(name)
        own.push(name)
        return true
      },
      held: async () => [...held],
      createId: () => `id ${ids++}`,
      now: () => ++time,
      setTimer: (action) => void setTimeout(action),
    })
    return { drafts, tabStore, close: () => own.forEach((name) => held.delete(name)) }
  }
  return { open, store, kill: () => held.clear() }
}

const settle = () => new Promise((resolve) => setTimeout(resolve))
const textsLeft = async (drafts: Drafts) => (await drafts.left()).map(({ text }) => text)

/** A tab of a browser that was killed while another one held this text. */
async function afterKill(browser: ReturnType<typeof createBrowser>, text: string) {
  browser.open().drafts.save(text)
  await settle()
  browser.kill()
  const { drafts } = browser.open()
  const [left] = await drafts.left()
  return { drafts, left: left! }
}

describe('unshown text', () => {
  it('of all tabs is there after the browser was killed, the newest first', async () => {
    const browser = createBrowser()
    browser.open().drafts.save('of the first tab')
    await settle()
    browser.open().drafts.save('of the second tab')
    await settle()
    browser.kill()
    expect(await textsLeft(browser.open().drafts)).toEqual(['of the second tab', 'of the first tab'])
  })

  it('of a tab that is open belongs to it; a reload finds it there, and nothing is left', async () => {
    const browser = createBrowser()
    const tab = browser.open()
    tab.drafts.save('mine')
    await settle()
    expect(await textsLeft(browser.open().drafts)).toEqual([])
    tab.close()
    const reloaded = browser.open(tab.tabStore)
    expect(reloaded.drafts.ofTab).toBe('mine')
    expect(await textsLeft(reloaded.drafts)).toEqual([])
  })

  it('that is newer than what a restored browser knows of its tab is offered', async () => {
    const browser = createBrowser()
    const tab = browser.open()
    tab.drafts.save('early')
    await settle()
    const remembered = new Map(tab.tabStore)
    tab.drafts.save('early and late')
    await settle()
    browser.kill()
    const { drafts } = browser.open(remembered)
    drafts.save(drafts.ofTab)
    expect(await textsLeft(drafts)).toEqual(['early and late'])
  })

  it('that could not be taken over stays where it is', async () => {
    const browser = createBrowser()
    const { drafts, left } = await afterKill(browser, 'left')
    const { set } = browser.store
    browser.store.set = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))
    await drafts.adopt(left)
    browser.store.set = set
    expect(await textsLeft(drafts)).toEqual(['left'])
  })

  it('of a duplicated tab is its own', async () => {
    const browser = createBrowser()
    const tab = browser.open()
    tab.drafts.save('one')
    await settle()
    const twin = browser.open(new Map(tab.tabStore))
    twin.drafts.save('two')
    await settle()
    browser.kill()
    expect(await textsLeft(browser.open().drafts)).toEqual(['two', 'one'])
  })

  it('that was taken over is this tab’s, and what stood there is put by', async () => {
    const browser = createBrowser()
    const { drafts, left } = await afterKill(browser, 'left')
    await drafts.putBy('written meanwhile')
    await drafts.adopt(left)
    expect(drafts.ofTab).toBe('left')
    expect(await textsLeft(drafts)).toEqual(['written meanwhile'])
    browser.kill()
    expect((await textsLeft(browser.open().drafts)).sort()).toEqual(['left', 'written meanwhile'])
  })

  it('that is shown is forgotten, and leaves no key', async () => {
    const browser = createBrowser()
    const { drafts } = browser.open()
    drafts.save('typed')
    await settle()
    expect(await browser.store.keys()).toHaveLength(1)
    drafts.save(null)
    await settle()
    expect(await browser.store.keys()).toEqual([])
    expect(drafts.ofTab).toBeNull()
  })

  it('is in the editor where nothing can be stored', async () => {
    const refuse = async () => Promise.reject(new DOMException('blocked', 'SecurityError'))
    const throwing = () => {
      throw new DOMException('blocked', 'SecurityError')
    }
    const drafts = new Drafts({
      store: { get: refuse, set: refuse, delete: refuse, keys: refuse, entries: refuse },
      tab: { read: throwing, write: throwing },
      hold: async () => true,
      held: async () => [],
      createId: () => 'id',
      now: () => 0,
      setTimer: () => undefined,
    })
    drafts.save('typed')
    expect(drafts.ofTab).toBeNull()
    expect(await drafts.left()).toEqual([])
    await drafts.forget('anything')
  })
})

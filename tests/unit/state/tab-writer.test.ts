import { describe, expect, it } from 'vitest'
import { TabWriter, writtenByOne, type Locks, type TabMemory } from '../../../src/state/tab-writer.svelte'
import { createWorld, emptyStores, settle, type Stores } from './fakes'

/** One lock, as the specification of Web Locks has it: exclusive, first come first served, to be stolen. */
function createLocks(): Locks {
  interface Holder {
    reject: (reason: unknown) => void
  }
  let holder: Holder | null = null
  const queue: (() => void)[] = []
  const next = () => {
    if (!holder) queue.shift()?.()
  }
  return {
    request: ((_: string, options: LockOptions, work: (lock: Lock | null) => Promise<unknown>) =>
      new Promise((resolve, reject) => {
        const run = () => {
          const own: Holder = { reject }
          holder = own
          work({ name: 'one', mode: 'exclusive' })
            .then((value) => resolve(value as never), reject)
            .finally(() => {
              if (holder === own) holder = null
              next()
            })
        }
        if (options.steal) {
          holder?.reject(new DOMException('stolen', 'AbortError'))
          run()
        } else if (!holder) run()
        else if (options.ifAvailable) work(null).then((value) => resolve(value as never), reject)
        else queue.push(run)
      })) as Locks['request'],
  }
}

function createMemory(): TabMemory {
  let isWriter = false
  return { read: () => isWriter, write: (now) => void (isWriter = now) }
}

/** A tab: an explorer whose saved work only the writer writes. */
function openTab(stores: Stores, locks: Locks | null, memory = createMemory()) {
  const writer = new TabWriter(locks, memory)
  const world = createWorld({ stores, wrapSaved: (saved) => writtenByOne(saved, writer) })
  writer.onTurn((how) => void world.explorer.adoptSaved(how))
  writer.start()
  world.explorer.start({})
  const wait = async () => {
    await settle()
    world.clock.advance(1000)
    await settle()
  }
  return { ...world, writer, wait, memory }
}

/** The first tab has a line and saves it; the second one follows. */
async function openTwo(line: string) {
  const [stores, locks] = [emptyStores(), createLocks()]
  const first = openTab(stores, locks)
  await first.wait()
  first.explorer.setTexts([line])
  await first.wait()
  const second = openTab(stores, locks)
  await second.wait()
  return { stores, locks, first, second }
}

const savedTexts = async ({ saved }: Stores) =>
  ((await saved.get('inputs')) as { texts: { text: string }[] } | undefined)?.texts.map(({ text }) => text)

describe('two tabs', () => {
  it('only the first one saves; the second one shows what it left when it goes', async () => {
    const { stores, first, second } = await openTwo('a line')
    expect([first.writer.isWriter, second.writer.isWriter]).toEqual([true, false])
    expect(second.explorer.texts).toEqual(['a line'])
    first.explorer.setTexts(['another line'])
    await first.wait()
    second.explorer.set({ seed: 9 })
    await second.wait()
    expect(await savedTexts(stores)).toEqual(['another line'])
    first.writer.stop()
    await second.wait()
    expect(second.writer.isWriter).toBe(true)
    expect(second.explorer.texts).toEqual(['another line'])
    second.explorer.addTexts(['and one more'])
    await second.wait()
    expect(await savedTexts(stores)).toEqual(['another line', 'and one more'])
  })

  it('one that takes over saves its own text and keeps the other; the first one follows', async () => {
    const { stores, first, second } = await openTwo('of the first tab')
    second.explorer.setTexts(['of the second tab'])
    await second.wait()
    expect(await savedTexts(stores)).toEqual(['of the first tab'])
    second.writer.takeOver()
    await second.wait()
    await first.wait()
    expect([first.writer.isWriter, second.writer.isWriter]).toEqual([false, true])
    expect(await savedTexts(stores)).toEqual(['of the second tab'])
    expect(second.explorer.keptTexts).toEqual(['of the first tab'])
    first.explorer.setTexts(['lost if it were written'])
    await first.wait()
    expect(await savedTexts(stores)).toEqual(['of the second tab'])
    // And back again.
    first.writer.takeOver()
    await first.wait()
    await second.wait()
    expect([first.writer.isWriter, second.writer.isWriter]).toEqual([true, false])
    expect(first.explorer.keptTexts).toEqual(['of the second tab'])
  })

  it('the one that saves stays it when it is loaded anew, and the other one writes nothing meanwhile', async () => {
    const { stores, locks, first, second } = await openTwo('of the first tab')
    second.explorer.setTexts(['of the second tab'])
    await second.wait()
    first.writer.stop()
    await second.wait()
    expect(second.writer.isWriter).toBe(true)
    expect(await savedTexts(stores)).toEqual(['of the first tab'])
    const reloaded = openTab(stores, locks, first.memory)
    await reloaded.wait()
    await second.wait()
    expect([reloaded.writer.isWriter, second.writer.isWriter]).toEqual([true, false])
    expect(reloaded.explorer.texts).toEqual(['of the first tab'])
    // The last one that is left saves with its next change, and keeps what it did not know of.
    reloaded.writer.stop()
    await second.wait()
    second.explorer.addTexts(['and more'])
    await second.wait()
    expect(await savedTexts(stores)).toEqual(['of the second tab', 'and more'])
    expect(second.explorer.keptTexts).toEqual(['of the first tab'])
  })

  it('without locks every tab saves', async () => {
    const stores = emptyStores()
    const tab = openTab(stores, null)
    await tab.wait()
    tab.explorer.setTexts(['a line'])
    await tab.wait()
    expect(tab.writer.isWriter).toBe(true)
    expect(await savedTexts(stores)).toEqual(['a line'])
  })

  it('where locks are refused, too', async () => {
    const stores = emptyStores()
    const tab = openTab(stores, { request: () => Promise.reject(new DOMException('no', 'SecurityError')) })
    tab.explorer.setTexts(['a line'])
    await tab.wait()
    await tab.wait()
    expect(tab.writer.isWriter).toBe(true)
    expect(await savedTexts(stores)).toEqual(['a line'])
  })
})

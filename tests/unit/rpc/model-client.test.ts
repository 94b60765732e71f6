import { expose } from 'comlink'
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { ModelInfo, Progress } from '../../../src/core/types'
import type { ModelService, ModelSpec } from '../../../src/rpc/contracts'
import { ModelClient, type Clock, type WorkerLike } from '../../../src/rpc/model-client'
import { holdLifeline, installErrorTransport, signOfLife } from '../../../src/rpc/transport'

const spec: ModelSpec = {
  id: 'builtin:x',
  revision: 'main',
  host: 'models/',
  dtype: null,
  file: null,
  backend: 'wasm',
  threads: null,
}
const info = { id: 'builtin:x' } as ModelInfo

/** A clock whose time passes only when told to. */
function manualClock(): Clock & { advance: (milliseconds: number) => void } {
  let now = 0
  const timers = new Map<number, { at: number; action: () => void }>()
  let next = 1
  return {
    setTimeout(action, milliseconds) {
      timers.set(next, { at: now + milliseconds, action })
      return next++
    },
    clearTimeout: (timer) => void timers.delete(timer as number),
    advance(milliseconds) {
      now += milliseconds
      for (const [id, { at, action }] of timers) {
        if (at > now) continue
        timers.delete(id)
        action()
      }
    },
  }
}

/** Locks as a browser has them: the next one that waits gets a lock when its holder has gone. */
function fakeLocks() {
  const held = new Map<string, (() => void)[]>()
  const request = (name: string, action: () => unknown) => {
    const waiting = held.get(name)
    if (waiting) waiting.push(action)
    else {
      held.set(name, [])
      action()
    }
    return Promise.resolve()
  }
  return {
    locks: { request } as unknown as LockManager,
    /** The holder of every lock goes. */
    letGo: () => {
      for (const waiting of held.values()) for (const action of waiting.splice(0)) action()
    },
  }
}

interface FakeWorker extends WorkerLike {
  beat: () => void
  /** What the worker does when it starts. */
  holdLifeline: (locks: LockManager) => void
  crash: (message: string) => void
  ended: boolean
}

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

/** A service behind a message port, with what a Worker has besides. */
function fakeWorker(service: Partial<ModelService>): FakeWorker {
  installErrorTransport()
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  expose(service, port2)
  const events = new EventTarget()
  port1.addEventListener('message', ({ data }) => events.dispatchEvent(new MessageEvent('message', { data })))
  port1.start()
  return {
    ended: false,
    postMessage: (message: unknown, transfer?: unknown) =>
      port1.postMessage(message, (transfer ?? []) as Transferable[]),
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    terminate() {
      this.ended = true
      port1.close()
    },
    beat: () => port2.postMessage(signOfLife),
    holdLifeline: (locks) =>
      holdLifeline({ navigator: { locks }, postMessage: (message) => port2.postMessage(message) }),
    crash: (message) => events.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message })),
  }
}

/** A client, and the workers that it asked for. Each gets the next service of the list, then the last one again. */
function setUp(...services: Partial<ModelService>[]) {
  const clock = manualClock()
  const workers: FakeWorker[] = []
  const { locks, letGo } = fakeLocks()
  const client = new ModelClient({
    clock,
    locks,
    silenceMs: 10_000,
    createWorker() {
      const worker = fakeWorker(services[Math.min(workers.length, services.length - 1)]!)
      workers.push(worker)
      worker.holdLifeline(locks)
      return worker
    },
  })
  return { client, clock, workers, letGo }
}

const never = () => new Promise<never>(() => undefined)
const ignore = () => undefined

/** Resolves once everything that is under way between two ports has arrived. */
async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}

describe('errors', () => {
  test('keep code, message and details over the boundary', async () => {
    const { client } = setUp({
      open: () => Promise.reject(new AppError('NO_ONNX_FILE', 'There is no file.', { details: 'a list' })),
    })
    const error: unknown = await client.open(spec, ignore, ignore).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'NO_ONNX_FILE', message: 'There is no file.', details: 'a list' })
  })

  test('that are faults of the worker are told as such', async () => {
    const { client } = setUp({ open: () => Promise.reject(new TypeError('x is undefined')) })
    await expect(client.open(spec, ignore, ignore)).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      message: expect.stringContaining('x is undefined') as string,
    })
  })
})

test('progress and requests reach the page', async () => {
  const { client } = setUp({
    open(_, onProgress, onRequest) {
      onProgress({ stage: 'download', done: 1, total: 2, unit: 'bytes' })
      onRequest({ url: 'models/x', bytes: 2, at: 3, why: 'weights' })
      return Promise.resolve(info)
    },
  })
  const seen: unknown[] = []
  const note = (value: unknown) => void seen.push(value)
  expect(await client.open(spec, note as (progress: Progress) => void, note)).toEqual(info)
  await settle()
  expect(seen).toEqual([
    { stage: 'download', done: 1, total: 2, unit: 'bytes' },
    { url: 'models/x', bytes: 2, at: 3, why: 'weights' },
  ])
})

test('never has two calls in flight', async () => {
  let running = 0
  let most = 0
  const { client } = setUp({
    async prepareTexts() {
      running += 1
      most = Math.max(most, running)
      await settle()
      running -= 1
      return []
    },
  })
  await Promise.all([client.prepareTexts(['a']), client.prepareTexts(['b']), client.prepareTexts(['c'])])
  expect(most).toBe(1)
})

describe('the watchdog', () => {
  test('ends a silent worker, and the next call gets a new one with the model open', async () => {
    const opened: string[] = []
    const open = (which: string) => () => {
      opened.push(which)
      return Promise.resolve(info)
    }
    const { client, clock, workers } = setUp(
      { open: open('first'), run: never },
      { open: open('second'), run: () => Promise.resolve([]) },
    )
    await client.open(spec, ignore, ignore)
    const running = client.run([])
    await settle()
    clock.advance(10_000)
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(workers[0]!.ended).toBe(true)
    expect(await client.run([])).toEqual([])
    expect(opened).toEqual(['first', 'second'])
  })

  test('waits as long as there are signs of life', async () => {
    const { client, clock, workers } = setUp({ run: never })
    const running = client.run([])
    let ended = false
    running.catch(() => {
      ended = true
    })
    await settle()
    for (let round = 0; round < 5; round++) {
      clock.advance(9_000)
      workers[0]!.beat()
      await settle()
    }
    expect(ended).toBe(false)
    clock.advance(10_000)
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('sleeps between calls', async () => {
    const { client, clock, workers } = setUp({ prepareTexts: () => Promise.resolve([]) })
    await client.prepareTexts([])
    clock.advance(1_000_000)
    await client.prepareTexts([])
    expect(workers).toHaveLength(1)
  })
})

test('a crash of the worker rejects the call, and the next call works', async () => {
  const { client, workers } = setUp({ prepareTexts: never }, { prepareTexts: () => Promise.resolve([]) })
  const preparing = client.prepareTexts(['a'])
  await settle()
  workers[0]!.crash('out of memory')
  await expect(preparing).rejects.toMatchObject({
    code: 'WORKER_CRASHED',
    message: expect.stringContaining('out of memory') as string,
  })
  expect(workers[0]!.ended).toBe(true)
  expect(await client.prepareTexts(['a'])).toEqual([])
})

describe('a worker that dies without a word', () => {
  test('is seen at once in the middle of a run, and replaced with the model open', async () => {
    let opened = 0
    const open = () => Promise.resolve({ ...info, bytes: ++opened })
    const { client, workers, letGo } = setUp({ open, run: never }, { open, run: () => Promise.resolve([]) })
    await client.open(spec, ignore, ignore)
    const running = client.run([])
    await settle()
    letGo()
    await expect(running).rejects.toMatchObject({ code: 'WORKER_CRASHED' })
    expect(await client.run([])).toEqual([])
    expect(workers.map(({ ended }) => ended)).toEqual([true, false])
    expect(opened).toBe(2)
  })

  test('between calls: the next call gets a new worker, with the model open', async () => {
    let opened = 0
    const open = () => Promise.resolve({ ...info, bytes: ++opened })
    const { client, workers, letGo } = setUp({ open, run: never }, { open, run: () => Promise.resolve([]) })
    await client.open(spec, ignore, ignore)
    await settle()
    letGo()
    expect(await client.run([])).toEqual([])
    expect(workers).toHaveLength(2)
    expect(opened).toBe(2)
  })
})

describe('opening a model while the earlier one runs', () => {
  const open = () => Promise.resolve({ ...info, bytes: 1 })

  test('ends a run that takes long, and what waits behind it', async () => {
    const { client, clock, workers } = setUp({ open, run: never }, { open })
    await client.open(spec, ignore, ignore)
    const running = client.run([])
    const waiting = client.prepareTexts(['a'])
    await settle()
    const opening = client.open({ ...spec, id: 'builtin:y' }, ignore, ignore)
    clock.advance(3000)
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(opening).resolves.toMatchObject({ bytes: 1 })
    expect(workers.map(({ ended }) => ended)).toEqual([true, false])
  })

  test('waits for a run that ends soon, and keeps the worker', async () => {
    let end: (vectors: never[]) => void = ignore
    const run = () => new Promise<never[]>((resolve) => (end = resolve))
    const { client, clock, workers } = setUp({ open, run })
    await client.open(spec, ignore, ignore)
    const running = client.run([])
    await settle()
    const opening = client.open(spec, ignore, ignore)
    clock.advance(1000)
    end([])
    expect(await running).toEqual([])
    await opening
    clock.advance(60_000)
    expect(workers.map(({ ended }) => ended)).toEqual([false])
  })
})

test('cancel ends what runs and what waits', async () => {
  const { client, workers } = setUp({ prepareTexts: never }, { prepareTexts: () => Promise.resolve([]) })
  const running = client.prepareTexts(['a'])
  const waiting = client.prepareTexts(['b'])
  await settle()
  client.cancel()
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(workers[0]!.ended).toBe(true)
  expect(await client.prepareTexts(['c'])).toEqual([])
})

test('dispose lets a later call start afresh, without a model', async () => {
  const opened: number[] = []
  const { client, workers } = setUp({
    open: () => Promise.resolve(info),
    prepareTexts: () => Promise.resolve([]),
  })
  await client.open({ ...spec }, () => opened.push(1), ignore)
  client.dispose()
  expect(workers[0]!.ended).toBe(true)
  await client.prepareTexts([])
  expect(workers).toHaveLength(2)
})

describe('opening another model', () => {
  const opens = (bytes: number) => ({ open: () => Promise.resolve({ ...info, bytes }) })

  test('keeps the worker after a small one', async () => {
    const { client, workers } = setUp(opens(30_000_000))
    await client.open(spec, ignore, ignore)
    await client.open(spec, ignore, ignore)
    expect(workers).toHaveLength(1)
  })

  test('takes a fresh worker after a big one, or for another number of threads', async () => {
    const { client, workers } = setUp(opens(400_000_000), opens(1), opens(1))
    await client.open(spec, ignore, ignore)
    await client.open(spec, ignore, ignore)
    expect(workers.map(({ ended }) => ended)).toEqual([true, false])
    await client.open({ ...spec, threads: 2 }, ignore, ignore)
    expect(workers.map(({ ended }) => ended)).toEqual([true, true, false])
  })
})

test('a worker that lost its GPU or ran out of memory is replaced, with the model open again', async () => {
  const opened: number[] = []
  const open = () => Promise.resolve({ ...info, bytes: opened.push(1) })
  const { client, workers } = setUp(
    { open, run: () => Promise.reject(new AppError('DEVICE_LOST', 'The GPU went away.')) },
    { open, run: () => Promise.resolve([]) },
  )
  await client.open(spec, ignore, ignore)
  await expect(client.run([])).rejects.toMatchObject({ code: 'DEVICE_LOST' })
  expect(await client.run([])).toEqual([])
  expect(workers.map(({ ended }) => ended)).toEqual([true, false])
  expect(opened).toHaveLength(2)
})

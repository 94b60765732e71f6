import { expose } from 'comlink'
import { afterEach, describe, expect, test } from 'vitest'
import { ClusterPicture, ClusterShelf, type ClusterRequest } from '../../../src/core/clustering'
import { hashUniform } from '../../../src/core/random'
import { ClusteringClient } from '../../../src/rpc/clustering-client'
import type { ClusteringService } from '../../../src/rpc/contracts'
import type { WorkerLike } from '../../../src/rpc/model-client'

const n = 60
const rows = Int32Array.of(3, 4, 5, 20, 33)
const mask = Uint8Array.from({ length: n }, (_, row) => (rows.includes(row) ? 1 : 0))
const pointsOf = (head: number): Float32Array => Float32Array.from({ length: 4 * n }, (_, at) => hashUniform(head, at))
const headsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ index, points: pointsOf(index), dims: 2 as const }))

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

/** A service behind a message port, with what a Worker has besides. */
function fakeWorker(service: ClusteringService) {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  expose(service, port2 as never)
  port1.start()
  const events = new EventTarget()
  const worker: WorkerLike = {
    postMessage: (message: unknown, transfer?: unknown) => port1.postMessage(message, transfer as Transferable[]),
    addEventListener: (type: string, listener: never) =>
      type === 'message' ? port1.addEventListener(type, listener) : events.addEventListener(type, listener),
    removeEventListener: (type: string, listener: never) =>
      type === 'message' ? port1.removeEventListener(type, listener) : events.removeEventListener(type, listener),
    terminate: () => port1.close(),
  }
  return { worker, crash: () => events.dispatchEvent(new Event('error', { cancelable: true })) }
}

/** Answers as the worker does, and keeps what it was asked. */
function recorder() {
  const shelf = new ClusterShelf()
  const requests: ClusterRequest[] = []
  const service: ClusteringService = {
    score: (request) => {
      requests.push(request)
      return Promise.resolve(shelf.score(request))
    },
  }
  return { service, requests, sent: () => requests.at(-1)!.heads.map(({ points }) => points !== null) }
}

describe('the clustering client', () => {
  test('gives what the page itself would compute', async () => {
    const client = new ClusteringClient({ createWorker: () => fakeWorker(recorder().service).worker })
    const heads = headsOf(5)
    const here = heads.map(({ points, dims }) => new ClusterPicture(points, dims).score(rows, mask))
    expect(await client.score(heads, rows, mask)).toEqual(here)
  })

  test('sends a picture once, and again when it is another', async () => {
    const { service, sent } = recorder()
    const client = new ClusteringClient({ createWorker: () => fakeWorker(service).worker })
    const heads = headsOf(3)
    await client.score(heads, rows, mask)
    expect(sent()).toEqual([true, true, true])
    const others = heads.map((head) => (head.index === 1 ? { ...head, points: pointsOf(9) } : head))
    const scores = await client.score(others, rows, mask)
    expect(sent()).toEqual([false, true, false])
    expect(scores[1]).toEqual(new ClusterPicture(pointsOf(9), 2).score(rows, mask))
  })

  test('keeps no more in the worker than it may', async () => {
    const { service, sent } = recorder()
    const { worker } = fakeWorker(service)
    const client = new ClusteringClient({ createWorker: () => worker, keptBytes: 2 * pointsOf(0).byteLength })
    const heads = headsOf(3)
    const first = await client.score(heads, rows, mask)
    expect(await client.score(heads, rows, mask)).toEqual(first)
    expect(sent()).toEqual([false, false, true])
  })

  test('asks a new worker when one crashes, and gives up on the second', async () => {
    const { service } = recorder()
    const dead = () => {
      const { worker, crash } = fakeWorker({ score: () => new Promise(() => queueMicrotask(crash)) })
      return worker
    }
    const workers = [dead(), fakeWorker(service).worker]
    const client = new ClusteringClient({ createWorker: () => workers.shift()! })
    expect(await client.score(headsOf(2), rows, mask)).toHaveLength(2)
    const hopeless = new ClusteringClient({ createWorker: dead })
    await expect(hopeless.score(headsOf(2), rows, mask)).rejects.toMatchObject({ code: 'WORKER_CRASHED' })
  })

  test('ends a worker that does not answer', async () => {
    const timers: (() => void)[] = []
    const clock = { setTimeout: (action: () => void) => timers.push(action), clearTimeout: () => undefined }
    const client = new ClusteringClient({
      clock,
      createWorker: () => fakeWorker({ score: () => new Promise(() => undefined) }).worker,
    })
    const answer = expect(client.score(headsOf(1), rows, mask)).rejects.toMatchObject({ code: 'WORKER_CRASHED' })
    timers[0]!()
    await expect.poll(() => timers.length).toBe(2)
    timers[1]!()
    await answer
  })
})

import { expect, test } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { HeadRef } from '../../../src/core/types'
import type { ProjectionAnswer, ProjectionJob, ProjectionService } from '../../../src/rpc/contracts'
import type { WorkerLike } from '../../../src/rpc/model-client'
import { poolSize, ProjectionPool, type ProjectionTask } from '../../../src/rpc/projection-pool'

/** A worker whose calls end when the test says so. */
class FakeWorker extends EventTarget {
  terminated = false
  cancelled = 0
  jobs: ProjectionJob[] = []
  resolve: (answer: ProjectionAnswer) => void = () => undefined
  reject: (error: unknown) => void = () => undefined
  report: (done: number, total: number) => void = () => undefined
  postMessage(): void {}
  terminate(): void {
    this.terminated = true
  }
  readonly service: ProjectionService = {
    project: (job, onProgress) => {
      this.jobs.push(job)
      this.report = onProgress ?? (() => undefined)
      return new Promise((resolve, reject) => {
        this.resolve = resolve
        this.reject = reject
      })
    },
    cancel: async () => {
      this.cancelled++
    },
  }
}

/** Timers that run when the test says so. */
class FakeClock {
  timers = new Map<number, { action: () => void; milliseconds: number }>()
  #next = 1
  setTimeout(action: () => void, milliseconds: number): number {
    this.timers.set(this.#next, { action, milliseconds })
    return this.#next++
  }
  clearTimeout(timer: unknown): void {
    this.timers.delete(timer as number)
  }
  /** Runs those that wait for so long. */
  run(milliseconds: number): void {
    const due = [...this.timers].filter(([, timer]) => timer.milliseconds === milliseconds)
    for (const [id] of due) this.timers.delete(id)
    for (const [, { action }] of due) action()
  }
  count(milliseconds: number): number {
    return [...this.timers.values()].filter((timer) => timer.milliseconds === milliseconds).length
  }
}

const settle = async () => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

const answer = (c: number): ProjectionAnswer => ({
  points: new Float32Array(),
  c,
  shift: new Float32Array(),
  figures: null,
})

function setUp(size = 2) {
  const workers: FakeWorker[] = []
  const clock = new FakeClock()
  const pool = new ProjectionPool({
    size,
    clock,
    silenceMs: 8000,
    createWorker: () => {
      const worker = new FakeWorker()
      workers.push(worker)
      return worker as unknown as WorkerLike
    },
    connect: (worker) => (worker as unknown as FakeWorker).service,
  })
  const log: string[] = []
  const task = (head: number, more: Partial<ProjectionTask> = {}): ProjectionTask => ({
    head: { layer: 0, head },
    createJob: () => ({ headIndex: head }) as ProjectionJob,
    onDone: ({ c }) => log.push(`${head} done ${c}`),
    onFailed: ({ code }) => log.push(`${head} ${code}`),
    ...more,
  })
  const alive = () => workers.filter((worker) => !worker.terminated)
  const running = () => alive().map((worker) => worker.jobs.at(-1)?.headIndex)
  return { pool, workers, clock, log, task, running, alive }
}

test('as many workers as cores, 2 to 8', () => {
  expect([undefined, 1, 2, 6, 64].map(poolSize)).toEqual([2, 2, 2, 6, 8])
})

test('the priority is asked anew at each pick', async () => {
  const { pool, workers, log, task, running } = setUp()
  let visible = 3
  pool.setPriority(({ head }: HeadRef) => (head === visible ? 0 : 1))
  for (let head = 0; head < 5; head++) pool.add(task(head))
  await settle()
  expect(running()).toEqual([3, 0])
  visible = 4
  workers[0]!.resolve(answer(7))
  await settle()
  expect(running()).toEqual([4, 0])
  workers[1]!.resolve(answer(8))
  await settle()
  expect(running()).toEqual([4, 1])
  expect(log).toEqual(['3 done 7', '0 done 8'])
  expect(pool.progress).toEqual({ done: 2, total: 5 })
})

test('progress reaches the task while it runs', async () => {
  const { pool, workers, task } = setUp()
  const seen: number[] = []
  const handle = pool.add(task(0, { onProgress: (done, total) => seen.push(done / total) }))
  await settle()
  workers[0]!.report(1, 4)
  handle.cancel()
  workers[0]!.report(2, 4)
  expect(seen).toEqual([0.25])
})

test('cancelling tells at once, and keeps a worker that stops in time', async () => {
  const { pool, workers, clock, log, task, running } = setUp()
  const handles = [0, 1, 2, 3].map((head) => pool.add(task(head)))
  await settle()
  pool.cancel(({ head }) => head === 0 || head === 2)
  expect([...log].sort()).toEqual(['0 CANCELLED', '2 CANCELLED'])
  expect(handles.map(({ state }) => state)).toEqual(['cancelled', 'running', 'cancelled', 'waiting'])
  expect(workers[0]!.cancelled).toBe(1)
  workers[0]!.reject(new AppError('CANCELLED', ''))
  await settle()
  expect(clock.count(100)).toBe(0)
  expect(running()).toEqual([3, 1])
  expect(workers[0]!.terminated).toBe(false)
  expect(log).toHaveLength(2)
})

test('a worker that does not stop within 100 ms is ended and replaced', async () => {
  const { pool, workers, clock, log, task, running } = setUp()
  for (let head = 0; head < 3; head++) pool.add(task(head))
  await settle()
  pool.cancel(({ head }) => head === 0)
  expect(clock.count(100)).toBe(1)
  clock.run(100)
  await settle()
  expect(workers[0]!.terminated).toBe(true)
  expect(running()).toEqual([1, 2])
  workers[0]!.resolve(answer(9)) // too late
  await settle()
  expect(log).toEqual(['0 CANCELLED'])
})

test('a head whose worker crashed is done again once, then fails', async () => {
  const { pool, workers, log, task, running } = setUp(1)
  pool.add(task(0))
  pool.add(task(1))
  await settle()
  workers[0]!.dispatchEvent(new Event('error'))
  await settle()
  expect(workers[0]!.terminated).toBe(true)
  expect(running()).toEqual([0])
  workers[1]!.dispatchEvent(new Event('error'))
  await settle()
  expect(log).toEqual(['0 WORKER_CRASHED'])
  expect(running()).toEqual([1])
  workers[2]!.resolve(answer(1))
  await settle()
  expect(log).toEqual(['0 WORKER_CRASHED', '1 done 1'])
  expect(pool.progress).toEqual({ done: 2, total: 2 })
})

test('a worker that falls silent is replaced and its head done again; one that shows it is alive is left alone', async () => {
  const { pool, workers, clock, log, task, running } = setUp(2)
  pool.add(task(0, { onProgress: () => undefined }))
  pool.add(task(1))
  await settle()
  const look = () => clock.run(4000)
  for (let round = 0; round < 5; round++) {
    workers[0]!.report(round, 100)
    workers[1]!.dispatchEvent(new Event('message'))
    look()
  }
  expect(running()).toEqual([0, 1])

  // The first look may come late, with messages still waiting: only the second one in a row counts.
  look()
  workers[1]!.dispatchEvent(new Event('message'))
  expect(running()).toEqual([0, 1])
  look()
  await settle()
  expect(workers.map(({ terminated }) => terminated)).toEqual([true, false, false])
  expect(workers[2]!.jobs.map(({ headIndex }) => headIndex)).toEqual([0])
  workers[2]!.resolve(answer(5))
  await settle()
  expect(log).toEqual(['0 done 5'])
  workers[1]!.resolve(answer(6))
  await settle()
  expect(clock.timers.size).toBe(0)
})

test('a head at which two workers fall silent fails in words', async () => {
  const { pool, clock, task } = setUp(1)
  const problems: string[] = []
  pool.add(task(0, { onFailed: ({ code, message }) => problems.push(`${code} ${message}`) }))
  await settle()
  for (let round = 0; round < 4; round++) {
    clock.run(4000)
    await settle()
  }
  expect(problems).toEqual([expect.stringMatching(/^WORKER_CRASHED .*no sign of life for 8 seconds/)])
  expect(clock.timers.size).toBe(0)
})

test('an error of the projection keeps the worker', async () => {
  const { pool, workers, log, task, running } = setUp(1)
  pool.add(task(0))
  pool.add(task(1))
  await settle()
  workers[0]!.reject(new AppError('VERIFY_FAILED', 'NaN'))
  await settle()
  expect(log).toEqual(['0 VERIFY_FAILED'])
  expect(running()).toEqual([1])
  expect(workers).toHaveLength(1)
})

test('a job that cannot be made, or a worker that cannot start, fails its head only', async () => {
  const { pool, log, task, running } = setUp(1)
  pool.add(
    task(0, {
      createJob: () => {
        throw new AppError('BAD_ARGUMENT', '')
      },
    }),
  )
  pool.add(task(1))
  await settle()
  expect(log).toEqual(['0 BAD_ARGUMENT'])
  expect(running()).toEqual([1])

  const failed: string[] = []
  const broken = new ProjectionPool({
    size: 2,
    createWorker: () => {
      throw new Error('no workers here')
    },
  })
  broken.add(task(0, { onFailed: ({ code }) => failed.push(code) }))
  await settle()
  expect(failed).toEqual(['WORKER_CRASHED'])
})

test('memory of a head that is done serves the next, and none is held when nothing waits', async () => {
  const { pool, workers, task } = setUp(1)
  const taken: ArrayBufferLike[] = []
  const taking = (head: number) =>
    task(head, {
      createJob: (take) => {
        taken.push(take(3).buffer)
        return { headIndex: head } as ProjectionJob
      },
    })
  for (let head = 0; head < 3; head++) pool.add(taking(head))
  await settle()
  const spent = [new ArrayBuffer(12), new ArrayBuffer(8)]
  workers[0]!.resolve({ ...answer(1), spent })
  await settle()
  expect(taken[1]).toBe(spent[0])
  workers[0]!.resolve({ ...answer(1), spent: [spent[0]!] })
  await settle()
  expect(taken[2]).toBe(spent[0])
  workers[0]!.resolve({ ...answer(1), spent: [spent[0]!] })
  await settle()
  pool.add(taking(3))
  await settle()
  expect(taken[3]).not.toBe(spent[0])

  // What comes back from a head that was cancelled is not kept either.
  pool.cancel()
  workers[0]!.resolve({ ...answer(1), spent: [taken[3] as ArrayBuffer] })
  await settle()
  pool.add(taking(4))
  await settle()
  expect(taken[4]).not.toBe(taken[3])
})

test('a limit leaves workers free, and lifting it goes on', async () => {
  const { pool, task, running } = setUp(3)
  pool.setLimit(1)
  for (let head = 0; head < 3; head++) pool.add(task(head))
  await settle()
  expect(running()).toEqual([0])
  pool.setLimit(3)
  expect(running()).toEqual([0, 1, 2])
})

test('counts start afresh after a pause; cancelled heads are not counted', async () => {
  const { pool, workers, task } = setUp(1)
  pool.add(task(0))
  await settle()
  workers[0]!.resolve(answer(1))
  await settle()
  pool.add(task(1))
  pool.add(task(2)).cancel()
  expect(pool.progress).toEqual({ done: 0, total: 1 })
})

test('dispose ends all workers and all jobs', async () => {
  const { pool, log, task, alive } = setUp()
  for (let head = 0; head < 3; head++) pool.add(task(head))
  await settle()
  pool.dispose()
  expect(log.sort()).toEqual(['0 CANCELLED', '1 CANCELLED', '2 CANCELLED'])
  expect(alive()).toEqual([])
  pool.add(task(3))
  await settle()
  expect(log.at(-1)).toBe('3 CANCELLED')
  expect(alive()).toEqual([])
})

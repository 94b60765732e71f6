/** Runs tasks one after the other: two calls of the runtime at once can block a worker for ever. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve()

  /** The task's own result; a failed task does not stop those behind it. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(task)
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FaultRange } from './fault-plans'
import { assetOf, sendScript } from './worker-prefix'

/** Operations of the model worker that can be made to fail. */
export const workerKinds = ['cache', 'fetch', 'create', 'run', 'allocate', 'decode'] as const
export type WorkerKind = (typeof workerKinds)[number]

export interface FaultPlan extends FaultRange {
  kind: WorkerKind
}

/**
 * Stands before the worker's own script. A worker that is started anew must not fail the same call again, so the server counts:
 * each guarded call asks it, without giving way, whether it is the one to fail.
 */
const guardScript = (kind: WorkerKind) => `{
  const isHit = () => {
    const request = new XMLHttpRequest()
    request.open('GET', new URL('../fault/' + Math.random(), self.location.href), false)
    request.send()
    return request.responseText === 'fail'
  }
  const guard = (owner, method, fail) => {
    const original = owner[method]
    owner[method] = function (...given) { return isHit() ? fail() : original.apply(this, given) }
  }
  const refuse = () => Promise.reject(new DOMException('made to fail', 'QuotaExceededError'))
  const kind = ${JSON.stringify(kind)}
  if (kind === 'cache') {
    guard(CacheStorage.prototype, 'open', refuse)
    for (const method of ['match', 'put', 'delete', 'keys']) guard(Cache.prototype, method, refuse)
  }
  if (kind === 'fetch') guard(self, 'fetch', () => Promise.reject(new TypeError('made to fail')))
  if (kind === 'decode') guard(self, 'createImageBitmap', refuse)
  const names = { create: '_OrtCreateSession', run: '_OrtRun', allocate: '_malloc' }
  self.guardRuntime = (name, call) => name !== names[kind] ? call : (...given) => {
    if (!isHit()) return call(...given)
    if (kind === 'allocate') return 0
    throw new WebAssembly.RuntimeError('made to fail')
  }
}
`

/** Makes calls of a served app's model worker fail; `calls` counts those of the planned kind. */
export class WorkerFaults {
  calls = 0
  failed = 0
  /** Nothing fails any more. */
  isLifted = false
  readonly #plan: FaultPlan

  #holdAt = 0
  #onHeld: () => void = () => undefined

  constructor(plan: FaultPlan) {
    this.#plan = plan
  }

  /** The n-th call gets no answer, so its worker stands still in the middle of it; resolves when it does. */
  hold(n: number): Promise<void> {
    this.#holdAt = n
    return new Promise((resolve) => (this.#onHeld = resolve))
  }

  /** For `AppServer.setFault`. */
  answer = (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = request.url ?? ''
    if (/\/fault\/[\d.]+$/.test(url)) {
      const call = ++this.calls
      const isHit = !this.isLifted && call >= this.#plan.from && call <= this.#plan.to
      if (isHit) this.failed++
      if (call === this.#holdAt) {
        this.#onHeld()
        return true
      }
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
      response.end(isHit ? 'fail' : 'pass')
      return true
    }
    const name = assetOf(url)
    if (!name || !/^(model\.worker|ort-wasm-simd-threaded-)/.test(name)) return false
    sendScript(response, name, (source) =>
      name.startsWith('model') ? guardScript(this.#plan.kind) + source : guardExports(source),
    )
    return true
  }
}

/** The runtime's glue, with the functions that can fail handed through \`guardRuntime\`; its own threads have none. */
const guardExports = (glue: string): string =>
  glue.replace(
    /(\w\._OrtCreateSession|\w\._OrtRun|\w\._malloc)=(\w+\.\w+)/g,
    (_, place: string, call: string) =>
      `${place}=(self.guardRuntime??((name,call)=>call))(${JSON.stringify(place.slice(2))},${call})`,
  )

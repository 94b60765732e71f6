import type { GateNews, GateQuestion, PageOrder } from '../network/messages'
import type { RequestRecord } from '../rpc/contracts'

/** The part of `navigator.serviceWorker` that is used. */
export interface WorkerContainer extends EventTarget {
  readonly controller: { postMessage(message: PageOrder): void } | null
  register(address: string): Promise<ServiceWorkerRegistration>
}

/**
 * Which hosts requests may go to now. The service worker asks here before it lets a request to another site out; between
 * downloads nothing may leave.
 */
export class NetworkLock {
  #open = $state.raw<readonly string[]>([])
  #isGuarded = $state(false)
  #records = $state.raw<readonly RequestRecord[]>([])
  #update = $state.raw<ServiceWorker | null>(null)
  readonly #container: WorkerContainer | null
  readonly #ownHost: string
  /** Addresses that the service worker was told of. */
  #kept: readonly string[] = []

  /** @param container null: this browser or this address has no service workers */
  constructor(container: WorkerContainer | null, ownHost: string) {
    this.#container = container
    this.#ownHost = ownHost
    this.#isGuarded = (container?.controller ?? null) !== null
    container?.addEventListener('controllerchange', () => (this.#isGuarded = container.controller !== null))
    container?.addEventListener('message', (event) => this.#hear(event as MessageEvent<GateQuestion | GateNews>))
  }

  /** Hosts that a download runs from now. */
  get openHosts(): readonly string[] {
    return this.#open.filter((host, index) => this.#open.indexOf(host) === index)
  }
  /** Whether a service worker stands between this page and the network. */
  get isGuarded(): boolean {
    return this.#isGuarded
  }
  /** Requests that were not let out, and hosts that downloads were led on to. */
  get records(): readonly RequestRecord[] {
    return this.#records
  }
  /** Whether a newer version of the app waits for this one to close. */
  get hasUpdate(): boolean {
    return this.#update !== null
  }

  /** Lets requests to the host of an address out until the returned function is called. The own host needs no key. */
  openFor(address: string): () => void {
    const host = hostOf(address)
    if (host === this.#ownHost) return () => undefined
    this.#open = [...this.#open, host]
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      const at = this.#open.indexOf(host)
      this.#open = this.#open.filter((_, index) => index !== at)
    }
  }

  /** Opens for as long as a task takes. */
  async during<T>(address: string, task: () => Promise<T>): Promise<T> {
    const close = this.openFor(address)
    try {
      return await task()
    } finally {
      close()
    }
  }

  /** Starts the service worker at an address. Without one the app works, unguarded and only with a network. */
  async guard(address: string): Promise<void> {
    const registration = await this.#container?.register(address).catch(() => null)
    if (!registration) return
    const look = (worker: ServiceWorker | null) => {
      if (!worker || !this.#container?.controller) return
      const isWaiting = () => worker.state === 'installed'
      if (isWaiting()) this.#update = worker
      worker.addEventListener('statechange', () => (this.#update = isWaiting() ? worker : null))
    }
    look(registration.waiting)
    registration.addEventListener('updatefound', () => look(registration.installing))
  }

  /** Lets the newer version take over; the page has to be loaded anew by its user after that. */
  takeUpdate(): void {
    this.#update?.postMessage({ type: 'take-over' } satisfies PageOrder)
  }

  /** Has files of the app kept for use without a network. */
  keep(urls: readonly string[]): void {
    const { controller } = this.#container ?? {}
    const fresh = urls.filter((url) => !this.#kept.includes(url))
    if (!controller || fresh.length === 0) return
    controller.postMessage({ type: 'keep', urls: fresh })
    this.#kept = [...this.#kept, ...fresh]
  }

  #hear({ data, ports }: MessageEvent<GateQuestion | GateNews>): void {
    if (data.type === 'may-leave') return ports[0]?.postMessage(this.#open.includes(data.host))
    const { type, url, to, at } = data
    const record =
      type === 'blocked' ? { url, bytes: 0, at, why: 'blocked' } : { url: to ?? url, bytes: 0, at, why: 'redirect' }
    this.#records = [...this.#records, record]
  }
}

const hostOf = (address: string): string => new URL(address).host

import { lockedHeader, type GateNews } from './messages'
import { pagePolicy, workerPolicy } from './policy'

/** A file of the app, by its address relative to the scope. */
export interface AppFile {
  path: string
}

export interface GatekeeperPorts {
  fetch(request: Request | string, init?: RequestInit): Promise<Response>
  caches: Pick<CacheStorage, 'open' | 'delete' | 'keys'>
  /** Asks the open pages; false where none answers in time. */
  mayLeave(host: string): Promise<boolean>
  tell(news: GateNews): void
  now(): number
}

const cachePrefix = 'attention-atlas-app-'

/** Weights have a store of their own, which other pages of this origin share. */
const isModelFile = (path: string): boolean => path.startsWith('models/')

/**
 * What the service worker does with requests: the app's own files come from a cache of this version, so that the app works
 * without a network and its parts always fit together; requests to other sites leave only while a page says that a download
 * runs there; everything else does not leave.
 */
export class Gatekeeper {
  readonly #scope: URL
  readonly #files: ReadonlyMap<string, AppFile>
  readonly #cacheName: string
  readonly #ports: GatekeeperPorts

  /**
   * @param files all that belong to this version
   * @param version a hash over the names and contents of `files`
   */
  constructor(scope: string, files: readonly AppFile[], version: string, ports: GatekeeperPorts) {
    this.#scope = new URL(scope)
    this.#files = new Map(files.map((file) => [file.path, file]))
    this.#cacheName = cachePrefix + version
    this.#ports = ports
  }

  /**
   * Stores the given files; all or nothing.
   * @throws Error where one can't be had or there is no room: the version before stays
   */
  async install(files: readonly AppFile[]): Promise<void> {
    const cache = await this.#ports.caches.open(this.#cacheName)
    try {
      for (const file of files) await this.#store(cache, file)
    } catch (error) {
      await this.#ports.caches.delete(this.#cacheName)
      throw error
    }
  }

  /** Deletes what earlier versions stored. */
  async activate(): Promise<void> {
    const names = await this.#ports.caches.keys()
    const old = names.filter((name) => name.startsWith(cachePrefix) && name !== this.#cacheName)
    await Promise.all(old.map((name) => this.#ports.caches.delete(name)))
  }

  /** Stores files of this version that are not stored yet. What can't be had now is fetched when it is needed. */
  async keep(urls: readonly string[]): Promise<void> {
    const cache = await this.#ports.caches.open(this.#cacheName)
    for (const url of urls) {
      const file = this.#fileOf(new URL(url, this.#scope))
      if (!file || (await cache.match(this.#addressOf(file)))) continue
      await this.#store(cache, file).catch(() => undefined)
    }
  }

  /** The answer to a request of a page or a worker. */
  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    if (url.origin !== this.#scope.origin) return await this.#toOtherSite(request, url)
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.#refuse(url)
    const file = this.#fileOf(url)
    if (!file || request.headers.has('range')) return await this.#ports.fetch(request)
    return await this.#own(file, request)
  }

  async #own(file: AppFile, request: Request): Promise<Response> {
    const cache = await this.#ports.caches.open(this.#cacheName).catch(() => null)
    const stored = await cache?.match(this.#addressOf(file), { ignoreVary: true }).catch(() => undefined)
    if (stored) return isolated(stored, file)
    const response = await this.#ports.fetch(request)
    if (cache && response.ok && request.method === 'GET' && file.path !== 'index.html')
      await cache.put(this.#addressOf(file), response.clone()).catch(() => undefined)
    return isolated(response, file)
  }

  async #toOtherSite(request: Request, url: URL): Promise<Response> {
    if (!(await this.#ports.mayLeave(url.host))) return this.#refuse(url)
    const at = this.#ports.now()
    const response = await this.#ports.fetch(request)
    if (response.redirected) this.#ports.tell({ type: 'redirected', url: url.href, to: response.url, at })
    return response
  }

  #refuse(url: URL): Response {
    this.#ports.tell({ type: 'blocked', url: url.href, at: this.#ports.now() })
    return new Response(null, { status: 403, statusText: 'Locked', headers: { [lockedHeader]: '1' } })
  }

  #fileOf(url: URL): AppFile | null {
    if (url.origin !== this.#scope.origin || !url.pathname.startsWith(this.#scope.pathname)) return null
    const path = decodeURIComponent(url.pathname.slice(this.#scope.pathname.length)) || 'index.html'
    return isModelFile(path) ? null : (this.#files.get(path) ?? null)
  }

  #addressOf(file: AppFile): string {
    return new URL(file.path, this.#scope).href
  }

  async #store(cache: Cache, file: AppFile): Promise<void> {
    // Files under assets/ have their hash in the name; the others may be in the browser's cache in an older state.
    const mode = file.path.startsWith('assets/') ? 'default' : 'no-cache'
    const response = await this.#ports.fetch(this.#addressOf(file), { cache: mode })
    if (!response.ok) throw new Error(`${file.path}: ${response.status}`)
    await cache.put(this.#addressOf(file), response)
  }
}

/**
 * The same answer with the headers of cross-origin isolation, which WASM threads need and many hosts can't send, and with the
 * policy for what the script may do where it is a worker's.
 */
function isolated(response: Response, { path }: AppFile): Response {
  if (response.type === 'opaque' || response.status === 304) return response
  const headers = new Headers(response.headers)
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
  if (path.endsWith('.html')) headers.set('Content-Security-Policy', pagePolicy)
  else if (/\.m?js$/.test(path)) headers.set('Content-Security-Policy', workerPolicy)
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

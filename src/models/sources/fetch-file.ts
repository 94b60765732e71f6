import { AppError } from '../../core/errors'
import { hashBytes } from './hash'
import type { ReadOptions, SourceEnvironment } from './types'

/** The name that other Hugging Face apps of this origin use too: one copy of a file serves all. */
export const cacheName = 'transformers-cache'

export interface Expected {
  bytes: number | null
  sha256: string | null
}

type Bytes = Uint8Array<ArrayBuffer>

const nothing: Expected = { bytes: null, sha256: null }

/** Cache Storage can be missing (insecure contexts) or locked (private windows): then everything is fetched again. */
export async function openCache(environment: SourceEnvironment): Promise<Cache | null> {
  try {
    return (await environment.caches?.open(cacheName)) ?? null
  } catch {
    return null
  }
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'The download was cancelled.')
}

export async function request(
  url: string,
  init: RequestInit,
  options: ReadOptions,
  environment: SourceEnvironment,
): Promise<Response> {
  const at = environment.now()
  try {
    return await environment.fetch(url, options.signal ? { ...init, signal: options.signal } : init)
  } catch (error) {
    environment.onRequest({ url, bytes: 0, at, why: options.why })
    if (options.signal?.aborted) throw cancelled()
    throw new AppError(
      'NETWORK',
      `${hostOf(url)} could not be reached for the ${options.why}: check the connection and try again.`,
      {
        cause: error,
        details: url,
      },
    )
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return url
  }
}

function headerNumber(headers: Headers, name: string): number | null {
  const text = headers.get(name)
  return text === null || !/^\d+$/.test(text) ? null : Number(text)
}

/** A 64-digit ETag is the SHA-256 of the content, unless another host answered after a redirect. */
function hashInHeaders(response: Response): string | null {
  const linked = response.headers.get('x-linked-etag')
  const tag = linked ?? (response.redirected ? null : response.headers.get('etag'))
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(tag ?? '')?.[1]?.toLowerCase() ?? null
}

/** The body in one array. A known length avoids a second copy; it may be wrong (compressed transfer), so it is only a hint. */
async function readBody(
  response: Response,
  url: string,
  expectedBytes: number | null,
  options: ReadOptions,
): Promise<Bytes> {
  const total = expectedBytes ?? headerNumber(response.headers, 'content-length') ?? 0
  let buffer = new Uint8Array(total > 0 ? total : 65_536)
  let length = 0
  const reader = response.body?.getReader()
  try {
    for (;;) {
      const part = await reader?.read()
      if (!part || part.done) break
      if (length + part.value.length > buffer.length) {
        const larger = new Uint8Array(Math.max(buffer.length * 2, length + part.value.length))
        larger.set(buffer.subarray(0, length))
        buffer = larger
      }
      buffer.set(part.value, length)
      length += part.value.length
      options.onProgress?.(length, Math.max(total, length))
    }
  } catch (error) {
    if (options.signal?.aborted) throw cancelled()
    throw truncated(url, length, total, options, error)
  }
  if (length < total) throw truncated(url, length, total, options)
  return length === buffer.length ? buffer : buffer.slice(0, length)
}

function truncated(url: string, length: number, total: number, options: ReadOptions, cause?: unknown): AppError {
  const size = total > 0 ? ` of ${total}` : ''
  return new AppError(
    'TRUNCATED',
    `The connection ended after ${length}${size} bytes of the ${options.why}: try again.`,
    { cause, details: url },
  )
}

async function checkHash(bytes: Bytes, url: string, expected: string | null, options: ReadOptions): Promise<void> {
  if (expected === null) return
  const actual = await hashBytes(bytes)
  if (actual === expected) return
  throw new AppError(
    'WRONG_HASH',
    `The ${options.why} arrived damaged (its SHA-256 is not the one that was announced): nothing of it was kept, try again.`,
    { details: `${url}\nexpected ${expected}\nreceived ${actual}` },
  )
}

async function readCached(cache: Cache, url: string, expected: Expected, options: ReadOptions): Promise<Bytes | null> {
  const stored = await cache.match(url)
  if (!stored) return null
  try {
    const bytes = await readBody(stored, url, expected.bytes, options)
    if (expected.bytes !== null && bytes.length !== expected.bytes)
      throw truncated(url, bytes.length, expected.bytes, options)
    await checkHash(bytes, url, expected.sha256 ?? hashInHeaders(stored), options)
    return bytes
  } catch (error) {
    if (error instanceof AppError && error.code === 'CANCELLED') throw error
    await cache.delete(url) // damaged, or an older version: fetched anew
    return null
  }
}

/** Storing is a convenience: without room the model still opens, it is only fetched again the next time. */
async function store(cache: Cache, url: string, bytes: Bytes, response: Response): Promise<void> {
  const headers = new Headers({ 'content-length': String(bytes.length) })
  for (const name of ['content-type', 'etag', 'x-linked-etag', 'x-repo-commit']) {
    const value = response.headers.get(name)
    if (value !== null && !(name === 'etag' && response.redirected)) headers.set(name, value)
  }
  try {
    await cache.put(url, new Response(bytes, { headers }))
  } catch {
    return
  }
}

/** A single-page host answers every address with its page. */
export const looksLikeHtml = (bytes: Uint8Array): boolean =>
  /^\s*<(?:!doctype|html|head|body|\?xml)/i.test(new TextDecoder().decode(bytes.subarray(0, 256)))

/**
 * Reads a file from the cache or the network. Only complete and unchanged bodies are kept.
 * @returns null where the host says that there is no such file (or that it is not for us: 401, 403).
 * @throws AppError NETWORK, TRUNCATED, WRONG_HASH, CANCELLED
 */
export async function fetchFile(
  url: string,
  options: ReadOptions,
  environment: SourceEnvironment,
  { expected = nothing, freshFirst = false }: { expected?: Expected; freshFirst?: boolean } = {},
): Promise<Bytes | null> {
  const cache = await openCache(environment)
  if (options.signal?.aborted) throw cancelled()
  if (cache && !freshFirst) {
    const bytes = await readCached(cache, url, expected, options)
    if (bytes) return bytes
  }
  try {
    return await fetchFresh(url, options, environment, expected, cache)
  } catch (error) {
    const offline = error instanceof AppError && error.code === 'NETWORK'
    const bytes = offline && cache && freshFirst ? await readCached(cache, url, expected, options) : null
    if (bytes) return bytes
    throw error
  }
}

async function fetchFresh(
  url: string,
  options: ReadOptions,
  environment: SourceEnvironment,
  expected: Expected,
  cache: Cache | null,
): Promise<Bytes | null> {
  const at = environment.now()
  const response = await request(url, {}, options, environment)
  const missing = [401, 403, 404, 410].includes(response.status)
  if (!response.ok) {
    environment.onRequest({ url, bytes: 0, at, why: options.why })
    await response.body?.cancel()
    if (missing) return null
    throw new AppError(
      'NETWORK',
      `${hostOf(url)} answered ${response.status} for the ${options.why}: try again later.`,
      { details: url },
    )
  }
  let received = 0
  const counting: ReadOptions = {
    ...options,
    onProgress(done, total) {
      received = done
      options.onProgress?.(done, total)
    },
  }
  try {
    const bytes = await readBody(response, url, expected.bytes, counting)
    await checkHash(bytes, url, expected.sha256 ?? hashInHeaders(response), options)
    if (cache && !looksLikeHtml(bytes)) void store(cache, url, bytes, response) // the model need not wait for the disk
    return bytes
  } finally {
    environment.onRequest({ url, bytes: received, at, why: options.why })
  }
}

/** Whether a file is in the cache or at the host. @throws AppError NETWORK, CANCELLED */
export async function fileExists(url: string, options: ReadOptions, environment: SourceEnvironment): Promise<boolean> {
  const cache = await openCache(environment)
  if (await cache?.match(url)) return true
  const at = environment.now()
  const response = await request(url, { method: 'HEAD' }, options, environment)
  environment.onRequest({ url, bytes: 0, at, why: options.why })
  return response.ok
}

import { AppError, isAppError } from '../../core/errors'
import { lockedHeader } from '../../network/messages'
import { Download } from './download'
import { hashBytes } from './hash'
import { PartialStore, type PartialInfo } from './partial-store'
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
    const response = await environment.fetch(url, options.signal ? { ...init, signal: options.signal } : init)
    if (response.headers.has(lockedHeader)) throw locked(url, options)
    return response
  } catch (error) {
    if (isAppError(error)) throw error
    environment.onRequest({ url, bytes: 0, at, why: options.why })
    if (options.signal?.aborted) throw cancelled()
    throw new AppError(
      'NETWORK',
      `${hostOf(url)} could not be reached for the ${options.why}: check the connection and try again. A host of your own must let other sites read it (CORS).`,
      {
        cause: error,
        details: url,
      },
    )
  }
}

const locked = (url: string, { why }: ReadOptions): AppError =>
  new AppError(
    'NETWORK_LOCKED',
    `The network lock did not let the request for the ${why} out to ${hostOf(url)}: open the model again, which opens the lock for its host.`,
    { details: url },
  )

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

/** What tells two states of a file apart; null: the host says nothing that a page may read. */
const validatorOf = ({ headers }: Response): string | null => headers.get('x-linked-etag') ?? headers.get('etag')

/** Reads a body to its end. @param onBytes may make the reading wait */
async function readParts(response: Response, onBytes: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  const reader = response.body?.getReader()
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) return
    await onBytes(part.value)
  }
}

/**
 * The rest of a file into its download. A stated length may be wrong (compressed transfer), so that more may come.
 * @param total bytes of the whole file; 0: not known
 * @throws AppError TRUNCATED, CANCELLED, TOO_BIG
 */
async function readBody(
  response: Response,
  url: string,
  download: Download,
  total: number,
  options: ReadOptions,
): Promise<Bytes> {
  try {
    await readParts(response, async (bytes) => {
      await download.take(bytes)
      options.onProgress?.(download.length, total === 0 ? 0 : Math.max(total, download.length))
    })
  } catch (error) {
    const kept = await download.interrupt()
    if (options.signal?.aborted) throw cancelled()
    if (isAppError(error)) throw error
    throw truncated(url, download.length, total, kept, options, error)
  }
  if (download.length < total) throw truncated(url, download.length, total, await download.interrupt(), options)
  return await download.finish()
}

function truncated(
  url: string,
  length: number,
  total: number,
  kept: number,
  options: ReadOptions,
  cause?: unknown,
): AppError {
  const size = total > 0 ? ` of ${total}` : ''
  const advice = kept > 0 ? 'try again, it goes on from there' : 'try again'
  return new AppError(
    'TRUNCATED',
    `The connection ended after ${length}${size} bytes of the ${options.why}: ${advice}.`,
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
    const total = expected.bytes ?? headerNumber(stored.headers, 'content-length') ?? 0
    const bytes = await readBody(stored, url, new Download(url, total, null, null), total, options)
    if (expected.bytes !== null && bytes.length !== expected.bytes)
      throw truncated(url, bytes.length, expected.bytes, 0, options)
    await checkHash(bytes, url, expected.sha256 ?? hashInHeaders(stored), options)
    return bytes
  } catch (error) {
    if (isAppError(error) && (error.code === 'CANCELLED' || error.code === 'TOO_BIG')) throw error
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
  const partials = cache && (await PartialStore.open(environment))
  const kept = await partials?.read(url)
  const at = environment.now()
  // Without a hash or a mark of the file's state, two halves could be of two files.
  const canGoOn = kept && (expected.sha256 !== null || kept.info.validator !== null)
  let response = await request(
    url,
    canGoOn ? { headers: { range: `bytes=${kept.info.bytes}-` } } : {},
    options,
    environment,
  )
  const goesOn = canGoOn && isRestOf(response, kept.info, expected)
  if (kept && !goesOn) await partials?.clear(url)
  if (!goesOn && (response.status === 206 || response.status === 416)) {
    await response.body?.cancel()
    environment.onRequest({ url, bytes: 0, at, why: options.why })
    response = await request(url, {}, options, environment)
  }
  if (!response.ok) return await refuse(response, url, at, options, environment)
  const start = goesOn ? kept.info.bytes : 0
  const rest = headerNumber(response.headers, 'content-length')
  const total = expected.bytes ?? (rest === null ? 0 : start + rest)
  let received = 0
  const counting: ReadOptions = {
    ...options,
    onProgress(done, all) {
      received = done - start
      options.onProgress?.(done, all)
    },
  }
  try {
    const download = new Download(url, total, partials, validatorOf(response))
    if (goesOn) download.resume(kept.info, kept.parts)
    const bytes = await readBody(response, url, download, total, counting)
    await checkHash(bytes, url, expected.sha256 ?? hashInHeaders(response), options)
    if (cache && !looksLikeHtml(bytes)) void store(cache, url, bytes, response) // the model need not wait for the disk
    return bytes
  } finally {
    environment.onRequest({ url, bytes: received, at, why: options.why })
  }
}

/** Whether an answer is the rest of the file whose beginning is kept, and of no other. */
function isRestOf(response: Response, kept: PartialInfo, expected: Expected): boolean {
  if (response.status !== 206) return false
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  if (range && Number(range[1]) !== kept.bytes) return false
  if (range && range[2] !== '*' && kept.total !== null && Number(range[2]) !== kept.total) return false
  const validator = validatorOf(response)
  return validator === null || kept.validator === null ? expected.sha256 !== null : validator === kept.validator
}

/** null for a file that is not there for us. @throws AppError NETWORK for everything else that is no file */
async function refuse(
  response: Response,
  url: string,
  at: number,
  options: ReadOptions,
  environment: SourceEnvironment,
): Promise<null> {
  environment.onRequest({ url, bytes: 0, at, why: options.why })
  await response.body?.cancel()
  if ([401, 403, 404, 410].includes(response.status)) return null
  throw new AppError('NETWORK', `${hostOf(url)} answered ${response.status} for the ${options.why}: try again later.`, {
    details: url,
  })
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

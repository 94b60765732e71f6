import type { FileEnds, ReadOptions, SourceEnvironment } from './types'
import { openCache, request } from './fetch-file'

/** All nodes of most exports lie in the first bytes, inputs and outputs in the last ones, the weights between. */
const headBytes = 2 * 1024 * 1024
const tailBytes = 64 * 1024

/** The ends of a blob, without reading what lies between. */
export async function peekBlob(blob: Blob): Promise<FileEnds> {
  const read = async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer())
  const head = await read(0, headBytes)
  return { head, tail: await read(Math.max(head.length, blob.size - tailBytes), blob.size), length: blob.size }
}

/**
 * The ends of a file at a host, by two range requests; a host that ignores ranges gives its head only.
 * @param knownLength what a listing says, where there is one
 * @returns null where the host has no such file for us
 * @throws AppError NETWORK, CANCELLED
 */
export async function peekFile(
  url: string,
  options: ReadOptions,
  environment: SourceEnvironment,
  knownLength: number | null,
): Promise<FileEnds | null> {
  const stored = await (await openCache(environment))?.match(url)
  if (stored) return await peekBlob(await stored.blob())
  const first = await readRange(url, 0, headBytes - 1, options, environment)
  if (!first) return null
  const { bytes: head, isRange, ended } = first
  const length = first.total ?? knownLength ?? (ended && !isRange ? head.length : null)
  if ((!isRange && ended) || (length !== null && head.length >= length))
    return { head, tail: new Uint8Array(0), length: head.length }
  if (!isRange || length === null) return { head, tail: null, length }
  const tail = await readRange(url, Math.max(head.length, length - tailBytes), length - 1, options, environment)
  return { head, tail: tail?.isRange ? tail.bytes : null, length }
}

interface Part {
  bytes: Uint8Array
  /** The host answered with the range that was asked for, not with the file from its beginning. */
  isRange: boolean
  /** Bytes of the whole file, where the host says so. */
  total: number | null
  /** The body came to its end before the range was full. */
  ended: boolean
}

async function readRange(
  url: string,
  first: number,
  last: number,
  options: ReadOptions,
  environment: SourceEnvironment,
): Promise<Part | null> {
  const at = environment.now()
  const response = await request(url, { headers: { range: `bytes=${first}-${last}` } }, options, environment)
  const bytes = new Uint8Array(last - first + 1)
  let length = 0
  let ended = false
  if (response.ok) {
    const reader = response.body?.getReader()
    while (length < bytes.length) {
      const part = await reader?.read().catch(() => null)
      if (!part || part.done) {
        ended = true
        break
      }
      const rest = part.value.subarray(0, bytes.length - length)
      bytes.set(rest, length)
      length += rest.length
    }
    await reader?.cancel().catch(() => undefined)
  } else await response.body?.cancel()
  environment.onRequest({ url, bytes: length, at, why: options.why })
  if (!response.ok) return null
  const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
  return {
    bytes: bytes.subarray(0, length),
    isRange: response.status === 206,
    total: total === undefined ? null : Number(total),
    ended,
  }
}

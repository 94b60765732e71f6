import { AppError } from '../core/errors'
import { checksumOf } from './checksum'
import { readFloats, writeNpz } from './npz'
import { readZip, writeZip, type ZipPart } from './zip'

/** What a session file holds: a description, named groups of arrays, and the images of the input as they were taken in. */
export interface SessionContent {
  /** Plain JSON. What it means is `state/session.ts`'s. */
  json: unknown
  groups: Readonly<Record<string, Readonly<Record<string, Float32Array>>>>
  images: readonly Blob[]
}

interface Envelope {
  format: string
  version: number
  /** Of `content`, all arrays and all images. */
  checksum: string
  content: unknown
}

const format = 'attention-atlas-session'

/** Grows when files can't be read by earlier versions any more. */
const formatVersion = 1

/** Larger files are refused before they are read: a browser tab could not hold what is in them. */
const largestBytes = 1.5 * 2 ** 30

const isKnownName = (name: string): boolean => /^(session\.json|[a-z]+\.npz|images\/\d{1,6})$/.test(name)

/**
 * One file: an uncompressed zip of `session.json`, an NPZ file a group, and the images. The same content gives the same bytes.
 * @throws AppError TOO_BIG
 */
export async function writeSession(content: SessionContent, pause: () => Promise<void>): Promise<Blob> {
  const images = await Promise.all(content.images.map(async (image) => new Uint8Array(await image.arrayBuffer())))
  const envelope: Envelope = {
    format,
    version: formatVersion,
    checksum: await checksum(content.json, content.groups, images, pause),
    content: content.json,
  }
  const parts: ZipPart[] = [{ name: 'session.json', chunks: [new TextEncoder().encode(JSON.stringify(envelope))] }]
  for (const [name, arrays] of Object.entries(content.groups)) {
    const entries = Object.entries(arrays).map(([array, data]) => ({
      name: array,
      type: '<f4' as const,
      shape: [data.length],
      chunks: [data],
    }))
    const npz = await writeNpz(entries, pause)
    parts.push({ name: `${name}.npz`, chunks: [new Uint8Array(await npz.arrayBuffer())] })
  }
  images.forEach((bytes, index) => parts.push({ name: `images/${index}`, chunks: [bytes] }))
  const zip = await writeZip(parts, pause)
  if (zip.size > largestBytes)
    throw new AppError('TOO_BIG', 'The session would be over 1.5 GB: save it without vectors, or with less input.')
  return new Blob([zip], { type: 'application/zip' })
}

/**
 * What a session file holds, undamaged. Nothing of it has been looked at further: its JSON may say anything.
 * @throws AppError BAD_SESSION for another file, a damaged one, or one of a newer version; TOO_BIG
 */
export async function readSession(file: Blob, pause: () => Promise<void>): Promise<SessionContent> {
  if (file.size > largestBytes)
    throw new AppError('TOO_BIG', 'This file is over 1.5 GB, more than a session file can have: choose another file.')
  const files = readZip(new Uint8Array(await file.arrayBuffer()), isKnownName)
  const envelope = readEnvelope(files.get('session.json'))
  const groups: Record<string, Record<string, Float32Array>> = {}
  const images: Uint8Array<ArrayBuffer>[] = []
  for (const [name, bytes] of files) {
    if (name.endsWith('.npz')) groups[name.slice(0, -4)] = readFloats(bytes)
    if (name.startsWith('images/')) images[Number(name.slice(7))] = bytes as Uint8Array<ArrayBuffer>
    await pause()
  }
  if (Object.keys(images).length !== images.length) throw damaged()
  if ((await checksum(envelope.content, groups, images, pause)) !== envelope.checksum) throw damaged()
  return { json: envelope.content, groups, images: images.map((bytes) => new Blob([bytes])) }
}

const damaged = () =>
  new AppError('BAD_SESSION', 'This session file is damaged: its checksum differs. Get it again, or open another file.')

function readEnvelope(bytes: Uint8Array | undefined): Envelope {
  if (!bytes) throw new AppError('BAD_SESSION', 'This is no session file: there is no session.json in it.')
  let value: unknown
  try {
    // Keys that could reach a prototype have no place in data.
    value = JSON.parse(new TextDecoder().decode(bytes), (key, entry: unknown) =>
      key === '__proto__' ? undefined : entry,
    )
  } catch {
    throw damaged()
  }
  const { format: found, version, checksum, content } = (value ?? {}) as Partial<Envelope>
  if (found !== format || typeof version !== 'number' || typeof checksum !== 'string')
    throw new AppError('BAD_SESSION', 'This is no session file of Attention Atlas: choose one that ends in .atlas.')
  if (version > formatVersion)
    throw new AppError(
      'BAD_SESSION',
      'This session was saved by a newer version of Attention Atlas: open it with that version.',
    )
  return { format: found, version, checksum, content }
}

function checksum(
  json: unknown,
  groups: SessionContent['groups'],
  images: readonly Uint8Array[],
  pause: () => Promise<void>,
): Promise<string> {
  const all: [string, ArrayBufferView][] = Object.entries(groups).flatMap(([group, arrays]) =>
    Object.entries(arrays).map(([name, array]): [string, ArrayBufferView] => [`${group}/${name}`, array]),
  )
  images.forEach((bytes, index) => all.push([`images/${index}`, bytes]))
  return checksumOf(json ?? null, Object.fromEntries(all), pause)
}

/** All heads of a sample set, computed earlier: what a first visitor sees before any model is loaded. */
export interface FirstPicture {
  model: string
  /** Id of the sample set. */
  samples: string
  /** Number of sentences. */
  sequences: number
  layers: number
  heads: number
  /** Queries and keys of each head. */
  n: number
  m: number
  /** [layers·heads,n+m,2], queries first; 0 … 65535 is −reach … reach around the middle of the head's robust box. */
  points: Uint16Array
  /** [layers·heads] middle (x, y) of the robust box and half of its larger side, in units of the coordinates. */
  boxes: readonly (readonly [x: number, y: number, half: number])[]
}

/** Half sides of the robust box that the 16 bits span in each direction. */
export const reach = 1.25

const format = 'attention-atlas-first-picture'

/**
 * Reads what `scripts/first-picture.mjs` wrote: gzip of a header's length (4 bytes, little-endian), the header as JSON padded
 * to an even length, and the points.
 * @throws Error for another format or a damaged file
 */
export async function readFirstPicture(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<FirstPicture> {
  const buffer = await new Response(body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
  const headerLength = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength))) as FirstPicture & {
    format: string
    version: number
  }
  if (header.format !== format || header.version !== 1) throw new Error('not a first picture of this version')
  const { layers, heads, n, m } = header
  return { ...header, points: new Uint16Array(buffer, 4 + headerLength, layers * heads * (n + m) * 2) }
}

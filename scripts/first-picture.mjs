// npm run first-picture: public/first-picture.bin, the sample sentences in the built-in text model as the built app computes
// them, PCA, all heads. To be made anew when the sample sentences, the model or the projection change; a test compares.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { withApp } from './open-app.mjs'
import { root } from './setup.mjs'

const samples = 'first-look'
/** As in src/storage/first-picture.ts. */
const reach = 1.25

await withApp(`samples=${samples}&backend=wasm`, async (page) => {
  const { model, layers, heads, sequences, pictures } = await page.evaluate(async () => {
    const { model } = window.atlas.state()
    const { layers, heads, sequences } = window.atlas.info()
    const pictures = []
    for (let layer = 0; layer < layers; layer++)
      for (let head = 0; head < heads; head++) {
        const { points, n, m } = await window.atlas.coordinates({ layer, head })
        pictures.push({ points: Array.from(points), n, m })
      }
    return { model, layers, heads, sequences: sequences.length, pictures }
  })
  const { n, m } = pictures[0]
  const boxes = pictures.map(({ points }) => boxOf(points))
  const stored = Uint16Array.from(
    pictures.flatMap(({ points }, index) => {
      const [x, y, half] = boxes[index]
      return points.map((value, at) => {
        const unit = (value - (at % 2 ? y : x)) / (half * reach)
        return Math.round((Math.min(1, Math.max(-1, unit)) + 1) * 32767.5)
      })
    }),
  )
  const header = {
    format: 'attention-atlas-first-picture',
    version: 1,
    model,
    samples,
    sequences,
    layers,
    heads,
    n,
    m,
    boxes,
  }
  let text = JSON.stringify(header)
  if (Buffer.byteLength(text) % 2) text += ' '
  const length = Buffer.alloc(4)
  length.writeUInt32LE(Buffer.byteLength(text))
  const file = gzipSync(Buffer.concat([length, Buffer.from(text), Buffer.from(stored.buffer)]), { level: 9 })
  writeFileSync(path.join(root, 'public/first-picture.bin'), file)
  console.log(`public/first-picture.bin: ${layers * heads} heads, ${n + m} points each, ${file.length} bytes`)
})

/** Middle and half of the larger side of the box that holds 1 … 99 % of the points along each axis. */
function boxOf(points) {
  const [x, y] = [0, 1].map((axis) => {
    const sorted = points.filter((_, at) => at % 2 === axis).sort((a, b) => a - b)
    const low = sorted[Math.floor(0.01 * (sorted.length - 1))]
    const high = sorted[Math.ceil(0.99 * (sorted.length - 1))]
    return { middle: (low + high) / 2, half: (high - low) / 2 }
  })
  return [x.middle, y.middle, Math.max(x.half, y.half) || 1].map((value) => Number(value.toPrecision(7)))
}

// Layouts that follow attention: agreement on what the start was not fitted to, against 0 and against controls at equal
// trustworthiness. FOLLOW_MODEL chooses the built-in model, FOLLOW_EVERY every how many of its heads, FOLLOW_CONTROLS every how many of
// those get controls (0: none), FOLLOW_SENTENCES how many sentences. Figures are kept in .cache/follow as they come, so a run that was
// broken off goes on. All heads of the text model take about half an hour on an idle core, twice that on a busy machine.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createServer } from 'vite'
import { targetRows } from './follow/table.mjs'

const root = path.join(import.meta.dirname, '..')
const folder = path.join(root, '.cache/follow')
const { FOLLOW_MODEL: model = 'bge-small-en-v1.5', FOLLOW_SENTENCES: sentences } = process.env
const every = Number(process.env.FOLLOW_EVERY ?? 1)
/** Every so many of the measured heads get controls. */
const controlStep = Number(process.env.FOLLOW_CONTROLS ?? 3)

/** Popular keys gain recall at the price of trust: they are drawn weaker too, to be compared at equal trust. */
const sweeps = { umap: [1, 0.75, 0.5], tsne: [1] }
/** What is drawn, in the order of its weight, should a run be broken off: which projections, every so many heads, which pictures. */
const passes = [
  ...['umap', 'tsne'].flatMap((projection) => [
    { projection, step: 1, forms: [0, 1].map((follow) => ({ kind: 'head', follow })) },
    {
      projection,
      step: controlStep,
      forms: [
        ...['meanRow', 'otherRow'].flatMap((kind) => sweeps[projection].map((follow) => ({ kind, follow }))),
        { kind: 'randomKeys', follow: 1 },
        { kind: 'otherHead', follow: 1 },
      ],
    },
  ]),
  ...['umap', 'tsne'].map((projection) => ({
    projection,
    step: controlStep,
    forms: [
      { kind: 'queries', follow: 0 },
      { kind: 'queries', follow: 1 },
      { kind: 'head', follow: 0.5 },
      { kind: 'wide', follow: 1 },
    ],
  })),
]

export async function* rows() {
  // Node runs the app's own modules, compiled kernels and all; nothing is drawn.
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    appType: 'custom',
  })
  try {
    const { extractHeads } = await vite.ssrLoadModule('/bench/follow/heads.ts')
    const { nameOfPictures } = await vite.ssrLoadModule('/bench/follow/draw.ts')
    const { measureHead, measureTimes } = await vite.ssrLoadModule('/bench/follow/measure.ts')
    const data = await extractHeads(root, model, every, sentences ? Number(sentences) : Infinity)
    const kept = new Kept(path.join(folder, `${model}-${data.tokens}-${await nameOfPictures(data)}.jsonl`))
    const heads = spreadOrder(data.heads.length)
    for (const { projection, step, forms } of passes) {
      for (const at of heads) {
        if (step === 0 || at % step !== 0) continue
        const head = data.heads[at].index
        const missing = forms.filter((form) => !kept.get(projection, head, form))
        for await (const { form, figures } of measureHead(data, projection, at, missing))
          kept.add({ projection, head, ...form, figures })
      }
    }
    for (const projection of ['umap', 'tsne']) {
      yield* targetRows(kept.of(projection, new Set(data.heads.map(({ index }) => index))), projection)
      for await (const { points, classicMs, followingMs, ratio } of measureTimes(data, projection)) {
        yield {
          what: `${projection}: time, ${points} points [${classicMs.toFixed(0)} → ${followingMs.toFixed(0)} ms]`,
          value: `+${(100 * (ratio - 1)).toFixed(1)}`,
          unit: '%',
          target: '≤ 10',
          met: ratio <= 1.1,
        }
      }
    }
  } finally {
    await vite.close()
  }
}

/** Figures of pictures, one JSON line each: { projection, head, kind, follow, figures }. */
class Kept {
  #file
  #lines = new Map()

  constructor(file) {
    this.#file = file
    mkdirSync(path.dirname(file), { recursive: true })
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    // A line that was broken off in the middle has no end: it is measured again.
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) if (line) this.#put(JSON.parse(line))
    if (!text.endsWith('\n') && text) appendFileSync(file, '\n')
  }

  get(projection, head, { kind, follow }) {
    return this.#lines.get(`${projection} ${head} ${kind} ${follow}`)
  }

  of(projection, heads) {
    return [...this.#lines.values()].filter((line) => line.projection === projection && heads.has(line.head))
  }

  add(line) {
    this.#put(line)
    appendFileSync(this.#file, JSON.stringify(line) + '\n')
  }

  #put(line) {
    this.#lines.set(`${line.projection} ${line.head} ${line.kind} ${line.follow}`, line)
  }
}

/** 0 … count − 1 in an order whose beginnings are spread over the whole: steps near the golden section. */
function spreadOrder(count) {
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b))
  let step = Math.max(1, Math.round(0.618 * count))
  while (divisor(step, count) > 1) step++
  return Array.from({ length: count }, (_, index) => (index * step) % count)
}

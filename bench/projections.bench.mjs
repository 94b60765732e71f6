// UMAP and t-SNE: their parts, one head against peers in the same run, quality, all heads in two workers, memory, growth, cancelling.
import { launchChromium, median, serveBenchPages } from './lib/browser.mjs'
import { chooseParts } from './lib/parts.mjs'

const seconds = (ms) => (ms / 1000).toFixed(2)

/** Projection, dimensions, points, seconds that are allowed, runs. */
const pcaOfAllHeads = ['pca', 3, 10_000, 1, 5]
const allWorks = [
  pcaOfAllHeads,
  ['umap', 2, 2000, 12],
  ['umap', 2, 10_000, 80],
  ['umap', 3, 10_000],
  ['tsne', 2, 10_000],
]

/** What is measured in this order; each can be measured alone: `npm run bench projections -- --part growth`. */
const parts = {
  head: measureOneHead,
  quality: measureQuality,
  growth: measureGrowth,
  memory: measureMemory,
  all: (tools) => measureAllHeads(tools, allWorks),
}
/** Part of another one, so it is measured by itself only when asked for. */
const smallerParts = { pca: (tools) => measureAllHeads(tools, [pcaOfAllHeads]) }

/** @param only name of one part; absent: all */
export async function* rows(only) {
  const chosen = chooseParts(parts, only, smallerParts)
  const browser = await launchChromium()
  const pages = await serveBenchPages()
  const call = async (name, ...args) => {
    const page = await browser.newPage()
    try {
      await page.goto(`${pages.url}projections.html`)
      await page.waitForFunction(() => window.bench)
      return await page.evaluate(([which, rest]) => window.bench[which](...rest), [name, args])
    } finally {
      await page.close()
    }
  }
  const repeat = async (times, ...args) => {
    const results = []
    for (let round = 0; round < times; round++) results.push(await call(...args))
    return results
  }
  const tools = { call, repeat }
  try {
    for (const part of chosen) yield* part(tools)
  } finally {
    await browser.close()
    pages.close()
  }
}

async function* measureOneHead({ call, repeat }) {
  for (const dims of [2, 3]) {
    const measured = await repeat(5, 'parts', dims, 10_000, 64)
    const of = (part) => median(measured.map((result) => result[part]))
    if (dims === 2)
      yield {
        what: '16 nearest neighbours of 10,000 × 64, exact, one core',
        value: seconds(of('neighbors')),
        unit: 's',
        target: '≤ 0.5',
        met: of('neighbors') <= 500,
      }
    yield {
      what: `UMAP layout, ${dims} dimensions, 150 epochs, 10,000 points, one core`,
      value: seconds(of('layout')),
      unit: 's',
      ...(dims === 2 ? { target: '≤ 0.6', met: of('layout') <= 600 } : {}),
    }
  }

  const peer = await call('oneHead', 'umap-js', 2, 10_000, 64)
  const own = median(await repeat(5, 'oneHead', 'umap', 2, 10_000, 64))
  yield {
    what: `UMAP 2-D of one head against umap-js, 10,000 × 64 [${seconds(peer)} → ${seconds(own)} s]`,
    value: (peer / own).toFixed(1),
    unit: '×',
    target: '≥ 12',
    met: peer / own >= 12,
  }

  const atlas = await call('embeddingAtlas', 10_000, 64)
  yield {
    what: `UMAP 2-D of one head against embedding-atlas, 10,000 × 64 [${seconds(atlas)} → ${seconds(own)} s]`,
    value: (atlas / own).toFixed(1),
    unit: '×',
    target: '≥ 6',
    met: atlas / own >= 6,
  }

  const tsne = median(await repeat(3, 'oneHead', 'tsne', 2, 10_000, 64))
  yield {
    what: `t-SNE 2-D of one head, 10,000 × 64, against UMAP [${seconds(tsne)} s]`,
    value: (tsne / own).toFixed(1),
    unit: '×',
    target: '≤ 4',
    met: tsne <= 4 * own,
  }

  // As many epochs as ours does. All pairs: measured at 2,000 points, and 25 × as much at 10,000.
  const epochs = 350
  const barnes = await call('barnesHut', 10_000, 64, 4)
  const pairs = await call('allPairs', 2000, 64, 4)
  const tsnePeers = [
    ['wasm-bhtsne, two threads', barnes.setUp + epochs * barnes.epoch],
    ['@keckelt/tsne', 25 * (pairs.setUp + epochs * pairs.epoch)],
  ].sort((one, other) => one[1] - other[1])
  const [fastest, fastestMs] = tsnePeers[0]
  yield {
    what: `t-SNE 2-D of one head against ${fastest}, scaled from 4 epochs [${seconds(fastestMs)} → ${seconds(tsne)} s; ${tsnePeers[1][0]} ${seconds(tsnePeers[1][1])} s]`,
    value: (fastestMs / tsne).toFixed(1),
    unit: '×',
    target: '≥ 2',
    met: fastestMs >= 2 * tsne,
  }
}

async function* measureQuality({ call }) {
  // Recorded figures of tests/goldens/projections/head.json.
  for (const [projection, dims, peer, recorded] of [
    ['umap', 2, 'umap-learn', 0.96],
    ['umap', 3, 'umap-learn in the plane', 0.96],
    ['tsne', 2, 'scikit-learn', 0.987],
    ['tsne', 3, 'scikit-learn in the plane', 0.987],
  ]) {
    const measured = await call('quality', projection, dims)
    yield {
      what: `trustworthiness@12 of ${projection} in ${dims} dimensions, reference head [${peer} ${recorded}]`,
      value: measured.toFixed(4),
      target: `≥ ${(recorded - 0.01).toFixed(3)}`,
      met: measured >= recorded - 0.01,
    }
  }
  yield {
    what: 'figures of a head with 10,000 points × 64, trust among them, one core',
    value: seconds(await call('figures', 10_000, 64)),
    unit: 's',
  }
  for (const projection of ['umap', 'tsne']) {
    const latency = await call('cancelLatency', projection, 10_000, 64)
    yield {
      what: `longest way from a cancel to the end of the work, ${projection} of 10,000 points`,
      value: latency.toFixed(0),
      unit: 'ms',
      target: '≤ 100',
      met: latency <= 100,
    }
  }
}

async function* measureGrowth({ repeat }) {
  for (const points of [1000, 2000, 5000, 10_000, 20_000, 50_000]) {
    const [result] = await repeat(1, 'parts', 2, points, 64)
    yield {
      what: `growth: ${points.toLocaleString('en')} points [neighbours ${seconds(result.neighbors)} s, layout ${seconds(result.layout)} s]`,
      value: seconds(result.neighbors + result.pca + result.layout),
      unit: 's',
    }
  }
}

async function* measureMemory({ call }) {
  const memory = await call('memory', 3, 10_000, 64)
  yield {
    what: `WASM memory of a worker at 10,000 points, 3-D [later heads add ${memory.later} bytes]`,
    value: (memory.first / 2 ** 20).toFixed(1),
    unit: 'MiB',
    target: '≤ 64',
    met: memory.first <= 64 * 2 ** 20 && memory.later === 0,
  }
}

async function* measureAllHeads({ call }, works) {
  let all = 0
  for (const [projection, dims, points, limit, runs = 1] of works) {
    const times = await call('allHeads', projection, dims, 144, points, 2, runs)
    const [first] = times
    const ms = median(times)
    if (points === 10_000) all += first
    yield {
      what: `${projection}, ${dims} dimensions, 144 heads × ${points.toLocaleString('en')} points × 64, two workers${runs > 1 ? ` [median of ${runs}; the first, with the start of the workers, ${seconds(first)} s]` : ''}`,
      value: seconds(ms),
      unit: 's',
      ...(limit ? { target: `≤ ${limit}`, met: ms <= limit * 1000 } : {}),
    }
    if (projection === 'umap' && dims === 2 && points === 10_000)
      yield {
        what: 'of these one head, against umap-learn on two threads, recorded at d 32 [2.2 s]',
        value: seconds(ms / 144),
        unit: 's',
        target: '≤ 0.55',
        met: ms / 144 <= 550,
      }
  }
  if (works.length === 1) return
  yield {
    what: 'all of these at 10,000 points',
    value: seconds(all),
    unit: 's',
    target: '≤ 300',
    met: all <= 300_000,
  }
}

import { Deck, OrthographicView, type Layer } from '@deck.gl/core'
import { ScatterplotLayer } from '@deck.gl/layers'
import clusteringWorker from '../../workers/clustering.worker?worker&url'
import type { Sequence } from '../../src/core/types'
import { buildTokenTable } from '../../src/encodings/tokens'
import { ClusteringClient } from '../../src/rpc/clustering-client'
import { AtlasScene } from '../../src/scene/atlas-scene'
import type { ExplorerView } from '../../src/state/api'
import { SearchState } from '../../src/ui/search-state.svelte'
import { SceneSync } from '../../src/views/scene-sync'
import { syntheticHead } from '../../tests/harness/synthetic-head'
import { median } from './median'
import { deviceIdle, panFrames, takeFrameMs } from './meter'

const layers = 12
const heads = 12
const queries = 5000
const count = 2 * queries
const size = { width: 1440, height: 900 }
const limits = { frames: 40, longestMs: 20_000 }

const canvas = document.querySelector('canvas')!
/** A few heads, used over and over: making 144 of them is not what is measured. */
const made = Array.from({ length: 12 }, (_, seed) => syntheticHead(seed, queries, queries, 2, null))
const pointsOf = (index: number): Float32Array => made[index % made.length]!
const refOf = (index: number) => ({ layer: Math.floor(index / heads), head: index % heads })

function palette(): Uint8Array {
  const rgba = new Uint8Array(1024).fill(255)
  rgba.set([42, 111, 219, 255, 224, 123, 26, 255])
  return rgba
}

let scene: AtlasScene
let gl: WebGL2RenderingContext

/** The atlas with every head drawn. */
async function openAtlas() {
  scene = new AtlasScene(canvas, { reducedMotion: () => true })
  gl = canvas.getContext('webgl2')!
  scene.setTheme({ background: '#ffffff', tileLine: '#e4e6ea', text: '#22262d' })
  scene.setPalette(palette())
  scene.resize(size.width, size.height, 1)
  scene.setLayout({ layers, heads, queries, keys: queries })
  for (let index = 0; index < layers * heads; index++) scene.setHead(refOf(index), pointsOf(index), 2, false)
  await nextFrame()
  await deviceIdle(gl)
  const { drawCalls, gpuBytes, points } = scene.statistics()
  return { drawCalls, points, bytes: gpuBytes - canvas.width * canvas.height * 12 }
}

const nextFrame = () =>
  new Promise<void>((resolve) => {
    const stop = scene.onFrame(() => {
      stop()
      resolve()
    })
    scene.pan(0, 0)
  })

const panAtlas = () =>
  panFrames(
    gl,
    (step) => scene.pan(step % 2 ? 3 : -3, 1),
    (listener) => scene.onFrame(listener),
    limits,
  )

/** Colours of all points: the call, and the frame that carries them to the device. */
async function recolor(rounds: number) {
  const times: number[] = []
  for (let round = -1; round < rounds; round++) {
    const indices = Uint8Array.from({ length: count }, (_, point) => (point + round) & 1)
    await deviceIdle(gl)
    takeFrameMs()
    const began = performance.now()
    scene.setColors(null, indices)
    const called = performance.now() - began
    await nextFrame()
    await new Promise((resolve) => setTimeout(resolve, 0))
    if (round >= 0) times.push(called + takeFrameMs())
  }
  return median(times)
}

/** The point under the pointer, in an opened head of 10,000 points. */
async function pick(rounds: number) {
  scene.showHead({ layer: 5, head: 0 }, false)
  await nextFrame()
  const times: number[] = []
  let hits = 0
  for (let round = 0; round < rounds; round++) {
    const [x, y] = [200 + ((round * 7919) % 1040), 100 + ((round * 104_729) % 700)]
    const began = performance.now()
    for (let repeat = 0; repeat < 10; repeat++) if (scene.pick(x, y, 14)) hits++
    times.push((performance.now() - began) / 10)
  }
  scene.showMatrix(false)
  return { ms: median(times), hits: hits / (10 * rounds) }
}

/** 144 heads coming in two at a time: the longest task of the page, 0 where none is above 50 ms. */
async function stream() {
  const sequences: Sequence[] = Array.from({ length: 50 }, (_, index) => ({
    id: `s${index}`,
    name: `s${index}`,
    tokens: Array.from({ length: queries / 50 }, (_, token) => ({ id: token, text: `t${token}`, special: false })),
    truncated: 0,
  }))
  const table = buildTokenTable(sequences)
  let done = 0
  const explorer = {
    model: { layers, heads },
    picture: ({ layer, head }: { layer: number; head: number }) => {
      const index = layer * heads + head
      return index < done ? { layer, head, points: pointsOf(index), n: queries, m: queries, dims: 2 } : null
    },
  } as unknown as ExplorerView
  const sync = new SceneSync(scene)
  const tasks: number[] = []
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
  await new Promise((resolve) => requestIdleCallback(resolve))
  observer.observe({ type: 'longtask' })
  while (sync.headsDrawn < layers * heads) {
    done = Math.min(layers * heads, done + 2)
    await new Promise((resolve) => requestAnimationFrame(resolve))
    const until = performance.now() + 6
    sync.drawSome(explorer, table, true, () => performance.now() < until)
  }
  await deviceIdle(gl)
  await new Promise((resolve) => requestIdleCallback(resolve))
  observer.disconnect()
  return Math.max(0, ...tasks)
}

/** A search over 5,000 tokens and the clustering of its matches in 144 heads, as the search box does it; and its time on the page. */
async function search(rounds: number) {
  const words = ['the', 'of', 'river', 'light', 'bank', 'and', 'house', 'number', 'stone', 'cloud']
  const sequences: Sequence[] = Array.from({ length: 100 }, (_, index) => ({
    id: `s${index}`,
    name: `s${index}`,
    tokens: Array.from({ length: 50 }, (_, token) => ({
      id: token,
      text: words[(token * 7 + index * 3) % words.length]!,
      special: false,
    })),
    truncated: 0,
  }))
  const options = { match: 'exact', caseSensitive: false, firstOnly: false } as const
  const copies = Array.from({ length: layers * heads }, (_, index) => pointsOf(index).slice())
  const explorer = {
    model: { layers, heads },
    sequences,
    search: words[0]!,
    searchOptions: options,
    picture: ({ layer, head }: { layer: number; head: number }) => {
      const index = layer * heads + head
      return { layer, head, points: copies[index]!, n: queries, m: queries, dims: 2 }
    },
  }
  const inPage: number[] = []
  const client = new ClusteringClient({
    createWorker: () => new Worker(new URL(clusteringWorker, import.meta.url), { type: 'module' }),
  })
  const clustering = {
    score: (...call: Parameters<ClusteringClient['score']>) => {
      const began = performance.now()
      const answer = client.score(...call)
      inPage.push(performance.now() - began)
      return answer
    },
  }
  const ports = { show: (text: string) => text, pinnedRow: () => -1, clustering }
  const times: number[] = []
  const pageTimes: number[] = []
  for (let round = 0; round < rounds; round++) {
    explorer.search = words[round % words.length]!
    inPage.length = 0
    const began = performance.now()
    const state = new SearchState(explorer as unknown as ExplorerView, ports)
    const scoring = state.scoreHeads()
    const found = performance.now() - began - (inPage[0] ?? 0)
    await scoring
    times.push(performance.now() - began)
    if (!state.score({ layer: layers - 1, head: heads - 1 })) throw new Error('The last head has no score.')
    pageTimes.push(found + inPage.reduce((sum, time) => sum + time, 0))
  }
  return { ms: median(times), firstMs: times[0]!, pageMs: median(pageTimes), firstPageMs: pageTimes[0]! }
}

/** The same points in deck.gl, in the same tiles: one layer a head, or all in one. */
async function panDeck(kind: 'layers' | 'merged') {
  const tile = { width: size.width / heads, height: size.height / layers }
  const place = (index: number, at: Float32Array, offset: number) => {
    const { layer, head } = refOf(index)
    const points = pointsOf(index)
    for (let point = 0; point < count; point++) {
      at[offset + 2 * point] = (head + 0.5) * tile.width + points[2 * point]! * 10
      at[offset + 2 * point + 1] = (layer + 0.5) * tile.height + points[2 * point + 1]! * 8
    }
  }
  const colorsOf = (total: number) => {
    const colors = new Uint8Array(4 * total)
    for (let at = 0; at < total; at++)
      colors.set(at % count < queries ? [42, 111, 219, 255] : [224, 123, 26, 255], 4 * at)
    return colors
  }
  const layerOf = (id: string, positions: Float32Array, total: number) =>
    new ScatterplotLayer({
      id,
      data: {
        length: total,
        attributes: {
          getPosition: { value: positions, size: 2 },
          getFillColor: { value: colorsOf(total), size: 4 },
        },
      },
      getRadius: 1.25,
      radiusUnits: 'pixels',
      pickable: false,
    })
  const all: Layer[] = []
  if (kind === 'merged') {
    const positions = new Float32Array(2 * count * layers * heads)
    for (let index = 0; index < layers * heads; index++) place(index, positions, 2 * count * index)
    all.push(layerOf('all', positions, count * layers * heads))
  } else {
    for (let index = 0; index < layers * heads; index++) {
      const positions = new Float32Array(2 * count)
      place(index, positions, 0)
      all.push(layerOf(`head-${index}`, positions, count))
    }
  }
  const listeners = new Set<() => void>()
  const own = document.createElement('canvas')
  document.body.replaceChildren(own)
  const viewState = (step: number) => ({
    target: [size.width / 2 + (step % 2 ? 3 : -3), size.height / 2 + step, 0] as [number, number, number],
    zoom: 0,
  })
  const deck = new Deck({
    canvas: own,
    width: size.width,
    height: size.height,
    useDevicePixels: false,
    views: new OrthographicView({ id: 'all', controller: false }),
    viewState: viewState(0),
    layers: all,
    onAfterRender: () => {
      for (const listener of [...listeners]) listener()
    },
  })
  const onDrawn = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  await new Promise<void>((resolve) => {
    const stop = onDrawn(() => {
      stop()
      resolve()
    })
  })
  const result = await panFrames(
    own.getContext('webgl2')!,
    (step) => deck.setProps({ viewState: viewState(step) }),
    onDrawn,
    limits,
  )
  deck.finalize()
  return result
}

Object.assign(window, { bench: { openAtlas, panAtlas, recolor, pick, stream, search, panDeck } })

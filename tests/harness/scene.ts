/**
 * The renderer by itself with made-up heads. Address: ?layers=12&heads=12&points=1000&dims=2&theme=dark&odd=nan|equal|line
 * Drag pans (Shift: turns), the wheel zooms, a click opens a head, Escape goes back, space moves all points elsewhere.
 */
import { AtlasScene } from '../../src/scene/atlas-scene'
import { syntheticHead } from './synthetic-head'

const parameters = new URLSearchParams(location.search)
const numberOf = (name: string, fallback: number): number => Number(parameters.get(name) ?? fallback)
const layers = numberOf('layers', 12)
const heads = numberOf('heads', 12)
const pointCount = numberOf('points', 1000)
const dims = numberOf('dims', 2) === 3 ? 3 : 2
const isDark = parameters.get('theme') === 'dark'
const odd = parameters.get('odd')

const canvas = document.querySelector('canvas')!
const scene = new AtlasScene(canvas, { reducedMotion: () => parameters.has('still') })
const queries = Math.ceil(pointCount / 2)
const keys = pointCount - queries

function palette(): Uint8Array {
  const rgba = new Uint8Array(1024).fill(255)
  const put = (index: number, hex: number): void => rgba.set([hex >> 16, (hex >> 8) & 255, hex & 255], index * 4)
  for (let i = 0; i < 256; i++)
    put(
      i,
      (Math.round(40 + 180 * (i / 255)) << 16) |
        (Math.round(60 + 150 * Math.sin((i / 255) * 3)) << 8) |
        Math.round(220 - 170 * (i / 255)),
    )
  put(0, isDark ? 0x5b9bf5 : 0x2a6fdb)
  put(1, isDark ? 0xf2a154 : 0xe07b1a)
  return rgba
}

function fill(variant: number, animate: boolean, shownDims: 2 | 3 = dims): void {
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) {
      scene.setHead(
        { layer, head },
        syntheticHead(layer * heads + head + variant, queries, keys, shownDims, odd),
        shownDims,
        animate,
      )
    }
  }
}

const resize = (): void => scene.resize(innerWidth, innerHeight, numberOf('ratio', devicePixelRatio))
scene.setTheme(
  isDark
    ? { background: '#0f1115', tileLine: '#23272f', text: '#d8dce3' }
    : { background: '#ffffff', tileLine: '#e4e6ea', text: '#22262d' },
)
scene.setPalette(palette())
scene.setLayout({ layers, heads, queries, keys })
resize()
addEventListener('resize', resize)
fill(0, false)

let variant = 0
let dragged = 0
let last: { x: number; y: number } | null = null
canvas.addEventListener('pointerdown', (event) => {
  last = { x: event.clientX, y: event.clientY }
  dragged = 0
  canvas.setPointerCapture(event.pointerId)
})
canvas.addEventListener('pointermove', (event) => {
  if (!last) return
  const dx = event.clientX - last.x
  const dy = event.clientY - last.y
  dragged += Math.abs(dx) + Math.abs(dy)
  if (event.shiftKey) scene.orbit(dx, dy)
  else scene.pan(dx, dy)
  last = { x: event.clientX, y: event.clientY }
})
canvas.addEventListener('pointerup', (event) => {
  last = null
  const head = scene.headAt(event.clientX, event.clientY)
  if (dragged < 4 && head && !scene.focus) scene.showHead(head, true)
})
canvas.addEventListener('wheel', (event) =>
  scene.zoomAt(event.clientX, event.clientY, Math.exp(-event.deltaY * 0.0015)),
)
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') scene.showMatrix(true)
  if (event.key === ' ') fill(++variant, true)
  if (event.key === 'r') scene.resetCamera(true)
})

Object.assign(window, { scene, fill })

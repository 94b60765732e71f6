import { describe, expect, it } from 'vitest'
import { buildTokenTable } from '../../../src/encodings/tokens'
import type { AtlasSceneApi } from '../../../src/scene/api'
import { drawBipartite, visibleLines } from '../../../src/views/draw-bipartite'
import { drawHeadOverlay } from '../../../src/views/overlay-head'
import type { OverlayTheme } from '../../../src/views/overlay-theme'
import { sequenceLinks } from '../../../src/views/links'

/** A 2-D context that writes down the opacity of each stroke with where it began. */
function makeContext() {
  const strokes: { from: [number, number]; alpha: number }[] = []
  let from: [number, number] = [0, 0]
  const target = {
    globalAlpha: 1,
    moveTo: (x: number, y: number) => (from = [x, y]),
    stroke: () => strokes.push({ from, alpha: target.globalAlpha }),
    measureText: (text: string) => ({ width: 6 * text.length }),
  }
  const context = new Proxy(target, {
    get: (object, name) => (name in object ? object[name as keyof typeof object] : () => undefined),
    set: (object, name, value) => Reflect.set(object, name, value),
  })
  return { context: context as unknown as CanvasRenderingContext2D, strokes }
}

const theme = { text: '#000', textSoft: '#555', background: '#fff', font: 'x', fontToken: 'x' } as OverlayTheme
// A causal head: the upper triangle is masked.
const weights = Float32Array.from([1, 0, 0, 0.25, 0.75, 0, 0.5, 0.3, 0.2])

describe('attention lines', () => {
  it('of a head have the opacity of their weight, and none joins a masked pair', () => {
    const table = buildTokenTable([
      {
        id: 'a',
        name: 'a',
        tokens: ['x', 'y', 'z'].map((text, id) => ({ id, text, special: false })),
        truncated: 0,
      },
    ])
    const links = sequenceLinks(weights, 3, { count: 3, threshold: 0 }).map(({ query, key, weight }) => ({
      from: query,
      to: 3 + key,
      weight,
    }))
    const scene = { screenOf: ({ point }: { point: number }) => ({ x: 10 * point, y: 100 * point, depth: 0 }) }
    const { context, strokes } = makeContext()
    drawHeadOverlay(
      context,
      scene as Partial<AtlasSceneApi> as AtlasSceneApi,
      {
        head: { layer: 0, head: 0 },
        table,
        pinned: -1,
        hovered: -1,
        sequence: 0,
        links,
        labels: false,
        positions: false,
        weights: false,
        outline: null,
        selected: null,
        order: new Int32Array(0),
        show: () => '',
      },
      theme,
      { width: 800, height: 800 },
    )
    const drawn = strokes.map(({ from, alpha }) => [from[1] / 100, Math.fround(alpha)])
    const wanted = [...weights].flatMap((weight, at) => (weight > 0 ? [[Math.floor(at / 3), weight]] : []))
    expect(drawn.sort()).toEqual(wanted.sort())
  })

  it('of a sentence have their weight over the largest, and none joins a masked pair', () => {
    const { lines } = visibleLines({ weights, size: 3, scale: 'row', active: null })
    expect(lines.every(({ query, key }) => key <= query)).toBe(true)
    const { context, strokes } = makeContext()
    const canvas = { width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement
    Object.assign(globalThis, { window: { devicePixelRatio: 1 } })
    drawBipartite(canvas, { weights, size: 3, scale: 'whole', active: null, rowPx: 20, widthPx: 200 }, theme)
    expect(strokes.map(({ from, alpha }) => [(from[1] - 10) / 20, Math.fround(alpha)])).toEqual(
      [...weights].flatMap((weight, at) => (weight > 0 ? [[Math.floor(at / 3), weight]] : [])),
    )
    Reflect.deleteProperty(globalThis, 'window')
  })
})

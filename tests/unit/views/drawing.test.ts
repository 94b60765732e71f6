import { describe, expect, it } from 'vitest'
import type { Sequence } from '../../../src/core/types'
import type { AtlasSceneApi } from '../../../src/scene/api'
import { buildTokenTable, tokenOf } from '../../../src/encodings/tokens'
import { cellAt } from '../../../src/views/draw-heat'
import { readFidelity } from '../../../src/ui/fidelity'
import { labelOrder } from '../../../src/views/label-order'
import { largestWeight, strongestLinks } from '../../../src/views/links'
import { countOwnNeighbours } from '../../../src/views/overlay-head'
import { drawMatrixOverlay, labelStep } from '../../../src/views/overlay-matrix'
import type { OverlayTheme } from '../../../src/views/overlay-theme'
import { firstLook } from '../../../src/ui/samples/first-look'

const sequence = (id: string, ...texts: string[]): Sequence => ({
  id,
  name: id,
  tokens: texts.map((text, index) => ({ id: index, text, special: text.startsWith('[') })),
  truncated: 0,
})

describe('strongest links', () => {
  const weights = Float32Array.of(0.1, 0.7, 0.2, 0.5, 0.25, 0.25, 0, 0.9, 0.1)

  it('of a query are in its row, of a key in its column', () => {
    expect(strongestLinks(weights, 3, 0, 'query', 2).map(({ query, key }) => [query, key])).toEqual([
      [0, 1],
      [0, 2],
    ])
    expect(strongestLinks(weights, 3, 1, 'key', 2).map(({ query, key }) => [query, key])).toEqual([
      [2, 1],
      [0, 1],
    ])
  })

  it('leave masked pairs out and order ties by position', () => {
    expect(strongestLinks(weights, 3, 2, 'query', 3)).toHaveLength(2)
    expect(strongestLinks(weights, 3, 1, 'query', 3).map(({ key }) => key)).toEqual([0, 1, 2])
  })

  it('know the largest weight of all and of a row', () => {
    expect(largestWeight(weights, 3, null)).toBeCloseTo(0.9)
    expect(largestWeight(weights, 3, 1)).toBeCloseTo(0.5)
  })
})

describe('fidelity', () => {
  it('has the steps of the figures’ own grade', () => {
    const row = { fidelity_picture: -0.9, recall5: 0.7, recall5_chance: 0.3 }
    expect(readFidelity({ ...row, fidelity_picture_specific: -0.7 })?.grade).toBe('faithful')
    expect(readFidelity({ ...row, fidelity_picture_specific: -0.69 })?.grade).toBe('partly')
    expect(readFidelity({ ...row, fidelity_picture_specific: -0.39 })?.grade).toBe('unreliable')
    // The nearest keys are no more attended than by chance: the picture is not to be read.
    expect(readFidelity({ ...row, fidelity_picture_specific: -0.9, recall5: 0.3 })?.grade).toBe('unreliable')
  })

  it('grades the picture, never the joint space', () => {
    expect(
      readFidelity({ fidelity_joint: -0.95, fidelity_picture: -0.4, fidelity_picture_specific: -0.2, pairs: 10 }),
    ).toEqual({ grade: 'unreliable', figure: -0.2, picture: -0.4, joint: -0.95, pairs: 10 })
    expect(readFidelity({ fidelity_joint: -0.95, fidelity_picture_specific: null })).toBeNull()
    expect(readFidelity(null)).toBeNull()
  })
})

describe('the progress of a tile', () => {
  /** Widths of what is filled at the lower edge of the one tile, 100 wide. */
  function fills(share: number | null): number[] {
    const widths: number[] = []
    const ignore = () => undefined
    const context = new Proxy({} as CanvasRenderingContext2D, {
      get: (_, name) =>
        name === 'fillRect'
          ? (_x: number, y: number, width: number, height: number) => y === 98 && height === 2 && widths.push(width)
          : ignore,
      set: () => true,
    })
    const scene = { tileRect: () => ({ x: 0, y: 0, width: 100, height: 100 }) } as unknown as AtlasSceneApi
    const none = () => null
    drawMatrixOverlay(
      context,
      scene,
      {
        layers: 1,
        heads: 1,
        hovered: null,
        base: 0,
        cursor: null,
        gradeOf: none,
        isSorted: true,
        groups: null,
        nameOf: () => '',
        tintOf: none,
        progressOf: () => share,
        valueOf: () => '',
      },
      { font: '', text: '', textSoft: '', textFaint: '', background: '' } as unknown as OverlayTheme,
      { width: 200, height: 200 },
    )
    return widths
  }

  it('is a line along its lower edge that fills; none where nothing is computed', () => {
    expect(fills(null)).toEqual([])
    expect(fills(0.25)).toEqual([100, 25])
  })
})

describe('labels', () => {
  const table = buildTokenTable([sequence('a', '[CLS]', 'the', ',', 'cat', '##s', '7', '[SEP]')])

  it('go to words first and to every point once', () => {
    const order = labelOrder(table)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, point) => point))
    const words = [...order].map((point) => tokenOf(table, point)?.text)
    expect(new Set(words.slice(0, 4))).toEqual(new Set(['the', 'cat']))
    expect(new Set(words.slice(4, 6))).toEqual(new Set(['7']))
    expect(new Set(words.slice(8))).toEqual(new Set(['[CLS]', ',', '[SEP]']))
  })

  it('leave patches out: they are seen', () => {
    const image = { ...sequence('i', '[CLS]', '0,0', '0,1', '1,0', '1,1'), grid: { rows: 2, columns: 2 } }
    const order = labelOrder(buildTokenTable([image]))
    expect([...order].sort((a, b) => a - b)).toEqual([0, 5])
  })

  it('of rows are thinned where tiles are small', () => {
    expect(labelStep(60, 14)).toBe(1)
    expect(labelStep(8, 14)).toBe(2)
    expect(labelStep(1, 24)).toBe(50)
    expect(labelStep(0.1, 24)).toBe(100)
  })
})

it('counts neighbours of the own sequence', () => {
  const table = buildTokenTable([sequence('a', 'x', 'y'), sequence('b', 'z')])
  // queries x y z, keys x y z
  const points = Float32Array.of(0, 0, 1, 0, 0.1, 0, 0.2, 0, 9, 0, 0.3, 0)
  expect(countOwnNeighbours(points, 2, table, 0, 3)).toEqual({ own: 1, all: 3 })
  expect(countOwnNeighbours(points, 2, table, 0, 10)).toEqual({ own: 3, all: 5 })
})

it('finds the cell under the pointer', () => {
  expect(cellAt(45, 5, 3, 20)).toEqual({ query: 0, key: 2 })
  expect(cellAt(60, 5, 3, 20)).toBeNull()
  expect(cellAt(-1, 5, 3, 20)).toBeNull()
})

it('has 24 different sample sentences, none longer than a small model takes', () => {
  expect(new Set(firstLook).size).toBe(24)
  for (const line of firstLook) expect(line.split(' ').length).toBeLessThan(24)
})

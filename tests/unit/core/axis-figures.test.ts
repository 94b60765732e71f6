import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mainAxis } from '../../../src/core/axis-figures/main-axis'
import { AxisFigureMeter, emptyAxisFigures } from '../../../src/core/axis-figures/meter'
import { patchTable } from '../../../src/core/axis-figures/patch-table'
import { axisFigureInfos } from '../../../src/core/axis-figures/registry'
import { relateToAngle } from '../../../src/core/axis-figures/relations'
import type { PatchTable } from '../../../src/core/axis-figures/types'
import { frequencyOf } from '../../../src/core/patch-pixels'
import { hashUniform } from '../../../src/core/random'
import type { FigureRow, HeadVectors, Sequence } from '../../../src/core/types'
import { naiveAxisFigures } from './naive-axis'

const spans = [
  { queryStart: 0, queries: 17, keyStart: 0, keys: 17 },
  { queryStart: 17, queries: 17, keyStart: 17, keys: 17 },
]
const n = 34

/** CLS and 16 patches, twice; one hue and some frequencies missing. */
function randomTable(seed: number): PatchTable {
  const make = (at: number, scale: number, isMissing: (token: number) => boolean) =>
    Float32Array.from({ length: n }, (_, token) =>
      token % 17 === 0 || isMissing(token) ? Number.NaN : scale * hashUniform(seed, at, token),
    )
  return {
    row: make(1, 1, () => false),
    column: make(2, 1, () => false),
    hue: make(3, 360, (token) => token === 5),
    brightness: make(4, 1, () => false),
    frequency: make(5, 3, (token) => token % 3 === 0),
  }
}

const randomHead = (seed: number, dim: number): HeadVectors => {
  const fill = (at: number, shift: number) =>
    Float32Array.from({ length: n * dim }, (_, index) => (1 + (index % dim)) * hashUniform(seed, at, index) + shift)
  return { q: fill(6, 2), k: fill(7, -5), n, m: n, dim, scale: 1 }
}

function measure(vectors: HeadVectors, table: PatchTable): FigureRow {
  const meter = new AxisFigureMeter(vectors, table)
  for (const span of spans) meter.add(span)
  return meter.result()
}

describe('figures of the main axis', () => {
  test('equal their definition on random heads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, dim) => {
        const [vectors, table] = [randomHead(seed, dim), randomTable(seed)]
        const found = measure(vectors, table)
        const wanted = naiveAxisFigures(vectors, table)
        expect(Object.keys(found)).toEqual(axisFigureInfos.map(({ id }) => id))
        expect(Object.keys(wanted).sort()).toEqual(Object.keys(found).sort())
        for (const [id, value] of Object.entries(wanted)) expect(found[id], id).toBeCloseTo(value!, 5)
      }),
      { numRuns: 100 },
    )
  })

  test('find what a head sorts by, whatever lies on CLS', () => {
    const table = randomTable(3)
    const along = (values: Float32Array, strength: number) => {
      const vectors = randomHead(9, 4)
      for (let token = 0; token < n; token++) {
        const value = token % 17 === 0 ? 1e4 : strength * values[token]!
        vectors.q[4 * token + 2] = value
        vectors.k[4 * token + 2] = -value
      }
      return measure(vectors, table)
    }
    expect(along(table.brightness, 100)['axis_brightness']).toBeGreaterThan(0.99)
    expect(along(table.brightness, 100)['axis_row']).toBeLessThan(0.6)
    const cosine = table.hue.map((degrees) => Math.cos(((degrees - 70) * Math.PI) / 180))
    cosine[5] = 0
    expect(along(cosine, 100)['axis_hue']).toBeGreaterThan(0.99)
  })

  test('are empty without spread, with few patches, and of nothing', () => {
    const flat = { ...randomHead(1, 2), q: new Float32Array(2 * n), k: new Float32Array(2 * n) }
    expect(measure(flat, randomTable(1))).toMatchObject({ axis_row: null, axis_row_rows: 32 })
    const few = randomTable(1)
    few.hue.fill(Number.NaN, 10)
    expect(measure(randomHead(1, 2), few)).toMatchObject({ axis_hue: null, axis_hue_rows: 8 })
    const constant = { ...randomTable(1), brightness: randomTable(1).row.map((value) => value && 0.5) }
    expect(measure(randomHead(1, 2), constant)['axis_brightness']).toBeNull()
    expect(Object.keys(emptyAxisFigures())).toEqual(axisFigureInfos.map(({ id }) => id))
  })

  test('do not depend on the zero of the angle', () => {
    const along = Float64Array.from({ length: 40 }, (_, at) => hashUniform(2, at))
    const hue = Float64Array.from({ length: 40 }, (_, at) => 360 * hashUniform(3, at))
    const turned = hue.map((degrees) => (degrees + 123) % 360)
    expect(relateToAngle(along, turned)).toBeCloseTo(relateToAngle(along, hue)!, 9)
    const two = hue.map((degrees) => (degrees < 180 ? 0 : 120))
    expect(relateToAngle(two, two)).toBeCloseTo(1, 6)
    expect(relateToAngle(along, hue.fill(30))).toBeNull()
  })

  test('the axis of a plain matrix', () => {
    expect([...mainAxis(Float64Array.of(1, 0, 0, 4), 2)!].map(Math.abs)).toEqual([0, 1])
    expect(mainAxis(new Float64Array(4), 2)).toBeNull()
  })
})

describe('textures', () => {
  const wave = (cycles: number, side: number, degrees: number) => {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
    return Float64Array.from({ length: side * side }, (_, at) => {
      const [x, y] = [at % side, Math.floor(at / side)]
      return 0.5 + 0.4 * Math.sin((2 * Math.PI * cycles * (x * cos + y * sin)) / side)
    })
  }

  test.each([
    [2, 0],
    [2, 90],
    [4, 45],
    [5, 30],
  ])('of %s cycles at %s° are measured', (cycles, degrees) => {
    expect(frequencyOf(wave(cycles, 32, degrees), 32, 32)! / cycles).toBeCloseTo(1, 1)
  })

  test('of plain patches are none, finer ones count more', () => {
    expect(frequencyOf(new Float64Array(196).fill(0.3), 14, 14)).toBeNull()
    const found = [0.125, 1, 2, 4].map((cycles) => frequencyOf(wave(cycles, 14, 0), 14, 14)!)
    expect(found).toEqual([...found].sort((a, b) => a - b))
  })
})

test('the table of patches lies as the tokens do', () => {
  const rgba = new Uint8ClampedArray(4 * 4 * 2).fill(255)
  rgba.set([255, 0, 0, 255, 255, 0, 0, 255], 0) // the left patch's upper half is red
  const patch = (special: boolean) => ({ id: -1, text: '', special })
  const image: Sequence = {
    id: 'i',
    name: 'i',
    tokens: [patch(true), patch(false), patch(false)],
    truncated: 0,
    grid: { rows: 1, columns: 2 },
    crop: { width: 4, height: 2, rgba },
  }
  const text: Sequence = { id: 't', name: 't', tokens: [patch(false)], truncated: 0 }
  const table = patchTable([text, image])!
  expect([...table.row]).toEqual([Number.NaN, Number.NaN, 0.5, 0.5])
  expect([...table.column]).toEqual([Number.NaN, Number.NaN, 0.25, 0.75])
  expect([...table.hue]).toEqual([Number.NaN, Number.NaN, 0, Number.NaN])
  expect(table.brightness[3]).toBeCloseTo(1, 6)
  expect(table.frequency[2]).toBeGreaterThan(0)
  expect(table.frequency[3]).toBeNaN()
  expect(patchTable([text])).toBeNull()
})

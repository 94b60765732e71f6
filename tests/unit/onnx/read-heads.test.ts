import { describe, expect, it } from 'vitest'
import { float16ToFloat32 } from '../../../src/onnx/float16'
import { readHeads, readScale, readWeights, toFloat32 } from '../../../src/onnx/read-heads'
import type { TapLayout } from '../../../src/onnx/types'

const [batch, heads, tokens, width] = [2, 3, 4, 5]

/** The number of (b,h,t,i): each place has its own. */
const numberOf = (b: number, h: number, t: number, i: number) => 1000 * b + 100 * h + 10 * t + i

/** All numbers with the four indices in the given order of nesting. */
function lay(order: ('b' | 'h' | 't' | 'i')[]): Float32Array {
  const sizes = { b: batch, h: heads, t: tokens, i: width }
  const values: number[] = []
  const visit = (depth: number, at: Record<string, number>) => {
    if (depth === 4) return void values.push(numberOf(at['b']!, at['h']!, at['t']!, at['i']!))
    const name = order[depth]!
    for (let index = 0; index < sizes[name]; index++) visit(depth + 1, { ...at, [name]: index })
  }
  visit(0, {})
  return Float32Array.from(values)
}

const wanted = lay(['b', 'h', 't', 'i'])

describe('Heads', () => {
  const cases: [TapLayout, ('b' | 'h' | 't' | 'i')[], number[]][] = [
    ['head-token-width', ['b', 'h', 't', 'i'], [batch, heads, tokens, width]],
    ['head-token-width', ['b', 'h', 't', 'i'], [batch * heads, tokens, width]],
    ['head-token-width', ['b', 'h', 't', 'i'], [batch, heads, 1, tokens, width]],
    ['head-width-token', ['b', 'h', 'i', 't'], [batch, heads, width, tokens]],
    ['head-width-token', ['b', 'h', 'i', 't'], [batch * heads, width, tokens]],
    ['token-packed', ['b', 't', 'h', 'i'], [batch, tokens, heads * width]],
    ['token-packed', ['b', 't', 'h', 'i'], [batch * tokens, heads * width]],
    ['token-packed', ['b', 'h', 't', 'i'], [batch, heads, tokens, width]],
    ['token-head-width', ['b', 't', 'h', 'i'], [batch, tokens, heads, width]],
    ['token-batch-head-width', ['t', 'b', 'h', 'i'], [tokens, batch, heads, width]],
  ]
  it.each(cases)('%s, %s in %s, become [B,H,T,d]', (layout, order, dims) => {
    const data = lay(order)
    const result = readHeads({ name: 'q', layout }, data, dims, batch, heads)
    expect(result).toMatchObject({ batch, heads, tokens, width })
    expect(result.values).toEqual(wanted)
    expect(result.values.buffer).not.toBe(data.buffer)
  })

  it('are freed of a factor', () => {
    const result = readHeads(
      { name: 'q', layout: 'head-token-width', factor: 0.5 },
      wanted,
      [batch, heads, tokens, width],
      batch,
    )
    expect(result.values).toEqual(wanted.map((value) => 2 * value))
  })

  it('come from float16 bits', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555)
    const result = readHeads({ name: 'q', layout: 'head-token-width' }, bits, [1, 1, 2, 3], 1)
    expect([...result.values]).toEqual([1, -2, 2 ** -24, 65504, -0, 0.333251953125])
    expect(float16ToFloat32(0x7c00)).toBe(Infinity)
    expect(float16ToFloat32(0xfc00)).toBe(-Infinity)
    expect(float16ToFloat32(0x7e00)).toBeNaN()
    expect(toFloat32([1, 2])).toEqual(Float32Array.of(1, 2))
  })

  it.each<[string, TapLayout, number[], number, number | null, string]>([
    ['windows in the place of the batch', 'head-token-width', [8, 3, 4, 5], 2, null, 'UNSUPPORTED_OP'],
    ['another batch', 'head-token-width', [3, 3, 4, 5], 2, null, 'SHAPE_SURPRISE'],
    ['no dimension for heads', 'head-token-width', [4, 5], 1, null, 'SHAPE_SURPRISE'],
    ['heads that the batch does not divide', 'head-width-token', [5, 4, 5], 2, null, 'SHAPE_SURPRISE'],
    ['packed heads of unknown number', 'token-packed', [2, 4, 15], 2, null, 'SHAPE_SURPRISE'],
    ['a width that heads do not divide', 'token-packed', [2, 4, 15], 2, 4, 'SHAPE_SURPRISE'],
    ['a rank that is not four', 'token-head-width', [2, 4, 15], 2, 3, 'SHAPE_SURPRISE'],
    ['tokens first and another batch', 'token-batch-head-width', [4, 3, 3, 5], 2, null, 'SHAPE_SURPRISE'],
    ['nothing', 'head-token-width', [1, 3, 0, 5], 1, null, 'SHAPE_SURPRISE'],
  ])('%s is refused', (_, layout, dims, count, hint, code) => {
    const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1))
    expect(() => readHeads({ name: 'q', layout }, data, dims, count, hint)).toThrowError(
      expect.objectContaining({ code }),
    )
  })

  it('data of another length is refused', () => {
    expect(() =>
      readHeads({ name: 'q', layout: 'head-token-width' }, new Float32Array(7), [1, 1, 2, 4], 1),
    ).toThrowError(expect.objectContaining({ code: 'SHAPE_SURPRISE' }))
  })

  it('weights keep rows as queries and columns as keys', () => {
    const values = Float32Array.from({ length: 12 }, (_, at) => at)
    expect(readWeights(values, [1, 2, 2, 3], 1)).toMatchObject({ batch: 1, heads: 2, queries: 2, keys: 3, values })
  })
})

describe('Scales', () => {
  const scale = (constant: number | null, runtime: { name: string; divide: boolean }[] = []) => ({
    scale: { constant, runtime },
  })

  it('are constants, 1/√d, and numbers of the run', () => {
    expect([...readScale(scale(0.5), new Map(), 64, 2)]).toEqual([0.5, 0.5])
    expect([...readScale(scale(null), new Map(), 64, 2)]).toEqual([0.125, 0.125])
    const runtime = new Map([
      ['root', Float32Array.of(4)],
      ['heads', Float32Array.of(1, 2)],
    ])
    const both = scale(1, [
      { name: 'root', divide: true },
      { name: 'heads', divide: false },
    ])
    expect([...readScale(both, runtime, 64, 2)]).toEqual([0.25, 0.5])
  })

  it.each([
    ['is missing', new Map<string, Float32Array>()],
    ['has neither one number nor one a head', new Map([['a', new Float32Array(3).fill(1)]])],
    ['is zero', new Map([['a', Float32Array.of(0)]])],
    ['is no number', new Map([['a', Float32Array.of(NaN)]])],
  ])('a factor that %s is refused', (_, runtime) => {
    expect(() => readScale(scale(1, [{ name: 'a', divide: false }]), runtime, 64, 2)).toThrowError(
      expect.objectContaining({ code: 'SHAPE_SURPRISE' }),
    )
  })
})

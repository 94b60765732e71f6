import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeadFigureMeter, emptyHeadFigures, type HeadFigureInput } from '../../../src/core/head-figures/meter'
import { headFigures, patternFigureInfos } from '../../../src/core/head-figures/registry'
import { countLargest } from '../../../src/core/head-figures/sparsity'
import type { FigureRow, HeadVectors, Mask, Span } from '../../../src/core/types'
import { readGoldenHead, spansOf } from '../golden-head'
import { naiveAttention, naiveHeadFigures, type NaiveSequence } from './naive-figures'

type Grid = { rows: number; columns: number; patchPx?: number } | null
const open: Mask = { causal: false, window: null }
const causal: Mask = { causal: true, window: null }

interface Case extends Partial<HeadFigureInput> {
  vectors: HeadVectors
  spans: readonly Span[]
  grids?: readonly Grid[]
  own?: readonly Float32Array[]
}

function inputOf({ vectors, mask = open, tokenIds = null, ...rest }: Case): HeadFigureInput {
  return {
    vectors,
    mask,
    tokenIds,
    sameTokens: rest.sameTokens ?? true,
    querySpecial: rest.querySpecial ?? new Uint8Array(vectors.n),
    keySpecial: rest.keySpecial ?? rest.querySpecial ?? new Uint8Array(vectors.m),
  }
}

function measure(given: Case): FigureRow {
  const longest = Math.max(0, ...given.spans.map(({ keys }) => keys))
  const meter = new HeadFigureMeter(inputOf(given), longest)
  for (const [index, span] of given.spans.entries())
    meter.add(span, given.grids?.[index] ?? null, given.own?.[index] ?? null)
  return meter.result()
}

function reference(given: Case): FigureRow {
  const { vectors, mask, querySpecial, keySpecial, tokenIds } = inputOf(given)
  const part = <T>(list: ArrayLike<number>, start: number, count: number, make: (value: number) => T) =>
    Array.from({ length: count }, (_, index) => make(list[start + index]!))
  return naiveHeadFigures(
    given.spans.map((span, index): NaiveSequence => ({
      span,
      attention: naiveAttention(vectors, span, mask),
      keySpecial: part(keySpecial, span.keyStart, span.keys, Boolean),
      querySpecial: part(querySpecial, span.queryStart, span.queries, Boolean),
      ids: tokenIds && part(tokenIds, span.queryStart, span.queries, Number),
      grid: given.grids?.[index] ?? null,
    })),
  )
}

function expectSame(found: FigureRow, wanted: FigureRow, digits = 10): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort())
  for (const [id, value] of Object.entries(wanted)) {
    if (value === null) expect(found[id], id).toBeNull()
    else expect(found[id], id).toBeCloseTo(value, digits)
  }
}

/** Heads whose scores all are 0. */
const flatHead = (n: number): HeadVectors => ({
  q: new Float32Array(n),
  k: new Float32Array(n).fill(1),
  n,
  m: n,
  dim: 1,
  scale: 1,
})

/** One sequence with the weights given as rows. */
function ownCase(rows: readonly (readonly number[])[], more: Partial<Case> = {}): Case {
  return {
    vectors: flatHead(rows.length),
    spans: spansOf([rows.length]),
    own: [Float32Array.from(rows.flat())],
    ...more,
  }
}

const randomCase: fc.Arbitrary<Case> = fc
  .record({
    lengths: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
    dim: fc.integer({ min: 1, max: 4 }),
    causal: fc.boolean(),
    window: fc.option(fc.integer({ min: 0, max: 5 })),
    hasIds: fc.boolean(),
    numbers: fc.array(fc.integer({ min: -3000, max: 3000 }), { minLength: 300, maxLength: 300 }),
    ids: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 36, maxLength: 36 }),
    special: fc.array(fc.boolean(), { minLength: 36, maxLength: 36 }),
  })
  .map(({ lengths, dim, hasIds, numbers, ids, special, ...mask }) => {
    const n = lengths.reduce((sum, length) => sum + length, 0)
    const floats = (from: number) => Float32Array.from({ length: n * dim }, (_, at) => numbers[from + at]! / 1000)
    return {
      vectors: { q: floats(0), k: floats(150), n, m: n, dim, scale: 0.7 },
      spans: spansOf(lengths),
      mask,
      tokenIds: hasIds ? Int32Array.from(ids.slice(0, n)) : null,
      querySpecial: Uint8Array.from(special.slice(0, n), Number),
    }
  })

test('every figure equals its definition on random heads, masks, ids and special tokens', () => {
  fc.assert(
    fc.property(randomCase, (given) => expectSame(measure(given), reference(given))),
    { numRuns: 300 },
  )
})

test('every figure equals its definition on a real head, open and causal', () => {
  const { vectors, spans } = readGoldenHead()
  const some = spans.slice(0, 12)
  const tokenIds = Int32Array.from({ length: vectors.n }, (_, index) => (index * index) % 17)
  const querySpecial = Uint8Array.from({ length: vectors.n }, (_, index) => Number(index % 11 === 0))
  for (const mask of [open, causal, { causal: true, window: 4 }, { causal: false, window: 3 }]) {
    const given = { vectors, spans: some, mask, tokenIds, querySpecial }
    expectSame(measure(given), reference(given))
  }
})

/** Images of 2 × 3 patches behind up to three special tokens, some without a patch size. */
const randomImages: fc.Arbitrary<Case> = fc
  .record({
    prefix: fc.integer({ min: 0, max: 3 }),
    count: fc.integer({ min: 1, max: 3 }),
    patchPx: fc.option(fc.integer({ min: 1, max: 32 })),
    window: fc.option(fc.integer({ min: 0, max: 5 })),
    numbers: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 54, maxLength: 54 }),
  })
  .map(({ prefix, count, patchPx, window, numbers }) => {
    const tokens = prefix + 6
    const n = count * tokens
    const floats = (from: number) => Float32Array.from({ length: n }, (_, at) => numbers[from + at]!)
    return {
      vectors: { q: floats(0), k: floats(27), n, m: n, dim: 1, scale: 0.7 },
      spans: spansOf(new Array<number>(count).fill(tokens)),
      mask: { causal: false, window },
      querySpecial: Uint8Array.from({ length: n }, (_, at) => Number(at % tokens < prefix)),
      grids: new Array<Grid>(count).fill({ rows: 2, columns: 3, ...(patchPx !== null && { patchPx }) }),
    }
  })

test('every figure of images equals its definition, also where weights are equal', () => {
  fc.assert(
    fc.property(randomImages, (given) => expectSame(measure(given), reference(given))),
    { numRuns: 300 },
  )
})

test('an image head for each figure', () => {
  // CLS, a register, 2 × 2 patches of 14 pixels.
  const given = { grids: [{ rows: 2, columns: 2, patchPx: 14 }], querySpecial: Uint8Array.of(1, 1, 0, 0, 0, 0) }
  const lookAt = (target: (token: number) => number) =>
    measure(
      ownCase(
        Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => Number(j === target(i)))),
        given,
      ),
    )
  const [inRow, inColumn] = [
    [0, 1, 3, 2, 5, 4],
    [0, 1, 4, 5, 2, 3],
  ] as const
  expect(lookAt((token) => token)).toMatchObject({ look_at_self: 1, same_row: 0, same_column: 0, cls_mass: 0 })
  expect(lookAt((token) => inRow[token]!)).toMatchObject({ look_at_self: 0, same_row: 1, attention_distance_px: 14 })
  expect(lookAt((token) => inColumn[token]!)).toMatchObject({ same_column: 1, same_row: 0, same_column_uniform: 0.25 })
  expect(lookAt(() => 0)).toMatchObject({ cls_mass: 1, register_mass: 0, same_row: null, attention_distance_px: null })
  expect(lookAt(() => 1)).toMatchObject({ cls_mass: 0, register_mass: 1, register_mass_uniform: 1 / 6 })
  const text = measure(ownCase([[1]]))
  for (const id of ['attention_distance_px', 'look_at_self', 'cls_mass', 'register_mass', 'same_row', 'same_column'])
    expect(text[id], id).toBeNull()
})

test('images: distance on the grid between patches only', () => {
  const { vectors } = readGoldenHead()
  const spans = spansOf([14, 14])
  const querySpecial = new Uint8Array(vectors.n)
  for (const token of [0, 1, 14, 15]) querySpecial[token] = 1
  const given = {
    vectors,
    spans,
    querySpecial,
    grids: [
      { rows: 3, columns: 4 },
      { rows: 3, columns: 4 },
    ],
  }
  expectSame(measure(given), reference(given))
  // All attention of the two patches on the other one, a row apart and a column apart; CLS takes half and is left out.
  const rows = [
    [1, 0, 0, 0, 0],
    [0.5, 0, 0, 0, 0.5],
    [0.5, 0, 0, 0.5, 0],
    [0.5, 0, 0.5, 0, 0],
    [0.5, 0.5, 0, 0, 0],
  ]
  const image = measure(
    ownCase(rows, {
      grids: [{ rows: 2, columns: 2 }],
      querySpecial: Uint8Array.of(1, 0, 0, 0, 0),
      tokenIds: new Int32Array(5).fill(-1),
    }),
  )
  expect(image['attention_distance']).toBeCloseTo(Math.SQRT2, 6)
  expect(image['attention_distance_uniform']).toBeCloseTo((1 + 1 + Math.SQRT2) / 4, 12)
  expect(image).toMatchObject({ duplicate_token: null, duplicate_token_rows: 0, induction: null, induction_rows: 0 })
})

test('uniform attention gives the uniform baseline of every figure', () => {
  fc.assert(
    fc.property(randomCase, (given) => {
      const { n, dim } = given.vectors
      const row = measure({ ...given, vectors: { ...given.vectors, q: new Float32Array(n * dim) } })
      for (const { id, baseline } of patternFigureInfos) {
        if (baseline === undefined) continue
        const wanted = row[baseline]!
        if (wanted === null) expect(row[id], id).toBeNull()
        else expect(row[id], id).toBeCloseTo(wanted, 12)
      }
    }),
  )
  const image = measure({
    vectors: flatHead(7),
    spans: spansOf([7]),
    querySpecial: Uint8Array.of(1, 0, 0, 0, 0, 0, 0),
    grids: [{ rows: 2, columns: 3 }],
  })
  expect(image['attention_distance']).toBeCloseTo(image['attention_distance_uniform']!, 12)
})

test('a head for each figure', () => {
  const shifted = (by: number) =>
    Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 6 }, (_, j) => Number(j === Math.min(5, Math.max(0, i + by)))),
    )
  const own = measure(ownCase(shifted(0)))
  expect(own).toMatchObject({ self: 1, previous: 0, next: 0, entropy: 0, entropy_normalised: 0, attention_distance: 0 })
  expect(own['sparsity']).toBeCloseTo(1 / 6, 12)
  expect(own['sparsity_uniform']).toBe(1) // five sixths are not yet 90 %
  expect(measure(ownCase(shifted(-1)))).toMatchObject({ previous: 1, previous_uniform: 1 / 6 })
  expect(measure(ownCase(shifted(1)))).toMatchObject({ next: 1 })
  expect(measure(ownCase(shifted(-5)))).toMatchObject({ first_token: 1, special_mass: 0 })

  // a b a b: the second a looks at the first b, the second b at the second a (after the first b).
  const tokenIds = Int32Array.of(7, 8, 7, 8)
  const after = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ]
  expect(measure(ownCase(after, { tokenIds, mask: causal }))).toMatchObject({
    induction: 1,
    induction_rows: 2,
    induction_uniform: (1 / 3 + 1 / 4) / 2,
    duplicate_token: 0,
    duplicate_token_rows: 2,
    next: null,
    next_uniform: null,
  })
})

test('the token after the copy is left out where it is the query itself', () => {
  const row = measure(
    ownCase(
      [
        [1, 0],
        [0, 1],
      ],
      { tokenIds: Int32Array.of(5, 5) },
    ),
  )
  expect(row).toMatchObject({ induction: null, induction_uniform: null, induction_rows: 0, duplicate_token_rows: 1 })
})

test('one token; no token at all', () => {
  expect(measure({ vectors: flatHead(1), spans: spansOf([1]), tokenIds: Int32Array.of(3) })).toMatchObject({
    entropy: null,
    entropy_normalised: null,
    sparsity: 1,
    attention_distance: 0,
    previous: null,
    next: null,
    self: 1,
    self_uniform: 1,
    first_token: null,
    special_mass: 0,
    duplicate_token: null,
    induction: null,
  })
  const nothing = measure({ vectors: flatHead(0), spans: [] })
  for (const [id, value] of Object.entries(nothing)) expect(value, id).toBe(id.endsWith('_rows') ? 0 : null)
})

test('all tokens special', () => {
  const special = new Uint8Array(4).fill(1)
  const text = measure({ vectors: flatHead(4), spans: spansOf([4]), querySpecial: special })
  expect(text).toMatchObject({ special_mass: 1, special_mass_uniform: 1, self: 0.25 })
  const image = measure({
    vectors: flatHead(4),
    spans: spansOf([4]),
    querySpecial: special,
    grids: [{ rows: 2, columns: 2 }],
  })
  expect(image).toMatchObject({ special_mass: 1, attention_distance: null, attention_distance_uniform: null })
})

test('cross-attention has no figure that compares positions or tokens', () => {
  const { vectors } = readGoldenHead()
  const head = { ...vectors, q: vectors.q.slice(0, 4 * 32), k: vectors.k.slice(0, 9 * 32), n: 4, m: 9 }
  const spans = [{ queryStart: 0, queries: 4, keyStart: 0, keys: 9 }]
  const row = measure({
    vectors: head,
    spans,
    sameTokens: false,
    tokenIds: new Int32Array(4),
    keySpecial: Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 1]),
  })
  expect(row).toMatchObject({ self: null, previous: null, next: null, attention_distance: null, duplicate_token: null })
  expect(row['entropy']).toBeGreaterThan(0)
  expect(row['special_mass_uniform']).toBeCloseTo(2 / 9, 12)
})

test('huge scores: finite figures', () => {
  const n = 5
  const vectors = {
    q: new Float32Array(n).fill(1e30),
    k: Float32Array.of(1e30, -1e30, 2e30, 0, 1),
    n,
    m: n,
    dim: 1,
    scale: 1,
  }
  const row = measure({ vectors, spans: spansOf([n]), tokenIds: new Int32Array(n) })
  for (const { id, needs } of patternFigureInfos)
    if (!needs.includes('patches')) expect(Number.isFinite(row[id]), id).toBe(true)
  expect(row['entropy']).toBe(0)
})

test('the fewest values that reach a sum', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (list, share) => {
        const total = list.reduce((sum, value) => sum + value, 0)
        fc.pre(total > 0)
        const wanted = share * total
        const sorted = [...list].sort((a, b) => b - a)
        let sum = 0
        let count = 0
        while (sum < wanted && count < list.length) sum += sorted[count++]!
        expect(countLargest(Float64Array.from(list), list.length, wanted)).toBe(count)
      },
    ),
  )
})

test('a result for every id, an id for every result; each figure has its baseline', () => {
  const ids = patternFigureInfos.map(({ id }) => id)
  expect(Object.keys(measure({ vectors: flatHead(3), spans: spansOf([3]) }))).toEqual(ids)
  expect(Object.keys(emptyHeadFigures())).toEqual(ids)
  for (const { infos } of headFigures) {
    for (const { role, baseline, rows } of infos) {
      expect(baseline !== undefined).toBe(role === 'figure')
      for (const other of [baseline, rows]) if (other !== undefined) expect(infos.map(({ id }) => id)).toContain(other)
    }
  }
})

import { expect, test } from '../helpers/app-test'
import { call, type AtlasInfo } from '../helpers/atlas-page'

type Row = Record<string, number | null>

test('head figures find the heads that look one token back and ahead, and equal the attention shown', async ({
  openApp,
  problems,
}) => {
  const page = await openApp('model=builtin:bge-small-en-v1.5&backend=wasm&samples=first-look')
  await call(page, 'ready')
  const rows = await call<Row[]>(page, 'headFigures')
  const { layers, heads, sequences } = await call<AtlasInfo>(page, 'info')
  expect(rows.map(({ layer, head }) => layer! * heads + head!)).toEqual([...Array(layers * heads).keys()])
  expect(topHead(rows, 'previous')).toMatchObject({ layer: 0, head: 2 })
  expect(topHead(rows, 'next')).toMatchObject({ layer: 1, head: 11 })
  expect(topHead(rows, 'previous')['previous']).toBeGreaterThan(0.9)
  expect(topHead(rows, 'next')['next']).toBeGreaterThan(0.8)
  for (const row of rows) {
    const mass = [row['previous'], row['next'], row['self'], row['special_mass'], row['entropy_normalised']]
    for (const value of mass) expect(value! >= 0 && value! <= 1).toBe(true)
    expect(row['special_mass']).toBeGreaterThanOrEqual(0)
    expect(row['duplicate_token_rows']).toBe(countCopies(sequences))
  }

  const head = { layer: 4, head: 9 }
  const row = rows.find(({ layer, head: index }) => layer === head.layer && index === head.head)!
  const means = { self: [] as number[], special_mass: [] as number[], entropy: [] as number[] }
  for (const [sequence, { tokens }] of sequences.entries()) {
    const { weights, size } = await call<{ weights: Float32Array; size: number }>(page, 'attention', {
      ...head,
      sequence,
    })
    const ofRows = (value: (cells: number[], i: number) => number) =>
      mean(Array.from({ length: size }, (_, i) => value([...weights.slice(i * size, (i + 1) * size)], i)))
    means.self.push(ofRows((cells, i) => cells[i]!))
    means.special_mass.push(ofRows((cells) => sum(cells.filter((_, j) => tokens[j]!.special))))
    means.entropy.push(ofRows((cells) => -sum(cells.map((cell) => (cell > 0 ? cell * Math.log(cell) : 0)))))
  }
  for (const [id, values] of Object.entries(means)) expect(row[id], id).toBeCloseTo(mean(values), 5)
  expect(problems).toEqual([])
})

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]) => sum(values) / values.length
const topHead = (rows: readonly Row[], id: string): Row => [...rows].sort((a, b) => b[id]! - a[id]!)[0]!

const countCopies = (sequences: AtlasInfo['sequences']): number =>
  sum(sequences.map(({ tokens }) => tokens.length - new Set(tokens.map(({ id }) => id)).size))

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { computeFidelity } from '../../../src/core/fidelity'
import {
  allFigureInfos,
  fidelityFigureInfos,
  fidelityFigures,
  figureGroups,
  figureInfo,
  figureNeeds,
  gradePicture,
  orderFigures,
  type FigureInfo,
} from '../../../src/core/figures'
import { translateKeys } from '../../../src/core/joint'
import { goldenHead, readGoldenHead } from '../golden-head'

test('each figure has one entry, and each entry a figure', () => {
  const { vectors, spans } = readGoldenHead()
  const special = new Uint8Array(vectors.n)
  const fidelity = computeFidelity(
    {
      vectors,
      joint: translateKeys(vectors),
      jointMetric: 'cosine',
      mask: { causal: false, window: null },
      querySpecial: special,
      keySpecial: special,
      points: null,
      dims: 2,
    },
    spans.slice(0, 3),
  )
  const row = fidelityFigures(fidelity, { c: 1, cAtBound: false, byConstruction: false })
  expect(Object.keys(row)).toEqual(fidelityFigureInfos.map(({ id }) => id))
  expect(row['c']).toBe(1)
  expect(row['norm_gap']).toBeCloseTo(row['q_norm']! - row['k_norm']!, 12)
  expect(row['fidelity_picture']).toBeNull()
  expect(goldenHead.n).toBe(vectors.n)
})

test('definitions are sentences, ids are unique', () => {
  expect(new Set(allFigureInfos.map(({ id }) => id)).size).toBe(allFigureInfos.length)
  for (const { id, label, definition, high } of allFigureInfos) {
    expect(high).not.toMatch(/[.]$|^$/)
    expect(id).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(label.length).toBeLessThan(60)
    expect(definition).toMatch(/[.)]$/)
  }
  expect(figureInfo('recall5')?.better).toBe('high')
  expect(figureInfo('induction')?.baseline).toBe('induction_uniform')
  expect(figureInfo('nothing')).toBeNull()
})

test('figures come group by group, and what stands beside a figure is one too', () => {
  const groups = allFigureInfos.map(({ group }) => figureGroups.indexOf(group))
  expect(groups).toEqual([...groups].sort((a, b) => a - b))
  expect(new Set(groups).size).toBe(figureGroups.length)
  for (const { baseline, rows } of allFigureInfos) {
    if (baseline !== undefined) expect(figureInfo(baseline)?.role).toBe('baseline')
    if (rows !== undefined) expect(figureInfo(rows)?.role).toBe('count')
  }
  const row = orderFigures({ induction: 0.5, c: 1 })
  expect(Object.keys(row)).toEqual(allFigureInfos.map(({ id }) => id))
  expect(row).toMatchObject({ induction: 0.5, c: 1, entropy: null })
})

test('docs/figures.md lists every figure as the registry has it', () => {
  const text = readFileSync(new URL('../../../docs/figures.md', import.meta.url), 'utf8')
  const documented = text.split('\n').filter((line) => line.startsWith('| `'))
  expect(documented).toEqual(allFigureInfos.map(documentFigure))
  for (const [need, meaning] of Object.entries(figureNeeds)) expect(text).toContain(`- ${need}: ${meaning}`)
})

function documentFigure({ id, label, unit, imageUnit, definition, high, needs }: FigureInfo): string {
  const units = imageUnit === undefined ? unit : `${unit}, images: ${imageUnit}`
  return `| \`${id}\` | ${label} | ${units} | ${definition} | ${high} | ${needs.join(', ')} |`.replace(/ {2,}/g, ' ')
}

test('the grade looks at the picture only', () => {
  const grade = (specific: number | null, recall: number | null, chance: number | null, joint = -1) =>
    gradePicture({
      fidelity_joint: joint,
      fidelity_picture_specific: specific,
      recall5: recall,
      recall5_chance: chance,
    })
  expect(grade(-0.8, 0.5, 0.2)).toBe('faithful')
  expect(grade(-0.8, 0.39, 0.2)).toBe('partly')
  expect(grade(-0.8, 0.85, 0.7)).toBe('faithful')
  expect(grade(-0.69, 0.5, 0.2)).toBe('partly')
  expect(grade(-0.4, 0.21, 0.2)).toBe('partly')
  expect(grade(-0.4, 0.2, 0.2)).toBe('unreliable')
  expect(grade(-0.39, 0.9, 0.2)).toBe('unreliable')
  expect(grade(null, 0.9, 0.2)).toBe('unreliable')
  expect(gradePicture({})).toBe('unreliable')
})

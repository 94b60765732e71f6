import { expect, test } from 'vitest'
import { computeFidelity } from '../../../src/core/fidelity'
import { fidelityFigureInfos, fidelityFigures, figureInfo, gradePicture } from '../../../src/core/figures'
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
  expect(new Set(fidelityFigureInfos.map(({ id }) => id)).size).toBe(fidelityFigureInfos.length)
  for (const { id, label, definition } of fidelityFigureInfos) {
    expect(id).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(label.length).toBeLessThan(60)
    expect(definition).toMatch(/[.)]$/)
  }
  expect(figureInfo('recall5')?.better).toBe('high')
  expect(figureInfo('nothing')).toBeNull()
})

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

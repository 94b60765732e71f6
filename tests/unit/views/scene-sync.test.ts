import { describe, expect, it } from 'vitest'
import type { HeadPicture, HeadRef, ModelInfo, Sequence } from '../../../src/core/types'
import { encodingOf } from '../../../src/encodings'
import { buildTokenTable } from '../../../src/encodings/tokens'
import type { TokenTable } from '../../../src/encodings/types'
import type { AtlasSceneApi } from '../../../src/scene/api'
import type { ExplorerView } from '../../../src/state/api'
import { emphasisOf, SceneSync } from '../../../src/views/scene-sync'

const sequence = (id: string, count: number): Sequence => ({
  id,
  name: id,
  tokens: Array.from({ length: count }, (_, index) => ({ id: index, text: `t${index}`, special: false })),
  truncated: 0,
})

/** A scene that writes down what it is asked. */
function makeScene(): { scene: AtlasSceneApi; calls: string[] } {
  const calls: string[] = []
  const name = (head: HeadRef | null): string => (head ? `${head.layer}.${head.head}` : 'all')
  const scene = {
    setLayout: ({ layers, heads, queries, keys }) => calls.push(`layout ${layers}×${heads} ${queries}+${keys}`),
    setHead: (head, _points, dims, animate) => calls.push(`head ${name(head)} ${dims}D${animate ? ' animated' : ''}`),
    setColors: (head) => calls.push(`colors ${name(head)}`),
  } as Partial<AtlasSceneApi>
  return { scene: scene as AtlasSceneApi, calls }
}

function makeExplorer(tokens: number): { explorer: ExplorerView; pictures: Map<string, HeadPicture> } {
  const pictures = new Map<string, HeadPicture>()
  const explorer = {
    model: { layers: 1, heads: 2 } as ModelInfo,
    picture: ({ layer, head }: HeadRef) => pictures.get(`${layer}.${head}`) ?? null,
    norms: () => ({ q: new Float32Array(tokens).fill(1), k: new Float32Array(tokens).fill(2) }),
  } as Partial<ExplorerView>
  return { explorer: explorer as ExplorerView, pictures }
}

const picture = (head: number, n: number): HeadPicture => ({
  layer: 0,
  head,
  points: new Float32Array(4 * n),
  n,
  m: n,
  dims: 2,
  projection: 'pca',
  c: 1,
})

/** Draws all that is new; whether the grid was laid out anew. */
const drawAll = (sync: SceneSync, explorer: ExplorerView, table: TokenTable, animate: boolean) =>
  sync.drawSome(explorer, table, animate, () => true).anew

describe('carrying pictures into the scene', () => {
  it('is complete when every picture of the run is drawn, and no longer when one is replaced', () => {
    const { scene } = makeScene()
    const { explorer, pictures } = makeExplorer(3)
    const table = buildTokenTable([sequence('a', 3)])
    const sync = new SceneSync(scene)
    expect(sync.isComplete(explorer, table)).toBe(true)
    for (const head of [0, 1]) pictures.set(`0.${head}`, picture(head, 3))
    expect(sync.isComplete(explorer, table)).toBe(false)
    let slices = 0
    expect(sync.drawSome(explorer, table, false, () => slices++ < 1).more).toBe(true)
    expect(sync.isComplete(explorer, table)).toBe(false)
    drawAll(sync, explorer, table, false)
    expect(sync.isComplete(explorer, table)).toBe(true)
    pictures.set('0.1', picture(1, 3))
    expect(sync.isComplete(explorer, table)).toBe(false)
  })

  it('lays out at the first picture, draws each once, and lets only replaced ones travel', () => {
    const { scene, calls } = makeScene()
    const { explorer, pictures } = makeExplorer(3)
    const table = buildTokenTable([sequence('a', 3)])
    const sync = new SceneSync(scene)
    expect(drawAll(sync, explorer, table, true)).toBe(false)
    expect(calls).toEqual([])
    pictures.set('0.0', picture(0, 3))
    expect(drawAll(sync, explorer, table, true)).toBe(true)
    expect(drawAll(sync, explorer, table, true)).toBe(false)
    pictures.set('0.0', picture(0, 3))
    pictures.set('0.1', picture(1, 3))
    drawAll(sync, explorer, table, true)
    expect(calls).toEqual(['layout 1×2 3+3', 'head 0.0 2D', 'head 0.0 2D animated', 'head 0.1 2D'])
    expect(sync.headsDrawn).toBe(2)
  })

  it('stops when told to, and goes on where it stopped', () => {
    const { scene, calls } = makeScene()
    const { explorer, pictures } = makeExplorer(3)
    const table = buildTokenTable([sequence('a', 3)])
    const sync = new SceneSync(scene)
    pictures.set('0.0', picture(0, 3))
    pictures.set('0.1', picture(1, 3))
    let turns = 1
    expect(sync.drawSome(explorer, table, false, () => turns-- > 0)).toEqual({ anew: true, more: true })
    expect(calls).toEqual(['layout 1×2 3+3', 'head 0.0 2D'])
    expect(sync.drawSome(explorer, table, false, () => true)).toEqual({ anew: false, more: false })
    expect(calls.at(-1)).toBe('head 0.1 2D')
  })

  it('keeps the picture before until the first of the new input is there', () => {
    const { scene, calls } = makeScene()
    const { explorer, pictures } = makeExplorer(3)
    const before = buildTokenTable([sequence('a', 3)])
    const after = buildTokenTable([sequence('a', 3), sequence('b', 1)])
    const sync = new SceneSync(scene)
    pictures.set('0.0', picture(0, 3))
    drawAll(sync, explorer, before, true)
    calls.length = 0
    expect(drawAll(sync, explorer, after, true)).toBe(false)
    expect(calls).toEqual([])
    expect(sync.matches(after)).toBe(false)
    pictures.set('0.1', picture(1, 4))
    expect(drawAll(sync, explorer, after, true)).toBe(true)
    expect(calls).toEqual(['layout 1×2 4+4', 'head 0.1 2D'])
    expect(sync.matches(after)).toBe(true)
  })

  it('colours all heads at once, or single heads piece by piece, visible ones first', () => {
    const { scene, calls } = makeScene()
    const { explorer, pictures } = makeExplorer(3)
    const table = buildTokenTable([sequence('a', 3)])
    const sync = new SceneSync(scene)
    const contextOf = (head: HeadRef | null) => ({ table, norms: head && explorer.norms(head) })
    sync.startColors(encodingOf('type'), table, [], contextOf)
    expect(calls).toEqual([])
    pictures.set('0.0', picture(0, 3))
    drawAll(sync, explorer, table, false)
    calls.length = 0
    sync.startColors(encodingOf('type'), table, [], contextOf)
    expect(sync.colorSome(encodingOf('type'), contextOf, () => true)).toBe(false)
    expect(calls).toEqual(['colors all'])
    sync.startColors(encodingOf('norm'), table, [{ layer: 0, head: 1 }], contextOf)
    let left = 1
    expect(sync.colorSome(encodingOf('norm'), contextOf, () => left-- > 0)).toBe(true)
    expect(sync.colorSome(encodingOf('norm'), contextOf, () => true)).toBe(false)
    expect(calls).toEqual(['colors all', 'colors 0.1', 'colors 0.0'])
  })
})

it('lets the pinned sequence stand out and its token most', () => {
  const table = buildTokenTable([sequence('a', 2), sequence('b', 1)])
  expect(emphasisOf(table, null, -1)).toBeNull()
  expect([...emphasisOf(table, 0, -1)!]).toEqual([1, 1, 0, 1, 1, 0])
  expect([...emphasisOf(table, 1, 5)!]).toEqual([0, 0, 1, 0, 0, 2])
})

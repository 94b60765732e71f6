import { afterEach, describe, expect, it } from 'vitest'
import type { ExplorerView } from '../../../src/state/api'
import type { Segmenter } from '../../../src/state/segmenter.svelte'
import type { AppActions } from '../../../src/ui/actions'
import { ImagesState } from '../../../src/ui/images/images-state.svelte'
import { SegmentState } from '../../../src/ui/images/segment-state.svelte'
import { showLanguage } from '../../../src/ui/strings'

afterEach(() => showLanguage('en'))

const unreadable = '“1.png” could not be read as a picture: use a JPEG, PNG, WebP, AVIF, GIF or SVG file.'
/** Pictures of session files have no name of their own. */
const ofSession = '2.png: This picture could not be read as a picture: use a JPEG, PNG, WebP, AVIF, GIF or SVG file.'

async function labelled(answer: { labelled: number; problems: string[] }): Promise<SegmentState> {
  const segmenter = { progress: null, run: async () => answer } as unknown as Segmenter
  const actions = { set: () => undefined } as unknown as AppActions
  const state = new SegmentState(
    segmenter,
    actions,
    () => true,
    () => undefined,
  )
  await state.start()
  return state
}

describe('what was told', () => {
  it('of a labelling is told anew in another language', async () => {
    const state = await labelled({ labelled: 2, problems: [unreadable, ofSession] })
    expect(state.told).toBe('2 images labelled.')
    expect(state.problems).toEqual([unreadable, ofSession])
    await showLanguage('zh')
    expect(state.told).toBe('已标注 2 张图像。')
    expect(state.problems).toEqual(
      ['“1.png”', '2.png'].map((name) => `${name} 不能作为图像读取：请用 JPEG、PNG、WebP、AVIF、GIF 或 SVG 文件。`),
    )
  })

  it('of a labelling is that nothing was left to label only where nothing failed either', async () => {
    await showLanguage('zh')
    expect((await labelled({ labelled: 0, problems: [] })).told).toBe('每张图像都已有标签：移除后可重新标注。')
    expect((await labelled({ labelled: 0, problems: [unreadable] })).told).toBe('')
  })

  it('of images is told anew in another language', async () => {
    const images = [{ name: 'a.png' }, { name: 'b.png' }]
    const actions = { images: { move: () => undefined } }
    const state = new ImagesState(
      { images, texts: [], model: null } as unknown as ExplorerView,
      actions as unknown as AppActions,
      async () => undefined,
      async () => 'empty',
    )
    await state.add([new File([], 'c.png')])
    state.move(0, 1)
    await state.showSamples({ id: 'hue', count: 1, load: () => Promise.reject(new Error('offline')) })
    expect(state.problem).toMatch(/^These pictures/)
    await state.add([new File([], 'c.png')])
    expect(state.problem).toBe('')
    expect(state.skipped).toEqual(['c.png is empty.'])
    expect(state.moved).toBe('a.png is now 2 of 2.')
    await showLanguage('zh')
    expect(state.skipped).toEqual(['c.png 是空文件。'])
    expect(state.moved).toBe('a.png 现为第 2 张，共 2 张。')
  })
})

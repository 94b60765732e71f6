import { readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rasterSize } from '../../../src/rpc/rasterise-svg'
import type { ExplorerView } from '../../../src/state/api'
import type { AppActions } from '../../../src/ui/actions'
import { sortFiles } from '../../../src/ui/images/check-image'
import { ImagesState } from '../../../src/ui/images/images-state.svelte'
import { imageSampleSets } from '../../../src/ui/samples/images'
import { brightnessPlans } from '../../../src/ui/samples/images/brightness'
import { checkerboardPlans, squaresPx } from '../../../src/ui/samples/images/checkerboards'
import { creditOf, pictures } from '../../../src/ui/samples/images/credits'
import { huePlans } from '../../../src/ui/samples/images/hue'
import { hsl, renderPlan, type Plan } from '../../../src/ui/samples/images/render'
import { ringPlans } from '../../../src/ui/samples/images/rings'
import { saturationPlans } from '../../../src/ui/samples/images/saturation'
import { cycles, sinusoidPlans } from '../../../src/ui/samples/images/sinusoids'
import { t } from '../../../src/ui/strings'

const plans: Record<string, readonly Plan[]> = {
  hue: huePlans,
  brightness: brightnessPlans,
  saturation: saturationPlans,
  sinusoids: sinusoidPlans,
  rings: ringPlans,
  checkerboards: checkerboardPlans,
}

describe('an image sample that is slow to come', () => {
  const show = async (during: (explorer: { texts: string[] }, state: ImagesState) => unknown) => {
    const explorer = { texts: ['a'], images: [], model: null }
    const shown: string[][] = []
    const actions = { images: { set: (files: File[]) => shown.push(files.map(({ name }) => name)) } }
    const state = new ImagesState(
      explorer as unknown as ExplorerView,
      actions as unknown as AppActions,
      async () => undefined,
    )
    const set = (name: string) => ({ ...imageSampleSets[0]!, load: async () => [new File(['x'], name)] })
    const coming = state.showSamples(set('first'))
    await during(explorer, state)
    await coming
    return shown
  }

  it('is shown, unless something else was asked for meanwhile', async () => {
    expect(await show(() => undefined)).toEqual([['first']])
    expect(await show((explorer) => (explorer.texts = ['b']))).toEqual([])
    const other = { ...imageSampleSets[1]!, load: async () => [new File(['x'], 'second')] }
    expect(await show((_, state) => state.showSamples(other))).toEqual([['second']])
  })
})

describe('image samples', () => {
  it.each(Object.entries(plans))('%s are as many as promised, all different in name and pixels', (id, list) => {
    expect(imageSampleSets.find((set) => set.id === id)?.count).toBe(list.length)
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length)
    expect(new Set(list.map((plan) => renderPlan(plan, 28).join())).size).toBe(list.length)
  })

  it('have a name and one line on what to look for', () => {
    for (const { id } of imageSampleSets) {
      expect(t.images.sets[id].name.length).toBeGreaterThan(2)
      expect(t.images.sets[id].hint.length).toBeLessThan(90)
    }
  })

  it('run through all hues evenly', () => {
    const reds = Array.from({ length: 360 }, (_, x) => huePlans[0]!.colorAt(x / 360, 0.5))
    expect(new Set(reds.map(String)).size).toBeGreaterThan(300)
    expect([hsl(0, 1, 0.5), hsl(120, 1, 0.5), hsl(240, 1, 0.5), hsl(77, 0, 0.5)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [128, 128, 128],
    ])
  })

  it('run from black to white across the picture in the direction they name', () => {
    expect(brightnessPlans[0]!.colorAt(0, 0.3)).toEqual([0, 0, 0])
    expect(brightnessPlans[0]!.colorAt(1, 0.3)).toEqual([255, 255, 255])
    expect(brightnessPlans[2]!.colorAt(0.3, 1)).toEqual([255, 255, 255])
    expect(brightnessPlans[1]!.colorAt(1, 1)).toEqual([255, 255, 255])
  })

  it('wave as often as they say', () => {
    for (const [index, cycle] of cycles.entries()) {
      const row = Array.from({ length: 2240 }, (_, x) => sinusoidPlans[4 * index]!.colorAt(x / 2240, 0.5)[0])
      const rises = row.filter((value, x) => value >= 128 && (row[x - 1] ?? 255) < 128).length
      expect(Math.abs(rises - cycle)).toBeLessThanOrEqual(1)
    }
  })

  it('have squares of the size they say', () => {
    for (const [index, square] of squaresPx.entries()) {
      const rgba = renderPlan(checkerboardPlans[index]!)
      const edge = Array.from({ length: 224 }, (_, x) => rgba[4 * x]!).findIndex((value) => value < 128)
      expect(edge).toBe(square)
    }
  })
})

describe('photographs', () => {
  it('are the files that the credits name, 400 kB at most in all', () => {
    const folder = new URL('../../../public/pictures/', import.meta.url)
    for (const { file, bytes } of pictures) expect(statSync(new URL(file, folder)).size).toBe(bytes)
    expect(pictures.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(400_000)
    const credits = readFileSync(new URL('CREDITS.md', folder), 'utf8')
    for (const { file, link } of pictures) {
      expect(credits).toContain(`\`${file}\``)
      if (link) expect(credits).toContain(link.replace('https://', ''))
    }
  })

  it('are credited, a file of the same name is not', () => {
    expect(creditOf({ name: 'cat.jpg', blob: { size: 26340 } })?.author).toBe('Stefan van der Walt')
    expect(creditOf({ name: 'cat.jpg', blob: { size: 1 } })).toBeNull()
  })
})

it('sorts a mixed drop by type, or by name where there is no type', () => {
  const files = [
    { name: 'a.txt', type: 'text/plain' },
    { name: 'b.PNG', type: '' },
    { name: '<img src=x>.jpg', type: 'image/jpeg' },
    { name: 'photo.heic', type: 'application/octet-stream' },
    { name: 'notes', type: '' },
  ]
  const { images, texts } = sortFiles(files)
  expect(images.map(({ name }) => name)).toEqual(['b.PNG', '<img src=x>.jpg', 'photo.heic'])
  expect(texts.map(({ name }) => name)).toEqual(['a.txt', 'notes'])
})

it('draws vector pictures neither too small nor too large', () => {
  expect(rasterSize(24, 24)).toEqual({ width: 256, height: 256 })
  expect(rasterSize(500, 400)).toEqual({ width: 500, height: 400 })
  expect(rasterSize(10_000, 5_000)).toEqual({ width: 1024, height: 512 })
  expect(rasterSize(0, 0)).toEqual({ width: 512, height: 256 })
  expect(rasterSize(1, 100_000)).toEqual({ width: 1, height: 1024 })
})

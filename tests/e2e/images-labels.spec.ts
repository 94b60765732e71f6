import { expect, test as base } from '../helpers/app-test'
import { call, ready, type AtlasInfo } from '../helpers/atlas-page'
import { startHubHost, type HubHost } from '../helpers/hub-host'
import { segmentationFiles } from '../helpers/make-segmentation'

const test = base.extend<{ hub: HubHost }>({
  // Playwright wants the empty pattern.
  // eslint-disable-next-line no-empty-pattern
  hub: async ({}, use) => {
    const hub = await startHubHost({
      models: { segment: segmentationFiles(), middle: segmentationFiles({ crop: true }) },
    })
    await use(hub)
    await hub.close()
  },
})

type Labels = (string | null)[]

test('a segmentation model labels the patches; scripts and session files have labels too', async ({
  hub,
  openApp,
  problems,
}) => {
  const page = await openApp(
    `model=zoo/dinov2-eager-ts&host=${encodeURIComponent(hub.address)}&backend=wasm&theme=light&projection=pca`,
  )
  await page.getByRole('button', { name: 'Images', exact: true }).click()
  /** Thirds of a picture: red, green and blue. Wide: the atlas' model sees the middle square only. */
  await page.evaluate(async () => {
    const draw = async (name: string, width: number) => {
      const context = new OffscreenCanvas(width, 64).getContext('2d')!
      for (const [part, color] of ['#f00', '#0f0', '#00f'].entries()) {
        context.fillStyle = color
        context.fillRect((part * width) / 3, 0, width / 3 + 1, 64)
      }
      return new File([await context.canvas.convertToBlob()], name, { type: 'image/png' })
    }
    await window.atlas.setImages([await draw('square.png', 64), await draw('wide.png', 128), await draw('own.png', 64)])
  })
  await call(page, 'setLabels', [null, null, [{ row: 0, column: 0, label: 'mine' }]])
  await ready(page)
  const rowOf = async (image: number): Promise<Labels> => {
    await ready(page)
    // CLS, then four rows of four patches: the second row.
    return (await call<AtlasInfo>(page, 'info'))!.sequences[image]!.labels!.slice(5, 9)
  }

  const panel = page.getByRole('region', { name: 'Images' })
  await panel.getByText('Labels (1 with labels)').click()
  await panel.getByRole('textbox', { name: 'Segmentation model' }).fill('zoo/bert-eager-dynamo')
  await panel.getByRole('button', { name: 'Label patches' }).click()
  await expect(panel.getByRole('alert')).toContainText('is no semantic segmentation model')
  await panel.getByRole('textbox', { name: 'Segmentation model' }).fill('zoo/segment')
  await panel.getByRole('button', { name: 'Label patches' }).click()
  await expect(panel.getByText('2 images labelled.')).toBeVisible()
  await expect(panel.getByText('Labels (3 with labels)')).toBeVisible()
  // A third of four patches: the second one is half red, half green … of the wide picture the middle half.
  expect((await rowOf(0)).filter((_, at) => at % 3 === 0)).toEqual(['red', 'blue'])
  expect((await rowOf(1)).slice(1, 3)).toEqual(['green', 'green'])
  const own = (await call<AtlasInfo>(page, 'info'))!.sequences[2]!.labels!
  expect(own.filter(Boolean)).toEqual(['mine'])

  // Colour, legend, search.
  const legend = page.getByRole('region', { name: 'Colour' })
  for (const name of ['red', 'green', 'blue', 'mine'])
    await expect(legend.getByText(name, { exact: true })).toBeVisible()
  await page.getByRole('searchbox').fill('green')
  await expect(page.getByText(/tokens in 2 sequences/)).toBeVisible()
  await page.getByRole('searchbox').fill('')
  // The download stands in the ledger; the host is shut again.
  const requests = await call<{ url: string; why: string }[]>(page, 'requests')
  const weights = requests.filter(
    ({ url, why }) => url.endsWith('/zoo/segment/resolve/main/onnx/model.onnx') && why === 'weights',
  )
  expect(weights).toHaveLength(1)

  // Another model takes the place of this one's labels; it sees the middle only.
  expect(await call(page, 'segment', { model: 'zoo/middle' })).toEqual({ labelled: 2, problems: [] })
  expect((await rowOf(1)).slice(1, 3)).toEqual(['green', 'green'])
  expect(await call(page, 'segment', { model: 'zoo/middle' })).toEqual({ labelled: 0, problems: [] })
  await expect(call(page, 'segment', { model: '404/none' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })

  // A session file brings labels back without any model, and a mask by script takes their place.
  const before = await Promise.all([0, 1, 2].map(rowOf))
  await page.evaluate(async () => {
    const session = await window.atlas.export('session', 'atlas')
    await window.atlas.setImages([])
    await window.atlas.openSession(session)
  })
  expect(await Promise.all([0, 1, 2].map(rowOf))).toEqual(before)
  await expect(legend.getByText('mine', { exact: true })).toBeVisible()
  await page.evaluate(async () => {
    const context = new OffscreenCanvas(8, 8).getContext('2d')!
    context.fillStyle = '#ff00ff'
    context.fillRect(0, 0, 8, 8)
    await window.atlas.setLabels([await context.canvas.convertToBlob(), [], null], {
      names: { '#ff00ff': 'all of it' },
    })
  })
  expect(await rowOf(0)).toEqual(new Array(4).fill('all of it'))
  const after = (await call<AtlasInfo>(page, 'info'))!
  expect(after.sequences.map(({ labels }) => Boolean(labels))).toEqual([true, false, true])
  await call(page, 'moveImage', 0, 2)
  await ready(page)
  expect((await call<AtlasInfo>(page, 'info'))!.sequences.map(({ name }) => name)).toEqual([
    'wide.png',
    'own.png',
    'square.png',
  ])
  expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
})

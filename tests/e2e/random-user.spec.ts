import { expect, test } from '../helpers/app-test'
import { call, ready, type AtlasInfo, type AtlasState } from '../helpers/atlas-page'
import { startHubHost } from '../helpers/hub-host'
import { RandomUser } from '../helpers/random-user'

const isLong = !!process.env.ATLAS_TEST_LONG
const actions = isLong ? 5000 : 500
const seeds = isLong ? [1, 2, 3, 4, 5, 6] : [1]
/** Left alone: what leads to another site, and in the short run a model that takes minutes on a slow processor. */
const avoids = isLong ? /^(Look|Download|查看|下载)/ : /SmolLM|^(Look|Download|查看|下载)/
const lines = ['The cat sat on the mat.', 'A second line, a little longer.', 'It was warm.']

for (const seed of seeds)
  test(`a user who does anything finds no error and no dead end (${actions} actions, seed ${seed})`, async ({
    page,
    openApp,
    problems,
  }) => {
    test.setTimeout(isLong ? 3_600_000 : 420_000)
    await page.route(/huggingface\.co/, (route) => route.abort())
    page.on('filechooser', (chooser) => void chooser.setFiles([]).catch(() => undefined))
    const own = () => problems.filter((problem) => !/net::ERR_FAILED|huggingface\.co/.test(problem))
    // A small model to begin with: what is clicked counts, not how long a model takes.
    const hub = await startHubHost()
    await openApp(`backend=wasm&model=zoo/bert-eager-dynamo&host=${hub.address}`)
    await call(page, 'setTexts', lines)
    await ready(page)
    const user = new RandomUser(page, seed, avoids)
    for (let done = 0; done < actions; done++) {
      await user.act()
      if (done % 10 === 0) expect(own(), user.log.slice(-25).join('\n')).toEqual([])
    }

    // Whatever was done: the run comes to an end, and the app shows what it is asked for.
    await page.setViewportSize({ width: 1440, height: 900 })
    for (let step = 0; step < 8; step++) await page.keyboard.press('Escape')
    await call(page, 'open', { model: 'builtin:bge-small-en-v1.5', backend: 'wasm' })
    await call(page, 'set', { projection: 'pca', dims: 2, view: 'matrix', lang: 'en' })
    await call(page, 'setTexts', lines)
    await ready(page)
    expect((await call<AtlasState>(page, 'state')).error).toBeUndefined()
    expect((await call<AtlasInfo>(page, 'info')).sequences.map(({ name }) => name)).toEqual(lines)
    const text = page.getByRole('button', { name: 'Text', exact: true })
    // The panel may still be open.
    if ((await text.getAttribute('aria-pressed')) !== 'true') await text.click()
    await expect(page.getByRole('textbox', { name: 'Text' })).toBeVisible()
    expect(own(), user.log.slice(-25).join('\n')).toEqual([])
    await hub.close()
  })

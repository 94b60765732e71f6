import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

test('from 360 px to a wide screen every control of the bar is on the screen', async ({ openApp, problems }) => {
  const page = await openApp('backend=wasm')
  await call(page, 'setTexts', ['The bank of the river.'])
  await ready(page)
  for (const width of [360, 390, 600, 768, 1024, 1280, 1366, 1920]) {
    await page.setViewportSize({ width, height: 800 })
    await expect
      .poll(
        () =>
          page.evaluate(() => {
            const cut = [...document.querySelectorAll('header button, header label')].filter((control) => {
              const { right, width } = control.getBoundingClientRect()
              return width > 0 && right > innerWidth + 1
            })
            return [document.documentElement.scrollWidth - innerWidth, ...cut.map((control) => control.textContent)]
          }),
        { message: `${width} px` },
      )
      .toEqual([0])
  }
  expect(problems).toEqual([])
})

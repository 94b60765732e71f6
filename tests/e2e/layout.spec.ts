import { expect, test } from '../helpers/app-test'
import { call, ready } from '../helpers/atlas-page'

for (const input of ['mouse', 'touch'] as const)
  test.describe(input, () => {
    test.use({ hasTouch: input === 'touch', isMobile: input === 'touch' })

    test('from 360 px to a wide screen every control of the bar is on the screen', async ({ openApp, problems }) => {
      const page = await openApp('backend=wasm')
      await call(page, 'setTexts', ['The bank of the river.'])
      await ready(page)
      for (const width of [360, 390, 600, 768, 1024, 1280, 1366, 1420, 1440, 1560, 1920]) {
        await page.setViewportSize({ width, height: 800 })
        await expect
          .poll(
            () =>
              page.evaluate(() => {
                const cut = [...document.querySelectorAll('header button, header label')].filter((control) => {
                  const { right, width } = control.getBoundingClientRect()
                  return width > 0 && right > innerWidth + 1
                })
                const covered = [...document.querySelectorAll('header button')].filter((control) => {
                  const { left, top, width, height } = control.getBoundingClientRect()
                  const [x, y] = [left + width / 2, top + height / 2]
                  // At its middle and near its ends: nothing may lie over it.
                  const points = [x, left + 4, left + width - 4]
                  return width > 0 && points.some((at) => !control.contains(document.elementFromPoint(at, y)))
                })
                const wrong = [...cut, ...covered].map((control) => control.textContent)
                return [document.documentElement.scrollWidth - innerWidth, ...wrong]
              }),
            { message: `${width} px` },
          )
          .toEqual([0])
      }
      expect(problems).toEqual([])
    })
  })

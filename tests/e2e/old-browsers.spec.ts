import { expect, test } from '../helpers/app-test'

test('a browser without WebAssembly SIMD says so before anything is asked of it', async ({
  page,
  openApp,
  problems,
}) => {
  await page.addInitScript(() => {
    WebAssembly.validate = () => false
  })
  await openApp()
  await expect(page.getByText('no WebAssembly SIMD')).toBeVisible()
  expect(problems).toEqual([])
})

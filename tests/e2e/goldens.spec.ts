import { checkGoldens } from '../helpers/check-goldens'
import { expect, test } from '../helpers/app-test'
import { call, type AtlasState } from '../helpers/atlas-page'

for (const [name, isolated, threads] of [
  ['one thread, not isolated', false, ''],
  ['threads, isolated', true, '&threads=2'],
] as const)
  test.describe(name, () => {
    test.use({ isolated })
    test('q, k, v and attention of every head equal the reference on WASM', async ({ openApp, problems }) => {
      const page = await openApp(`model=builtin:bge-small-en-v1.5&backend=wasm${threads}`)
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated)
      await checkGoldens(page, 'bge-small-en-v1.5')
      expect((await call<AtlasState>(page, 'state')).backend).toBe('wasm')
      expect(problems).toEqual([])
    })
  })

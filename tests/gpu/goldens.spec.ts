import { checkGoldens } from '../helpers/check-goldens'
import { expect, test } from '../helpers/app-test'
import { call, type AtlasState } from '../helpers/atlas-page'

test('q, k, v and attention of every head equal the reference on WebGPU', async ({ openApp, problems }) => {
  test.setTimeout(600_000) // a software adapter compiles and computes slowly
  const page = await openApp('model=builtin:bge-small-en-v1.5&backend=webgpu')
  await checkGoldens(page, 'bge-small-en-v1.5')
  expect((await call<AtlasState>(page, 'state')).backend).toBe('webgpu')
  expect(problems).toEqual([])
})

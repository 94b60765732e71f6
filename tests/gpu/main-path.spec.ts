import { test } from '../helpers/app-test'
import { walkMainPath } from '../helpers/main-path'

test('paste, all heads, one head, one sentence, reload on WebGPU', ({ app, openApp, problems }) => {
  test.setTimeout(600_000) // a software adapter compiles and computes slowly
  return walkMainPath({
    app,
    openApp,
    problems,
    backend: 'webgpu',
    lines: ['The bank of the river.', 'A spring in the clock.'],
  })
})

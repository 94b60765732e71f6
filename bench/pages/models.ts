import { browserRuntime } from '../../src/models/browser-runtime'
import { buildFeeds, inputKind } from '../../src/models/feeds'
import { readModelConfig } from '../../src/models/model-config'
import { imageProbe } from '../../src/models/probe'
import { SerialQueue } from '../../src/models/queue'
import { TapSession } from '../../src/models/session'
import { testModel } from '../../src/models/self-test'
import { vectorNames } from '../../src/models/taps'
import { patchModel } from '../../src/onnx/patch'
import { planModel } from '../../src/onnx/plan'
import type { Plan } from '../../src/onnx/types'
import type { ModelInput } from '../../src/core/types'
import { writeBertBase } from './bert-base'
import { median } from './median'
import { compareRuns, watchHeap } from './model-meter'

const heapBytes = watchHeap()
const scriptBytes = () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize

/** The tiny models of the tests, one or more a family. */
const fixtures = import.meta.glob<string>('../../tests/fixtures/site/zoo/*/onnx/*.onnx', {
  query: '?url',
  import: 'default',
  eager: true,
})
const configs = import.meta.glob<unknown>('../../tests/fixtures/site/zoo/*/config.json', {
  import: 'default',
  eager: true,
})

/** Time and memory of reading the 435 MB file's structure and finding its attention. */
function indexAndDetect(rounds: number) {
  const bytes = writeBertBase()
  const times: number[] = []
  const extra: number[] = []
  let sites = 0
  for (let round = 0; round < rounds; round++) {
    const before = scriptBytes()
    const began = performance.now()
    const { plan } = planModel(bytes)
    times.push(performance.now() - began)
    extra.push(scriptBytes() - before)
    sites = plan.sites.length
  }
  // The first round is what a user meets: nothing is compiled yet.
  return { fileBytes: bytes.length, firstMs: times[0]!, ms: median(times), extraBytes: Math.max(...extra), sites }
}

const sentence = (tokens: number): ModelInput => ({
  kind: 'text',
  ids: Int32Array.from({ length: tokens }, (_, at) => 5 + ((at * 7919) % 50)),
  typeIds: null,
})

/** From the bytes of the 435 MB file to a session that has run once; one a page, because heaps never shrink. */
async function load(mode: 'plain' | 'patched') {
  const bytes = writeBertBase()
  const runtime = await browserRuntime().load('wasm', 1)
  const options = { executionProviders: [runtime.executionProvider], logSeverityLevel: 3 } as const
  // The runtime itself is there before the clock starts: its start is the same for both.
  const before = heapBytes()
  const began = performance.now()
  const { index, plan } = planModel(bytes)
  if (mode === 'plain') await runtime.ort.InferenceSession.create(bytes, options)
  else await TapSession.create(patchModel(bytes, index, plan), runtime, new SerialQueue())
  return { ms: performance.now() - began, heap: heapBytes(), before }
}

function probeOf(plan: Plan, config: ReturnType<typeof readModelConfig>): ModelInput {
  return inputKind(plan.inputs) === 'image' ? imageProbe(plan.inputs, config, null) : sentence(24)
}

/** A plain run against one that gives all q, k and v, in turn, for every fixture. */
async function overhead(rounds: number) {
  const runtime = await browserRuntime().load('wasm', 1)
  const rows: { name: string; plainMs: number; patchedMs: number; ratio: number; verdict: string }[] = []
  for (const [path, url] of Object.entries(fixtures)) {
    const folder = path.replace(/onnx\/[^/]*$/, '')
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
    const { index, plan } = planModel(bytes)
    const config = readModelConfig(configs[`${folder}config.json`], inputKind(plan.inputs))
    const plain = await runtime.ort.InferenceSession.create(bytes, {
      executionProviders: [runtime.executionProvider],
      logSeverityLevel: 3,
    })
    const patched = await TapSession.create(patchModel(bytes, index, plan), runtime, new SerialQueue())
    const feeds = buildFeeds(plan.inputs, [probeOf(plan, config)], config)
    const { verified } = await testModel((names) => patched.run(feeds, names), plan, plan.sites.length)
    const names = vectorNames(plan.sites)
    const times = await compareRuns(runtime, plain, patched, feeds, names, { rounds, warmUps: 2 })
    rows.push({
      name: folder.split('/').at(-2)!,
      ...times,
      verdict: verified,
    })
    await patched.release()
    await plain.release()
  }
  return rows
}

declare global {
  interface Window {
    bench: unknown
  }
}
window.bench = { indexAndDetect, load, overhead }

import type { ModelInput } from '../../src/core/types'
import { browserRuntime } from '../../src/models/browser-runtime'
import { buildFeeds, type Feed } from '../../src/models/feeds'
import { Inference } from '../../src/models/inference'
import { readModelConfig } from '../../src/models/model-config'
import { planModel } from '../../src/onnx/plan'
import { pictures } from '../../src/ui/samples/images/credits'

const folder = 'models/dinov2-small/'

/** Milliseconds for the photographs: decoded and cropped; run by the plain file; run with q, k and v of every head. */
async function stages(count: number) {
  const files = await Promise.all(
    pictures.slice(0, count).map(async ({ file }) => new File([await (await fetch(`pictures/${file}`)).blob()], file)),
  )
  const inference = new Inference({
    provider: browserRuntime(),
    fetch: (...request) => fetch(...request),
    caches: null,
    now: () => performance.now(),
  })
  const spec = { id: 'builtin:dinov2-small', revision: 'main', dtype: null, file: null } as const
  const where = { host: new URL('models/', location.href).href, backend: 'wasm', threads: 1 } as const
  const nothing = () => undefined
  await inference.open({ ...spec, ...where }, nothing, nothing)
  const began = performance.now()
  const prepared = await inference.prepareImages(files)
  const prepareMs = performance.now() - began
  const inputs: ModelInput[] = prepared.flatMap((entry) => ('input' in entry ? [entry.input] : []))
  if (inputs.length !== count) throw new Error('A photograph could not be read.')

  const bytes = new Uint8Array(await (await fetch(`${folder}onnx/model_int8.onnx`)).arrayBuffer())
  const { plan } = planModel(bytes)
  const config = readModelConfig(await (await fetch(`${folder}config.json`)).json(), 'image')
  const runtime = await browserRuntime().load('wasm', 1)
  const plain = await runtime.ort.InferenceSession.create(bytes, {
    executionProviders: [runtime.executionProvider],
    logSeverityLevel: 3,
  })
  const runPlain = (input: ModelInput) => {
    const feeds = Object.entries(buildFeeds(plan.inputs, [input], config)).map(
      ([name, { type, data, dims }]: [string, Feed]) => [name, new runtime.ort.Tensor(type, data, dims)] as const,
    )
    return plain.run(Object.fromEntries(feeds))
  }
  await runPlain(inputs[0]!)
  await inference.run(inputs.slice(0, 1))
  let [plainMs, vectorsMs] = [0, 0]
  // In turn, so that what else the machine does falls on both.
  for (const input of inputs) {
    const start = performance.now()
    await runPlain(input)
    const middle = performance.now()
    await inference.run([input])
    plainMs += middle - start
    vectorsMs += performance.now() - middle
  }
  await inference.close()
  return { prepareMs, plainMs, vectorsMs }
}

declare global {
  interface Window {
    bench: unknown
  }
}
window.bench = { stages }

import { expose, transfer } from 'comlink'
import { browserRuntime, measuredRequests } from '../src/models/browser-runtime'
import { Inference } from '../src/models/inference'
import type { ModelService } from '../src/rpc/contracts'
import { heartbeatMs, holdLifeline, installErrorTransport, signOfLife } from '../src/rpc/transport'

// Threads of the runtime are workers too; one that runs this file by mistake must not answer calls.
if (!self.name.startsWith('em-pthread')) {
  installErrorTransport()
  const inference = new Inference({
    provider: browserRuntime(),
    fetch: (address, init) => fetch(address, init),
    caches: 'caches' in self ? self.caches : null,
    now: () => Date.now(),
    otherRequests: () => measuredRequests(performance),
  })
  const service: ModelService = {
    open: (spec, onProgress, onRequest) => inference.open(spec, onProgress, onRequest),
    prepareTexts: (lines) => inference.prepareTexts(lines),
    async prepareImages(blobs) {
      const prepared = await inference.prepareImages(blobs)
      const pixels = prepared.flatMap((each) =>
        'input' in each && each.input.kind === 'image' ? [each.input.pixels.buffer] : [],
      )
      return transfer(prepared, pixels)
    },
    labelImage: (blob, map) => inference.labelImage(blob, map),
    async run(inputs) {
      const vectors = await inference.run(inputs)
      return transfer(
        vectors,
        vectors.flatMap(({ q, k, v }) => [q.buffer, k.buffer, v.buffer]),
      )
    },
    async attention(input, layer) {
      const weights = await inference.attention(input, layer)
      return transfer(weights, [weights.buffer])
    },
    close: () => inference.close(),
  }
  expose(service)
  setInterval(() => self.postMessage(signOfLife), heartbeatMs)
  holdLifeline(self)
}

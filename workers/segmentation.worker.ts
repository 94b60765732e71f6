import { expose, transfer } from 'comlink'
import { browserRuntime, measuredRequests } from '../src/models/browser-runtime'
import { Segmentation } from '../src/models/segmentation'
import type { SegmentationService } from '../src/rpc/contracts'
import { holdLifeline, installErrorTransport } from '../src/rpc/transport'

// Threads of the runtime are workers too; one that runs this file by mistake must not answer calls.
if (!self.name.startsWith('em-pthread')) {
  installErrorTransport()
  const segmentation = new Segmentation({
    provider: browserRuntime(),
    fetch: (address, init) => fetch(address, init),
    caches: 'caches' in self ? self.caches : null,
    now: () => Date.now(),
    otherRequests: () => measuredRequests(performance),
  })
  const service: SegmentationService = {
    open: (spec, onProgress, onRequest) => segmentation.open(spec, onProgress, onRequest),
    async segment(blob) {
      const map = await segmentation.segment(blob)
      return transfer(map, [map.indices.buffer])
    },
  }
  expose(service)
  holdLifeline(self)
}

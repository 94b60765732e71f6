import { expose } from 'comlink'
import { isSoftwareAdapter, requestAdapter } from '../src/gpu/adapter'
import { ModelLibrary } from '../src/models/library'
import type { LibraryService } from '../src/rpc/contracts'
import { installErrorTransport } from '../src/rpc/transport'

installErrorTransport()

const library = new ModelLibrary({
  fetch: (address, init) => fetch(address, init),
  caches: 'caches' in self ? self.caches : null,
  now: () => Date.now(),
  storage: (navigator as { storage?: StorageManager }).storage ?? null,
  async probeGpu() {
    const adapter = await requestAdapter()
    return adapter && { software: isSoftwareAdapter(adapter), float16: adapter.features.has('shader-f16') }
  },
})

const service: LibraryService = {
  builtins: (host, onRequest) => library.builtins(host, onRequest),
  inspect: (spec, onRequest) => library.inspect(spec, onRequest),
  stored: (hosts) => library.stored(hosts),
  remove: (addresses) => library.remove(addresses),
  storage: () => library.storage(),
}

expose(service)

import { proxy, wrap, type Remote } from 'comlink'
import type {
  BuiltinModel,
  Inspection,
  LibraryService,
  ModelSpec,
  RequestRecord,
  StorageUse,
  StoredModel,
} from './contracts'
import type { WorkerLike } from './model-client'
import { installErrorTransport } from './transport'

/** The page's end of the library worker, which starts with the first call. */
export class LibraryClient implements LibraryService {
  readonly #createWorker: () => WorkerLike
  #service: Remote<LibraryService> | null = null

  constructor(createWorker: () => WorkerLike) {
    this.#createWorker = createWorker
  }

  get #remote(): Remote<LibraryService> {
    installErrorTransport()
    return (this.#service ??= wrap<LibraryService>(this.#createWorker() as Worker))
  }

  builtins(host: string, onRequest: (record: RequestRecord) => void): Promise<BuiltinModel[]> {
    return this.#remote.builtins(host, proxy(onRequest))
  }

  inspect(spec: ModelSpec, onRequest: (record: RequestRecord) => void): Promise<Inspection> {
    return this.#remote.inspect(spec, proxy(onRequest))
  }

  stored(hosts: { builtinHost: string }): Promise<StoredModel[]> {
    return this.#remote.stored(hosts)
  }

  remove(addresses: string[]): Promise<void> {
    return this.#remote.remove(addresses)
  }

  storage(): Promise<StorageUse> {
    return this.#remote.storage()
  }
}

import { expose } from 'comlink'
import { ClusterShelf } from '../src/core/clustering'
import type { ClusteringService } from '../src/rpc/contracts'
import { installErrorTransport } from '../src/rpc/transport'

installErrorTransport()

const shelf = new ClusterShelf()

const service: ClusteringService = {
  score: (request) => Promise.resolve(shelf.score(request)),
}

expose(service)

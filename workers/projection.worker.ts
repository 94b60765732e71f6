import { expose, transfer } from 'comlink'
import { ProjectionEngine } from '../src/projections/project'
import type { ProjectionService } from '../src/rpc/contracts'
import { heartbeatMs, installErrorTransport, signOfLife } from '../src/rpc/transport'

installErrorTransport()

const engine = new ProjectionEngine()

const service: ProjectionService = {
  async project(job, onProgress) {
    const answer = await engine.project(job, onProgress)
    const { q, k } = job.vectors
    const spent = [...new Set([q.buffer, k.buffer])] as ArrayBuffer[]
    return transfer({ ...answer, spent }, [answer.points.buffer, answer.shift.buffer, ...spent])
  },
  cancel: () => engine.cancel(),
}

expose(service)
// Jobs let it in between slices; a worker that is stuck falls silent.
setInterval(() => self.postMessage(signOfLife), heartbeatMs)

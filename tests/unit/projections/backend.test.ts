import { describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../src/core/errors'
import type { GpuKernels } from '../../../src/gpu/kernels'
import { isSoftwareAdapter } from '../../../src/gpu/adapter'
import { Pacer } from '../../../src/gpu/pacer'
import { BackendChooser, type BackendPorts, findNeighbors } from '../../../src/projections/backend'
import { NeighborSearch } from '../../../src/projections/neighbors'
import { ProjectionEngine } from '../../../src/projections/project'
import { clusteredRows } from '../../helpers/heads'

class FakeGpu {
  device = { lost: null as AppError | null }
  disposed = 0
  lose() {
    this.device.lost = new AppError('DEVICE_LOST', 'gone')
  }
  dispose() {
    this.disposed++
  }
}

function fakePorts(changes: Partial<BackendPorts> = {}) {
  const gpus: FakeGpu[] = []
  const ports = {
    probe: vi.fn(() => Promise.resolve<{ software: boolean } | null>({ software: false })),
    open: vi.fn(() => {
      const gpu = new FakeGpu()
      gpus.push(gpu)
      return Promise.resolve(gpu as unknown as GpuKernels)
    }),
    calibrate: vi.fn(() => Promise.resolve({ wasmMs: 9, gpuMs: 3 })),
    ...changes,
  }
  return { ports, gpus, chooser: new BackendChooser(ports) }
}

describe('the choice', () => {
  it('asks nothing of the GPU for WASM', async () => {
    const { ports, chooser } = fakePorts()
    expect(await chooser.choose('wasm')).toMatchObject({ backend: 'wasm', gpu: null })
    for (const port of Object.values(ports)) expect(port).not.toHaveBeenCalled()
  })

  it('takes the faster one, measured once for all jobs', async () => {
    const { ports, gpus, chooser } = fakePorts()
    const choices = await Promise.all([chooser.choose('auto'), chooser.choose('auto')])
    for (const choice of [...choices, await chooser.choose('auto', 10_000)]) {
      expect(choice).toMatchObject({ backend: 'webgpu', gpu: gpus[0] })
      expect(choice.reason).toContain('3.0 ms on the GPU, 9.0 ms in WASM')
    }
    for (const port of Object.values(ports)) expect(port).toHaveBeenCalledTimes(1)
  })

  it('gives the device back when WASM is faster', async () => {
    const { ports, gpus, chooser } = fakePorts({ calibrate: () => Promise.resolve({ wasmMs: 2, gpuMs: 3 }) })
    expect(await chooser.choose('auto')).toMatchObject({ backend: 'wasm', gpu: null })
    expect(await chooser.choose('auto')).toMatchObject({ backend: 'wasm' })
    expect(gpus.map(({ disposed }) => disposed)).toEqual([1])
    expect(ports.probe).toHaveBeenCalledTimes(1)
  })

  it('never takes a software adapter by itself, but when asked for', async () => {
    const { ports, chooser } = fakePorts({ probe: () => Promise.resolve({ software: true }) })
    expect(await chooser.choose('auto')).toMatchObject({ backend: 'wasm', gpu: null })
    expect(ports.open).not.toHaveBeenCalled()
    expect(ports.calibrate).not.toHaveBeenCalled()
    expect(await chooser.choose('webgpu')).toMatchObject({ backend: 'webgpu' })
  })

  it('is WASM where there is no WebGPU, or where it fails to start', async () => {
    const refused = () => Promise.reject(new AppError('NOT_AVAILABLE', 'No device today.'))
    expect(await fakePorts({ probe: () => Promise.resolve(null) }).chooser.choose('auto')).toMatchObject({
      backend: 'wasm',
    })
    for (const changes of [{ open: refused }, { calibrate: refused }]) {
      const choice = await fakePorts(changes).chooser.choose('auto')
      expect(choice).toMatchObject({ backend: 'wasm', gpu: null })
      expect(choice.reason).toContain('No device today.')
    }
  })

  it('refuses the GPU that is asked for and not there, and asks again the next time', async () => {
    const open = vi.fn(() => Promise.reject(new AppError('NOT_AVAILABLE', 'No device today.')))
    const { chooser } = fakePorts({ open })
    await expect(chooser.choose('webgpu')).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
    await expect(chooser.choose('webgpu')).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
    expect(open).toHaveBeenCalledTimes(2)
  })

  it('leaves small heads to WASM without measuring', async () => {
    const { ports, chooser } = fakePorts()
    expect(await chooser.choose('auto', 300)).toMatchObject({ backend: 'wasm' })
    expect(ports.probe).not.toHaveBeenCalled()
    expect(await chooser.choose('webgpu', 300)).toMatchObject({ backend: 'webgpu' })
  })

  it('opens one device for jobs at the same time, and a new one after a loss', async () => {
    const { gpus, chooser } = fakePorts()
    const [first, second] = await Promise.all([chooser.choose('webgpu'), chooser.choose('webgpu')])
    expect(first.gpu).toBe(second.gpu)
    gpus[0]!.lose()
    const [third, fourth] = await Promise.all([chooser.choose('webgpu'), chooser.choose('webgpu')])
    expect(third.gpu).toBe(gpus[1])
    expect(fourth.gpu).toBe(gpus[1])
    expect(gpus).toHaveLength(2)
    expect(gpus[0]!.disposed).toBeGreaterThan(0)
  })

  it('stays with WASM after a loss when it is free to', async () => {
    const { ports, gpus, chooser } = fakePorts()
    await chooser.choose('auto')
    gpus[0]!.lose()
    for (let job = 0; job < 2; job++) {
      const choice = await chooser.choose('auto')
      expect(choice).toMatchObject({ backend: 'wasm', gpu: null })
      expect(choice.reason).toContain('went away')
    }
    expect(ports.open).toHaveBeenCalledTimes(1)
  })
})

describe('work', () => {
  it('is done once more in WASM when the GPU fails', async () => {
    for (const code of ['DEVICE_LOST', 'OUT_OF_MEMORY', 'NOT_AVAILABLE'] as const) {
      const { chooser } = fakePorts()
      const work = vi.fn((gpu: GpuKernels | null) =>
        gpu ? Promise.reject(new AppError(code, `Why: ${code}.`)) : Promise.resolve('done'),
      )
      const { result, choice } = await chooser.run('webgpu', 5000, work)
      expect(result).toBe('done')
      expect(choice).toMatchObject({ backend: 'wasm', gpu: null })
      expect(choice.reason).toContain(`Why: ${code}.`)
      expect(work).toHaveBeenCalledTimes(2)
    }
  })

  it('is not repeated for what is no fault of the GPU', async () => {
    for (const error of [new AppError('CANCELLED', 'stop'), new AppError('VERIFY_FAILED', 'NaN'), new Error('bug')]) {
      const work = vi.fn(() => Promise.reject(error))
      await expect(fakePorts().chooser.run('webgpu', 5000, work)).rejects.toBe(error)
      expect(work).toHaveBeenCalledTimes(1)
    }
    const failing = vi.fn(() => Promise.reject(new AppError('OUT_OF_MEMORY', 'full')))
    await expect(fakePorts().chooser.run('wasm', 5000, failing)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
    expect(failing).toHaveBeenCalledTimes(1)
  })
})

describe('neighbours', () => {
  const rows = clusteredRows(60, 4, 3, 5)
  const pause = () => Promise.resolve()
  const fakeSearch = (uncertain: number) => {
    const found = { count: 60, k: 1, indices: new Int32Array(60), distances: new Float32Array(60), uncertain }
    return { neighbors: () => Promise.resolve({ find: () => Promise.resolve(found) }) } as unknown as GpuKernels
  }

  it('come from the GPU unless float32 cannot tell them apart', async () => {
    const search = await NeighborSearch.load()
    const exact = await search.find(rows, 60, 4, 5, 'cosine')
    const find = (gpu: GpuKernels | null) => findNeighbors(gpu, search, rows, 60, 4, 5, 'cosine', pause)
    expect((await find(fakeSearch(0.01))).k).toBe(1)
    expect(await find(fakeSearch(0.5))).toEqual(exact)
    expect(await find(null)).toEqual(exact)
  })
})

describe('an answer', () => {
  const createJob = (backend?: 'auto' | 'webgpu' | 'wasm') => ({
    vectors: { q: clusteredRows(20, 4, 2, 5), k: clusteredRows(20, 4, 2, 5, 2), n: 20, m: 20, dim: 4, scale: 1 },
    spans: [{ queryStart: 0, queries: 20, keyStart: 0, keys: 20 }],
    causal: false,
    special: new Uint8Array(20),
    settings: {
      joint: 'translate',
      projection: 'umap',
      dims: 2,
      metric: 'cosine',
      seed: 0,
      neighbors: 5,
      mindist: 0.1,
      perplexity: 5,
      epochs: 5,
      follow: 0,
    } as const,
    figures: false,
    points: null,
    headIndex: 0,
    ...(backend ? { backend } : {}),
  })

  it('names the backend, which is WASM unless the job says otherwise', async () => {
    const { ports, chooser } = fakePorts()
    const engine = new ProjectionEngine(undefined, chooser)
    expect(await engine.project(createJob())).toMatchObject({ backend: 'wasm' })
    expect(await engine.project(createJob('auto'))).toMatchObject({ backend: 'wasm' })
    for (const port of Object.values(ports)) expect(port).not.toHaveBeenCalled()
  })

  it('fails where WebGPU is asked for and not there', async () => {
    await expect(new ProjectionEngine().project(createJob('webgpu'))).rejects.toMatchObject({ code: 'NOT_AVAILABLE' })
  })
})

describe('an adapter', () => {
  const named = (info: Partial<GPUAdapterInfo> & { isFallbackAdapter?: boolean }) =>
    isSoftwareAdapter({
      info: { vendor: '', architecture: '', device: '', description: '', ...info } as GPUAdapterInfo,
    })

  it('is known as software by its names', () => {
    expect(named({ vendor: 'google', architecture: 'swiftshader' })).toBe(true)
    expect(named({ description: 'llvmpipe (LLVM 15.0.6, 256 bits)' })).toBe(true)
    expect(named({ description: 'Microsoft Basic Render Driver' })).toBe(true)
    expect(named({ vendor: 'intel', architecture: 'gen-12lp', isFallbackAdapter: true })).toBe(true)
    expect(named({ vendor: 'intel', architecture: 'gen-12lp' })).toBe(false)
    expect(named({ vendor: 'nvidia', architecture: 'ampere' })).toBe(false)
    expect(named({ vendor: 'apple', architecture: 'metal-3' })).toBe(false)
  })
})

describe('steps', () => {
  it('grow while they are short and full, and shrink when they are long', () => {
    let time = 0
    const pacer = new Pacer(4, () => time)
    const take = (ms: number, units?: number) => {
      const size = pacer.begin()
      time += ms
      pacer.end(units ?? size)
      return size
    }
    expect([take(1), take(1), take(20), take(100), take(1, 2), take(20)]).toEqual([4, 8, 16, 16, 8, 8])
    for (let step = 0; step < 10; step++) take(1000)
    expect(take(20)).toBe(1)
  })
})

import { GpuCovariance } from './covariance'
import { GpuDevice } from './device'
import { GpuNeighborSearch } from './neighbors'
import { GpuTsneLayout } from './tsne'
import { GpuUmapLayout } from './umap'

/** The kernels of one device, each compiled when first asked for. */
export class GpuKernels {
  readonly device: GpuDevice
  readonly #now: () => number
  readonly #made = new Map<string, Promise<unknown>>()

  constructor(device: GpuDevice, now: () => number) {
    this.device = device
    this.#now = now
  }

  covariance(): Promise<GpuCovariance> {
    return this.#make('covariance', () => GpuCovariance.create(this.device))
  }

  neighbors(): Promise<GpuNeighborSearch> {
    return this.#make('neighbors', () => GpuNeighborSearch.create(this.device, this.#now))
  }

  umap(): Promise<GpuUmapLayout> {
    return this.#make('umap', () => GpuUmapLayout.create(this.device, this.#now))
  }

  tsne(): Promise<GpuTsneLayout> {
    return this.#make('tsne', () => GpuTsneLayout.create(this.device, this.#now))
  }

  dispose(): void {
    this.device.dispose()
  }

  #make<Kernel>(name: string, create: () => Promise<Kernel>): Promise<Kernel> {
    let kernel = this.#made.get(name) as Promise<Kernel> | undefined
    if (!kernel) {
      kernel = create()
      this.#made.set(name, kernel)
      kernel.catch(() => this.#made.delete(name))
    }
    return kernel
  }
}

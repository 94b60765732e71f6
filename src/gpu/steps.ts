import type { GpuDevice } from './device'

/** Where a step's numbers may begin in a uniform buffer: the default limit. */
export const stepBytes = 256

/**
 * A uniform buffer with up to four numbers a step, `stepBytes` apart, so that many steps go into one submission. `write` gets the
 * same four words as floats and as integers.
 */
export function writeSteps(
  gpu: GpuDevice,
  steps: number,
  write: (step: number, floats: Float32Array, integers: Uint32Array) => void,
): GPUBuffer {
  const words = new Uint32Array((steps * stepBytes) / 4)
  for (let step = 0; step < steps; step++) {
    const integers = words.subarray((step * stepBytes) / 4, (step * stepBytes) / 4 + 4)
    write(step, new Float32Array(words.buffer, integers.byteOffset, 4), integers)
  }
  const buffer = gpu.buffer(words.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST)
  gpu.device.queue.writeBuffer(buffer, 0, words)
  return buffer
}

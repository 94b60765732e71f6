import type { ModelPort, PoolPort } from './dependencies'

/** The same model; while a call of it runs, one projection worker takes no new job and leaves its core to the model. */
export function yieldToModel(model: ModelPort, pool: PoolPort): ModelPort {
  let running = 0
  const setLimit = () => pool.setLimit(running > 0 ? pool.size - 1 : pool.size)
  const during = async <T>(call: () => Promise<T>): Promise<T> => {
    running++
    if (running === 1) setLimit()
    try {
      return await call()
    } finally {
      running--
      if (running === 0) setLimit()
    }
  }
  return {
    open: (spec, onProgress, onRequest) => during(() => model.open(spec, onProgress, onRequest)),
    prepareTexts: (lines) => model.prepareTexts(lines),
    prepareImages: (blobs) => during(() => model.prepareImages(blobs)),
    labelImage: (blob, map) => during(() => model.labelImage(blob, map)),
    run: (inputs) => during(() => model.run(inputs)),
    attention: (input, layer) => during(() => model.attention(input, layer)),
    cancel: () => model.cancel(),
  }
}

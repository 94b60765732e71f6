import type { SamplesPort } from '../../state/dependencies'
import { imageSampleSets } from './images'
import { findSampleSet } from './index'

const findImages = (id: string) => imageSampleSets.find((set) => set.id === id)

/** Every sample set that the address can name: texts, then pictures. */
export const sampleSource: SamplesPort = {
  has: (id) => findSampleSet(id) !== null || findImages(id) !== undefined,
  load: async (id) => {
    const images = findImages(id)
    return images ? { images: await images.load() } : { lines: (await findSampleSet(id)?.load()) ?? [] }
  },
}

import { drawPlans, type Plan } from './render'

export type ImageSampleId =
  'photographs' | 'hue' | 'brightness' | 'saturation' | 'sinusoids' | 'rings' | 'checkerboards'

export interface ImageSampleSet {
  readonly id: ImageSampleId
  /** Number of images, known before they are made. */
  readonly count: number
  /** Rejects where the script or a picture can't be fetched. */
  load(): Promise<File[]>
}

const drawn = (id: ImageSampleId, count: number, plans: () => Promise<readonly Plan[]>): ImageSampleSet => ({
  id,
  count,
  load: async () => drawPlans(await plans()),
})

/** Image sample sets, in the order of the panel. A new one is one file and one line here; names are in the strings. */
export const imageSampleSets: readonly ImageSampleSet[] = [
  { id: 'photographs', count: 12, load: async () => (await import('./photographs')).fetchPhotographs() },
  drawn('hue', 8, async () => (await import('./hue')).huePlans),
  drawn('brightness', 8, async () => (await import('./brightness')).brightnessPlans),
  drawn('saturation', 8, async () => (await import('./saturation')).saturationPlans),
  drawn('sinusoids', 16, async () => (await import('./sinusoids')).sinusoidPlans),
  drawn('rings', 8, async () => (await import('./rings')).ringPlans),
  drawn('checkerboards', 8, async () => (await import('./checkerboards')).checkerboardPlans),
]

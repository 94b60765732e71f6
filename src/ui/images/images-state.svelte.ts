import type { ImageProblem } from '../../core/image-file'
import type { ExplorerView } from '../../state/api'
import type { AppActions } from '../actions'
import type { ImageSampleSet } from '../samples/images'
import { t } from '../strings'
import type { Say } from '../tell'
import { checkImage } from './check-image'
import { LabelTaker } from './image-labels'
import { SegmentState } from './segment-state.svelte'

/** Images at most: each is some hundred tokens. */
export const mostImages = 200

/** What the image panel shows and does; the images themselves are the run's. */
export class ImagesState {
  open: boolean = $state(false)
  /** Files still to be looked at. */
  checking: number = $state(0)
  /** How patches are drawn in the single view. */
  patches: 'outlined' | 'plain' | 'dots' = $state('outlined')
  readonly labels: LabelTaker
  /** Labels by a model; null: not offered here. */
  readonly segment: SegmentState | null
  private calls = 0
  private skips: readonly Say[] = $state.raw([])
  private lacksSamples: boolean = $state(false)
  private lastMove: Say = $state.raw(() => '')

  constructor(
    private readonly explorer: ExplorerView,
    private readonly actions: AppActions,
    pause: () => Promise<void>,
    private readonly check: (file: Blob) => Promise<ImageProblem> = checkImage,
    onRequests: () => void = () => undefined,
  ) {
    this.labels = new LabelTaker(explorer, actions, { pause, check })
    const isImageModel = () => explorer.model?.kind === 'image'
    this.segment = actions.segmenter ? new SegmentState(actions.segmenter, actions, isImageModel, onRequests) : null
  }

  /** Files that were not taken, and why; of the last drop. */
  get skipped(): readonly string[] {
    return this.skips.map((say) => say())
  }

  /** Why samples could not be shown; '' where they could. */
  get problem(): string {
    return this.lacksSamples ? t.images.samplesMissing : ''
  }

  /** Where an image was moved last, in words, for those who don't see it. */
  get moved(): string {
    return this.lastMove()
  }

  get list(): ExplorerView['images'] {
    return this.explorer.images
  }

  /** Takes the sound ones of some pictures in, masks as what belongs to their images, and names the others. */
  async add(files: readonly File[]): Promise<void> {
    this.calls += 1
    this.skips = []
    this.lacksSamples = false
    this.open = true
    const good: File[] = []
    const skipped: Say[] = []
    const { images, masks } = this.labels.sortMasks(files)
    this.checking += images.length
    for (const file of images) {
      const problem = await this.check(file)
      this.checking -= 1
      if (problem !== 'none') skipped.push(() => t.images.problems[problem](file.name))
      else if (this.list.length + good.length >= mostImages)
        skipped.push(() => t.images.problems.many(file.name, mostImages))
      else good.push(file)
    }
    this.skips = [...this.skips, ...skipped]
    if (good.length > 0) this.actions.images?.add(good)
    if (masks.length > 0) this.skips = [...this.skips, ...(await this.labels.takeMasks(masks))]
  }

  /** Tables of labels among texts; the others come back. */
  async takeTables(texts: readonly File[]): Promise<File[]> {
    const { others, problems } = await this.labels.takeTables(texts)
    if (others.length < texts.length) this.open = true
    this.skips = [...this.skips, ...problems]
    return others
  }

  remove(index: number): void {
    this.actions.images?.remove(index)
  }

  /** Puts an image in another place of the list; the ends hold. */
  move(from: number, to: number): void {
    const last = this.list.length - 1
    const place = Math.max(0, Math.min(last, to))
    const image = this.list[from]
    if (!image || place === from) return
    this.actions.images?.move(from, place)
    this.lastMove = () => t.images.moved(image.name, place + 1, last + 1)
  }

  clear(): void {
    this.skips = []
    this.actions.images?.set([])
  }

  /** Puts a sample set in the place of what is there; whatever was shown or asked for meanwhile wins. */
  async showSamples(set: ImageSampleSet): Promise<void> {
    this.calls += 1
    const mine = this.calls
    this.lacksSamples = false
    this.skips = []
    const { texts, images } = this.explorer
    try {
      const files = await set.load()
      const isLatest = mine === this.calls && texts === this.explorer.texts && images === this.explorer.images
      if (isLatest) this.actions.images?.set(files)
    } catch {
      this.open = true
      this.lacksSamples = true
    }
  }
}

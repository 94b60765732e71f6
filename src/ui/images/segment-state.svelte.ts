import { toAppError } from '../../core/errors'
import type { OpenRequest } from '../../state/open-request'
import type { Segmenter } from '../../state/segmenter.svelte'
import type { AppActions } from '../actions'
import { nameModel, type GivenFile } from '../dropped-files'
import { formatBytes, formatCount } from '../format'
import { t } from '../strings'
import { tell, type Say } from '../tell'

export interface SegmentPreset {
  id: string
  name: string
  /** The smaller weights, about. */
  bytes: number
}

/** Segmentation models of the Hub that are small enough to try. Sizes are of the quantised weights, about. */
export const segmentPresets: readonly SegmentPreset[] = [
  { id: 'Xenova/segformer-b0-finetuned-ade-512-512', name: 'SegFormer-B0', bytes: 4e6 },
  { id: 'Xenova/deeplabv3-mobilevit-small', name: 'DeepLabV3', bytes: 7e6 },
]

/** Labels by a segmentation model: what was typed, how far it is, how it ended. */
export class SegmentState {
  /** Model that was typed or chosen. */
  id: string = $state(segmentPresets[0]!.id)
  host: string = $state('')
  private ended: Say = $state.raw(() => '')
  private failed: readonly Say[] = $state.raw([])

  constructor(
    private readonly segmenter: Segmenter,
    private readonly actions: AppActions,
    private readonly isImageModel: () => boolean,
    private readonly onRequests: () => void,
  ) {}

  get busy(): boolean {
    return this.segmenter.progress !== null
  }

  /** How the last labelling ended, in words. */
  get told(): string {
    return this.ended()
  }

  /** Why images got no labels, in words. */
  get problems(): readonly string[] {
    return this.failed.map((say) => say())
  }

  /** How far it is, in words; '' where nothing runs. */
  get words(): string {
    const { progress } = this.segmenter
    if (!progress) return ''
    const { stage, done, total } = progress
    const words = t.images.labels.segment
    if (stage === 'label') return words.labelling(formatCount(done + 1), formatCount(total))
    if (stage === 'load' || done === 0) return words.opening
    return words.download(formatBytes(done), total > 0 ? formatBytes(total) : '')
  }

  /** 0 … 1; null: not known. */
  get share(): number | null {
    const { progress } = this.segmenter
    if (!progress || progress.stage === 'load' || progress.total === 0) return null
    return Math.min(1, progress.done / progress.total)
  }

  /** Labels the images by the model that was typed. */
  start(): Promise<void> {
    return this.run({ model: this.id.trim(), host: this.host.trim() || null })
  }

  /** Labels the images by a model of this computer. */
  startFolder(files: readonly GivenFile[]): Promise<void> {
    const { name, files: inside } = nameModel(files)
    const model = this.actions.nameFolder?.(name, inside)
    return model === undefined ? Promise.resolve() : this.run({ model })
  }

  cancel(): void {
    this.segmenter.cancel()
  }

  private async run(request: OpenRequest): Promise<void> {
    this.ended = () => ''
    this.failed = []
    try {
      const { labelled, problems } = await this.segmenter.run(request)
      if (labelled > 0) this.ended = () => t.images.labels.segment.done(labelled, formatCount(labelled))
      else if (problems.length === 0) this.ended = () => t.images.labels.segment.nothing
      this.failed = problems.map((message) => () => tell({ code: 'IMAGE_FAILED', message }))
      // Who asks for labels wants to see them.
      if (labelled > 0 && this.isImageModel()) this.actions.set({ color: 'label' })
    } catch (problem) {
      const error = toAppError(problem, 'WORKER_CRASHED')
      if (error.code === 'CANCELLED') this.ended = () => t.images.labels.segment.stopped
      else this.failed = [() => tell(error)]
    } finally {
      this.onRequests()
    }
  }
}

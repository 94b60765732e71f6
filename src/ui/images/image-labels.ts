import type { ImageLabels, PatchLabel } from '../../core/label-map'
import type { ImageProblem } from '../../core/image-file'
import type { ExplorerView } from '../../state/api'
import { formatOf, readTable } from '../../tables/read-table'
import type { Pause } from '../../tables/types'
import type { AppActions } from '../actions'
import { formatCount } from '../format'
import { t } from '../strings'
import type { Say } from '../tell'
import { largestTextBytes, readTextBytes } from '../text-lines'
import { imageOfCell, imageOfMask, readLabelTable, renameColors } from './label-files'
import { readMaskFile } from './read-mask'

export interface LabelPorts {
  pause: Pause
  /** Whether a picture can be decoded at all. */
  check(file: Blob): Promise<ImageProblem>
  readMask?(file: Blob): Promise<ImageLabels | null>
}

/** Masks and tables of labels that are dropped beside images. */
export class LabelTaker {
  /** Names for colours that masks may bring later. */
  private colorNames: ReadonlyMap<string, string> = new Map()

  constructor(
    private readonly explorer: ExplorerView,
    private readonly actions: AppActions,
    private readonly ports: LabelPorts,
  ) {}

  /** Images that have labels. */
  get count(): number {
    return this.explorer.images.filter(({ labels }) => labels).length
  }

  /** Masks among pictures: which belong to which of all images, those that come along included. */
  sortMasks(files: readonly File[]): { images: File[]; masks: { file: File; image: string }[] } {
    const names = [...files.map(({ name }) => name), ...this.explorer.images.map(({ name }) => name)]
    const images: File[] = []
    const masks: { file: File; image: string }[] = []
    for (const file of files) {
      const image = imageOfMask(file.name, names)
      if (image === null) images.push(file)
      else masks.push({ file, image })
    }
    return { images, masks }
  }

  /** Takes masks in. @returns what was wrong with some, in words */
  async takeMasks(masks: readonly { file: File; image: string }[]): Promise<Say[]> {
    const problems: Say[] = []
    const found = new Map<string, ImageLabels>()
    for (const { file, image } of masks) {
      const problem = await this.ports.check(file)
      if (problem !== 'none') {
        problems.push(() => t.images.problems[problem](file.name))
        continue
      }
      const labels = await (this.ports.readMask ?? readMaskFile)(file)
      if (labels) found.set(image, renameColors(labels, this.colorNames) ?? labels)
      else problems.push(() => t.images.labels.photograph(file.name))
    }
    this.show(found)
    return problems
  }

  /**
   * Takes tables of labels in.
   * @returns the files that are something else, and what was wrong with the tables, in words
   */
  async takeTables(files: readonly File[]): Promise<{ others: File[]; problems: Say[] }> {
    const others: File[] = []
    const problems: Say[] = []
    const names = this.explorer.images.map(({ name }) => name)
    for (const file of files) {
      const format = formatOf(file.name)
      const read =
        format && file.size <= largestTextBytes ? readTextBytes(new Uint8Array(await file.arrayBuffer())) : null
      const table = format && read?.ok ? await readTable(read.text, format, this.ports.pause) : null
      const labels = table?.ok ? readLabelTable(table.table) : null
      if (!labels) {
        others.push(file)
        continue
      }
      if (labels.unread > 0)
        problems.push(() => t.images.labels.unread(file.name, labels.unread, formatCount(labels.unread)))
      if (labels.kind === 'colors') this.nameColors(labels.names)
      else {
        const found = new Map<string, PatchLabel[]>()
        for (const [cell, patches] of labels.images) {
          const image = imageOfCell(cell, names)
          if (image === null) problems.push(() => t.images.labels.noImage(file.name, cell))
          else found.set(image, [...(found.get(image) ?? []), ...patches])
        }
        this.show(new Map([...found].map(([image, patches]) => [image, { key: crypto.randomUUID(), patches }])))
      }
    }
    return { others, problems }
  }

  clear(): void {
    this.actions.images?.label(() => null)
  }

  private nameColors(names: ReadonlyMap<string, string>): void {
    this.colorNames = new Map([...this.colorNames, ...names])
    const found = new Map<string, ImageLabels>()
    for (const { name, labels } of this.explorer.images) {
      const renamed = renameColors(labels, names)
      if (renamed) found.set(name, renamed)
    }
    this.show(found)
  }

  /** Who brings labels wants to see them. */
  private show(labels: ReadonlyMap<string, ImageLabels>): void {
    if (labels.size === 0) return
    this.actions.images?.label(({ name }) => labels.get(name))
    this.actions.set({ color: 'label' })
  }
}

/** In the order in which they are listed. */
export const figureGroups = ['fidelity', 'pattern', 'axis', 'norms'] as const
export type FigureGroup = (typeof figureGroups)[number]

/** One column of the head figures: exported under its id, explained by its definition. */
export interface FigureInfo {
  id: string
  label: string
  /** For the tooltip: what is measured, over what. */
  definition: string
  /** '' for pure numbers. */
  unit: string
  /** Where images are measured in another unit. */
  imageUnit?: string
  /** Ends of what can occur; null: open. */
  range: readonly [number | null, number | null]
  /** Which end is good; null: neither. */
  better: 'low' | 'high' | null
  /** What a high value says of the head: completes "high:". */
  high: string
  group: FigureGroup
  /** `figure`: heads are sorted, filtered and tinted by it; the others are read beside a figure. */
  role: 'figure' | 'baseline' | 'count' | 'flag'
  /** Figure id of what chance or uniform attention gives. */
  baseline?: string
  /** Figure id of the number of rows behind it. */
  rows?: string
  /** What must be there first; figures without it are null. */
  needs: readonly FigureNeed[]
}

/** Why a figure is empty, for tooltips: what each need means. */
export const figureNeeds = {
  vectors: 'queries and keys',
  points: 'a picture',
  causal: 'a causal mask',
  attention: 'attention that follows from q·k alone, or else the weights from the model itself',
  tokenIds: 'texts (patches of images have no id)',
  patches: 'images, cut into patches',
  pixels: 'images whose pixels are known',
} as const
export type FigureNeed = keyof typeof figureNeeds

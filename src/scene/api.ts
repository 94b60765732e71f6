import type { HeadRef } from '../core/types'

/** What views need of the renderer (scene/atlas-scene.ts is the implementation). Screen positions are CSS pixels from the canvas' top left. */

export interface SceneLayout {
  layers: number
  heads: number
  /** Points of each head: queries, then keys. */
  queries: number
  keys: number
}

export interface ScreenPoint {
  x: number
  y: number
  /** 0 … 1, smaller is nearer; 0 in two dimensions. */
  depth: number
}

export interface ScreenRect {
  x: number
  y: number
  width: number
  height: number
}

export interface SceneTheme {
  background: string
  tileLine: string
  text: string
}

export interface PointRef {
  head: HeadRef
  /** 0 … n−1 queries, n … n+m−1 keys. */
  point: number
}

export interface SceneStatistics {
  drawCalls: number
  /** JavaScript of the last frame. */
  frameMs: number
  gpuBytes: number
  points: number
}

/** Small pictures in the place of the points of the focused head. */
export interface SceneSprites {
  /** RGBA bytes of one picture: square cells, row by row. */
  rgba: Uint8Array<ArrayBuffer>
  columns: number
  rows: number
  cellPx: number
  /** [queries+keys] cell of each point; 65,535: it stays a point. */
  cells: Uint16Array
  /** A frame in the point's colour. */
  outlined: boolean
}

export interface AtlasSceneApi {
  /**
   * Frees everything drawn so far and makes room for a new grid. Cameras, order and the focused head stay if layers and heads are as before.
   * Colours are 0 for queries and 1 for keys until they are set.
   */
  setLayout(layout: SceneLayout): void
  /** Coordinates of one head, [queries+keys,dims]; points travel from where they were when `animate`. */
  setHead(head: HeadRef, points: Float32Array, dims: 2 | 3, animate: boolean): void
  /** Palette index of each point, [queries+keys]; `head: null` sets it for all heads. */
  setColors(head: HeadRef | null, indices: Uint8Array): void
  /** 256 colours, RGBA bytes. */
  setPalette(rgba: Uint8Array): void
  /** [queries+keys]: 0 dimmed to 8 %, 1 as usual, 2 standing out; null: all as usual. */
  setEmphasis(emphasis: Uint8Array | null): void
  /**
   * Diameters of one head's points, [queries+keys], in 128ths of the usual: 64 half, 128 as usual, 255 twice. Only the head that
   * was set last has them. `sizes: null`: all as usual.
   */
  setSizes(head: HeadRef, sizes: Uint8Array | null): void
  /** Pictures in the place of points where there is room for them; null: points. A new layout forgets them. */
  setSprites?(sprites: SceneSprites | null): void
  /** Order of the tiles: `order[row * heads + column]` is a head index (layer · heads + head), −1 for an empty place. null: layers × heads. */
  setOrder(order: Int32Array | null): void
  setTheme(theme: SceneTheme): void
  resize(width: number, height: number, pixelRatio: number): void

  showMatrix(animate: boolean): void
  showHead(head: HeadRef, animate: boolean): void
  /** The head that fills the canvas; null: the matrix. */
  readonly focus: HeadRef | null
  pan(dx: number, dy: number): void
  zoomAt(x: number, y: number, factor: number): void
  orbit(dx: number, dy: number): void
  resetCamera(animate: boolean): void

  headAt(x: number, y: number): HeadRef | null
  pick(x: number, y: number, radius?: number): PointRef | null
  /** Points inside a polygon [x0,y0,x1,y1,…] of the focused head. */
  pickPolygon(polygon: readonly number[]): number[]
  screenOf(point: PointRef): ScreenPoint | null
  tileRect(head: HeadRef): ScreenRect | null
  visibleHeads(): HeadRef[]

  /** Called after every drawn frame: overlays place themselves anew. Returns the way to stop it. */
  onFrame(listener: () => void): () => void
  /** The picture as PNG-ready canvas content, drawn at once. */
  snapshot(scale: number): Promise<Blob>
  statistics(): SceneStatistics
  dispose(): void
}

import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DataTexture,
  DynamicDrawUsage,
  FloatType,
  GLSL3,
  Matrix3 as ThreeMatrix3,
  Mesh,
  NearestFilter,
  OrthographicCamera,
  Points,
  RawShaderMaterial,
  RedFormat,
  RGBAFormat,
  Scene,
  Vector2,
  Vector3,
  Vector4,
  WebGLRenderer,
  type IUniform,
  type Texture,
} from 'three'
import { AppError } from '../core/errors'
import type { SceneSprites, SceneTheme } from './api'
import type { Affine } from './camera'
import { FrameFence } from './frame-fence'
import type { HeadStore } from './head-store'
import type { Matrix3 } from './rotation'
import { emphasisWidth, headsPerRow, headTexels, pointFragment, pointVertex, tileFragment, tileVertex } from './shaders'

const linkPollMs = 8
/** Some drivers never answer. */
const longestLinkMs = 3000

/** What changes from frame to frame. */
export interface FrameState {
  camera: Affine
  width: number
  height: number
  pixelRatio: number
  rotation: Matrix3
  pointSize: number
  /** −1: none. */
  focus: number
  /** 0 matrix … 1 one head. */
  focusMix: number
  /** Only the focused head is drawn. */
  onlyFocus: boolean
  /** The part of all points to draw, in whole chunks. */
  fraction: number
}

interface PointSet {
  points: Points<BufferGeometry, RawShaderMaterial>
  target: BufferAttribute
  origin: BufferAttribute
  color: BufferAttribute
  chunkSlots: number
}

/** The three.js side: buffers, textures and two draw calls (tiles, points). Knows nothing of cameras, heads or time. */
export class Drawing {
  private readonly scene = new Scene()
  private readonly warmed = new Scene()
  private readonly camera = new OrthographicCamera()
  private readonly uniforms: Record<string, IUniform> = {
    heads: { value: null },
    palette: { value: null },
    emphases: { value: null },
    sizes: { value: null },
    sizedHead: { value: -1 },
    camera: { value: new Vector4(1, 1, 0, 0) },
    viewport: { value: new Vector2(1, 1) },
    pixelRatio: { value: 1 },
    rotation: { value: new ThreeMatrix3() },
    pointSize: { value: 2.5 },
    focus: { value: -1 },
    focusMix: { value: 0 },
    line: { value: new Vector4(0.5, 0.5, 0.5, 1) },
    lineWidth: { value: 1 },
    rim: { value: new Vector3(1, 1, 1) },
  }
  private readonly paletteTexture = bytesTexture(new Uint8Array(1024).fill(255), 256, 1, true)
  private spriteTexture: DataTexture | null = null
  private headTexture: DataTexture
  private emphasisTexture: DataTexture
  private sizeTexture: DataTexture
  private all: PointSet | null = null
  private detail: PointSet | null = null
  private tiles: Mesh<BufferGeometry, RawShaderMaterial> | null = null
  private chunkPoints = 0
  private chunks = 1

  constructor(private readonly renderer: WebGLRenderer) {
    renderer.autoClear = true
    renderer.sortObjects = false
    // Asks the device for six logs, each of which blocks the page; `linkShaders` asks for what matters.
    renderer.debug.checkShaderErrors = false
    this.headTexture = new DataTexture(new Float32Array(headsPerRow * headTexels * 4), headsPerRow * headTexels, 1)
    this.emphasisTexture = bytesTexture(new Uint8Array(emphasisWidth).fill(1), emphasisWidth, 1, false)
    this.sizeTexture = bytesTexture(new Uint8Array(emphasisWidth).fill(128), emphasisWidth, 1, false)
    this.uniforms['sizes']!.value = this.sizeTexture
    this.uniforms['palette']!.value = this.paletteTexture
  }

  /** [heads,headTexels,4] in rows of `headsPerRow` heads: written by the owner, uploaded by `updateHeads`. */
  get headData(): Float32Array {
    return this.headTexture.image.data as Float32Array
  }

  /**
   * Compiles the shaders beside the page where the device can, and draws one point and one tile of nothing. The materials are kept,
   * so that neither the first picture nor a new grid compiles in the middle of a run.
   */
  async warmUp(): Promise<void> {
    const tiles = new Mesh(new BufferGeometry(), this.material(tileVertex, tileFragment))
    tiles.geometry.setDrawRange(0, 6)
    const { points } = this.pointSet(new Uint16Array(4), new Uint16Array(4), 1, 1)
    tiles.frustumCulled = false
    this.warmed.add(tiles, points)
    await this.renderer.compileAsync(this.warmed, this.camera)
    await this.linkShaders()
    this.renderer.render(this.warmed, this.camera)
  }

  /**
   * Waits until the device has taken the shaders in, without asking it anything that would block the page, then asks once whether
   * they can be used. @throws AppError NOT_AVAILABLE where they can't
   */
  private async linkShaders(): Promise<void> {
    const context = this.renderer.getContext() as WebGL2RenderingContext
    const fence = new FrameFence(context)
    fence.set()
    const endMs = performance.now() + longestLinkMs
    while (fence.isPending && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, linkPollMs))
    fence.clear()
    for (const { program } of this.renderer.info.programs ?? []) {
      if (context.getProgramParameter(program as WebGLProgram, context.LINK_STATUS) || context.isContextLost()) continue
      const reason = context.getProgramInfoLog(program as WebGLProgram) ?? ''
      throw new AppError(
        'NOT_AVAILABLE',
        `The graphics device can't run this page's shaders (${reason}); use another browser or device.`,
      )
    }
  }

  setStore(store: HeadStore): void {
    this.free()
    this.chunkPoints = store.heads * store.chunkSlots
    this.chunks = store.chunks
    const rows = Math.max(1, Math.ceil(store.heads / headsPerRow))
    const width = headsPerRow * headTexels
    this.headTexture = new DataTexture(new Float32Array(width * rows * 4), width, rows, RGBAFormat, FloatType)
    this.headTexture.needsUpdate = true
    this.uniforms['heads']!.value = this.headTexture
    this.setEmphasis(new Uint8Array(store.count).fill(1))
    this.setSizes(-1, new Uint8Array(0))
    if (store.heads === 0 || store.count === 0) return

    this.tiles = new Mesh(new BufferGeometry(), this.material(tileVertex, tileFragment))
    this.tiles.frustumCulled = false
    this.tiles.geometry.setDrawRange(0, store.heads * 6)
    this.all = this.pointSet(store.targets, store.origins, store.heads, store.chunkSlots)
    this.detail = this.pointSet(new Uint16Array(store.count * 4), new Uint16Array(store.count * 4), 1, store.count)
    this.detail.points.geometry.setDrawRange(0, store.count)
    this.detail.points.material.uniforms['pointsInTile']!.value = store.count
    this.scene.add(this.tiles, this.all.points, this.detail.points)
  }

  /** Uploads shared slots with the next frame. */
  updatePoints(start: number, count: number, withOrigin: boolean): void {
    if (!this.all) return
    markRange(this.all.target, start * 4, count * 4)
    if (!withOrigin) return
    markRange(this.all.origin, start * 4, count * 4)
    this.all.points.geometry.setAttribute('origin', this.all.origin)
  }

  /** Colours of all shared slots. */
  get colors(): Uint8Array {
    return (this.all?.color.array as Uint8Array | undefined) ?? new Uint8Array(0)
  }

  updateColors(start: number, count: number): void {
    if (this.all) markRange(this.all.color, start, count)
  }

  /** Fills the set that shows one head with all its points. */
  setDetail(head: number, target: Uint16Array, origin: Uint16Array, colors: Uint8Array): void {
    if (!this.detail) return
    const { target: targets, origin: origins, color } = this.detail
    ;(targets.array as Uint16Array).set(target)
    ;(origins.array as Uint16Array).set(origin)
    ;(color.array as Uint8Array).set(colors)
    for (const attribute of [targets, origins, color]) attribute.needsUpdate = true
    this.detail.points.geometry.setAttribute('origin', origins)
    this.detail.points.material.uniforms['firstHead']!.value = head
  }

  /** Pictures for the points of one head; `cells` by slot. */
  setSprites(sprites: SceneSprites | null, cells: Uint16Array | null): void {
    this.spriteTexture?.dispose()
    this.spriteTexture = null
    if (!this.detail) return
    const { geometry, material } = this.detail.points
    const hadSprites = 'SPRITES' in material.defines
    if (sprites && cells) {
      const { rgba, columns, rows, cellPx, outlined } = sprites
      this.spriteTexture = bytesTexture(rgba, columns * cellPx, rows * cellPx, true)
      geometry.setAttribute('cell', new BufferAttribute(cells, 1, false))
      material.uniforms['sheet'] = { value: this.spriteTexture }
      material.uniforms['sheetCells'] = { value: new Vector2(columns, cellPx) }
      material.uniforms['outlined'] = { value: outlined ? 1 : 0 }
      material.defines['SPRITES'] = 1
      material.uniformsNeedUpdate = true
    } else if (hadSprites) {
      delete material.defines['SPRITES']
      geometry.deleteAttribute('cell')
    }
    if (hadSprites !== (sprites !== null)) material.needsUpdate = true
  }

  updateHeads(): void {
    this.headTexture.needsUpdate = true
  }

  setPalette(rgba: Uint8Array): void {
    ;(this.paletteTexture.image.data as Uint8Array).set(rgba.subarray(0, 1024))
    this.paletteTexture.needsUpdate = true
  }

  /** One byte a slot. */
  setEmphasis(bySlot: Uint8Array): void {
    this.emphasisTexture = this.fillTexture(this.emphasisTexture, bySlot)
    this.uniforms['emphases']!.value = this.emphasisTexture
  }

  /** One byte a slot of one head; −1: no head has sizes of its own. */
  setSizes(head: number, bySlot: Uint8Array): void {
    this.uniforms['sizedHead']!.value = head
    if (head === -1) return
    this.sizeTexture = this.fillTexture(this.sizeTexture, bySlot)
    this.uniforms['sizes']!.value = this.sizeTexture
  }

  private fillTexture(texture: DataTexture, bySlot: Uint8Array): DataTexture {
    const rows = Math.max(1, Math.ceil(bySlot.length / emphasisWidth))
    let filled = texture
    if (texture.image.height !== rows) {
      texture.dispose()
      filled = bytesTexture(new Uint8Array(emphasisWidth * rows), emphasisWidth, rows, false)
    }
    ;(filled.image.data as Uint8Array).set(bySlot)
    filled.needsUpdate = true
    return filled
  }

  setTheme(theme: SceneTheme): void {
    this.renderer.setClearColor(new Color(theme.background), 1)
    const line = rgbOf(theme.tileLine)
    ;(this.uniforms['line']!.value as Vector4).set(line[0], line[1], line[2], 1)
    const background = rgbOf(theme.background)
    ;(this.uniforms['rim']!.value as Vector3).set(...background)
  }

  /** Returns the part of all points that was drawn. */
  render(frame: FrameState): number {
    const chunks = Math.min(this.chunks, Math.max(1, Math.floor(this.chunks * frame.fraction + 1e-6)))
    const u = this.uniforms
    const { camera, rotation: m } = frame
    ;(u['camera']!.value as Vector4).set(camera.scaleX, camera.scaleY, camera.offsetX, camera.offsetY)
    ;(u['viewport']!.value as Vector2).set(frame.width, frame.height)
    ;(u['rotation']!.value as ThreeMatrix3).set(...m)
    u['pixelRatio']!.value = frame.pixelRatio
    u['pointSize']!.value = frame.pointSize
    u['focus']!.value = frame.focus
    u['focusMix']!.value = frame.focusMix
    u['lineWidth']!.value = Math.max(1, Math.round(frame.pixelRatio))
    if (this.all && this.detail && this.tiles) {
      this.all.points.geometry.setDrawRange(0, chunks * this.chunkPoints)
      this.all.points.material.uniforms['pointsInTile']!.value = chunks * this.all.chunkSlots
      this.all.points.visible = this.tiles.visible = !frame.onlyFocus
      this.detail.points.visible = frame.onlyFocus
    }
    this.renderer.render(this.scene, this.camera)
    return frame.onlyFocus ? 1 : chunks / this.chunks
  }

  /** Bytes of buffers and textures on the device, the drawing buffer not counted. */
  get gpuBytes(): number {
    const ofSet = (set: PointSet | null): number =>
      set ? set.target.array.byteLength + set.origin.array.byteLength + set.color.array.byteLength : 0
    const ofTexture = (texture: DataTexture): number => (texture.image.data as Uint8Array | Float32Array).byteLength
    return (
      ofSet(this.all) +
      ofSet(this.detail) +
      ofTexture(this.headTexture) +
      ofTexture(this.emphasisTexture) +
      ofTexture(this.sizeTexture) +
      ofTexture(this.paletteTexture) +
      (this.spriteTexture ? ofTexture(this.spriteTexture) : 0)
    )
  }

  dispose(): void {
    this.free()
    for (const object of this.warmed.children as (
      Mesh<BufferGeometry, RawShaderMaterial> | Points<BufferGeometry, RawShaderMaterial>
    )[]) {
      object.geometry.dispose()
      object.material.dispose()
    }
    this.paletteTexture.dispose()
    this.emphasisTexture.dispose()
    this.sizeTexture.dispose()
    this.renderer.dispose()
  }

  private free(): void {
    for (const object of [this.all?.points, this.detail?.points, this.tiles]) {
      if (!object) continue
      this.scene.remove(object)
      object.geometry.dispose()
      object.material.dispose()
    }
    this.headTexture.dispose()
    this.spriteTexture?.dispose()
    this.spriteTexture = null
    this.all = this.detail = this.tiles = null
  }

  private material(
    vertexShader: string,
    fragmentShader: string,
    own: Record<string, IUniform> = {},
  ): RawShaderMaterial {
    return new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader,
      fragmentShader,
      uniforms: { ...this.uniforms, ...own },
      transparent: true,
    })
  }

  private pointSet(targets: Uint16Array, origins: Uint16Array, headCount: number, chunkSlots: number): PointSet {
    const geometry = new BufferGeometry()
    const target = dynamicAttribute(targets, 4, true)
    const origin = dynamicAttribute(origins, 4, true)
    const color = dynamicAttribute(new Uint8Array(targets.length / 4), 1, false)
    // No attribute called "position": its length would limit what is drawn.
    geometry.setAttribute('target', target)
    // Before the first travel nothing reads where points came from: half as much to upload with the first picture.
    geometry.setAttribute('origin', target)
    geometry.setAttribute('color', color)
    const material = this.material(pointVertex, pointFragment, {
      chunkSlots: { value: chunkSlots },
      headCount: { value: headCount },
      firstHead: { value: 0 },
      pointsInTile: { value: chunkSlots },
    })
    const points = new Points(geometry, material)
    points.frustumCulled = false
    return { points, target, origin, color, chunkSlots }
  }
}

function dynamicAttribute(array: Uint8Array | Uint16Array, size: number, normalized: boolean): BufferAttribute {
  const attribute = new BufferAttribute(array, size, normalized).setUsage(DynamicDrawUsage)
  // A new buffer (also after a lost context) takes the whole array: what was marked before is in it.
  return attribute.onUpload(() => attribute.clearUpdateRanges())
}

/** While something else is shown, marked ranges are not uploaded; above this number everything is, once. */
const mostRanges = 4096

function markRange(attribute: BufferAttribute, start: number, count: number): void {
  if (attribute.updateRanges.length >= mostRanges) {
    attribute.clearUpdateRanges()
    attribute.addUpdateRange(0, attribute.array.length)
  } else attribute.addUpdateRange(start, count)
  attribute.needsUpdate = true
}

function bytesTexture(data: Uint8Array<ArrayBuffer>, width: number, height: number, rgba: boolean): DataTexture {
  const texture = new DataTexture(data, width, height, rgba ? RGBAFormat : RedFormat)
  texture.minFilter = texture.magFilter = NearestFilter
  texture.unpackAlignment = 1
  texture.needsUpdate = true
  return texture satisfies Texture as DataTexture
}

/** 0 … 1 as written in the style sheet, without conversion to linear light. */
function rgbOf(style: string): [number, number, number] {
  const color = new Color(style)
  const { r, g, b } = color.convertLinearToSRGB()
  return [r, g, b]
}

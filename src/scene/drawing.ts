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
import type { SceneTheme } from './api'
import type { Affine } from './camera'
import type { HeadStore } from './head-store'
import type { Matrix3 } from './rotation'
import { emphasisWidth, headsPerRow, headTexels, pointFragment, pointVertex, tileFragment, tileVertex } from './shaders'

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
}

interface PointSet {
  points: Points<BufferGeometry, RawShaderMaterial>
  target: BufferAttribute
  origin: BufferAttribute
  color: BufferAttribute
}

/** The three.js side: buffers, textures and two draw calls (tiles, points). Knows nothing of cameras, heads or time. */
export class Drawing {
  private readonly scene = new Scene()
  private readonly camera = new OrthographicCamera()
  private readonly uniforms: Record<string, IUniform> = {
    heads: { value: null },
    palette: { value: null },
    emphases: { value: null },
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
  private headTexture: DataTexture
  private emphasisTexture: DataTexture
  private all: PointSet | null = null
  private detail: PointSet | null = null
  private detailHead = -1
  private tiles: Mesh<BufferGeometry, RawShaderMaterial> | null = null
  private heads = 0

  constructor(private readonly renderer: WebGLRenderer) {
    renderer.autoClear = true
    renderer.sortObjects = false
    this.headTexture = new DataTexture(new Float32Array(headsPerRow * headTexels * 4), headsPerRow * headTexels, 1)
    this.emphasisTexture = bytesTexture(new Uint8Array(emphasisWidth).fill(1), emphasisWidth, 1, false)
    this.uniforms['palette']!.value = this.paletteTexture
  }

  /** [heads,headTexels,4] in rows of `headsPerRow` heads: written by the owner, uploaded by `updateHeads`. */
  get headData(): Float32Array {
    return this.headTexture.image.data as Float32Array
  }

  setStore(store: HeadStore): void {
    this.free()
    this.heads = store.heads
    const rows = Math.max(1, Math.ceil(store.heads / headsPerRow))
    const width = headsPerRow * headTexels
    this.headTexture = new DataTexture(new Float32Array(width * rows * 4), width, rows, RGBAFormat, FloatType)
    this.headTexture.needsUpdate = true
    this.uniforms['heads']!.value = this.headTexture
    this.setEmphasis(new Uint8Array(store.count).fill(1))
    if (store.heads === 0 || store.count === 0) return

    this.tiles = new Mesh(new BufferGeometry(), this.material(tileVertex, tileFragment))
    this.tiles.frustumCulled = false
    this.tiles.geometry.setDrawRange(0, store.heads * 6)
    this.all = this.pointSet(store.targets, store.origins, store.heads, store.shown, store.count)
    this.scene.add(this.tiles, this.all.points)
    if (!store.isComplete) {
      const size = store.count * 4
      this.detail = this.pointSet(new Uint16Array(size), new Uint16Array(size), 1, store.count, store.count)
      this.detail.points.visible = false
      this.scene.add(this.detail.points)
    }
  }

  /** Uploads one head's slots with the next frame. */
  updatePoints(head: number, shown: number, withOrigin: boolean): void {
    if (!this.all) return
    const size = shown * 4
    this.all.target.addUpdateRange(head * size, size)
    this.all.target.needsUpdate = true
    if (!withOrigin) return
    this.all.origin.addUpdateRange(head * size, size)
    this.all.origin.needsUpdate = true
  }

  /** Colours of all shown slots, [heads,shown]. */
  get colors(): Uint8Array {
    return (this.all?.color.array as Uint8Array | undefined) ?? new Uint8Array(0)
  }

  updateColors(start: number, count: number): void {
    if (!this.all) return
    this.all.color.addUpdateRange(start, count)
    this.all.color.needsUpdate = true
  }

  get needsDetail(): boolean {
    return this.detail !== null
  }

  /** Fills the set that shows one head in full where the shared arrays hold a part of it only. */
  setDetail(head: number, target: Uint16Array, origin: Uint16Array, colors: Uint8Array): void {
    if (!this.detail) return
    const { target: targets, origin: origins, color } = this.detail
    ;(targets.array as Uint16Array).set(target)
    ;(origins.array as Uint16Array).set(origin)
    ;(color.array as Uint8Array).set(colors)
    for (const attribute of [targets, origins, color]) attribute.needsUpdate = true
    this.detailHead = head
    this.detail.points.material.uniforms['firstHead']!.value = head
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
    const rows = Math.max(1, Math.ceil(bySlot.length / emphasisWidth))
    if (this.emphasisTexture.image.height !== rows) {
      this.emphasisTexture.dispose()
      this.emphasisTexture = bytesTexture(new Uint8Array(emphasisWidth * rows), emphasisWidth, rows, false)
    }
    ;(this.emphasisTexture.image.data as Uint8Array).set(bySlot)
    this.emphasisTexture.needsUpdate = true
    this.uniforms['emphases']!.value = this.emphasisTexture
  }

  setTheme(theme: SceneTheme): void {
    this.renderer.setClearColor(new Color(theme.background), 1)
    const line = rgbOf(theme.tileLine)
    ;(this.uniforms['line']!.value as Vector4).set(line[0], line[1], line[2], 1)
    const background = rgbOf(theme.background)
    ;(this.uniforms['rim']!.value as Vector3).set(...background)
  }

  render(frame: FrameState, perHead: number): void {
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
    if (this.all && this.tiles) {
      const inDetail = this.detail !== null && frame.onlyFocus && this.detailHead === frame.focus
      const first = frame.onlyFocus ? frame.focus : 0
      this.all.points.geometry.setDrawRange(first * perHead, (frame.onlyFocus ? 1 : this.heads) * perHead)
      this.all.points.visible = !inDetail
      if (this.detail) this.detail.points.visible = inDetail
      this.tiles.visible = !frame.onlyFocus
    }
    this.renderer.render(this.scene, this.camera)
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
      ofTexture(this.paletteTexture)
    )
  }

  dispose(): void {
    this.free()
    this.paletteTexture.dispose()
    this.emphasisTexture.dispose()
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
    this.all = this.detail = this.tiles = null
    this.detailHead = -1
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

  private pointSet(
    targets: Uint16Array,
    origins: Uint16Array,
    heads: number,
    perHead: number,
    pointsInTile: number,
  ): PointSet {
    const geometry = new BufferGeometry()
    const target = dynamicAttribute(targets, 4, true)
    const origin = dynamicAttribute(origins, 4, true)
    const color = dynamicAttribute(new Uint8Array(heads * perHead), 1, false)
    // No attribute called "position": its length would limit what is drawn.
    geometry.setAttribute('target', target)
    geometry.setAttribute('origin', origin)
    geometry.setAttribute('color', color)
    geometry.setDrawRange(0, heads * perHead)
    const material = this.material(pointVertex, pointFragment, {
      perHead: { value: perHead },
      firstHead: { value: 0 },
      pointsInTile: { value: Math.min(perHead, pointsInTile) },
    })
    const points = new Points(geometry, material)
    points.frustumCulled = false
    return { points, target, origin, color }
  }
}

function dynamicAttribute(array: Uint8Array | Uint16Array, size: number, normalized: boolean): BufferAttribute {
  return new BufferAttribute(array, size, normalized).setUsage(DynamicDrawUsage)
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

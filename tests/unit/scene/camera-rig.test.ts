import { describe, expect, it } from 'vitest'
import type { ScreenRect } from '../../../src/scene/api'
import { applyToRect } from '../../../src/scene/camera'
import { CameraRig } from '../../../src/scene/camera-rig'
import { restingRotation } from '../../../src/scene/rotation'
import { TilePlaces } from '../../../src/scene/tile-places'

function setUp() {
  const time = { nowMs: 0 }
  const clock = { durationMs: 250, now: () => time.nowMs }
  const places = new TilePlaces(clock)
  const rig = new CameraRig(clock, places)
  places.setNatural(12)
  places.arrange(4, 800, 600)
  rig.resize(800, 600, () => places.arrange(4, 800, 600))
  const screen = (head: number): ScreenRect => applyToRect(rig.camera, rig.rectOf(head)!)
  const begin = (): void => {
    rig.startMotions(time.nowMs)
    places.startMotions(time.nowMs)
  }
  return { time, places, rig, screen, begin }
}

function expectNear(a: ScreenRect, b: ScreenRect): void {
  expect(a.x).toBeCloseTo(b.x, 6)
  expect(a.y).toBeCloseTo(b.y, 6)
  expect(a.width).toBeCloseTo(b.width, 6)
  expect(a.height).toBeCloseTo(b.height, 6)
}

const whole = { x: 8, y: 8, width: 784, height: 584 }

describe('CameraRig', () => {
  it('flies from the tile to the whole canvas and back without a cut', () => {
    const { time, rig, screen, begin } = setUp()
    const tile = screen(6)
    rig.flyToHead(6, true)
    expectNear(screen(6), tile)
    begin()
    expectNear(screen(6), tile)
    let width = tile.width
    for (time.nowMs = 25; time.nowMs < 250; time.nowMs += 25) {
      expect(screen(6).width).toBeGreaterThan(width)
      width = screen(6).width
    }
    expect(rig.endMotions(250)).toBe(true)
    expect(rig.isSingle).toBe(true)
    expectNear(screen(6), whole)
    rig.flyToMatrix(true)
    expectNear(screen(6), whole)
    begin()
    time.nowMs += 250
    rig.endMotions(time.nowMs)
    expectNear(screen(6), tile)
    expect(rig.flying).toBe(-1)
  })

  it('turns round on the way', () => {
    const { time, rig, screen, begin } = setUp()
    rig.flyToHead(6, true)
    begin()
    time.nowMs = 110
    const before = screen(6)
    rig.flyToMatrix(true)
    expectNear(screen(6), before)
    begin()
    time.nowMs = 180
    const later = screen(2)
    rig.flyToHead(2, true)
    expectNear(screen(2), later)
  })

  it('goes on from where it is when the room changes on the way', () => {
    for (const back of [false, true]) {
      const { time, rig, places, screen, begin } = setUp()
      rig.flyToHead(6, !back)
      if (back) rig.flyToMatrix(true)
      begin()
      time.nowMs = 110
      const before = screen(6)
      rig.resize(800, 300, () => places.arrange(4, 800, 300))
      expectNear(screen(6), before)
      begin()
      time.nowMs += 250
      rig.endMotions(time.nowMs)
      if (!back) expectNear(screen(6), { ...whole, height: 284 })
      else expect(screen(6).height).toBeLessThan(100)
    }
  })

  it('can be moved in flight, and at once without motion', () => {
    const { time, rig, screen, begin } = setUp()
    rig.flyToHead(6, false)
    expect(rig.isSingle).toBe(true)
    expectNear(screen(6), whole)
    rig.zoomAt(400, 300, 2)
    rig.flyHome(true)
    begin()
    time.nowMs = 60
    const before = screen(6)
    rig.zoomAt(400, 300, 1.5)
    expect(screen(6).width).toBeGreaterThan(before.width)
  })

  it('opens heads without a place from the middle', () => {
    const { places, rig, screen } = setUp()
    places.setOrder(Int32Array.of(0, 1, 2, 3), false)
    places.arrange(4, 800, 600)
    expect(rig.rectOf(7)).toBeNull()
    rig.flyToHead(7, false)
    expectNear(screen(7), whole)
  })

  it('comes home from a turn on the shorter way and stops for a drag', () => {
    const { time, rig, begin } = setUp()
    rig.orbit(100, 40)
    const turned = rig.currentRotation
    rig.flyHome(true)
    begin()
    expect(rig.currentRotation[1]).toBeCloseTo(turned[1], 9)
    time.nowMs = 125
    const halfway = rig.currentRotation
    rig.orbit(0, 0)
    expect(rig.currentRotation[1]).toBeCloseTo(halfway[1], 9)
    rig.flyHome(false)
    rig.currentRotation.forEach((value, i) => expect(value).toBeCloseTo(restingRotation[i]!, 9))
  })
})

describe('TilePlaces', () => {
  it('lets tiles travel to a new order', () => {
    const { time, places, begin } = setUp()
    const from = places.rect(0)!
    const to = places.rect(11)!
    places.setOrder(
      Int32Array.from({ length: 12 }, (_, place) => 11 - place),
      true,
    )
    places.arrange(4, 800, 600)
    expectNear(places.rect(0)!, from)
    begin()
    time.nowMs = 125
    expect(places.rect(0)!.x).toBeCloseTo((from.x + to.x) / 2, 6)
    time.nowMs = 250
    expect(places.endMotions(250)).toBe(true)
    expectNear(places.rect(0)!, to)
    expect(places.headAt(from.x + 5, from.y + 5)).toBe(11)
  })

  it('knows empty places', () => {
    const { places } = setUp()
    places.setOrder(Int32Array.of(3, -1, 5, 99), false)
    places.arrange(4, 800, 600)
    const first = places.finalRect(3)!
    expect(places.headAt(first.x + 1, first.y + 1)).toBe(3)
    const pitch = places.grid.tileWidth + places.grid.gap
    expect(places.headAt(first.x + pitch + 1, first.y + 1)).toBe(-1)
    expect(places.headAt(first.x + 3 * pitch + 1, first.y + 1)).toBe(-1)
    expect(places.finalRect(0)).toBeNull()
  })
})

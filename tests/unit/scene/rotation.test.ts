import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mixRotation, orbitRotation, restingRotation, rotationMatrix, type Matrix3 } from '../../../src/scene/rotation'

const turn = (m: Matrix3, [x, y, z]: readonly [number, number, number]): [number, number, number] => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
]

describe('rotations', () => {
  it('let the near side follow the drag', () => {
    const right = turn(rotationMatrix(orbitRotation([0, 0, 0, 1], 0.3, 0)), [0, 0, 1])
    expect(right[0]).toBeGreaterThan(0)
    const down = turn(rotationMatrix(orbitRotation([0, 0, 0, 1], 0, 0.3)), [0, 0, 1])
    expect(down[1]).toBeLessThan(0)
  })

  it('stay rotations however often they are turned', () => {
    const angle = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(angle, angle), { maxLength: 60 }), (drags) => {
        const m = rotationMatrix(drags.reduce((r, [yaw, pitch]) => orbitRotation(r, yaw, pitch), restingRotation))
        const [x, y, z] = [turn(m, [1, 0, 0]), turn(m, [0, 1, 0]), turn(m, [0, 0, 1])]
        const dot = (a: number[], b: number[]): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!
        expect(dot(x, x)).toBeCloseTo(1, 9)
        expect(dot(x, y)).toBeCloseTo(0, 9)
        expect(dot(y, z)).toBeCloseTo(0, 9)
        // Right-handed: x × y = z.
        expect(x[1]! * y[2]! - x[2]! * y[1]!).toBeCloseTo(z[0]!, 9)
      }),
      { seed: 2 },
    )
  })

  it('mix from one end to the other', () => {
    const end = orbitRotation(restingRotation, 1, 0.4)
    mixRotation(restingRotation, end, 0).forEach((value, i) => expect(value).toBeCloseTo(restingRotation[i]!, 9))
    mixRotation(restingRotation, end, 1).forEach((value, i) => expect(value).toBeCloseTo(end[i]!, 9))
  })
})

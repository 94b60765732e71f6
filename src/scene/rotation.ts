/** A unit quaternion [x,y,z,w]. Axes: x right, y up, z towards the viewer. */
export type Quaternion = readonly [x: number, y: number, z: number, w: number]

/** Rows x, y, z of a rotation matrix. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number]

function multiply(a: Quaternion, b: Quaternion): Quaternion {
  return normalize([
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ])
}

function normalize(q: Quaternion): Quaternion {
  const length = Math.hypot(q[0], q[1], q[2], q[3]) || 1
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length]
}

/** Turns by `yaw` about the screen's vertical and `pitch` about its horizontal axis, radians: the near side follows a drag. */
export function orbitRotation(rotation: Quaternion, yaw: number, pitch: number): Quaternion {
  const aboutY: Quaternion = [0, Math.sin(yaw / 2), 0, Math.cos(yaw / 2)]
  const aboutX: Quaternion = [Math.sin(pitch / 2), 0, 0, Math.cos(pitch / 2)]
  return multiply(aboutX, multiply(aboutY, rotation))
}

/** A slight turn, so that three dimensions look like three at once. */
export const restingRotation: Quaternion = orbitRotation([0, 0, 0, 1], -0.5, 0.35)

/** On the shorter way from a to b. */
export function mixRotation(a: Quaternion, b: Quaternion, t: number): Quaternion {
  const sign = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] < 0 ? -1 : 1
  const mix = (i: 0 | 1 | 2 | 3): number => a[i] * (1 - t) + sign * b[i] * t
  return normalize([mix(0), mix(1), mix(2), mix(3)])
}

export function rotationMatrix([x, y, z, w]: Quaternion): Matrix3 {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * w),
    2 * (x * z + y * w),
    2 * (x * y + z * w),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * w),
    2 * (x * z - y * w),
    2 * (y * z + x * w),
    1 - 2 * (x * x + y * y),
  ]
}

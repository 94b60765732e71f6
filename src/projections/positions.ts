/** Lays `points` [count,dims] out for a kernel that has `stride` floats a point. */
export function fillPositions(target: Float32Array, points: Float32Array, dims: number, stride: number): void {
  target.fill(0)
  for (let point = 0; point * dims < points.length; point++) {
    for (let axis = 0; axis < dims; axis++) target[point * stride + axis] = points[point * dims + axis]!
  }
}

/** The points [count,dims] of a kernel's block. */
export function takePositions(source: Float32Array, count: number, dims: number, stride: number): Float32Array {
  const points = new Float32Array(count * dims)
  for (let point = 0; point < count; point++) {
    for (let axis = 0; axis < dims; axis++) points[point * dims + axis] = source[point * stride + axis]!
  }
  return points
}

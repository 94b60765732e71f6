/** A repeatable generator of uniform numbers in 0 … 1. */
function makeRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** Clusters, spirals, clouds and bands, with a few far outliers: [queries+keys,dims]. `odd`: nan, equal or line. */
export function syntheticHead(
  seed: number,
  queries: number,
  keys: number,
  dims: 2 | 3,
  odd: string | null,
): Float32Array {
  const random = makeRandom(seed)
  for (let i = 0; i < 8; i++) random()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const shape = Math.floor(random() * 4)
  const clusters = 2 + Math.floor(random() * 14)
  const centers = Array.from({ length: clusters }, () => [
    normal() * 2.2,
    normal() * 1.5,
    normal() * 1.8,
    0.12 + random() * 0.35,
  ])
  const points = new Float32Array((queries + keys) * dims)
  const squeeze = 0.35 + 0.65 * random()
  for (let i = 0; i < queries + keys; i++) {
    const isKey = i >= queries
    const position = (isKey ? i - queries : i) / Math.max(1, isKey ? keys : queries)
    let x: number
    let y: number
    let z: number
    if (shape === 0) {
      const center = centers[Math.floor(random() * clusters)]!
      const spread = center[3]!
      x = center[0]! + normal() * spread + (isKey ? 0.25 : 0)
      y = center[1]! + normal() * spread
      z = center[2]! + normal() * spread
    } else if (shape === 1) {
      const turn = position * 14 + (isKey ? Math.PI : 0)
      const radius = 0.4 + position * 2.4
      x = Math.cos(turn) * radius + normal() * 0.09
      y = Math.sin(turn) * radius + normal() * 0.09
      z = position * 3 - 1.5 + normal() * 0.09
    } else if (shape === 2) {
      x = normal() * 1.6 + (isKey ? 0.9 : -0.9)
      y = normal() * squeeze
      z = normal() * 0.8
    } else {
      const band = Math.floor(random() * 5)
      const angle = random() * Math.PI
      x = (1 + band * 0.45) * Math.cos(angle) + normal() * 0.05
      y = (1 + band * 0.45) * Math.sin(angle) * (isKey ? -1 : 1) + normal() * 0.05
      z = band * 0.4 + normal() * 0.1
    }
    if (random() < 0.004) x += 14 * random()
    if (odd === 'equal') x = y = z = 3
    if (odd === 'line') y = z = 1
    if (odd === 'nan' && i % 3 === 0) x = NaN
    points[i * dims] = x
    points[i * dims + 1] = y
    if (dims === 3) points[i * dims + 2] = z
  }
  return points
}

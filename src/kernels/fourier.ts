// Fourier transforms of length 256, four at a time: the lanes of a vector belong to four independent signals.

export const LENGTH: i32 = 256

/** cos and sin of 2π·i/256 */
const cosines = memory.data(1024, 16)
const sines = memory.data(1024, 16)
/** 256 pairs of vectors: real parts, imaginary parts */
export const signal = memory.data(8192, 16)
const other = memory.data(8192, 16)

/** Fills the tables, by half angles and sums of angles (√ is exact in every engine). */
export function prepareTables(): void {
  // The angle 2π/256 by halving π/2 six times.
  let cosine: f64 = 0
  for (let step = 0; step < 6; step++) cosine = sqrt<f64>((1 + cosine) / 2)
  const sine = sqrt<f64>(1 - cosine * cosine)
  let c: f64 = 1
  let s: f64 = 0
  for (let index = 0; index < 64; index++) {
    // One quarter by turning, the others by symmetry.
    storeAngle(index, c, s)
    storeAngle(index + 64, -s, c)
    storeAngle(index + 128, -c, -s)
    storeAngle(index + 192, s, -c)
    const next = c * cosine - s * sine
    s = s * cosine + c * sine
    c = next
  }
}

function storeAngle(index: i32, c: f64, s: f64): void {
  store<f32>(cosines + ((<usize>index) << 2), <f32>c)
  store<f32>(sines + ((<usize>index) << 2), <f32>s)
}

export function cosineOf(index: i32): f32 {
  return load<f32>(cosines + ((<usize>index) << 2))
}

/** Transforms `signal` in place, e^(−2πi·jk/256), not scaled. With real and imaginary parts swapped it is the inverse. */
export function transform(): void {
  pass(signal, other, 64, 1)
  pass(other, signal, 16, 4)
  pass(signal, other, 4, 16)
  pass(other, signal, 1, 64)
}

/** One pass of Stockham's radix-4 transform: `quarter` butterflies for each of `stride` interleaved signals. */
function pass(source: usize, target: usize, quarter: i32, stride: i32): void {
  const step = (<usize>stride) << 5
  const jump = <usize>quarter * step
  for (let p = 0; p < quarter; p++) {
    const angle = (<usize>(p * stride)) << 2
    const c1 = v128.load32_splat(cosines + angle)
    const s1 = v128.load32_splat(sines + angle)
    const c2 = v128.load32_splat(cosines + 2 * angle)
    const s2 = v128.load32_splat(sines + 2 * angle)
    const c3 = v128.load32_splat(cosines + 3 * angle)
    const s3 = v128.load32_splat(sines + 3 * angle)
    let from = source + <usize>p * step
    let to = target + <usize>p * 4 * step
    for (const end = from + step; from < end; from += 32, to += 32) {
      const ar = v128.load(from)
      const ai = v128.load(from, 16)
      const br = v128.load(from + jump)
      const bi = v128.load(from + jump, 16)
      const cr = v128.load(from + 2 * jump)
      const ci = v128.load(from + 2 * jump, 16)
      const dr = v128.load(from + 3 * jump)
      const di = v128.load(from + 3 * jump, 16)
      const sumR = f32x4.add(ar, cr)
      const sumI = f32x4.add(ai, ci)
      const gapR = f32x4.sub(ar, cr)
      const gapI = f32x4.sub(ai, ci)
      const sideR = f32x4.add(br, dr)
      const sideI = f32x4.add(bi, di)
      const turnR = f32x4.sub(di, bi) // i·(b − d)
      const turnI = f32x4.sub(br, dr)
      v128.store(to, f32x4.add(sumR, sideR))
      v128.store(to, f32x4.add(sumI, sideI), 16)
      let r = f32x4.sub(gapR, turnR)
      let i = f32x4.sub(gapI, turnI)
      v128.store(to + step, f32x4.add(f32x4.mul(r, c1), f32x4.mul(i, s1)))
      v128.store(to + step, f32x4.sub(f32x4.mul(i, c1), f32x4.mul(r, s1)), 16)
      r = f32x4.sub(sumR, sideR)
      i = f32x4.sub(sumI, sideI)
      v128.store(to + 2 * step, f32x4.add(f32x4.mul(r, c2), f32x4.mul(i, s2)))
      v128.store(to + 2 * step, f32x4.sub(f32x4.mul(i, c2), f32x4.mul(r, s2)), 16)
      r = f32x4.add(gapR, turnR)
      i = f32x4.add(gapI, turnI)
      v128.store(to + 3 * step, f32x4.add(f32x4.mul(r, c3), f32x4.mul(i, s3)))
      v128.store(to + 3 * step, f32x4.sub(f32x4.mul(i, c3), f32x4.mul(r, s3)), 16)
    }
  }
}

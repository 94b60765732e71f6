// Powers and logarithms without the host's Math, whose last bits differ between engines.
// Coefficients: least-maximum fits on the reduced range, made for these kernels.

/** 2^x of four numbers ≤ 126 (0 below −126); relative error below 2e-7. */
export function exp2Fine(x: v128): v128 {
  const magic = f32x4.splat(12582912)
  const held = f32x4.pmax(f32x4.splat(-126), x)
  const shifted = f32x4.add(held, magic)
  const rest = f32x4.sub(held, f32x4.sub(shifted, magic))
  let sum = f32x4.splat(0.0013276472)
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(0.0096755418))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(0.0555071328))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(0.2402211972))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(0.6931469671))
  sum = f32x4.add(f32x4.mul(sum, rest), f32x4.splat(1))
  const power = i32x4.add(sum, i32x4.shl(shifted, 23))
  return v128.and(power, f32x4.ge(x, f32x4.splat(-126)))
}

const LN2: f64 = 0.6931471805599453

/** 2^x in float64 for |x| < 1000. */
export function exp2(x: f64): f64 {
  const whole = nearest<f64>(x)
  const rest = (x - whole) * LN2
  let sum: f64 = 1
  for (let term = 14; term > 0; term--) sum = 1 + (sum * rest) / <f64>term
  return sum * reinterpret<f64>((<u64>(<i64>whole + 1023)) << 52)
}

/** log2 of a positive, normal number in float64, by 2·artanh((m − 1)/(m + 1)). */
export function log2(x: f64): f64 {
  const bits = reinterpret<u64>(x)
  let exponent = <i64>(bits >> 52) - 1023
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000)
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5
    exponent++
  }
  const t = (mantissa - 1) / (mantissa + 1)
  const square = t * t
  let sum: f64 = 0
  for (let term = 23; term > 0; term -= 2) sum = sum * square + 1 / <f64>term
  return <f64>exponent + (2 * t * sum) / LN2
}

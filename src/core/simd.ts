/** A module whose one function puts 0 into all lanes of a vector and takes them together (WebAssembly core specification 2.0). */
const probe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // magic, version
  ...[1, 5, 1, 96, 0, 1, 123], // type: () → v128
  ...[3, 2, 1, 0], // function of that type
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11], // i32.const 0, i8x16.splat, i8x16.popcnt
)

/** Whether this browser runs WebAssembly SIMD, which models and projections are compiled for. */
export const hasSimd = (): boolean => typeof WebAssembly === 'object' && WebAssembly.validate(probe)

export const noSimd =
  'This browser has no WebAssembly SIMD, so no model can run here: update it, or use a current Chrome, Edge, Firefox or Safari.'

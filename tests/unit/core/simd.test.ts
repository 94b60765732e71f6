import { describe, expect, it, vi } from 'vitest'
import { hasSimd } from '../../../src/core/simd'

describe('SIMD', () => {
  it('is found where it is, by a module that is valid only with it', () => {
    expect(hasSimd()).toBe(true)
    const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValue(false)
    expect(hasSimd()).toBe(false)
    const [[probe]] = validate.mock.calls as unknown as [[Uint8Array<ArrayBuffer>]]
    validate.mockRestore()
    // Opcode prefix 253 is what makes it a vector module: with another one nothing is valid.
    const other = probe.map((byte) => (byte === 253 ? 255 : byte))
    expect(WebAssembly.validate(other)).toBe(false)
  })
})

/** The best adapter that this browser offers here; null: none. Works in pages and in workers. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  // Node has no navigator, some browsers no WebGPU.
  const { gpu } = (globalThis as { navigator?: { gpu?: GPU } }).navigator ?? {}
  try {
    return (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? null
  } catch {
    return null // a driver on the browser's block list
  }
}

/** WebGPU computed by the processor: right, and slower than WASM. */
export function isSoftwareAdapter({ info }: Pick<GPUAdapter, 'info'>): boolean {
  const fallback = (info as GPUAdapterInfo & { isFallbackAdapter?: boolean }).isFallbackAdapter ?? false
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  return fallback || /swiftshader|llvmpipe|lavapipe|basic render|software|warp/i.test(names)
}

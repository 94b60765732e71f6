/** Pixels of a canvas for each CSS pixel. More than two cost time and are not seen. */
export const pixelRatio = (): number => Math.min(2, window.devicePixelRatio || 1)

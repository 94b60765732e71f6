// The context is of no use but for the wait that it takes off the page: see src/scene/wake-graphics.ts.
if (typeof OffscreenCanvas !== 'undefined') new OffscreenCanvas(1, 1).getContext('webgl2')
postMessage(null)

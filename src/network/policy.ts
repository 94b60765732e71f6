/**
 * What page and workers may load and run. In the page it is a `<meta>` of index.html; scripts of workers get it as a header
 * from the service worker, since a worker does not inherit the page's.
 *
 * Connections go to any host on purpose, as people choose where their models come from: which host, and when, is the
 * gatekeeper's matter.
 */
const shared = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' blob: data: https: http:",
  "img-src 'self' blob: data:",
  "worker-src 'self' blob:",
]

export const workerPolicy = shared.join('; ')

/** Names of the Trusted Types policies that may exist: Svelte's own for its templates, ours for addresses of workers. */
export const trustedTypesPolicies = ['svelte-trusted-html', 'attention-atlas'] as const

export const pagePolicy = [
  ...shared,
  "style-src 'self' 'unsafe-inline'", // Svelte sets single style properties
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  `trusted-types ${trustedTypesPolicies.join(' ')}`,
].join('; ')

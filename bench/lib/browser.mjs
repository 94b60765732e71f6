// Chromium and servers for benchmarks that run in a page.
import { chromium } from '@playwright/test'
import path from 'node:path'
import { findChromium } from '../../scripts/chromium.mjs'
import { createStaticServer, listen } from '../../scripts/serve.mjs'
import { root, run } from '../../scripts/setup.mjs'

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export async function launchChromium() {
  const executablePath = findChromium()
  return chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: [
      '--no-sandbox',
      '--enable-unsafe-swiftshader',
      '--use-angle=swiftshader',
      '--disable-background-networking',
      '--enable-precise-memory-info',
    ],
  })
}

/** Serves a folder on a free port; `bytes()` counts what bodies were sent. */
export async function serve(folder, { isolated = true } = {}) {
  const server = createStaticServer({ folder, isolated })
  let bytes = 0
  // Before the server's own listener, so that the head it writes is seen.
  server.prependListener('request', (request, response) => {
    const writeHead = response.writeHead.bind(response)
    response.writeHead = (status, headers = {}) => {
      if (request.method !== 'HEAD') bytes += Number(headers['Content-Length'] ?? 0)
      return writeHead(status, headers)
    }
  })
  const port = await listen(server, 0, 'localhost')
  return {
    url: `http://localhost:${port}/`,
    bytes: () => bytes,
    close: () => (server.close(), server.closeAllConnections()),
  }
}

/** Builds the benchmark pages and serves them. */
export async function serveBenchPages(options) {
  run(process.execPath, [
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'bench/vite.config.ts',
    '--logLevel',
    'warn',
  ])
  return serve(path.join(root, '.cache/bench'), options)
}

/** Serves the built app. */
export const serveApp = (options) => serve(path.join(root, 'dist'), options)

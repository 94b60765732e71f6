// A small static server for the built app: right types, ranges, cross-origin isolation.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/**
 * @param {{ folder: string, base?: string, isolated?: boolean }} options `base`: the path that the app lives under; `isolated`: send COOP and COEP
 * @returns {import('node:http').Server} not yet listening
 */
export function createStaticServer({ folder, base = '/', isolated = true }) {
  const prefix = `/${base}/`.replace(/\/+/g, '/')
  return createServer((request, response) => {
    const headers = isolated
      ? { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
      : {}
    const end = (status, more = {}) => response.writeHead(status, { ...headers, ...more }).end()
    if (request.method !== 'GET' && request.method !== 'HEAD') return end(405)
    let pathname
    try {
      pathname = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    } catch {
      return end(400)
    }
    if (pathname + '/' === prefix) return end(308, { Location: prefix })
    if (!pathname.startsWith(prefix) || pathname.includes('\0')) return end(404)
    let file = path.join(folder, path.normalize('/' + pathname.slice(prefix.length)))
    if (existsSync(file) && statSync(file).isDirectory()) file = path.join(file, 'index.html')
    if (!existsSync(file) || !statSync(file).isFile()) return end(404)

    const { size, mtimeMs } = statSync(file)
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    // Files with a content hash in their name never change; everything else is asked for again.
    const cache = /\/assets\//.test(pathname) ? 'public, max-age=31536000, immutable' : 'no-cache'
    Object.assign(headers, {
      'Content-Type': types[path.extname(file)] ?? 'application/octet-stream',
      'Accept-Ranges': 'bytes',
      'Cache-Control': cache,
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      ETag: etag,
    })
    if (request.headers['if-none-match'] === etag) return end(304)

    let [start, last, status] = [0, size - 1, 200]
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '')
    if (range && (range[1] || range[2])) {
      if (range[1]) [start, last] = [Number(range[1]), range[2] ? Math.min(Number(range[2]), last) : last]
      else start = Math.max(0, size - Number(range[2]))
      if (start > last) return end(416, { 'Content-Range': `bytes */${size}` })
      headers['Content-Range'] = `bytes ${start}-${last}/${size}`
      status = 206
    }
    response.writeHead(status, { ...headers, 'Content-Length': last - start + 1 })
    if (request.method === 'HEAD' || size === 0) return response.end()
    createReadStream(file, { start, end: last })
      .on('error', () => response.destroy())
      .pipe(response)
  })
}

/** Starts listening; resolves with the port. */
export const listen = (server, port, host) =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server.address().port))
  })

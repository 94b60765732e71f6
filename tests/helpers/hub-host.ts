import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const site = fileURLToPath(new URL('../fixtures/site/zoo', import.meta.url))
const publicModels = fileURLToPath(new URL('../../public/models', import.meta.url))

export interface HubHost {
  /** `http://127.0.0.1:PORT/` */
  address: string
  /** Paths that were asked for, with the method before all but GET. */
  requests: string[]
  /** `Range` headers of weight files, '' where there was none. */
  ranges: string[]
  close: () => Promise<void>
}

export interface HubHostOptions {
  /** False: a plain file host that knows no `/api`. */
  listing?: boolean
  /** Files of further models, by name and path. */
  models?: Record<string, Record<string, Uint8Array>>
}

/**
 * The fixtures under the Hub's addresses, and the built-in models under `/models/`. The owner in an id picks a fault:
 * `zoo/…` none, `404/…` nothing is there, `401/…` a login is needed, `error/…` the server fails, `html/…` every file is a
 * page. The others are about weight files: `cut/…` the connection always ends at 60 %, `once/…` only the first time,
 * `once3/…` the same at three tenths (0 … 9), `changed/…` as `once/…`, and
 * the file is another one afterwards, `bad/…` it arrives damaged, `page/…` it is a page,
 * `slow/…` it comes in small parts, `plain/…` no ranges, no lengths and no hashes are known, `norange/…` ranges are
 * ignored, `redirect/…` it lies on another origin. `nocors/…` other sites may not read anything.
 */
export async function startHubHost({ listing = true, models = {} }: HubHostOptions = {}): Promise<HubHost> {
  const requests: string[] = []
  const ranges: string[] = []
  const cut = new Set<string>()
  let other = ''
  const server = createServer((request, response) => {
    const address = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    requests.push(request.method === 'GET' ? address : `${request.method} ${address}`)
    if (!address.includes('nocors/')) {
      response.setHeader('access-control-allow-origin', '*')
      response.setHeader('access-control-expose-headers', 'ETag, Content-Range, X-Linked-ETag')
      response.setHeader('access-control-allow-headers', '*')
    }
    if (request.method === 'OPTIONS') return void response.writeHead(204).end()
    if (address.startsWith('/models/')) return send(request, response, path.join(publicModels, address.slice(8)), '')
    const tree = /^\/api\/models\/([^/]+)\/([^/]+)\/tree\/main\/(.+)$/.exec(address)
    if (tree) {
      const [, owner = '', name = '', folder = ''] = tree
      return listing && owner !== 'plain' && !models[name]
        ? sendTree(response, owner, name, folder)
        : sendMissing(response)
    }
    const file = /^\/([^/]+)\/([^/]+)\/resolve\/main\/(.+)$/.exec(address)
    const [, owner = '', name = '', inside = ''] = file ?? []
    if (!file || owner === '404') return sendMissing(response)
    if (owner === '401') return void response.writeHead(401).end('{"error":"Invalid username or password."}')
    const made = models[name]
    if (made)
      return void (made[inside] ? response.end(request.method === 'HEAD' ? '' : made[inside]) : sendMissing(response))
    if (owner === 'error') return void response.writeHead(503).end()
    if (inside.endsWith('.onnx')) ranges.push(request.headers.range ?? '')
    if (owner === 'redirect' && inside.endsWith('.onnx'))
      return void response.writeHead(302, { location: `${other}zoo/${name}/resolve/main/${inside}` }).end()
    const isSecond = cut.has(address)
    const tenths = Number(/^once(\d)$/.exec(owner)?.[1] ?? 6)
    if (request.method === 'GET') cut.add(address)
    const kind = owner.replace(/^once\d$/, 'once')
    const fault = kind === 'once' && isSecond ? '' : kind === 'changed' && isSecond ? 'other' : kind
    send(request, response, path.join(site, name, inside), fault, tenths)
  })
  server.keepAliveTimeout = 600_000 // a busy test must not meet a connection that ends just then
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  other = `http://localhost:${port}/`
  return {
    address: `http://127.0.0.1:${port}/`,
    requests,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function sendMissing(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Entry not found"}')
}

function sendTree(response: ServerResponse, owner: string, name: string, folder: string): void {
  const directory = path.join(site, name, folder)
  if (owner === '404' || owner === '401' || !existsSync(directory)) return sendMissing(response)
  const entries = readdirSync(directory).map((file) => {
    const bytes = readFileSync(path.join(directory, file))
    return {
      type: 'file',
      path: `${folder}/${file}`,
      size: bytes.length,
      // A file that is exchanged meanwhile has no hash that was known before.
      ...(owner !== 'changed' && { lfs: { oid: sha256(bytes), size: bytes.length } }),
    }
  })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries))
}

function send(request: IncomingMessage, response: ServerResponse, file: string, owner: string, tenths = 6): void {
  const weights = file.endsWith('.onnx')
  const fault = weights || owner === 'html' || owner === 'plain' ? owner : ''
  if (fault === 'html' || fault === 'page')
    return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title>')
  if (!existsSync(file) || !statSync(file).isFile()) return sendMissing(response)
  const bytes = readFileSync(file)
  if (fault === 'other') bytes[bytes.length - 1]! ^= 0xff
  const etag = `"${sha256(bytes)}"`
  if (fault === 'plain') {
    response.writeHead(200)
    return void (request.method === 'HEAD' ? response.end() : response.write(bytes, () => response.end()))
  }
  const range = fault === 'norange' ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const first = range ? Number(range[1]) : 0
  const last = Math.min(range?.[2] ? Number(range[2]) : Infinity, bytes.length - 1)
  if (first > last) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  const part = Buffer.from(bytes.subarray(first, last + 1))
  response.writeHead(range ? 206 : 200, {
    'content-length': part.length,
    etag,
    ...(range && { 'content-range': `bytes ${first}-${last}/${bytes.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  // A look at the beginning is no download.
  const isDownload = !range?.[2]
  if (isDownload && (fault === 'cut' || fault === 'once' || fault === 'changed')) {
    // What has left must arrive before the end does: a browser drops unread bytes with the connection.
    response.write(part.subarray(0, Math.floor((part.length * tenths) / 10)), () =>
      setTimeout(() => response.destroy(), 150),
    )
    return
  }
  if (fault === 'bad') for (let index = 64; index < 1064; index++) part[index] = (part[index] ?? 0) ^ 0xff
  if (fault === 'slow') return sendSlowly(response, part)
  response.end(part)
}

/** In 20 parts, each when the one before has left. */
function sendSlowly(response: ServerResponse, bytes: Buffer): void {
  const step = Math.ceil(bytes.length / 20)
  const next = (at: number) => {
    if (at >= bytes.length) return void response.end()
    response.write(bytes.subarray(at, at + step), () => setTimeout(() => next(at + step), 20))
  }
  next(0)
}

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
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
  close: () => Promise<void>
}

export interface HubHostOptions {
  /** False: a plain file host that knows no `/api`. */
  listing?: boolean
}

/**
 * The fixtures under the Hub's addresses, and the built-in models under `/models/`. The owner in an id picks a fault:
 * `zoo/…` none, `404/…` nothing is there, `cut/…` the connection ends inside a weight file, `bad/…` a weight file arrives
 * damaged, `html/…` every file is a page, `error/…` the server fails.
 */
export async function startHubHost({ listing = true }: HubHostOptions = {}): Promise<HubHost> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const address = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    requests.push(request.method === 'GET' ? address : `${request.method} ${address}`)
    const head = request.method === 'HEAD'
    if (address.startsWith('/models/')) return send(response, path.join(publicModels, address.slice(8)), '', head)
    const tree = /^\/api\/models\/([^/]+)\/([^/]+)\/tree\/main\/(.+)$/.exec(address)
    if (tree) return listing ? sendTree(response, tree[1] ?? '', tree[2] ?? '', tree[3] ?? '') : sendMissing(response)
    const file = /^\/([^/]+)\/([^/]+)\/resolve\/main\/(.+)$/.exec(address)
    if (!file || file[1] === '404') return sendMissing(response)
    if (file[1] === 'error') return void response.writeHead(503).end()
    send(response, path.join(site, file[2] ?? '', file[3] ?? ''), file[1] ?? '', head)
  })
  server.keepAliveTimeout = 600_000 // a busy test must not meet a connection that ends just then
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
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
  if (owner === '404' || !existsSync(directory)) return sendMissing(response)
  const entries = readdirSync(directory).map((file) => {
    const bytes = readFileSync(path.join(directory, file))
    return {
      type: 'file',
      path: `${folder}/${file}`,
      size: bytes.length,
      lfs: { oid: sha256(bytes), size: bytes.length },
    }
  })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries))
}

function send(response: ServerResponse, file: string, fault: string, head: boolean): void {
  if (fault === 'html')
    return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title>')
  if (!existsSync(file) || !statSync(file).isFile()) return sendMissing(response)
  const bytes = readFileSync(file)
  const weights = file.endsWith('.onnx')
  response.writeHead(200, { 'content-length': bytes.length, etag: `"${sha256(bytes)}"` })
  if (head) return void response.end()
  if (weights && fault === 'cut') {
    response.write(bytes.subarray(0, Math.floor(bytes.length * 0.6)), () => response.destroy())
    return
  }
  if (weights && fault === 'bad') for (let index = 64; index < 1064; index++) bytes[index] = (bytes[index] ?? 0) ^ 0xff
  response.end(bytes)
}

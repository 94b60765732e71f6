import type { AddressInfo } from 'node:net'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import path from 'node:path'
import { createStaticServer } from '../../scripts/serve.mjs'

export interface AppServer {
  /** Address of the app, under a sub-path, ending in a slash. */
  url: string
  /** Paths asked for, in order. */
  requests: string[]
  /** Answers some requests in the server's place from now on; null: none. */
  setFault(fault: Fault | null): void
  close(): Promise<void>
}

/** Answers a request in the server's place; true when it did. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean

/** Serves the built app under /some/where/. */
export async function serveApp({ isolated = true }: { isolated?: boolean } = {}): Promise<AppServer> {
  let fault: Fault | null = null
  const base = '/some/where/'
  const files = createStaticServer({ folder: path.resolve(import.meta.dirname, '../../dist'), base, isolated })
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    requests.push(request.url ?? '')
    if (!fault?.(request, response)) files.emit('request', request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}${base}`,
    requests,
    setFault: (next) => {
      fault = next
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

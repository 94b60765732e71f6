import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import path from 'node:path'
import type { Fault } from './app-server'

const assets = path.resolve(import.meta.dirname, '../../dist/assets')

/** Name of a built script that a request asks for; null: something else. */
export const assetOf = (url: string | undefined): string | null =>
  /\/assets\/([^/?]+\.m?js)$/.exec(url ?? '')?.[1] ?? null

/** Sends a built script as `change` makes it, to pages that are isolated too. */
export function sendScript(response: ServerResponse, name: string, change: (source: string) => string): void {
  response.writeHead(200, {
    'content-type': 'text/javascript',
    'cache-control': 'no-store',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
  })
  response.end(change(readFileSync(path.join(assets, name), 'utf8')))
}

/** For `AppServer.setFault`: the model worker runs this script before its own. */
export const beforeModelWorker =
  (script: string): Fault =>
  (request, response) => {
    const name = assetOf(request.url)
    if (!name?.startsWith('model.worker')) return false
    sendScript(response, name, (source) => `${script};${source}`)
    return true
  }

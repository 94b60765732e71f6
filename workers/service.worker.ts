import { Gatekeeper, type AppFile } from '../src/network/gatekeeper'
import type { GateNews, GateQuestion, PageOrder } from '../src/network/messages'

/** Every file of this version, filled in by the build. `atOnce`: stored when the version is installed. */
declare const __APP_FILES__: readonly (AppFile & { atOnce: boolean })[]
declare const __APP_FILES_VERSION__: string

const scope = globalThis as unknown as ServiceWorkerGlobalScope

/** A page that does not answer within this time (frozen, or about to close) does not open the lock. */
const answerLimitMs = 3000

/** While this worker takes over, it may have a page's workers already and the page itself only next. */
const pages = async () => {
  const all = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return all.filter(({ url }) => url.startsWith(scope.registration.scope))
}

function ask(client: Client, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const settle = (answer: boolean) => {
      clearTimeout(timer)
      port1.close()
      resolve(answer)
    }
    const timer = setTimeout(() => settle(false), answerLimitMs)
    port1.onmessage = ({ data }: MessageEvent<unknown>) => settle(data === true)
    client.postMessage({ type: 'may-leave', host } satisfies GateQuestion, [port2])
  })
}

const gatekeeper = new Gatekeeper(scope.registration.scope, __APP_FILES__, __APP_FILES_VERSION__, {
  fetch: (request, init) => fetch(request, init),
  caches: scope.caches,
  mayLeave: async (host) => {
    const answers = (await pages()).map(async (page) => {
      if (!(await ask(page, host))) throw new Error('locked')
      return true
    })
    return Promise.any(answers).catch(() => false)
  },
  tell: (news: GateNews) => void pages().then((all) => all.forEach((page) => page.postMessage(news))),
  now: () => Date.now(),
})

scope.addEventListener('install', (event) =>
  event.waitUntil(gatekeeper.install(__APP_FILES__.filter(({ atOnce }) => atOnce))),
)
scope.addEventListener('activate', (event) => event.waitUntil(gatekeeper.activate().then(() => scope.clients.claim())))
scope.addEventListener('fetch', (event) => event.respondWith(gatekeeper.answer(event.request)))
scope.addEventListener('message', (event) => {
  const order = event.data as PageOrder
  if (order.type === 'take-over') void scope.skipWaiting()
  if (order.type === 'keep') event.waitUntil(gatekeeper.keep(order.urls))
})

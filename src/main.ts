import { mount } from 'svelte'
import clusteringWorker from '../workers/clustering.worker?worker&url'
import libraryWorker from '../workers/library.worker?worker&url'
import modelWorker from '../workers/model.worker?worker&url'
import projectionWorker from '../workers/projection.worker?worker&url'
import segmentationWorker from '../workers/segmentation.worker?worker&url'
import './app.css'
import { exportSettings, installAtlas, type AtlasParts } from './atlas-api'
import { toAppError } from './core/errors'
import { hasSimd, noSimd } from './core/simd'
import type { InputKind } from './core/types'
import { trustedScript } from './network/trusted-script'
import { jointInfos } from './projections/joint/registry'
import { projectionInfo, projectionInfos } from './projections/registry'
import type { ModelSpec, RequestRecord } from './rpc/contracts'
import { ClusteringClient } from './rpc/clustering-client'
import { LibraryClient } from './rpc/library-client'
import { ModelClient } from './rpc/model-client'
import { poolSize, ProjectionPool } from './rpc/projection-pool'
import { SegmentationClient } from './rpc/segmentation-client'
import type { AtlasSceneApi } from './scene/api'
import { applySettings, linkAddress } from './state/address-link'
import { ArrangementChoice } from './state/arrangement-choice.svelte'
import { browserClock, browserStorage } from './state/browser-ports'
import { defaultModels } from './state/dependencies'
import { Explorer } from './state/explorer.svelte'
import { ModelFolders } from './state/model-folders'
import { completeSpec, createLibrary } from './state/model-library'
import { RecentModels } from './state/model-recent'
import { memoryLimitBytes } from './state/memory'
import { NetworkLock } from './state/network-lock.svelte'
import { openSessionFile } from './state/open-session'
import { poolPort } from './state/pool-port'
import { Preferences } from './state/preferences.svelte'
import { Screen } from './state/screen'
import { Segmenter } from './state/segmenter.svelte'
import { Selection } from './state/selection.svelte'
import { AddressBar } from './storage/address'
import { browserDrafts } from './storage/browser-drafts'
import { exportName } from './storage/exports'
import { sampleSource } from './ui/samples/source'
import { firstLanguage, languageTags, showLanguage, t } from './ui/strings'
import { whenIdle } from './ui/when-idle'
import type { AppActions } from './views/actions'
import App from './views/App.svelte'

/** Puts the parts together: workers, storage, state, script interface, views. Nothing else here. */

const startWorker = (address: string, name: string) => () =>
  new Worker(trustedScript(address, document.baseURI), { type: 'module', name })

/** Some browsers give a page nothing to remember with. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}
function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}

const loadScene = () => import('./scene/atlas-scene')

/** A page that is loaded again will draw at once: what draws is wanted beside all else. */
const isReload = performance.getEntriesByType('navigation').some((entry) => 'type' in entry && entry.type === 'reload')
// A failure is told where the scene is made.
if (isReload) loadScene().catch(() => undefined)

const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer }
const lock = new NetworkLock(import.meta.env.PROD ? (serviceWorker ?? null) : null, location.host)

const duringOpen = ({ host, files }: ModelSpec) => (files ? () => undefined : lock.openFor(host))
const model = new ModelClient({ createWorker: startWorker(modelWorker, 'model'), duringOpen })
const pool = new ProjectionPool({
  size: poolSize(navigator.hardwareConcurrency),
  createWorker: startWorker(projectionWorker, 'projection'),
})

const folders = new ModelFolders()
const hosts = {
  builtinHost: new URL('models/', document.baseURI).href,
  defaultHost: 'https://huggingface.co/',
  folders,
}

const { cache, saved, writer } = browserStorage((notice) => explorer.notify(notice))
const explorer: Explorer = new Explorer({
  model,
  pool: poolPort(pool),
  cache,
  saved,
  clock: browserClock,
  projections: projectionInfos.map(({ id, openedHeadOnly, dims }) => ({ id, allHeads: !openedHeadOnly, dims })),
  samples: sampleSource,
  ...hosts,
  limits: { bytes: memoryLimitBytes((navigator as { deviceMemory?: number }).deviceMemory) },
})
writer.onTurn((how) => void explorer.adoptSaved(how))
writer.start()
const selection = new Selection()
const languageKey = 'attention-atlas-language'
const preferences = new Preferences({ lang: firstLanguage(remembered(languageKey), navigator.languages) })
const arrangement = new ArrangementChoice()

/** Scripts, styles and workers of the page itself, as the browser measured them. */
const ownRequests = (): RequestRecord[] =>
  (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map(
    ({ name, encodedBodySize, startTime }) => ({
      url: name,
      bytes: encodedBodySize,
      at: Math.round(performance.timeOrigin + startTime),
      why: 'app',
    }),
  )

/** Requests of the model menu and of segmentation models. */
const libraryRequests: RequestRecord[] = []
const library = createLibrary({
  service: new LibraryClient(startWorker(libraryWorker, 'library')),
  choice: () => explorer.choice,
  hosts,
  onRequest: (record) => libraryRequests.push(record),
  // Pages without a secure context have no storage manager: that must reject, not throw.
  persist: async () => navigator.storage.persist(),
  during: (address, task) => lock.during(address, task),
})
const segmenter = new Segmenter({
  port: new SegmentationClient({ createWorker: startWorker(segmentationWorker, 'segmentation'), duringOpen }),
  specOf: (request) => completeSpec(request, explorer.choice, hosts),
  images: () => explorer.images,
  label: (find) => explorer.labelImages(find),
  onRequest: (record) => libraryRequests.push(record),
})
const recentKey = 'attention-atlas-recent-models'
const recent = new RecentModels({
  read: () => localStorage.getItem(recentKey),
  write: (text) => localStorage.setItem(recentKey, text),
})
explorer.onChange((event) => {
  if (event === 'model' && explorer.model) recent.add(explorer.choice, explorer.model)
})

let scene: AtlasSceneApi | null = null
const screen = new Screen(() => document.hidden)
document.addEventListener('visibilitychange', () => screen.changed())
const parts: AtlasParts = {
  explorer,
  selection,
  preferences,
  segmenter,
  version: __APP_VERSION__,
  ownRequests: () => [...libraryRequests, ...lock.records, ...ownRequests()],
  drawPng: () => (scene ? (scale) => scene!.snapshot(scale) : null),
  pause: browserClock.pause,
  screen,
}
installAtlas(window, parts)
if (!hasSimd()) explorer.notify({ code: 'NOT_AVAILABLE', message: noSimd })
linkAddress(new AddressBar(window), { ...parts, arrangement })

/** What was chosen last is what is shown: another kind of model makes room for the built-in one. Failures are the run's own. */
function openModelFor(kind: InputKind): void {
  const { model, choice } = explorer
  const others = (Object.keys(defaultModels) as InputKind[]).filter((other) => other !== kind)
  const isOther = model ? model.kind !== kind : others.some((other) => choice.id === defaultModels[other])
  if (isOther) explorer.open({ model: defaultModels[kind] }).catch(() => undefined)
}

const namedBlob = ({ name, blob }: { name: string; blob: Blob }): Blob => new File([blob], name, { type: blob.type })

const actions: AppActions = {
  setTexts: (lines) => {
    explorer.setTexts(lines)
    if (lines.length > 0) openModelFor('text')
  },
  replaceTexts: (lines, replacement) => {
    explorer.replaceTexts(lines, replacement)
    openModelFor('text')
  },
  bringBackTexts: (unshown) => {
    explorer.bringBackTexts(unshown)
    openModelFor('text')
  },
  images: {
    set: (blobs) => {
      explorer.setImages(blobs)
      if (blobs.length > 0) openModelFor('image')
    },
    add: (blobs) => {
      explorer.addImages(blobs)
      openModelFor('image')
    },
    remove: (index) => {
      if (explorer.model?.kind === 'image') explorer.removeSequence(index)
      else explorer.setImages(explorer.images.filter((_, at) => at !== index).map(namedBlob))
    },
    move: (from, to) => explorer.moveImage(from, to),
    label: (find) => explorer.labelImages(find),
    open: () => openModelFor('image'),
  },
  set: (patch) => {
    applySettings(parts, patch)
    if (patch.lang) remember(languageKey, patch.lang)
  },
  setImages: (blobs) => explorer.setImages(blobs),
  // What goes wrong later is the explorer's error.
  openModel: (request) => void explorer.open(request).catch(() => undefined),
  session: {
    open: (file) =>
      openSessionFile(parts, file, browserClock.pause).catch((problem: unknown) => {
        const { code, message } = toAppError(problem, 'BAD_SESSION')
        explorer.notify({ code, message })
      }),
    leave: () => explorer.leaveSession(),
  },
  tabs: writer,
  drafts: browserDrafts(),
  stored: {
    results: () => cache.use(),
    clearResults: () => cache.clear(),
    clearInputs: async () => {
      explorer.forgetInputs()
      recent.clear()
      await Promise.all([saved.inputs.flush(), saved.settings.flush()])
    },
  },
  openFolder: (name, files) => void explorer.open({ model: folders.add(name, files) }).catch(() => undefined),
  nameFolder: (name, files) => folders.add(name, files),
  segmenter,
  library,
  recentModels: () => recent.list,
  requests: () => window.atlas.requests(),
  export: async (kind, format, options) => ({
    name: exportName(kind, format, exportSettings(parts)),
    blob: await window.atlas.export(kind, format, options),
  }),
  network: lock,
  projections: projectionInfos.map(({ id }) => id),
  dimsOf: (projection) => projectionInfo(projection)?.dims ?? [2, 3],
  parametersOf: (projection) => projectionInfo(projection)?.parameters ?? [],
  joints: jointInfos.map(({ id }) => id),
  arrangement,
  clustering: new ClusteringClient({ createWorker: startWorker(clusteringWorker, 'clustering') }),
  screen,
  undo: () => selection.undo(),
  redo: () => selection.redo(),
  get palette() {
    return preferences.palette
  },
  get theme() {
    return preferences.theme
  },
  get lang() {
    return preferences.lang
  },
  get base() {
    return preferences.base
  },
}

/** The words of the wanted language; where they can't be had, English stays. */
const speak = (): Promise<void> =>
  showLanguage(preferences.lang).then(
    () => void (document.documentElement.lang = languageTags[preferences.lang]),
    () => {
      explorer.notify({ code: 'NETWORK', message: t.language.failed })
      preferences.set({ lang: 'en' })
    },
  )

const start = () =>
  mount(App, {
    target: document.getElementById('app')!,
    props: {
      explorer,
      selection,
      actions,
      createScene: async (canvas: HTMLCanvasElement) => {
        const { AtlasScene } = await loadScene()
        const made = new AtlasScene(canvas, {
          reducedMotion: () => matchMedia('(prefers-reduced-motion: reduce)').matches,
        })
        await made.warmUp()
        scene = made
        return made
      },
    },
  })
// No page in one language first and then in another.
if (preferences.lang === 'en') start()
else void speak().finally(start)
let spoken = preferences.lang
preferences.onChange(() => {
  if (preferences.lang === spoken) return
  spoken = preferences.lang
  void speak()
})

/** The service worker comes last: it only matters for what follows. Files that were needed are kept for use without a network. */
window.addEventListener('load', () =>
  whenIdle(() => void lock.guard(trustedScript('service-worker.js', document.baseURI))),
)
explorer.onChange((event) => {
  if (event === 'status' && explorer.status === 'ready') whenIdle(() => lock.keep(ownAddresses()))
})
const ownAddresses = (): string[] =>
  window.atlas.requests().flatMap(({ url }) => (new URL(url, location.href).origin === location.origin ? [url] : []))

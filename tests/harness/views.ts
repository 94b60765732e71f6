/**
 * All views on synthetic data, without models or workers. Address:
 * `#state=empty|ready|running|failed&view=…&head=3.9&color=…&dims=3&theme=dark&layers=48&heads=64&odd=equal|nan|line`.
 * `window.harness` holds the fake run and selection.
 */
import { mount } from 'svelte'
import '../../src/app.css'
import { ClusterShelf } from '../../src/core/clustering'
import { AtlasScene } from '../../src/scene/atlas-scene'
import { firstLook } from '../../src/ui/samples/first-look'
import type { AppActions, SettingsPatch, ThemeChoice } from '../../src/ui/actions'
import App from '../../src/views/App.svelte'
import { parseHead } from '../../src/ui/head-name'
import { FakeExplorer, FakeSelection } from './fake-explorer.svelte'

const address = new URLSearchParams(location.hash.slice(1))
const explorer = new FakeExplorer()
const selection = new FakeSelection()
const state = address.get('state') ?? 'ready'

const layers = Number(address.get('layers') ?? 12)
const heads = Number(address.get('heads') ?? 12)
explorer.pretendShape(layers, heads, address.get('odd'))
explorer.color = address.get('color') ?? 'type'
explorer.set({ dims: address.get('dims') === '3' ? 3 : 2 })
if (state !== 'empty') explorer.setTexts(address.get('text')?.split('\n') ?? firstLook)
if (state === 'running') explorer.pretendRunning(61)
if (state === 'failed')
  explorer.pretendFailed(
    'DEVICE_LOST',
    'The graphics device was lost while WebGPU ran layer 7; run without WebGPU, or try again.',
  )
if (address.has('notice'))
  explorer.notices = [
    { code: 'INPUT_TOO_LONG', message: '2 sequences are longer than the 512 tokens that the model takes.' },
  ]
selection.head = parseHead(address.get('head') ?? 'L0H0', layers, heads) ?? selection.head
selection.view = (address.get('view') ?? 'matrix') as typeof selection.view
if (address.has('sequence')) selection.sequence = Number(address.get('sequence'))
if (address.has('token')) selection.token = Number(address.get('token'))

const shelf = new ClusterShelf()

const actions: AppActions = {
  setTexts: (lines) => explorer.setTexts(lines),
  replaceTexts: (lines) => explorer.setTexts(lines),
  set: ({
    color,
    column: _column,
    search,
    match,
    case: caseSensitive,
    first,
    palette: _palette,
    theme: _theme,
    backend: _backend,
    ...settings
  }: SettingsPatch) => {
    if (color !== undefined) explorer.color = color
    if (search !== undefined) explorer.search = search
    const { searchOptions } = explorer
    explorer.searchOptions = {
      match: match ?? searchOptions.match,
      caseSensitive: caseSensitive === undefined ? searchOptions.caseSensitive : caseSensitive === 1,
      firstOnly: first === undefined ? searchOptions.firstOnly : first === 1,
    }
    if (Object.keys(settings).length > 0) explorer.set(settings)
  },
  clustering: {
    score: (heads, rows, mask) =>
      Promise.resolve(shelf.score({ heads: heads.map((head) => ({ ...head, keep: false })), rows, mask })),
  },
  undo: () => {},
  redo: () => {},
  base: 0,
  requests: () => [{ url: './models/model_int8.onnx', bytes: 34_014_426, at: 0, why: 'weights' }],
  projections: ['pca', 'umap'],
  dimsOf: () => [2, 3],
  parametersOf: () => [],
  joints: ['translate'],
  theme: (address.get('theme') ?? 'auto') as ThemeChoice,
}

mount(App, {
  target: document.getElementById('app')!,
  props: { explorer, selection, createScene: (canvas: HTMLCanvasElement) => new AtlasScene(canvas), actions },
})

Object.assign(window, { harness: { explorer, selection, actions } })

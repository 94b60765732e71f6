import { AppError } from '../core/errors'
import { defaultSearchOptions } from '../core/search'
import type { AddressBar, AddressKey, AddressValues, ParsedAddress } from '../storage/address'
import type { Explorer } from './explorer.svelte'
import { defaultModels } from './dependencies'
import { isFolder } from './model-folders'
import { noModel } from './model-choice'
import type { Preferences } from './preferences.svelte'
import type { Selection } from './selection.svelte'
import { checkPatch, defaultColor, defaultSettings, explorerKeys, type SettingsPatch } from './settings'

const runKeys = [...explorerKeys, 'backend', 'threads'] as const satisfies readonly AddressKey[]
const selectionKeys = ['view', 'head', 'sequence', 'token'] as const satisfies readonly AddressKey[]
const preferenceKeys = ['theme', 'palette', 'lang', 'base'] as const satisfies readonly AddressKey[]

/** Values that need no word in the address. */
const defaults: Partial<AddressValues> = {
  ...defaultSettings,
  revision: noModel.revision,
  backend: noModel.backend,
  color: defaultColor,
  search: '',
  match: defaultSearchOptions.match,
  case: 0,
  first: 0,
  palette: 'default',
  view: 'matrix',
  head: { layer: 0, head: 0 },
  theme: 'auto',
  lang: 'en',
  base: 0,
}

const isDefaultModel = (id: string): boolean => Object.values(defaultModels).includes(id)

interface Parts {
  explorer: Explorer
  selection: Selection
  preferences: Preferences
}

/** Settings of the run, the selection and preferences in one call. @throws AppError BAD_ARGUMENT, NOT_AVAILABLE */
export function applySettings({ explorer, selection, preferences }: Parts, patch: SettingsPatch): void {
  const values = checkPatch(patch, [...runKeys, ...selectionKeys, ...preferenceKeys])
  const model = explorer.model
  if (values.head && model && (values.head.layer >= model.layers || values.head.head >= model.heads))
    throw new AppError(
      'BAD_ARGUMENT',
      `There is no head L${values.head.layer} H${values.head.head}: the model has ${model.layers} layers of ${model.heads} heads, counted from 0.`,
    )
  const own = Object.entries(values).filter(([key]) => runKeys.some((name) => name === key))
  explorer.set(Object.fromEntries(own) as SettingsPatch)
  applyViews(selection, preferences, values)
}

function applyViews(selection: Selection, preferences: Preferences, values: Partial<AddressValues>): void {
  const { view, head, sequence, token } = values
  selection.go({
    ...(view && { view }),
    ...(head && { head }),
    ...(sequence !== undefined && { sequence }),
    ...(token !== undefined && { token }),
  })
  if (values.theme !== undefined) preferences.theme = values.theme
  if (values.palette !== undefined) preferences.palette = values.palette
  if (values.lang !== undefined) preferences.lang = values.lang
  if (values.base !== undefined) preferences.base = values.base
}

/**
 * Ties the address to what it speaks of: begins with what it says, follows its changes inside their event, and writes
 * settings back. Texts are never written. Returns the way to stop.
 */
export function linkAddress(bar: AddressBar, parts: Parts): () => void {
  const { explorer, selection, preferences } = parts
  let applying = false

  const apply = (parsed: ParsedAddress, start: boolean) => {
    applying = true
    applyViews(selection, preferences, parsed.values)
    if (start) explorer.start(parsed.values, parsed.problems)
    else explorer.applyAddress(parsed.values, parsed.problems)
    applying = false
  }

  const writeSettings = () => {
    if (applying) return
    const { settings, choice, color, search, searchOptions } = explorer
    // A model gets into the address when it is open, not when it was only asked for.
    const isOpen = explorer.isRestored && explorer.model !== null
    bar.write(
      {
        ...settings,
        color,
        search,
        match: searchOptions.match,
        case: searchOptions.caseSensitive ? 1 : 0,
        first: searchOptions.firstOnly ? 1 : 0,
        ...(explorer.isRestored && { backend: choice.backend, threads: choice.threads ?? undefined }),
        ...(isOpen && {
          // A folder means nothing to who gets the link.
          model: isFolder(choice.id) ? undefined : (choice.id ?? undefined),
          revision: choice.revision,
          host: choice.host ?? undefined,
          dtype: choice.dtype ?? undefined,
          file: choice.file ?? undefined,
        }),
      },
      { ...defaults, ...(choice.id !== null && isDefaultModel(choice.id) && { model: choice.id }) },
    )
  }
  const writePlace = () => {
    if (applying) return
    const { view, head, sequence, token } = selection
    bar.write({ view, head, sequence: sequence ?? undefined, token: token ?? undefined }, defaults)
  }

  const stops = [
    explorer.onChange((event) => {
      if (event === 'settings' || event === 'model') writeSettings()
      if (event === 'edited') bar.write({ samples: undefined, text: undefined }, defaults)
      if (event === 'pictures' && explorer.model && explorer.sequences.length > 0)
        selection.fit({
          layers: explorer.model.layers,
          heads: explorer.model.heads,
          lengths: explorer.sequences.map(({ tokens }) => tokens.length),
        })
    }),
    selection.onChange(() => {
      writePlace()
      explorer.setFocus(selection.view === 'matrix' ? null : selection.head)
    }),
    bar.onChange((parsed) => apply(parsed, false)),
  ]
  apply(bar.read(), true)
  explorer.setFocus(selection.view === 'matrix' ? null : selection.head)
  return () => {
    for (const stop of stops) stop()
  }
}

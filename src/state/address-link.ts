import { AppError } from '../core/errors'
import { defaultSearchOptions } from '../core/search'
import type { AddressBar, AddressKey, AddressValues, ParsedAddress } from '../storage/address'
import { isSamePlace, opensPlace, placeOf, readPlace, type RememberedPlace } from './address-place'
import type { ArrangementChoice } from './arrangement-choice.svelte'
import type { Explorer } from './explorer.svelte'
import { defaultModels } from './dependencies'
import { isFolder } from './model-folders'
import { noModel } from './model-choice'
import type { Preferences } from './preferences.svelte'
import type { Selection } from './selection.svelte'
import { checkPatch, defaultColor, defaultSettings, explorerKeys, type SettingsPatch } from './settings'

const runKeys = [...explorerKeys, 'backend', 'threads', 'rotation', 'bos'] as const satisfies readonly AddressKey[]
const selectionKeys = ['view', 'head', 'sequence', 'token', 'role'] as const satisfies readonly AddressKey[]
const preferenceKeys = ['theme', 'palette', 'lang', 'base'] as const satisfies readonly AddressKey[]

/** Values that need no word in the address. */
const defaults: Partial<AddressValues> = {
  ...defaultSettings,
  revision: noModel.revision,
  backend: noModel.backend,
  rotation: noModel.rotation,
  bos: noModel.bos,
  color: defaultColor,
  column: '',
  search: '',
  match: defaultSearchOptions.match,
  case: 0,
  first: 0,
  palette: 'default',
  view: 'matrix',
  head: { layer: 0, head: 0 },
  role: 'query',
  theme: 'auto',
  lang: 'en',
  base: 0,
  order: 'grid',
  tint: 1,
}

const isDefaultModel = (id: string): boolean => Object.values(defaultModels).includes(id)

interface Parts {
  explorer: Explorer
  selection: Selection
  preferences: Preferences
  /** How the matrix is arranged; absent where there is none. */
  arrangement?: ArrangementChoice
}

/** Settings of the run, the selection and preferences in one call. @throws AppError BAD_ARGUMENT, NOT_AVAILABLE */
export function applySettings({ explorer, selection, preferences }: Parts, patch: SettingsPatch): void {
  const values = checkPatch(patch, [...runKeys, ...selectionKeys, ...preferenceKeys])
  const [problem] = placesOutside(explorer, selection, values)
  if (problem) throw new AppError('BAD_ARGUMENT', problem.message)
  const own = Object.entries(patch).filter(([key]) => runKeys.some((name) => name === key))
  explorer.set(Object.fromEntries(own) as SettingsPatch)
  applyViews(selection, preferences, values)
}

type PlaceKey = 'head' | 'sequence' | 'token'

/** Heads, sequences and tokens that a patch names but that are not there, each in a sentence. What is not known yet passes. */
function placesOutside(
  { model, sequences }: Explorer,
  selection: Selection,
  { head, sequence, token }: Partial<AddressValues>,
): { key: PlaceKey; message: string }[] {
  const found: { key: PlaceKey; message: string }[] = []
  if (head && model && (head.layer >= model.layers || head.head >= model.heads))
    found.push({
      key: 'head',
      message: `There is no head L${head.layer} H${head.head}: the model has ${model.layers} layers of ${model.heads} heads, counted from 0.`,
    })
  if (sequences.length === 0) return found
  if (sequence !== undefined && sequence >= sequences.length)
    found.push({
      key: 'sequence',
      message: `There is no sequence ${sequence}: there are ${sequences.length}, counted from 0.`,
    })
  const tokens = sequences[sequence ?? selection.sequence ?? -1]?.tokens
  if (token !== undefined && tokens && token >= tokens.length)
    found.push({
      key: 'token',
      message: `There is no token ${token}: the sequence has ${tokens.length}, counted from 0.`,
    })
  return found
}

/** A remembered place as far as it is still there: another model or other inputs may have come since. */
function placeInside({ explorer, selection }: Parts, { view, head, sequence, token, role }: RememberedPlace) {
  const named = { head, ...(sequence !== null && { sequence }), ...(token !== null && { token }) }
  const gone = placesOutside(explorer, selection, named).map(({ key }) => key)
  return {
    view,
    role,
    head: gone.includes('head') ? selection.head : head,
    sequence: gone.includes('sequence') ? null : sequence,
    token: gone.includes('sequence') || gone.includes('token') ? null : token,
  }
}

/** What an address says of the arrangement; nothing where it says nothing. */
function arrangementIn({ by, order, tint, range }: Partial<AddressValues>): Parameters<ArrangementChoice['set']>[0] {
  return {
    ...(by !== undefined && { figure: by }),
    ...(order !== undefined && { sort: order }),
    ...(tint !== undefined && { tint: tint === 1 }),
    ...(range !== undefined && { range }),
  }
}

function applyViews(selection: Selection, preferences: Preferences, values: Partial<AddressValues>): void {
  const { view, head, sequence, token, role } = values
  selection.go({
    ...(view && { view }),
    ...(head && { head }),
    ...(sequence !== undefined && { sequence }),
    ...(token !== undefined && { token }),
    ...(role && { role }),
  })
  preferences.set(values)
}

/**
 * Ties the address to what it speaks of: begins with what it says, follows its changes inside their event, and writes
 * settings back. Texts are never written. Returns the way to stop.
 */
export function linkAddress(bar: AddressBar, parts: Parts): () => void {
  const { explorer, selection, preferences, arrangement } = parts
  let applying = false
  /** The place that the address shows. */
  let shown: RememberedPlace | null = null

  const apply = (parsed: ParsedAddress, start: boolean) => {
    applying = true
    const values = { ...parsed.values }
    const outside = placesOutside(explorer, selection, values)
    for (const { key } of outside) delete values[key]
    const problems = [...parsed.problems, ...outside.map(({ message }) => `${message} The address was ignored there.`)]
    applyViews(selection, preferences, values)
    arrangement?.set(arrangementIn(values))
    if (start) explorer.start(values, problems)
    else explorer.applyAddress(values, problems)
    applying = false
    shown = placeOf(selection)
    bar.note(shown)
  }
  const remember = (place: RememberedPlace, opens: boolean) => {
    shown = place
    const { view, head, sequence, token, role } = place
    const pin = { sequence: sequence ?? undefined, token: token ?? undefined, role: token === null ? undefined : role }
    bar.write({ view, head, ...pin }, defaults, { place, opens })
  }

  const writeSettings = () => {
    if (applying) return
    const { settings, choice, color, column, search, searchOptions } = explorer
    // A model gets into the address when it is open, not when it was only asked for.
    const isOpen = explorer.isRestored && explorer.model !== null
    bar.write(
      {
        ...settings,
        color,
        column,
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
          rotation: choice.rotation,
          bos: choice.bos,
        }),
      },
      { ...defaults, ...(choice.id !== null && isDefaultModel(choice.id) && { model: choice.id }) },
    )
  }
  /** Where the address says it, it says what is now; else a look needs no word there. */
  const writePreferences = () => {
    if (applying) return
    const { theme, palette, lang, base } = preferences
    bar.write({ theme, palette, lang, base }, { theme, palette, lang, base })
  }
  const writePlace = () => {
    if (applying) return
    const place = placeOf(selection)
    if (!isSamePlace(place, shown)) remember(place, shown !== null && opensPlace(shown, place))
  }
  const writeArrangement = () => {
    if (applying || !arrangement) return
    const { figure, sort, tint, range } = arrangement
    bar.write(
      { by: figure === '' ? undefined : figure, order: sort, tint: tint ? 1 : 0, range: range ?? undefined },
      defaults,
    )
  }

  const stops = [
    explorer.onChange((event) => {
      if (event === 'settings' || event === 'model') writeSettings()
      if (event === 'edited') bar.write({ samples: undefined, text: undefined }, defaults)
      if (event === 'pictures' && explorer.model && explorer.sequences.length > 0)
        selection.fit({
          layers: explorer.model.layers,
          heads: explorer.model.heads,
          ids: explorer.sequences.map(({ id }) => id),
          lengths: explorer.sequences.map(({ tokens }) => tokens.length),
        })
    }),
    selection.onChange(() => {
      writePlace()
      explorer.setFocus(selection.view === 'matrix' ? null : selection.head)
    }),
    preferences.onChange(writePreferences),
    ...(arrangement ? [arrangement.onChange(writeArrangement)] : []),
    bar.onChange((parsed) => apply(parsed, false)),
    bar.onReturn((place) => {
      applying = true
      const wanted = readPlace(place)
      if (wanted) selection.go(placeInside(parts, wanted))
      applying = false
      remember(placeOf(selection), false)
    }),
  ]
  apply(bar.read(), true)
  explorer.setFocus(selection.view === 'matrix' ? null : selection.head)
  return () => {
    for (const stop of stops) stop()
  }
}

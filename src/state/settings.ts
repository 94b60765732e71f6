import { AppError } from '../core/errors'
import { searchMatches, type SearchOptions } from '../core/search'
import type { ProjectionSettings } from '../core/types'
import { addressCodecs, type AddressKey, type AddressValues } from '../storage/address'

export const defaultSettings: Readonly<ProjectionSettings> = {
  joint: 'translate',
  projection: 'pca',
  dims: 2,
  metric: 'cosine',
  seed: 0,
  neighbors: 15,
  mindist: 0.1,
  perplexity: 30,
  epochs: null,
  follow: 0,
}

export const defaultColor = 'type'

export const settingKeys = Object.keys(defaultSettings) as (keyof ProjectionSettings)[]

/** Keys of the address that concern the run; the others belong to the views. */
export const explorerKeys = [
  ...settingKeys,
  'color',
  'column',
  'search',
  'match',
  'case',
  'first',
] as const satisfies readonly AddressKey[]

/** What `set` takes: settings of the run, of the views, and preferences. null and undefined mean "not given". */
export type SettingsPatch = { [K in AddressKey]?: AddressValues[K] | string | null | undefined }

/**
 * The given values of a patch, checked. Numbers may come as text, heads as `L3H9` or as `{layer, head}`.
 * @throws AppError BAD_ARGUMENT for a key that is not in `allowed`, or a value that is not one of its key's
 */
export function checkPatch(patch: unknown, allowed: readonly AddressKey[]): Partial<AddressValues> {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
    throw new AppError('BAD_ARGUMENT', 'Settings are an object such as {dims: 3}.')
  const values: Partial<AddressValues> = {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) continue
    const known = allowed.find((name) => name === key)
    if (!known) throw new AppError('BAD_ARGUMENT', `There is no setting "${key}": use ${allowed.join(', ')}.`)
    take(values, known, value)
  }
  return values
}

function take<K extends AddressKey>(values: Partial<AddressValues>, key: K, value: unknown): void {
  const codec = addressCodecs[key]
  const text = isHead(value) ? `L${value.layer}H${value.head}` : String(value)
  const parsed = codec.parse(text)
  if (parsed === undefined)
    throw new AppError('BAD_ARGUMENT', `${key} can't be ${text.slice(0, 60)}: it is ${codec.expected}.`)
  values[key] = parsed
}

const isHead = (value: unknown): value is { layer: number; head: number } =>
  typeof value === 'object' && value !== null && 'layer' in value && 'head' in value

/** Saved settings as far as they are still valid; the rest are defaults. */
export function readSettings(saved: unknown): Partial<ProjectionSettings> {
  const settings: Partial<ProjectionSettings> = {}
  if (typeof saved !== 'object' || saved === null) return settings
  for (const key of settingKeys) {
    const value = (saved as Record<string, unknown>)[key]
    if (value === undefined || (value === null && key !== 'epochs')) continue
    const parsed = addressCodecs[key].parse(value === null ? 'auto' : String(value))
    if (parsed !== undefined) Object.assign(settings, { [key]: parsed })
  }
  return settings
}

/** Saved ways of searching, where they are valid and the address or a call has not set them already. */
export function restoreSearchOptions(
  now: Readonly<SearchOptions>,
  saved: unknown,
  isFree: (key: 'match' | 'case' | 'first') => boolean,
): Readonly<SearchOptions> {
  if (typeof saved !== 'object' || saved === null) return now
  const { match, caseSensitive, firstOnly } = saved as Partial<Record<keyof SearchOptions, unknown>>
  return {
    match: (isFree('match') && searchMatches.find((id) => id === match)) || now.match,
    caseSensitive: isFree('case') && typeof caseSensitive === 'boolean' ? caseSensitive : now.caseSensitive,
    firstOnly: isFree('first') && typeof firstOnly === 'boolean' ? firstOnly : now.firstOnly,
  }
}

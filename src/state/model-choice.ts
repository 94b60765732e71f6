import type { Backend, Dtype } from '../core/types'
import type { ModelSpec } from '../rpc/contracts'
import type { AddressKey, AddressValues } from '../storage/address'
import type { ModelFolders } from './model-folders'
import { checkPatch } from './settings'

export const modelKeys = [
  'model',
  'host',
  'revision',
  'dtype',
  'file',
  'backend',
  'threads',
  'rotation',
  'bos',
] as const satisfies readonly AddressKey[]

/** What was asked for; `id` null: no model yet. */
export interface ModelChoice {
  id: string | null
  revision: string
  /** null: the default host. */
  host: string | null
  dtype: Dtype | null
  file: string | null
  backend: Backend | 'auto'
  threads: number | null
  /** Queries and keys after their rotary encoding, or before it. */
  rotation: 'after' | 'before'
  /** 1: a token for the beginning goes before each text. */
  bos: 0 | 1
}

export const noModel: Readonly<ModelChoice> = {
  id: null,
  revision: 'main',
  host: null,
  dtype: null,
  file: null,
  backend: 'auto',
  threads: null,
  rotation: 'after',
  bos: 0,
}

/** Where models come from. */
export interface Hosts {
  builtinHost: string
  defaultHost: string
  /** Folders that were given during this visit. */
  folders?: Pick<ModelFolders, 'get'>
}

/** The choice as the model worker takes it; null without a model. Built-in models have one host and one revision. */
export function specOf(choice: ModelChoice, hosts: Hosts): ModelSpec | null {
  if (choice.id === null) return null
  const builtin = choice.id.startsWith('builtin:')
  const files = hosts.folders?.get(choice.id) ?? null
  return {
    id: choice.id,
    revision: builtin ? 'main' : choice.revision,
    host: builtin ? hosts.builtinHost : (choice.host ?? hosts.defaultHost).replace(/\/+$/, ''),
    dtype: choice.dtype,
    file: choice.file,
    backend: choice.backend,
    threads: choice.threads,
    ...(choice.rotation === 'before' && { rotation: 'before' }),
    ...(choice.bos === 1 && { bos: true }),
    ...(files && { files }),
  }
}

/** Equal for specs that give the same model. */
export const specKey = (spec: ModelSpec): string =>
  JSON.stringify([
    spec.id,
    spec.revision,
    spec.host,
    spec.dtype,
    spec.file,
    spec.backend,
    spec.threads,
    // What was kept before these existed is found again.
    ...(spec.rotation ? [spec.rotation] : []),
    ...(spec.bos ? ['bos'] : []),
  ])

/** The choice after a patch. `fresh`: the model is asked for anew, so what is not given about it is the default. */
export function chooseModel(
  choice: Readonly<ModelChoice>,
  values: Partial<AddressValues>,
  fresh: boolean,
): ModelChoice {
  const next = { ...choice }
  if (values.model !== undefined && (fresh || values.model !== next.id)) {
    // Another model's revision, weight file and dtype say nothing about this one.
    Object.assign(next, { id: values.model, revision: noModel.revision, dtype: null, file: null })
    Object.assign(next, { rotation: noModel.rotation, bos: noModel.bos })
  }
  if (values.revision !== undefined) next.revision = values.revision
  if (values.host !== undefined) next.host = values.host
  if (values.dtype !== undefined) next.dtype = values.dtype
  if (values.file !== undefined) next.file = values.file
  if (values.backend !== undefined) next.backend = values.backend
  if (values.threads !== undefined) next.threads = values.threads
  if (values.rotation !== undefined) next.rotation = values.rotation
  if (values.bos !== undefined) next.bos = values.bos
  return next
}

/** What was saved, under what the address says. Another model in the address leaves nothing of the saved one but its host. */
export function mergeSavedChoice(address: Readonly<ModelChoice>, saved: Readonly<ModelChoice>): ModelChoice {
  const isSame = address.id === null || address.id === saved.id
  const base = isSame ? saved : { ...noModel, id: address.id, host: saved.host }
  return {
    id: base.id,
    revision: address.revision === noModel.revision ? base.revision : address.revision,
    host: address.host ?? base.host,
    dtype: address.dtype ?? base.dtype,
    file: address.file ?? base.file,
    backend: address.backend === 'auto' ? base.backend : address.backend,
    threads: address.threads ?? base.threads,
    rotation: address.rotation === noModel.rotation ? base.rotation : address.rotation,
    bos: address.bos === noModel.bos ? base.bos : address.bos,
  }
}

/** A saved choice, as far as it is sound. */
export function readChoice(saved: unknown): ModelChoice | null {
  if (typeof saved !== 'object' || saved === null) return null
  const given = Object.entries(saved).map(([key, value]: [string, unknown]) => [key === 'id' ? 'model' : key, value])
  try {
    return chooseModel(noModel, checkPatch(Object.fromEntries(given), modelKeys), true)
  } catch {
    return null
  }
}

import type { Page } from '@playwright/test'

/** The part of window.atlas that the tests use; the whole is typed in src/atlas-api.ts. */
export interface AtlasState {
  status: string
  error?: { code: string; message: string }
  model: string | null
  backend: string
  projection: string
  dims: number
}

export interface AtlasInfo {
  layers: number
  heads: number
  kvHeads: number
  headDim: number
  kind: string
  causal: boolean
  verified: string
  sequences: {
    id: string
    name: string
    truncated: number
    tokens: { id: number; text: string; special: boolean }[]
    labels?: (string | null)[]
  }[]
}

export class AtlasError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** Packs what a call gives so that it crosses to the test: typed arrays as base64. */
const script = `
window.testAtlas = {
  async pack(value) {
    if (ArrayBuffer.isView(value)) {
      const url = await new Promise((yes) => { const r = new FileReader(); r.onload = () => yes(r.result); r.readAsDataURL(new Blob([value])) })
      return { $floats: url.slice(url.indexOf(',') + 1) }
    }
    if (Array.isArray(value)) return Promise.all(value.map((v) => this.pack(v)))
    if (value && typeof value === 'object') return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([k, v]) => [k, await this.pack(v)])))
    return value
  },
  async call(name, args) {
    try { return { value: await this.pack(await window.atlas[name](...args)) } }
    catch (x) { return { error: { code: x?.code ?? 'none', message: String(x?.message ?? x) } } }
  },
  async callAll(name, list) {
    const answers = []
    for (const argument of list) answers.push(await this.call(name, [argument]))
    return answers
  },
}`

export const prepare = (page: Page) => page.addInitScript({ content: script })

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode)
  if (value && typeof value === 'object') {
    const packed = (value as { $floats?: string }).$floats
    if (packed !== undefined) {
      const bytes = Uint8Array.from(Buffer.from(packed, 'base64'))
      return new Float32Array(bytes.buffer)
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decode(inner)]))
  }
  return value
}

interface Answer {
  value?: unknown
  error?: { code: string; message: string }
}

interface TestAtlas {
  call(name: string, args: unknown[]): Promise<Answer>
  callAll(name: string, list: unknown[]): Promise<Answer[]>
}

function unwrap(answer: Answer): unknown {
  if (answer.error) throw new AtlasError(answer.error.code, answer.error.message)
  return decode(answer.value)
}

/** One call of window.atlas; throws an AtlasError with the code that it rejected with. */
export async function call<T>(page: Page, name: string, ...args: unknown[]): Promise<T> {
  const answer = await page.evaluate(
    ([name, args]) => (window as unknown as { testAtlas: TestAtlas }).testAtlas.call(name, args),
    [name, args] as const,
  )
  return unwrap(answer) as T
}

/** The same call for many arguments. */
export async function callAll<T>(page: Page, name: string, list: unknown[]): Promise<T[]> {
  const answers = await page.evaluate(
    ([name, list]) => (window as unknown as { testAtlas: TestAtlas }).testAtlas.callAll(name, list),
    [name, list] as const,
  )
  return answers.map(unwrap) as T[]
}

/** Waits for atlas.ready() and throws when the run failed. */
export async function ready(page: Page, timeoutMs = 170_000): Promise<AtlasState> {
  const state = await call<AtlasState>(page, 'ready', timeoutMs)
  if (state.status !== 'ready') throw new AtlasError(state.error?.code ?? 'none', state.error?.message ?? state.status)
  return state
}

export const allHeads = ({ layers, heads }: { layers: number; heads: number }) =>
  Array.from({ length: layers * heads }, (_, index) => ({ layer: Math.floor(index / heads), head: index % heads }))

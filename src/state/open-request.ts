/** What `open` takes; null and undefined mean "not given". */
export interface OpenRequest {
  model: string
  host?: string | null | undefined
  revision?: string | null | undefined
  dtype?: string | null | undefined
  file?: string | null | undefined
  backend?: string | null | undefined
  threads?: number | null | undefined
  /** `before`: queries and keys before their rotary encoding. */
  rotation?: string | null | undefined
  /** 1: a token for the beginning goes before each text. */
  bos?: number | null | undefined
}

/** What `open` takes; null and undefined mean "not given". */
export interface OpenRequest {
  model: string
  host?: string | null | undefined
  revision?: string | null | undefined
  dtype?: string | null | undefined
  file?: string | null | undefined
  backend?: string | null | undefined
  threads?: number | null | undefined
}

/** What the service worker and the pages say to each other. */

/** Service worker → page, with a port for the answer (`true` or `false`): may a request go to this host now? */
export interface GateQuestion {
  type: 'may-leave'
  host: string
}

/** Service worker → page: what became of a request to another site. */
export interface GateNews {
  type: 'blocked' | 'redirected'
  url: string
  /** Where a redirected request ended. */
  to?: string
  /** Milliseconds since the epoch. */
  at: number
}

/** Page → service worker: take over from the older version; keep these files of the app for use without a network. */
export type PageOrder = { type: 'take-over' } | { type: 'keep'; urls: readonly string[] }

/** On the answer to a request that was not let out. */
export const lockedHeader = 'x-attention-atlas-locked'

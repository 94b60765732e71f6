/** Does something once the page has nothing better to do, and within `timeout` ms at the latest. Safari has no idle callbacks: a second then. */
export function whenIdle(action: () => void, timeout = 5000): void {
  if ('requestIdleCallback' in window) requestIdleCallback(action, { timeout })
  else setTimeout(action, 1000)
}

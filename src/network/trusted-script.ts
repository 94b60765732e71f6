interface TrustedTypesFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): {
    createScriptURL(address: string): unknown
  }
}

/**
 * An address of this site, as what browsers with Trusted Types want for a worker or a service worker.
 * @throws TypeError for an address of another site
 */
export function trustedScript(address: string, base: string): string {
  const url = new URL(address, base)
  if (url.origin !== new URL(base).origin) throw new TypeError(`${url.origin} may not run scripts here.`)
  policy ??= (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes?.createPolicy('attention-atlas', {
    createScriptURL: (trusted) => trusted,
  })
  return policy ? (policy.createScriptURL(url.href) as string) : url.href
}

let policy: ReturnType<TrustedTypesFactory['createPolicy']> | undefined

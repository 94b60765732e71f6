const kept = 64

/** Weights that the model itself gave, [H,t,t] each, by sequence and layer: the last few. */
export class OwnAttention {
  readonly #weights = new Map<string, Promise<Float32Array>>()

  get(key: string, compute: () => Promise<Float32Array>): Promise<Float32Array> {
    const known = this.#weights.get(key)
    if (known) return known
    const weights = compute()
    this.#weights.set(key, weights)
    weights.catch(() => this.#weights.delete(key))
    for (const oldest of this.#weights.keys()) {
      if (this.#weights.size <= kept) break
      this.#weights.delete(oldest)
    }
    return weights
  }

  forget(): void {
    this.#weights.clear()
  }
}

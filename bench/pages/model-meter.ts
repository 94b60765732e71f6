import type { Feed } from '../../src/models/feeds'
import type { Runtime } from '../../src/models/runtime'
import type { TapSession } from '../../src/models/session'
import { median } from './median'

type Feeds = Record<string, Feed>
type Plain = Awaited<ReturnType<Runtime['ort']['InferenceSession']['create']>>

/** Runs of a plain session (its own output fetched) and of a patched one (the named outputs fetched), in turn; medians. */
export async function compareRuns(
  { ort }: Runtime,
  plain: Plain,
  patched: TapSession,
  feeds: Feeds,
  names: string[],
  { rounds, warmUps }: { rounds: number; warmUps: number },
): Promise<{ plainMs: number; patchedMs: number; ratio: number }> {
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]),
  )
  const times: { plain: number; patched: number }[] = []
  for (let round = -warmUps; round < rounds; round++) {
    const began = performance.now()
    await plain.run(tensors)
    const between = performance.now()
    await patched.run(feeds, names)
    const ended = performance.now()
    if (round >= 0) times.push({ plain: between - began, patched: ended - between })
  }
  return {
    plainMs: median(times.map((time) => time.plain)),
    patchedMs: median(times.map((time) => time.patched)),
    ratio: median(times.map((time) => time.patched / time.plain)),
  }
}

/** Memories that WebAssembly code of this page lives in. To be called before any of it starts. @returns their bytes */
export function watchHeap(): () => number {
  const memories: WebAssembly.Memory[] = []
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(target, args: [WebAssembly.MemoryDescriptor]) {
      const memory = new target(...args)
      memories.push(memory)
      return memory
    },
  })
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
}

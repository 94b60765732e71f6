// What bench/follow.bench.mjs measures, picture by picture and head by head.
import { translateKeys } from '../../src/core/joint'
import { type Control, controls, type Figures, halveQueries, halveSequences, judge } from './cases'
import { contextOf, Drawer, layouts, type Name } from './draw'
import { type Heads, vectorsOf } from './heads'

/**
 * A picture: of the head's own attention (`head`), of half of the queries (`queries`), of a wider start without attention (`wide`), or
 * of a control; and the strength that it is drawn with.
 */
export interface Form {
  kind: 'head' | 'queries' | 'wide' | Control
  follow: number
}

/** Figures of the `at`th head on what was not tied, for each of `forms`. */
export async function* measureHead(
  data: Heads,
  name: Name,
  at: number,
  forms: readonly Form[],
): AsyncGenerator<{ form: Form; figures: Figures }> {
  const part = halveSequences(data, at)
  let drawer: Drawer | null = null
  for (const form of forms) {
    const { kind, follow } = form
    if (kind === 'queries') {
      const halves = halveQueries(data, at)
      const own = await Drawer.of(name, halves)
      yield { form, figures: judge(halves, own.joint, await own.draw(halves.vectors, follow)) }
      continue
    }
    drawer ??= await Drawer.of(name, part)
    const given = kind === 'head' || kind === 'wide' ? part.vectors : controls[kind](data, at)
    const points = kind === 'wide' ? await drawer.drawWide() : await drawer.draw(given, follow)
    yield { form, figures: judge(part, drawer.joint, points) }
  }
}

/** Points of a small and of a whole head, and how often each is drawn. */
const timedPoints = [5000, 10_000]
const timedRounds = 11
const warmRounds = 3

export interface Times {
  points: number
  classicMs: number
  followingMs: number
  /** Following : classic. */
  ratio: number
}

/** Processor time of a head's whole picture, in turns; medians, and the median ratio of neighbours in time. */
export async function* measureTimes(data: Heads, name: Name): AsyncGenerator<Times> {
  for (const wanted of timedPoints) {
    const spans = data.spans.filter(({ queryStart, queries }) => 2 * (queryStart + queries) <= wanted)
    const n = spans.at(-1)!.queryStart + spans.at(-1)!.queries
    const times: [number[], number[]] = [[], []]
    for (let round = 0; round < timedRounds + warmRounds; round++) {
      const at = (round * 17) % data.heads.length
      const part = halveSequences(data, at)
      const { q, k, dim } = vectorsOf(data, at)
      const vectors = { ...part.vectors, q: q.slice(0, n * dim), k: k.slice(0, n * dim), n, m: n }
      const joint = translateKeys(vectors)
      for (const follow of [0, 1] as const) {
        const before = process.cpuUsage()
        await layouts[name](joint, contextOf(part, vectors, spans, follow))
        const { user, system } = process.cpuUsage(before)
        if (round >= warmRounds) times[follow].push((user + system) / 1000) // the engine compiles in the first ones
      }
    }
    const ratios = times[1].map((value, round) => value / times[0][round]!)
    yield { points: 2 * n, classicMs: median(times[0]), followingMs: median(times[1]), ratio: median(ratios) }
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

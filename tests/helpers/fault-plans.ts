/** The calls of a kind that fail, counted over a whole run: `from` … `to`. */
export interface FaultRange {
  from: number
  to: number
}

export const forever = Number.MAX_SAFE_INTEGER

/** What a run under faults tells: how many calls of the kind there were, how many failed, and the numbers at its end. */
export interface FaultedRun {
  calls: number
  failed: number
  numbers: readonly number[]
}

/** `2/3` in ATLAS_FAULTS_PART: of a long count only every third n, the second of them; so it can be run in parts. */
function part(): { first: number; step: number } {
  const [, first, step] = /^(\d+)\/(\d+)$/.exec(process.env.ATLAS_FAULTS_PART ?? '') ?? [null, '1', '1']
  return { first: Number(first), step: Number(step) }
}

/**
 * A run with its n-th call failing, once and from then on, as SQLite tests itself. The long form takes n = 1, 2, … until a run
 * passes without reaching n; the short one the first and the last call, and all of them.
 * @param run checks by itself that the app came back
 * @param compare is told what run differs from the undisturbed one, if it does
 * @returns how many runs were disturbed
 */
export async function failEach(
  run: (range: FaultRange) => Promise<FaultedRun>,
  compare: (disturbed: FaultedRun, undisturbed: FaultedRun, range: FaultRange) => void,
): Promise<{ calls: number; runs: number }> {
  const undisturbed = await run({ from: forever, to: forever })
  let runs = 0
  const isReached = async (range: FaultRange) => {
    const disturbed = await run(range)
    compare(disturbed, undisturbed, range)
    if (disturbed.failed > 0) runs++
    return disturbed.failed > 0
  }
  if (process.env.ATLAS_TEST_LONG) {
    const { first, step } = part()
    for (const isOnce of [true, false])
      for (let n = first; await isReached({ from: n, to: isOnce ? n : forever }); n += step);
  } else {
    await isReached({ from: 1, to: 1 })
    await isReached({ from: 1, to: forever })
    // Which call is the last one differs by a few from run to run.
    for (let n = undisturbed.calls; n > 1 && !(await isReached({ from: n, to: n })); n--);
  }
  return { calls: undisturbed.calls, runs }
}

// Rows of the table that bench/follow.bench.mjs prints, from figures of single pictures.

const targets = { overall: 0.15, specific: 0.02, recall: 0.1 }
const titles = { overall: 'agreement', specific: 'query-specific agreement', recall: 'recall@5' }
const controls = {
  otherRow: 'another query’s row',
  meanRow: 'mean row',
  randomKeys: 'random keys',
  otherHead: 'another head',
}
const figureNames = ['overall', 'specific', 'recall', 'trust', 'trustQueries', 'trustKeys', 'trustAcross']
/** So much less trustworthiness counts as equal. */
const trustTolerance = 0.01

/** @param lines {head, kind, follow, figures} of one projection */
export function* targetRows(lines, projection) {
  const pick = (kind, follow) =>
    new Map(
      lines.filter((line) => line.kind === kind && line.follow === follow).map(({ head, figures }) => [head, figures]),
    )
  const classic = pick('head', 0)
  yield* gainRows(`${projection}: `, classic, pick('head', 1), 'half of the sequences')
  const queries = pick('queries', 1)
  if (queries.size > 0)
    yield* gainRows(`${projection}: `, pick('queries', 0), queries, `half of the queries, ${queries.size} heads`)
  for (const [kind, follow, title] of [
    ['head', 0.5, 'strength .5'],
    ['wide', 1, 'the same width without attention'],
  ]) {
    const other = pick(kind, follow)
    if (other.size > 0) yield plainRow(`${projection}: ${title}`, meansOf(other, [...other.keys()]), other.size)
  }
  const compared = [...pick('meanRow', 1).keys()]
  if (compared.length === 0) return
  const own = meansOf(pick('head', 1), compared)
  yield plainRow(`${projection}: strength 1 on the heads with controls`, own, compared.length)
  for (const [kind, title] of Object.entries(controls)) {
    const strengths = [...new Set(lines.filter((line) => line.kind === kind).map(({ follow }) => follow))]
    const sweep = strengths
      .sort((a, b) => b - a)
      .map((follow) => ({ follow, ...meansOf(pick(kind, follow), compared) }))
    const control = atTrust([...sweep, { follow: 0, ...meansOf(classic, compared) }], own.trust - trustTolerance)
    yield plainRow(`${projection}: control ${title}, strength 1`, sweep[0], compared.length)
    yield {
      ...plainRow(
        `${projection}: control ${title}, equal trust (strength ${control.follow.toFixed(2)})`,
        control,
        compared.length,
      ),
      target: 'all worse than following',
      met: control.overall > own.overall && control.specific > own.specific && control.recall < own.recall,
    }
  }
}

/** The strongest of a sweep (strengths falling) whose trust is `least`, between two measured strengths if need be. */
function atTrust(sweep, least) {
  const next = sweep.findIndex(({ trust }) => trust >= least)
  if (next <= 0) return sweep[next === 0 ? 0 : sweep.length - 1]
  const [stronger, weaker] = [sweep[next - 1], sweep[next]]
  const share = (least - stronger.trust) / (weaker.trust - stronger.trust)
  return Object.fromEntries(
    Object.keys(weaker).map((name) => [name, stronger[name] + share * (weaker[name] - stronger[name])]),
  )
}

function* gainRows(prefix, classic, after, half) {
  const heads = [...after.keys()].filter((head) => classic.has(head))
  const [before, now] = [meansOf(classic, heads), meansOf(after, heads)]
  const sign = (name) => (name === 'overall' || name === 'specific' ? -1 : 1)
  for (const [name, title] of Object.entries(titles)) {
    const gains = heads.map((head) => sign(name) * (after.get(head)[name] - classic.get(head)[name]))
    const better = gains.filter((gain) => gain > 0).length
    const gain = sign(name) * (now[name] - before[name])
    const range = `better in ${better} of ${heads.length}, ${signed(Math.min(...gains))} … ${signed(Math.max(...gains))}`
    yield {
      what: `${prefix}${title}, ${half} [${decimal(before[name])} → ${decimal(now[name])}; ${range}]`,
      value: signed(gain),
      target: `≥ ${targets[name]}`,
      met: gain >= targets[name],
    }
  }
  const loss = now.trust - before.trust
  const parts = figureNames.slice(3).map((name) => `${decimal(before[name])} → ${decimal(now[name])}`)
  yield {
    what: `${prefix}trustworthiness@12: all, q–q, k–k, q–k [${parts.join(', ')}]`,
    value: signed(loss),
    target: `≥ −${trustTolerance}`,
    met: loss >= -trustTolerance,
  }
}

const plainRow = (what, means, heads) => ({
  what: `${what} [${heads} heads]: overall, specific, recall, T12`,
  value: figureNames
    .slice(0, 4)
    .map((name) => decimal(means[name]))
    .join(' '),
})

const meansOf = (figures, heads) =>
  Object.fromEntries(
    figureNames.map((name) => [name, heads.reduce((sum, head) => sum + figures.get(head)[name], 0) / heads.length]),
  )

const decimal = (value) => value.toFixed(3).replace('-', '−')
const signed = (value) => (value >= 0 ? '+' : '') + decimal(value)

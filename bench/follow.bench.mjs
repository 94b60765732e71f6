// Layouts that follow attention: agreement on what the start was not fitted to, against 0, and against controls.
// FOLLOW_MODEL and FOLLOW_EVERY choose the built-in text model and every how many heads; FOLLOW_SAVE names a file that gets each head's
// figures as they come (JSON lines), as all heads take an hour.
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { createServer } from 'vite'

const root = path.join(import.meta.dirname, '..')
const controls = ['wide', 'otherRow', 'meanRow', 'randomKeys', 'otherHead']
const { FOLLOW_MODEL: model = 'bge-small-en-v1.5', FOLLOW_EVERY: every = '1', FOLLOW_SAVE: save } = process.env

export async function* rows() {
  // Node runs the app's own modules, compiled kernels and all; nothing is drawn.
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    appType: 'custom',
  })
  try {
    const { extractHeads, measureHead, measureTime } = await vite.ssrLoadModule('/bench/follow-attention.ts')
    const data = await extractHeads(root, model, Number(every))
    for (const projection of ['umap', 'tsne']) {
      const results = []
      for (let at = 0; at < data.heads.length; at++) {
        const result = await measureHead(data, projection, at)
        results.push(result)
        const line = { model, projection, head: data.heads[at].index, ...result }
        if (save) appendFileSync(save, JSON.stringify(line) + '\n')
      }
      yield* targetRows(`${projection}: `, results, `${results.length} heads, ${data.tokens} tokens`)
      const { classicMs, followingMs } = await measureTime(data, projection)
      const share = followingMs / classicMs - 1
      yield {
        what: `${projection}: time [${classicMs.toFixed(0)} → ${followingMs.toFixed(0)} ms, medians]`,
        value: (100 * share).toFixed(0),
        unit: '%',
        target: '≤ 10',
        met: share <= 0.1,
      }
    }
  } finally {
    await vite.close()
  }
}

function* targetRows(name, results, from) {
  const mean = (form, figure) => results.reduce((sum, result) => sum + result[form][figure], 0) / results.length
  for (const form of ['following', 'queries']) {
    if (!results[0][form]) continue
    const gain = (figure) => mean(form, figure) - mean('classic', figure)
    const half = form === 'queries' ? 'half of the queries' : 'half of the sequences'
    const what = (title, figure) =>
      `${name}${title} [${mean('classic', figure).toFixed(3)} → ${mean(form, figure).toFixed(3)}, ${from}, ${half}]`
    yield row(what('agreement', 'overall'), -gain('overall'), '≥ 0.15', -gain('overall') >= 0.15)
    yield row(what('query-specific agreement', 'specific'), -gain('specific'), '≥ 0.02', -gain('specific') >= 0.02)
    yield row(what('recall@5', 'recall'), gain('recall'), '≥ 0.1', gain('recall') >= 0.1)
    yield row(what('trustworthiness@12', 'trust'), gain('trust'), '≥ −0.01', gain('trust') >= -0.01)
    for (const part of ['trustQueries', 'trustKeys', 'trustAcross']) yield row(what(part, part), gain(part))
  }
  for (const control of controls) {
    const [overall, specific, recall] = ['overall', 'specific', 'recall'].map((figure) => mean(control, figure))
    yield {
      what: `${name}control ${control}, overall / query-specific / recall [trust ${mean(control, 'trust').toFixed(3)}]`,
      value: `${overall.toFixed(3)} / ${specific.toFixed(3)} / ${recall.toFixed(3)}`,
      unit: '',
      target: 'worse in both agreements',
      met: overall > mean('following', 'overall') && specific > mean('following', 'specific'),
    }
  }
}

const row = (what, value, target, met) => ({
  what,
  value: `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}`,
  unit: '',
  ...(target === undefined ? {} : { target, met }),
})

// Layouts that follow attention: agreement on sequences that the start was not fitted to, against 0, and against controls.
import path from 'node:path'
import { createServer } from 'vite'

const root = path.join(import.meta.dirname, '..')

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
    const data = await extractHeads(root)
    const every = Number(process.env.FOLLOW_EVERY ?? 1)
    for (const projection of ['umap', 'tsne']) {
      const results = []
      for (let at = 0; at < data.heads; at += every) results.push(await measureHead(data, projection, at))
      const mean = (form, figure) =>
        results.reduce((sum, result) => sum + result[form][figure], 0) / Math.max(1, results.length)
      const gain = (figure) => mean('following', figure) - mean('classic', figure)
      const from = `${results.length} heads, ${data.tokens} tokens`
      const change = (figure) =>
        `[${mean('classic', figure).toFixed(3)} → ${mean('following', figure).toFixed(3)}, ${from}]`
      const controls = ['wide', 'otherRow', 'meanRow', 'randomKeys', 'otherHead']
      yield row(`${projection}: agreement ${change('overall')}`, -gain('overall'), '≥ 0.15', -gain('overall') >= 0.15)
      yield row(
        `${projection}: query-specific agreement ${change('specific')}`,
        -gain('specific'),
        '≥ 0.02',
        -gain('specific') >= 0.02,
      )
      yield row(`${projection}: recall@5 ${change('recall')}`, gain('recall'), '≥ 0.1', gain('recall') >= 0.1)
      yield row(
        `${projection}: trustworthiness@12 ${change('trust')}`,
        gain('trust'),
        '≥ −0.01',
        gain('trust') >= -0.01,
      )
      for (const part of ['trustQueries', 'trustKeys', 'trustAcross'])
        yield row(`${projection}: ${part} ${change(part)}`, gain(part))
      for (const control of controls) {
        const overall = mean(control, 'overall')
        const specific = mean(control, 'specific')
        const loses = overall > mean('following', 'overall') && specific > mean('following', 'specific')
        yield {
          what: `${projection}: control ${control}, overall / query-specific [recall ${mean(control, 'recall').toFixed(3)}, trust ${mean(control, 'trust').toFixed(3)}]`,
          value: `${overall.toFixed(3)} / ${specific.toFixed(3)}`,
          unit: '',
          target: 'loses both',
          met: loses,
        }
      }
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

const row = (what, value, target, met) => ({
  what,
  value: `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}`,
  unit: '',
  ...(target === undefined ? {} : { target, met }),
})

import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { figureInfo } from '../../../src/core/figures'
import { t } from '../../../src/ui/strings'
import { deriveFindings, findings, type FoundHead } from '../../helpers/image-findings'

const file = new URL('../../../docs/findings.md', import.meta.url)
const listed = 5
/** The runtime's own arithmetic differs by processor. */
const tolerance = 0.01

const number = (value: number): string => (Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3))

function tableOf(id: string, set: keyof typeof t.images.sets, heads: readonly FoundHead[]): string {
  const { label, unit } = figureInfo(id)!
  const rows = heads.slice(0, listed).map(({ name, value, halves }) => {
    return `| ${name} | ${number(value)} | ${number(halves![0])} | ${number(halves![1])} |`
  })
  const { uniform } = heads[0]!
  const values = heads.map(({ value }) => value).sort((a, b) => a - b)
  const middle = `median of all ${heads.length} heads ${number(values[heads.length >> 1]!)}`
  const beside = uniform === null ? middle : `${middle}, uniform attention ${number(uniform)}`
  return [
    `### ${label}: \`${id}\`${unit ? `, ${unit}` : ''}`,
    `Set “${t.images.sets[set].name}”; ${beside}.`,
    '',
    '| head | all images | half | other half |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

/** Rows of each table of the document: figure id → heads with their values. */
function readTables(text: string): Map<string, [name: string, value: number][]> {
  return new Map(
    text
      .split('\n### ')
      .slice(1)
      .map((part): [string, [string, number][]] => [
        /`(\w+)`/.exec(part)![1]!,
        [...part.matchAll(/^\| (L\d+ H\d+) \| ([\d.]+) \|/gm)].map((row) => [row[1]!, Number(row[2])]),
      ]),
  )
}

test('docs/findings.md lists the heads that the figures find', async () => {
  const isUpdate = process.env['UPDATE_FINDINGS'] === '1'
  const found = await deriveFindings(isUpdate)
  if (isUpdate) {
    const text = readFileSync(file, 'utf8')
    const head = text.slice(0, text.indexOf('\n### ') < 0 ? undefined : text.indexOf('\n### '))
    const tables = findings.map(({ id, set }) => tableOf(id, set, found.get(id)!))
    writeFileSync(file, `${head.trimEnd()}\n\n${tables.join('\n\n')}\n`)
  }
  const tables = readTables(readFileSync(file, 'utf8'))
  expect([...tables.keys()]).toEqual(findings.map(({ id }) => id))
  for (const [id, rows] of tables) {
    const heads = found.get(id)!
    const scale = Math.max(1, heads[0]!.value)
    expect(rows).toHaveLength(listed)
    for (const [place, [name, value]] of rows.entries()) {
      const derived = heads.find((head) => head.name === name)!.value
      expect(Math.abs(derived - value) / scale, `${id} of ${name}`).toBeLessThan(tolerance)
      // No head that is left out, or that comes later, has clearly more.
      expect((heads[place]!.value - value) / scale, `${id}, place ${place}`).toBeLessThan(tolerance)
    }
  }
}, 400_000)

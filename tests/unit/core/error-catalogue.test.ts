import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCatalogue } from '../../../src/core/error-catalogue'
import { errorCodes } from '../../../src/core/errors'

it('says the same as docs/errors.md, for every code', () => {
  const rows = readFileSync('docs/errors.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  expect(rows.map((row) => row[1])).toEqual(errorCodes.map((code) => `\`${code}\``))
  for (const row of rows) {
    const entry = errorCatalogue[(row[1] ?? '').replaceAll('`', '') as (typeof errorCodes)[number]]
    expect(row.slice(2, 5)).toEqual([entry.title, entry.meaning, entry.advice])
  }
})

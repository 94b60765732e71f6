// npm run bench [name] [-- --json FILE]: benchmarks, each in bench/NAME.bench.mjs, printed as a table and, if asked, as JSON.
// With --part PART only that part of a benchmark that has parts.
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildApp, installPackages, option, root } from './setup.mjs'

installPackages()
buildApp()
const folder = path.join(root, 'bench')
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.mjs'))
  .map((file) => file.replace('.bench.mjs', ''))
const json = option('json')
const part = option('part')
const asked = process.argv.slice(2).filter((arg) => !arg.startsWith('--') && arg !== json && arg !== part)
const unknown = asked.find((name) => !known.includes(name))
if (unknown) {
  console.error(`There is no benchmark "${unknown}". There are: ${known.join(', ')}.`)
  process.exit(2)
}
const results = []
for (const name of asked.length ? asked : known) {
  console.log(`\n${name}`)
  const { rows } = await import(pathToFileURL(path.join(folder, `${name}.bench.mjs`)).href)
  for await (const row of rows(part)) {
    results.push({ bench: name, ...row })
    const target =
      row.target === undefined
        ? ''
        : `   target ${row.target}${row.met === undefined ? '' : row.met ? '  met' : '  NOT MET'}`
    console.log(`  ${row.what.padEnd(72)} ${String(row.value).padStart(12)} ${row.unit ?? ''}${target}`)
  }
}
if (json) writeFileSync(json, JSON.stringify(results, null, 2) + '\n')

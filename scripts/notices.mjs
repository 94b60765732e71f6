// Makes THIRD-PARTY-NOTICES.txt from the licences of the packages that the built app holds. --check: fails when it is out of date.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './setup.mjs'

const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
const direct = Object.keys(lock.packages[''].dependencies)
const needed = new Map()

/** Finds a package the way Node does: in the folder of the one that asks, then outwards. */
function locate(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const place = `${folder ? folder + '/' : ''}node_modules/${name}`
    if (lock.packages[place]) return place
    if (!folder) return undefined
  }
}
function collect(name, from) {
  const place = locate(name, from)
  if (!place || needed.has(place)) return
  const entry = lock.packages[place]
  if (entry.name === 'empty-npm-package') return
  needed.set(place, entry)
  for (const next of Object.keys(entry.dependencies ?? {})) collect(next, place)
}
for (const name of [...direct, 'svelte']) collect(name, '')

const parts = [...needed]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([place, entry]) => {
    const folder = path.join(root, place)
    const name = place.slice(place.lastIndexOf('node_modules/') + 13)
    const file = existsSync(folder)
      ? readdirSync(folder).find((f) => /^(licen[sc]e|copying)(\.|$)/i.test(f))
      : undefined
    const text = file
      ? readFileSync(path.join(folder, file), 'utf8').trim().replace(/\r\n/g, '\n')
      : `Licence: ${entry.license ?? 'see the package'}`
    return `${name} ${entry.version} (${entry.license ?? 'see below'})\n${'-'.repeat(60)}\n${text}\n`
  })
const content = `Attention Atlas contains these packages. Models under public/models/ carry their own LICENSE files.\n\n${parts.join('\n\n')}`
const file = path.join(root, 'THIRD-PARTY-NOTICES.txt')
if (process.argv.includes('--check')) {
  const ok = existsSync(file) && readFileSync(file, 'utf8') === content
  if (!ok) console.log('THIRD-PARTY-NOTICES.txt is out of date: run npm run notices')
  process.exit(ok ? 0 : 1)
}
writeFileSync(file, content)
console.log(`${parts.length} packages`)

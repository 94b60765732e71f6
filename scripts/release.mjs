// npm run release: the built app as release/attention-atlas-<version>.zip, which runs from any static server under any path.
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { createWriteStream, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildApp, installPackages, root } from './setup.mjs'

/** What deflating would not make smaller. */
const dense = /\.(onnx|png|jpg|webp|bin)$/

function* filesUnder(folder, inside = '') {
  for (const name of readdirSync(folder).sort()) {
    const full = path.join(folder, name)
    if (statSync(full).isDirectory()) yield* filesUnder(full, `${inside}${name}/`)
    else yield { full, name: inside + name }
  }
}

/**
 * Packs a built app with its licences into one folder of a zip; the same files give the same bytes.
 * @param {{ folder: string, target: string, version: string }} options
 * @returns {Promise<{ files: number, bytes: number }>}
 */
export async function packRelease({ folder, target, version }) {
  mkdirSync(path.dirname(target), { recursive: true })
  const out = createWriteStream(target)
  const closed = once(out, 'close')
  let bytes = 0
  const zip = new Zip((error, chunk, isLast) => {
    if (error) throw error
    bytes += chunk.length
    out.write(chunk)
    if (isLast) out.end()
  })
  const licences = ['LICENSE', 'THIRD-PARTY-NOTICES.txt'].map((name) => ({ full: path.join(root, name), name }))
  const files = [...filesUnder(folder), ...licences]
  for (const { full, name } of files) {
    const place = `attention-atlas-${version}/${name}`
    const file = dense.test(name) ? new ZipPassThrough(place) : new ZipDeflate(place, { level: 6 })
    file.mtime = new Date(1980, 1, 1)
    zip.add(file)
    file.push(readFileSync(full), true)
    if (out.writableNeedDrain) await once(out, 'drain')
  }
  zip.end()
  await closed
  return { files: files.length, bytes }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  installPackages()
  buildApp()
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const target = path.join(root, 'release', `attention-atlas-${version}.zip`)
  const { files, bytes } = await packRelease({ folder: path.join(root, 'dist'), target, version })
  console.log(`${path.relative(root, target)}: ${files} files, ${(bytes / 1e6).toFixed(0)} MB`)
}

// Writes public/models/manifest.json from the folders beside it: files with size and SHA-256; title, origin, licence and how it was made from
// each README.md. --check: fails when the manifest is out of date.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const models = fileURLToPath(new URL('../public/models/', import.meta.url))
const target = path.join(models, 'manifest.json')

const suffixes = {
  _fp16: 'fp16',
  _quantized: 'q8',
  _int8: 'int8',
  _uint8: 'uint8',
  _q4: 'q4',
  _q4f16: 'q4f16',
  _bnb4: 'bnb4',
}

const listFiles = (folder, prefix = '') =>
  readdirSync(path.join(folder, prefix))
    .sort()
    .flatMap((name) => {
      const file = prefix ? `${prefix}/${name}` : name
      return statSync(path.join(folder, file)).isDirectory() ? listFiles(folder, file) : [file]
    })

function statement(readme, pattern, what, name) {
  const found = pattern.exec(readme)?.[1]
  if (!found) throw new Error(`public/models/${name}/README.md does not state ${what}`)
  return found.replace(/\s+/g, ' ').trim()
}

function describe(name) {
  const folder = path.join(models, name)
  const readme = readFileSync(path.join(folder, 'README.md'), 'utf8')
  const file = statement(readme, /^How `([^`]+)` was made/m, 'the weight file', name)
  const suffix = Object.keys(suffixes).find((ending) => file.endsWith(`${ending}.onnx`))
  const files = listFiles(folder).map((each) => {
    const bytes = readFileSync(path.join(folder, each))
    return { path: each, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  const weights = files.find((each) => each.path === file)
  if (!weights) throw new Error(`public/models/${name}/${file} is missing`)
  return {
    name,
    kind: existsSync(path.join(folder, 'preprocessor_config.json')) ? 'image' : 'text',
    title: statement(readme, /^# (.+)$/m, 'a title', name),
    licence: statement(readme, /\b(MIT|Apache-2\.0|BSD-[23]-Clause|CC-BY-[\w.-]+|CC0-1\.0)\b/, 'a licence', name),
    origin: statement(readme, /^Origin: ([\s\S]+?)(?:\.\s|\.$)/m, 'an origin', name),
    made: statement(
      readme,
      /^How `[^`]+` was made: ([\s\S]+?)(?=\n(?:Inputs?|Preprocessing):)/m,
      'how it was made',
      name,
    ),
    file,
    dtype: suffix ? suffixes[suffix] : 'fp32',
    bytes: weights.bytes,
    files,
  }
}

const names = readdirSync(models).filter((name) => statSync(path.join(models, name)).isDirectory())
const text = `${JSON.stringify({ version: 1, models: names.sort().map(describe) }, null, 2)}\n`
if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
    console.error('public/models/manifest.json is out of date: run node scripts/manifest.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}

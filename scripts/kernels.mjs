/**
 * Compiles every src/kernels/NAME.as.ts into src/kernels/build/NAME.wasm. What is up to date by content is left alone, so a
 * second run takes milliseconds. Run by itself (`node scripts/kernels.mjs [--force]`) or imported (`buildKernels()`).
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'src/kernels')
const target = join(folder, 'build')
const suffix = '.as.ts'

/** Base SIMD only: relaxed SIMD would give other bits on other machines. */
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--use', 'abort=']

/** Every source counts for every kernel, so that a shared helper needs no list of who imports it. */
function hashSources() {
  const hash = createHash('sha256')
  const asc = JSON.parse(readFileSync(join(root, 'node_modules/assemblyscript/package.json'), 'utf8'))
  hash.update(JSON.stringify([asc.version, flags]))
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts') && !name.endsWith('.d.ts'))
      hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}

/**
 * Compiles what is out of date and removes what has no source any more.
 * @param {{force?: boolean}} options
 * @returns {Promise<string[]>} names of the kernels that were compiled
 */
export async function buildKernels({ force = false } = {}) {
  mkdirSync(target, { recursive: true })
  const names = readdirSync(folder).flatMap((name) => (name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : []))
  const stamp = join(target, 'sources.sha256')
  const hash = hashSources()
  const before = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''
  if (!force && before === hash && names.every((name) => existsSync(join(target, `${name}.wasm`)))) return []

  for (const name of readdirSync(target)) {
    if (name.endsWith('.wasm') && !names.includes(name.slice(0, -'.wasm'.length))) rmSync(join(target, name))
  }
  const { main } = await import('assemblyscript/asc')
  for (const name of names) {
    /** @type {Uint8Array | string} */
    let bytes = ''
    const writeFile = (_name, contents) => void (bytes = contents)
    const args = [`${name}${suffix}`, '--baseDir', folder, '-o', `${name}.wasm`, ...flags]
    const { error, stderr } = await main(args, { writeFile })
    if (error) throw new Error(`Kernel ${name} does not compile: ${error.message}\n${stderr.toString()}`)
    // In one step, so that nobody reads half a file.
    const half = join(target, `${name}.${process.pid}.half`)
    writeFileSync(half, bytes)
    renameSync(half, join(target, `${name}.wasm`))
  }
  writeFileSync(stamp, hash)
  return names
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = await buildKernels({ force: process.argv.includes('--force') })
  console.log(built.length > 0 ? `Kernels compiled: ${built.join(', ')}` : 'Kernels are up to date')
}

// Set-up steps that the commands share. Each is skipped when what it makes is up to date.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const at = (...parts) => path.join(root, ...parts)
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

/** Runs a command and ends this process with its code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  })
  if (result.error) throw result.error
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** The same without ending this process: resolves with the exit code and what was printed (which is shown as well unless `quiet`). */
export function runCounted(command, args, { quiet = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let output = ''
    for (const [stream, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])
      stream.on('data', (chunk) => {
        output += chunk
        if (!quiet) to.write(chunk)
      })
    child.on('error', (error) => resolve({ code: 1, output: output + error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

const digest = (text) => createHash('sha256').update(text).digest('hex')

function stamp(name, key, make) {
  const file = at('.cache', `${name}.stamp`)
  if (existsSync(file) && readFileSync(file, 'utf8') === key) return false
  make()
  mkdirSync(at('.cache'), { recursive: true })
  writeFileSync(file, key)
  return true
}

function* filesUnder(...folders) {
  for (const folder of folders) {
    const full = at(folder)
    if (!existsSync(full)) continue
    if (statSync(full).isFile()) yield folder
    else for (const name of readdirSync(full).sort()) yield* filesUnder(path.join(folder, name))
  }
}

/** Packages as the lock file says: nothing is asked of the network when they are there. */
export function installPackages() {
  const lock = digest(readFileSync(at('package-lock.json')) + readFileSync(at('package.json')))
  const marker = at('node_modules', '.installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return
  run(npm, ['ci', '--no-audit', '--no-fund'])
  writeFileSync(marker, lock)
}

/** WASM kernels from their AssemblyScript sources. */
export function buildKernels() {
  run(process.execPath, ['scripts/kernels.mjs'])
}

/** The static files in dist/. */
export function buildApp() {
  buildKernels()
  const sources = [
    'src',
    'workers',
    'public',
    'index.html',
    'vite.config.ts',
    'svelte.config.js',
    'package.json',
    'package-lock.json',
  ]
  const key = digest(
    [...filesUnder(...sources)]
      .map((file) => `${file} ${statSync(at(file)).size} ${statSync(at(file)).mtimeMs}`)
      .join('\n') + (existsSync(at('dist', 'index.html')) ? '' : Math.random()),
  )
  stamp('build', key, () => run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn']))
}

/** `--name value` or `--name=value` from the command line. */
export function option(name, fallback) {
  const args = process.argv.slice(2)
  const inline = args.find((arg) => arg.startsWith(`--${name}=`))
  if (inline) return inline.slice(name.length + 3)
  const index = args.indexOf(`--${name}`)
  return index < 0 ? fallback : args[index + 1]
}

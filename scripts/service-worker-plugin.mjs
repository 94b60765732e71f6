// A Vite plugin: writes service-worker.js with the list of all files of the build, and the policy into index.html.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { build } from 'vite'
import { root } from './setup.mjs'

/** Bigger files (the runtimes of the models) are stored once they are used. */
const atOnceLimitBytes = 2_000_000

function* filesUnder(folder, prefix = '') {
  for (const name of readdirSync(folder).sort()) {
    const full = path.join(folder, name)
    if (statSync(full).isDirectory()) yield* filesUnder(full, `${prefix}${name}/`)
    else yield { full, path: prefix + name }
  }
}

const digest = (content) => createHash('sha256').update(content).digest('hex').slice(0, 16)

/** Every file of the app but the models, which are stored apart. */
function appFiles(folder) {
  return [...filesUnder(folder)]
    .filter(({ path }) => !path.startsWith('models/') && path !== 'service-worker.js')
    .map(({ full, path }) => ({
      path,
      revision: digest(readFileSync(full)),
      atOnce: statSync(full).size < atOnceLimitBytes,
    }))
}

/** @param {{ pagePolicy: string }} options */
export function serviceWorker({ pagePolicy }) {
  let outDir
  return {
    name: 'attention-atlas-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = path.resolve(config.root, config.build.outDir)
    },
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: pagePolicy },
        injectTo: 'head-prepend',
      },
    ],
    async closeBundle() {
      const files = appFiles(outDir)
      const entries = files.map(({ path, atOnce }) => ({ path, atOnce }))
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'warn',
        define: {
          __APP_FILES__: JSON.stringify(entries),
          __APP_FILES_VERSION__: JSON.stringify(digest(JSON.stringify(files))),
        },
        build: {
          target: 'es2022',
          outDir,
          emptyOutDir: false,
          rollupOptions: {
            input: path.join(root, 'workers/service.worker.ts'),
            output: { format: 'iife', entryFileNames: 'service-worker.js' },
          },
        },
      })
    },
  }
}

import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

interface Module {
  /** Modules of ours that may be imported for their values. */
  may: string[]
  /** … and only for their types. */
  types?: string[]
  /** Outside packages; each has one owner unless it is a language of the whole app (svelte). */
  packages: string[]
}

/** The table of docs/architecture.md. */
const modules: Record<string, Module> = {
  core: { may: [], packages: [] },
  kernels: { may: [], packages: ['assemblyscript'] },
  onnx: { may: ['core'], packages: [] },
  gpu: { may: ['core'], packages: [] },
  models: {
    may: ['core', 'gpu', 'network', 'onnx'],
    types: ['rpc'],
    packages: ['onnxruntime-web', 'onnxruntime-common', '@huggingface/transformers', '@noble/hashes'],
  },
  projections: { may: ['core', 'gpu', 'kernels'], types: ['rpc'], packages: ['umap-js', 'ml-matrix'] },
  encodings: { may: ['core'], packages: [] },
  tables: { may: ['core'], packages: ['papaparse'] },
  language: { may: ['core'], packages: ['compromise'] },
  scene: { may: ['core'], packages: ['three'] },
  rpc: { may: ['core'], types: ['models', 'projections'], packages: ['comlink'] },
  network: { may: ['core'], packages: [] },
  storage: { may: ['core'], packages: ['idb-keyval', 'fflate', '@noble/hashes'] },
  state: {
    may: ['core', 'encodings', 'network', 'storage'],
    types: ['rpc', 'models', 'projections'],
    packages: ['svelte'],
  },
  ui: {
    may: ['core', 'encodings', 'language', 'state', 'storage', 'tables'],
    types: ['scene'],
    packages: ['svelte', '@lucide/svelte'],
  },
  views: { may: ['core', 'encodings', 'state', 'storage', 'ui', 'scene'], packages: ['svelte', '@lucide/svelte'] },
}

/** Files at the top of src/ put the modules together. */
const compositionRoots = ['main.ts', 'atlas-api.ts', 'app.d.ts', 'app.css']

function* files(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const full = path.join(folder, name)
    if (statSync(full).isDirectory()) {
      if (name !== 'build') yield* files(full)
    } else if (/\.(ts|svelte)$/.test(name)) yield full
  }
}

interface Import {
  file: string
  target: string
  typeOnly: boolean
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  const found: Import[] = []
  for (const [, kind, target] of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"]*?from\s+)?['"]([^'"]+)['"]/g,
  ))
    found.push({ file, target: target ?? '', typeOnly: !!kind })
  for (const [, target] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ file, target: target ?? '', typeOnly: false })
  return found
}

const packageOf = (target: string) =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
const source = path.join(root, 'src')

describe('modules', () => {
  it('has every folder of src/ in the table', () => {
    const folders = readdirSync(source).filter((name) => statSync(path.join(source, name)).isDirectory())
    expect(folders.filter((name) => !(name in modules))).toEqual([])
    const loose = readdirSync(source).filter((name) => !folders.includes(name))
    expect(loose.filter((name) => !compositionRoots.includes(name))).toEqual([])
  })

  it('keeps docs/architecture.md and the table equal', () => {
    const text = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')
    for (const name of Object.keys(modules)) expect(text, name).toContain(`\`${name}\``)
  })

  for (const [name, module] of Object.entries(modules)) {
    it(`${name} imports only what it may`, () => {
      const wrong: string[] = []
      for (const file of files(path.join(source, name)))
        for (const { target, typeOnly } of importsOf(file)) {
          const where = `${path.relative(root, file)} imports ${target}`
          if (target.startsWith('.')) {
            const inside = path
              .relative(source, path.resolve(path.dirname(file), target.split('?')[0] ?? ''))
              .split(path.sep)
            const owner = inside[0] ?? ''
            if (owner === name || (name !== 'core' && owner === 'app.d.ts')) continue
            if (module.may.includes(owner) || (typeOnly && module.types?.includes(owner))) continue
            wrong.push(where)
          } else if (!module.packages.includes(packageOf(target))) wrong.push(where)
        }
      expect(wrong).toEqual([])
    })
  }

  it('lets workers import neither Svelte, three nor the views', () => {
    const wrong: string[] = []
    for (const file of files(path.join(root, 'workers')))
      for (const { target } of importsOf(file))
        if (/svelte|three|\/(state|views|ui|scene|storage)\//.test(target))
          wrong.push(`${path.relative(root, file)} imports ${target}`)
    expect(wrong).toEqual([])
  })
})

describe('packages', () => {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; name?: string }>
  }
  const copies = (name: string) => Object.keys(lock.packages).filter((place) => place.endsWith(`node_modules/${name}`))

  it('has one copy of onnxruntime-web and of onnxruntime-common', () => {
    expect(copies('onnxruntime-web')).toHaveLength(1)
    expect(copies('onnxruntime-common')).toHaveLength(1)
  })

  it('brings no native onnxruntime, whose install script reaches beyond the package registry', () => {
    for (const place of copies('onnxruntime-node')) expect(lock.packages[place]?.name).toBe('empty-npm-package')
  })
})

import { unzipSync } from 'fflate'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { packRelease } from '../../scripts/release.mjs'
import { createStaticServer } from '../../scripts/serve.mjs'
import { expect, test } from '../helpers/app-test'
import { call, prepare, ready } from '../helpers/atlas-page'

const dist = path.resolve(import.meta.dirname, '../../dist')

test('the release is one zip that runs under any path of a plain static server', async ({ page, problems }) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-release-'))
  const target = path.join(folder, 'release.zip')
  const { files } = await packRelease({ folder: dist, target, version: '1.2.3' })
  const zip = readFileSync(target)
  const unpacked = unzipSync(zip)
  expect(Object.keys(unpacked)).toHaveLength(files)
  expect(Object.keys(unpacked)).toEqual(
    expect.arrayContaining(['attention-atlas-1.2.3/index.html', 'attention-atlas-1.2.3/LICENSE']),
  )
  for (const [name, bytes] of Object.entries(unpacked)) {
    const full = path.join(folder, 'site/deep', name)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, bytes)
  }
  const server = createStaticServer({ folder: path.join(folder, 'site'), isolated: false })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  try {
    const { port } = server.address() as AddressInfo
    await prepare(page)
    await page.goto(`http://localhost:${port}/deep/attention-atlas-1.2.3/#backend=wasm`, { waitUntil: 'load' })
    await call(page, 'setTexts', ['Served from a zip.'])
    await ready(page)
    expect(problems).toEqual([])
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the page starts with at most 250 kB of JavaScript', () => {
  const html = readFileSync(path.join(dist, 'index.html'), 'utf8')
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, address]) => path.join(dist, address!))
  /** What a script imports before it runs: written `import … from "./x.js"`; late imports are calls. */
  for (const file of loaded)
    for (const [, address] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
      const other = path.join(path.dirname(file), address!)
      if (!loaded.includes(other)) loaded.push(other)
    }
  const bytes = loaded.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0)
  expect(loaded.length).toBeGreaterThan(0)
  expect(bytes).toBeGreaterThan(50_000)
  expect(bytes).toBeLessThanOrEqual(250_000)
})

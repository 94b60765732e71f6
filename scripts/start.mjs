// npm start [-- --port N --host H --base /path/]: sets everything up, builds, serves the built app.
import path from 'node:path'
import { createStaticServer, listen } from './serve.mjs'
import { buildApp, installPackages, option, root } from './setup.mjs'

const port = Number(option('port', '4173'))
const host = option('host', 'localhost')
const base = `/${option('base', '/')}/`.replace(/\/+/g, '/')
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port takes a number from 0 to 65535, not "${option('port')}".`)
  process.exit(2)
}

installPackages()
buildApp()
const server = createStaticServer({ folder: path.join(root, 'dist'), base })
try {
  const actual = await listen(server, port, host)
  console.log(`Attention Atlas is at http://${host.includes(':') ? `[${host}]` : host}:${actual}${base}`)
} catch (error) {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is taken by another program. Choose another one: npm start -- --port ${port + 1}`
      : `The server could not start: ${error.message}`,
  )
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0))

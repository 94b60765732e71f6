// npm run dev: development server with hot reload.
import { buildKernels, installPackages, run } from './setup.mjs'

installPackages()
buildKernels()
run(process.execPath, ['node_modules/vite/bin/vite.js', ...process.argv.slice(2)])

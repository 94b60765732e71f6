// npm run build: static files in dist/, servable under any path by any web server.
import { buildApp, installPackages } from './setup.mjs'

installPackages()
buildApp()

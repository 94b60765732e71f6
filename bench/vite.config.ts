import { svelte } from '@sveltejs/vite-plugin-svelte'
import path from 'node:path'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/** The pages that benchmarks open in a browser: they import the app's own modules and publish `window.bench`. */
export default defineConfig({
  root: path.join(here, 'pages'),
  base: '',
  plugins: [svelte()],
  publicDir: path.join(here, '../public'),
  worker: { format: 'es' },
  build: {
    target: 'esnext',
    assetsInlineLimit: 0,
    outDir: path.join(here, '../.cache/bench'),
    emptyOutDir: true,
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: {
        images: path.join(here, 'pages/images.html'),
        spine: path.join(here, 'pages/spine.html'),
        views: path.join(here, 'pages/views.html'),
        empty: path.join(here, 'pages/empty.html'),
        projections: path.join(here, 'pages/projections.html'),
        models: path.join(here, 'pages/models.html'),
      },
    },
  },
})

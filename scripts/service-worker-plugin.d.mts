import type { Plugin } from 'vite'

export function serviceWorker(options: { pagePolicy: string }): Plugin

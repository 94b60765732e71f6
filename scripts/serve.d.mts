import type { Server } from 'node:http'

export function createStaticServer(options: { folder: string; base?: string; isolated?: boolean }): Server
export function listen(server: Server, port: number, host: string): Promise<number>

import { isIP } from 'node:net'
import type { ListenAddress } from './config.js'

/** `0.0.0.0:8443`, `[::1]:8443`, `localhost:8443`; undefined when it is no such thing. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const cut = text.lastIndexOf(':')
  const port = text.slice(cut + 1)
  if (cut === -1 || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined
  const written = text.slice(0, cut)
  const bracketed = written.startsWith('[') && written.endsWith(']')
  const host = bracketed ? written.slice(1, -1) : written
  const family = host === 'localhost' ? 4 : isIP(host)
  return family === (bracketed ? 6 : 4) ? { host, port: Number(port) } : undefined
}

export function renderListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

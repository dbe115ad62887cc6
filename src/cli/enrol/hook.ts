import { spawn } from 'node:child_process'
import type { IdentityMeta } from './identity-folder.js'

/** How a hook ended, and the end of what it said. */
export interface HookReport {
  readonly ended: 'well' | 'badly'
  readonly detail: string
}

const TIMEOUT_MS = 60_000
const KEPT_CHARACTERS = 2000

/**
 * Runs the operator's own command with `/bin/sh -c` after the identity in `folder` has changed. What
 * is new reaches it by environment variables alone: nothing from the wire becomes part of a command.
 */
export function runHook(
  command: string,
  folder: string,
  meta: IdentityMeta,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HookReport> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: {
      ...env,
      // A spent token is of no use to the hook, and none of its business.
      CAPSTAN_TOKEN: undefined,
      CAPSTAN_CERT_DIR: folder,
      CAPSTAN_ALIAS: meta.alias,
      CAPSTAN_SERIAL: meta.serial,
      CAPSTAN_NOT_AFTER: meta.notAfter,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  const hear = (part: Buffer): void => {
    said = `${said}${part.toString('utf8')}`.slice(-KEPT_CHARACTERS)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  return new Promise((resolve) => {
    child.once('error', () => resolve({ ended: 'badly', detail: 'it could not be started' }))
    child.once('close', (code, signal) => {
      const how = signal === null ? `exit ${String(code)}` : `ended by ${signal}`
      const detail = said.trim() === '' ? how : `${how}: ${said.trim()}`
      resolve({ ended: code === 0 ? 'well' : 'badly', detail })
    })
  })
}

import { spawn } from 'node:child_process'

/** How a command of the operator ended, and the end of what it said. */
export interface CommandReport {
  readonly ended: 'well' | 'badly'
  readonly detail: string
}

const TIMEOUT_MS = 60_000
const KEPT_CHARACTERS = 2000

/**
 * Runs the operator's own command with `/bin/sh -c`. What it is about reaches it by its environment and
 * its standard input alone: nothing from the wire becomes part of a command.
 */
export function runOwnCommand(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  input?: string,
): Promise<CommandReport> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: { ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  const hear = (part: Buffer): void => {
    said = `${said}${part.toString('utf8')}`.slice(-KEPT_CHARACTERS)
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  // One that does not read its input ends before it is written.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  return new Promise((resolve) => {
    child.once('error', () => resolve({ ended: 'badly', detail: 'it could not be started' }))
    child.once('close', (code, signal) => {
      const how = signal === null ? `exit ${String(code)}` : `ended by ${signal}`
      const detail = said.trim() === '' ? how : `${how}: ${said.trim()}`
      resolve({ ended: code === 0 ? 'well' : 'badly', detail })
    })
  })
}

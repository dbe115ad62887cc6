import { spawn } from 'node:child_process'

/** How a command of the operator ended, and the end of what it said. */
export interface CommandReport {
  readonly ended: 'well' | 'badly'
  readonly detail: string
}

/** How long it may run, and how long its output may stay open once it has ended. */
const LIMITS = { timeoutMs: 60_000, graceMs: 1000 }
const KEPT_CHARACTERS = 2000

/**
 * Runs the operator's own command with `/bin/sh -c`. What it is about reaches it by its environment and
 * its standard input alone: nothing from the wire becomes part of a command.
 */
export function runOwnCommand(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  input?: string,
  { timeoutMs, graceMs } = LIMITS,
): Promise<CommandReport> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: { ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    // A group of its own: what it has started ends with it.
    detached: true,
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
    let grace: NodeJS.Timeout | undefined
    const timer = setTimeout(() => endGroup(child.pid), timeoutMs)
    child.once('error', () => {
      clearTimeout(timer)
      resolve({ ended: 'badly', detail: 'it could not be started' })
    })
    child.once('exit', () => {
      clearTimeout(timer)
      // What it leaves running may hold its output open for ever.
      grace = setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, graceMs)
    })
    child.once('close', (code, signal) => {
      clearTimeout(grace)
      const how = signal === null ? `exit ${String(code)}` : `ended by ${signal}`
      const detail = said.trim() === '' ? how : `${how}: ${said.trim()}`
      resolve({ ended: code === 0 ? 'well' : 'badly', detail })
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endsWithUs } from '../machine/ends-with-us.mjs'
import { usageOf } from '../machine/process-usage.mjs'

const READY_WITHIN_MS = 60_000

/** The path of a peer's program, built on first use. */
export function builtPeer(name) {
  const script = join(import.meta.dirname, 'build.sh')
  const stdio = ['ignore', 'pipe', 'inherit']
  const { status, stdout } = spawnSync(script, [name], { encoding: 'utf8', stdio })
  if (status !== 0) throw new Error(`${name} could not be built: see above`)
  return stdout.trim()
}

/** Runs a peer until `use` is done, which gets its usage. */
export async function withPeer({ program, args, home, port }, use) {
  const path = join(home, 'peer.log')
  const log = openSync(path, 'a')
  const peer = endsWithUs(spawn(program, args, { cwd: home, stdio: ['ignore', log, log] }))
  closeSync(log)
  try {
    const late = performance.now() + READY_WITHIN_MS
    while (!(await listens(port))) {
      if (peer.exitCode !== null || performance.now() > late) {
        throw new Error(`${program} does not listen:\n${readFileSync(path, 'utf8').slice(-2000)}`)
      }
      await pause(100)
    }
    return await use(() => usageOf(peer.pid))
  } finally {
    const ended = new Promise((resolve) => peer.once('exit', resolve))
    if (peer.exitCode === null && peer.kill('SIGTERM')) await ended
  }
}

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

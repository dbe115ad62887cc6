import { join } from 'node:path'
import type { Launch } from '../support/capstan-process.js'

/** A number from 0 to 1, the same in every run of one seed. */
export type Draw = () => number

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Where a server dies. */
export interface Point {
  readonly name: string
  /**
   * `load`: while it is used. `stop`: after SIGTERM. `start`: before it is ready. `migration`: while
   * it brings the store of another folder up to date.
   */
  readonly phase: 'load' | 'stop' | 'start' | 'migration'
  /** Served by so many processes; drawn when undefined. */
  readonly workers?: number
  /** Where the preloaded module counts (`test/crash/preload.mjs`) or the disk (`test/support/disk.c`). */
  readonly by: 'module' | 'disk' | 'signal'
  /** For `disk`: file and way. */
  readonly order?: string
  /** It dies at one of the first so many passes. */
  readonly passes: number
}

export const points: readonly Point[] = [
  { name: 'random', phase: 'load', by: 'signal', passes: 1 },
  { name: 'one worker', phase: 'load', by: 'signal', passes: 1, workers: 2 },
  { name: 'before-commit', phase: 'load', by: 'module', passes: 60 },
  { name: 'after-commit', phase: 'load', by: 'module', passes: 60 },
  { name: 'answer', phase: 'load', by: 'module', passes: 150 },
  { name: 'wal-write', phase: 'load', by: 'disk', order: 'wal write', passes: 300 },
  { name: 'index-append', phase: 'load', by: 'module', passes: 6 },
  { name: 'spend', phase: 'load', by: 'module', passes: 20 },
  { name: 'checkpoint', phase: 'load', by: 'disk', order: 'db write', passes: 40 },
  { name: 'power', phase: 'load', by: 'disk', order: 'db power', passes: 400 },
  { name: 'start', phase: 'start', by: 'module', passes: 40 },
  { name: 'migration', phase: 'migration', by: 'module', passes: 4 },
  { name: 'stop', phase: 'stop', by: 'disk', order: 'db write', passes: 20 },
]

const preload = join(import.meta.dirname, 'preload.mjs')

/** Of the rounds whose point does not say by how many processes it is served, so many are by two. */
const BY_TWO = 1 / 3

export const processesOf = ({ workers }: Point, draw: Draw): number =>
  workers ?? (draw() < BY_TWO ? 2 : 1)

/** How a server is started that dies at this point, and makes the file `marker` when it does. */
export function armed(
  point: Point,
  draw: Draw,
  { disk, marker, workers }: { disk: string; marker: string; workers: number },
): Launch {
  const pass = 1 + Math.floor(draw() * point.passes)
  const order: Record<string, string> = {}
  if (point.by === 'module') order['CAPSTAN_CRASH'] = `${point.name} ${pass}`
  if (point.by === 'disk') order['CAPSTAN_DISK_KILL'] = `${point.order ?? ''} ${pass}`
  return {
    node: ['--import', preload],
    env: {
      LD_PRELOAD: disk,
      CAPSTAN_CRASH_PARENT: String(process.pid),
      CAPSTAN_CRASH_MARKER: marker,
      CAPSTAN_SERVER__WORKERS: String(workers),
      ...order,
    },
  }
}

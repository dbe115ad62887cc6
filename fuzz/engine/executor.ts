import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPrototypes } from '../oracle/prototypes.js'
import type { Target } from '../target.js'
import type { Desk } from './desk.js'
import { type Finding, findingOf } from './finding.js'

/** No input of at most 64 KiB may take more. Milliseconds of CPU time. */
export const SLOW_MS = 50

export interface Executed {
  /** Undefined where there is a finding. */
  readonly ending?: string
  /** What all endings of this sort begin with: that it was accepted as what, or the code of its refusal. */
  readonly kind?: string
  readonly finding?: Finding
  readonly ms: number
}

/** Runs inputs, and says of each whether all is as promised. */
export class Executor {
  private readonly name: string
  private readonly target: Target
  private readonly desk: Desk | undefined

  constructor(name: string, target: Target, desk?: Desk) {
    this.name = name
    this.target = target
    this.desk = desk
  }

  async run(input: Uint8Array): Promise<Executed> {
    this.desk?.put(input)
    const began = performance.now()
    let ms = 0
    try {
      const running = this.target.run(input)
      const ending = typeof running === 'string' ? running : await running
      ms = performance.now() - began
      const checked = this.target.check ? await this.target.check(input) : ''
      checkPrototypes()
      const kind = `${words(ending, 2)} ${words(checked, 1)}`
      return { ending: `${ending} ${checked}`, kind, ms }
    } catch (thrown) {
      return { finding: findingOf(thrown), ms }
    } finally {
      this.desk?.clear()
    }
  }

  /** Does something else with an input that may have no end either: mutators call parsers. */
  watched<T>(input: Uint8Array, work: () => T): T {
    this.desk?.put(input)
    try {
      return work()
    } finally {
      this.desk?.clear()
    }
  }

  /**
   * Milliseconds of CPU time that the cheapest of five runs took: other work on the machine makes
   * the clock run on, and caches cold. Counts what the garbage collector does meanwhile.
   */
  async cost(input: Uint8Array): Promise<number> {
    let least = Infinity
    for (let round = 0; round < 5; round += 1) {
      const before = process.cpuUsage()
      await this.target.run(input)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, (user + system) / 1000)
    }
    return least
  }

  /** Milliseconds that an input may cost. */
  get mostMs(): number {
    return this.target.slowMs ?? SLOW_MS
  }

  /** The finding for an input whose cheapest run here took `ms`, unless it is only the counting. */
  slowness(input: Uint8Array, ms: number): Finding | undefined {
    const most = this.mostMs
    if (ms <= most) return undefined
    const uncounted = msElsewhere(this.name, input)
    const detail = `${uncounted.toFixed(0)} ms for ${input.length} octets`
    return uncounted <= most ? undefined : { kind: 'slow', key: 'slow', detail }
  }
}

const words = (text: string, most: number): string => text.split(' ', most).join(' ')

/** The same in a process of its own whose code counts nothing. */
function msElsewhere(target: string, input: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-fuzz-'))
  const path = join(folder, 'input')
  writeFileSync(path, input)
  const main = fileURLToPath(new URL('../main.mjs', import.meta.url))
  const { stdout } = spawnSync(process.execPath, [main, target, '--replay', path], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  rmSync(folder, { recursive: true })
  const ms = /^([\d.]+) ms/m.exec(stdout)?.[1]
  return ms === undefined ? Infinity : Number(ms)
}

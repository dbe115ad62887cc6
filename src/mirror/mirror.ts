import { DependencyError } from '../core/dependency-error.js'
import type { Alarm, LogName } from '../monitor/alarm.js'
import type { Mirrored, MirroredLog } from './mirrored-log.js'

/** What one look at a Capstan came to. */
export interface MirrorLook {
  readonly alarms: readonly Alarm[]
  /** Of each log that is mirrored. */
  readonly logs: Readonly<Partial<Record<LogName, Omit<Mirrored, 'alarms'>>>>
  /** What kept the rest from being looked at, where something was found wrong all the same. */
  readonly unheard?: unknown
  /** Nothing has to be told before it counts: what is wrong was not taken. */
  readonly remember: () => Promise<void>
}

/** The logs of one Capstan, each copied into a folder. */
export class Mirror {
  private readonly logs: Readonly<Partial<Record<LogName, Pick<MirroredLog, 'look'>>>>

  constructor(logs: Readonly<Partial<Record<LogName, Pick<MirroredLog, 'look'>>>>) {
    this.logs = logs
  }

  /** Rejects where nothing was found wrong and not all could be looked at: with `DependencyError` where no answer came. */
  async look(): Promise<MirrorLook> {
    const alarms: Alarm[] = []
    const looked: Partial<Record<LogName, Omit<Mirrored, 'alarms'>>> = {}
    const failures: unknown[] = []
    for (const log of ['index', 'issuance'] as const) {
      try {
        const found = await this.logs[log]?.look()
        if (!found) continue
        alarms.push(...found.alarms)
        looked[log] = { size: found.size, copied: found.copied }
      } catch (error) {
        failures.push(error)
      }
    }
    const unheard = failures.find((error) => !(error instanceof DependencyError)) ?? failures[0]
    if (failures.length > 0 && alarms.length === 0) throw unheard
    return {
      ...{ alarms, logs: looked, remember: () => Promise.resolve() },
      ...(failures.length > 0 && { unheard }),
    }
  }
}

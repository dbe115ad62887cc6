import { between, toIso, type UnixSeconds } from '../core/time.js'
import { type CosigningState, isAlarm } from '../tlog/cosigning.js'
import type { CosigningJson } from './http/cosigning-json.js'
import type { Readiness } from './http/shapes.js'

/**
 * What a readiness probe says of the witnesses. A warning and never a failure: certificates are issued
 * whether or not anybody has cosigned what they are issued on.
 */
export function cosigningChecks(
  states: readonly CosigningState[],
  now: UnixSeconds,
): Readiness['checks'] {
  if (states.length === 0) return []
  const detail = states.flatMap((state) => said(state, now)).join('; ')
  return [{ name: 'witnesses', ok: true, detail }]
}

function said({ log, quorum, witnesses }: CosigningState, now: UnixSeconds): readonly string[] {
  const alarms = witnesses.filter(({ fault }) => fault !== undefined && isAlarm(fault))
  const behind = witnesses.filter(({ behindSince }) => behindSince !== undefined)
  return [
    `${log}: ${witnesses.filter(({ isCurrent }) => isCurrent).length} of ${witnesses.length} have cosigned the latest checkpoint`,
    ...(quorum ? [] : [`WARNING: that is no quorum for the ${log} log`]),
    ...alarms.map(({ name }) => `WARNING: ${name} has another history of the ${log} log`),
    ...behind.map(
      ({ name, behindSince }) =>
        `${name} is behind on the ${log} log for ${between(behindSince ?? now, now)} s`,
    ),
  ]
}

export function cosigningJson({ log, quorum, witnesses }: CosigningState): CosigningJson {
  return {
    log,
    quorum,
    witnesses: witnesses.map(({ name, url, size, at, behindSince, fault }) => ({
      name,
      url,
      size: size ?? null,
      at: at === undefined ? null : toIso(at),
      behindSince: behindSince === undefined ? null : toIso(behindSince),
      fault: fault === undefined ? null : faultText(fault),
    })),
  }
}

function faultText(fault: NonNullable<CosigningState['witnesses'][number]['fault']>): string {
  switch (fault.kind) {
    case 'ahead':
      return `it has cosigned ${fault.size} records, more than the log has: was an older backup restored?`
    case 'forked':
      return `what it has cosigned is not the beginning of this log: there are two histories`
    case 'refused':
      return `it answers ${fault.status}: does it know this log and its key?`
    case 'bad-answer':
    case 'silent':
      return fault.what
  }
}

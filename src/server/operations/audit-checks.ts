import { ok, refuse, type Result } from '../../core/result.js'
import { between, type UnixSeconds } from '../../core/time.js'
import type { AuditedCertificates } from '../../monitor/audit-certificates.js'
import { goesOnFrom, keptHead } from '../../namespace/index-tree.js'
import { readRecord } from '../../namespace/log-record.js'
import { MAX_MERGE_DELAY } from '../../tlog/merge-delay.js'
import { noWitnesses } from '../../tlog/policy.js'
import type { LogHead } from '../../tlog/ports.js'
import { stateRootOf } from '../../tlog/state-root.js'
import { verifyCheckpoint } from '../../tlog/verify-checkpoint.js'
import type { TreeHead } from '../../tlog/verify-proof.js'
import type { AuditCheckJson } from '../http/audit-shapes.js'
import type { ServedLog } from './served-log.js'

/** The head that a checkpoint of this log states, which its key has signed. */
export function headIn(log: ServedLog, note: string | undefined): Result<LogHead | undefined> {
  if (note === undefined) return ok(undefined)
  const verified = verifyCheckpoint(Buffer.from(note), log.key, noWitnesses)
  if (!verified.ok) return verified
  const state = stateRootOf(verified.value)
  if (!state.ok) return state
  const { size, root } = verified.value
  return ok({ size, root, ...(state.value && { state: state.value }) })
}

/** The outcome of something that was looked at. */
export function checkOf<T>(
  name: string,
  result: Result<T>,
  said: (value: T) => string,
): AuditCheckJson {
  if (result.ok) return { name, ok: true, detail: said(result.value) }
  const { code, detail, wanted, found, next } = result.refusal
  return {
    name,
    ok: false,
    detail,
    code,
    ...(wanted !== undefined && { wanted }),
    ...(found !== undefined && { found }),
    ...(next !== undefined && { next }),
  }
}

/** `replayed` and, where an older checkpoint was given, that the log goes on from it. */
export const saidOf = (what: string, from: TreeHead | undefined): string =>
  from ? `${what}, and goes on from the checkpoint of ${from.size}` : what

/**
 * Without reading the log: its tiles come to its root, and it goes on from its own checkpoint, from what
 * is remembered beside the store and from an older checkpoint.
 */
export async function headsCheck(
  log: ServedLog,
  remembered: () => Promise<TreeHead | undefined>,
  from: TreeHead | undefined,
): Promise<AuditCheckJson> {
  return checkOf(`${log.name}-log`, await soundHeads(log, remembered, from), ({ size }) =>
    saidOf(`a tree of ${size}, of one history with what was signed`, from),
  )
}

async function soundHeads(
  log: ServedLog,
  remembered: () => Promise<TreeHead | undefined>,
  from: TreeHead | undefined,
): Promise<Result<TreeHead>> {
  const { tree, key } = log
  // In this order: what is signed and recorded meanwhile only makes the log longer.
  const kept = await keptHead(tree, key)
  if (!kept.ok) return kept
  const signed = [await remembered(), kept.value, from]
  const head = await tree.head()
  for (const before of [head, ...signed]) {
    if (!before || (await goesOnFrom(tree, head, before))) continue
    return refuse('tlog.inconsistent', `the ${log.name} log does not go on from what was signed`, {
      wanted: `the ${before.size} records of the checkpoint at the beginning`,
      found: before.size > head.size ? `${head.size} records` : 'other records',
      next: 'the log was cut short or rewritten, or an older backup was restored: find out which',
    })
  }
  return ok(head)
}

/** Is everything that is older than the maximum merge delay covered by a checkpoint? */
export async function delayCheck(
  log: ServedLog,
  recordedAt: (seq: number) => Promise<UnixSeconds | undefined>,
  now: UnixSeconds,
): Promise<AuditCheckJson> {
  const { size = 0 } = (await log.tree.checkpoint()) ?? {}
  const head = await log.tree.head()
  const since = head.size > size ? await recordedAt(size) : undefined
  const waits = since === undefined ? 0 : Math.max(0, between(since, now))
  const name = `${log.name}-delay`
  if (waits <= MAX_MERGE_DELAY) {
    return { name, ok: true, detail: `the checkpoint covers ${size} of ${head.size}` }
  }
  return {
    name,
    ok: false,
    detail: 'the latest checkpoint does not cover what it should',
    code: 'stale-checkpoint',
    wanted: `one within ${MAX_MERGE_DELAY} seconds of each record`,
    found: `record ${size} waits for ${waits} seconds`,
    next: 'the log of the server says why no checkpoint could be signed',
  }
}

/** Log time of a record of the index log. */
export const timeOfRecord =
  (log: ServedLog) =>
  async (seq: number): Promise<UnixSeconds | undefined> => {
    const [record] = await log.read(seq, 1)
    return record && readRecord(record.bytes)?.ts
  }

export function certificatesCheck(judged: Result<AuditedCertificates>): AuditCheckJson {
  const name = 'certificates'
  const check = checkOf(name, judged, ({ checked, gone }) =>
    gone === 0
      ? `each of ${checked} was allowed by the index of its moment`
      : `each of ${checked} was allowed by the index of its moment; of ${gone} more only the hash is left`,
  )
  if (!judged.ok || judged.value.alarms === 0) return check
  const { alarms, checked } = judged.value
  return {
    name,
    ok: false,
    detail: 'certificates were issued that should not have been',
    found: `${alarms} findings about ${checked} certificates`,
    next: 'docs/monitoring.md says what each finding means',
  }
}

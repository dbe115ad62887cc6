import { minutes, toIso } from '../../core/time.js'
import { type CheckpointRules, judgeCheckpoint } from '../../monitor/judge-checkpoint.js'
import { parseCheckpoint } from '../../tlog/checkpoint.js'
import { parseNote } from '../../tlog/note.js'
import { parseVerifierKey, type VerifierKey } from '../../tlog/verifier-key.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import { exitCode } from '../exit-code.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import { type Outcome, refused, usage } from '../problem.js'
import type { Look } from '../screen/look.js'
import { renderAlarm } from './alarm-screen.js'
import { policyOf, policyOptions } from './policy-options.js'
import { watched } from './watched.js'

/** What the server takes. */
const MAX_CHECKPOINT = 50_000
/** Witnesses are asked again every five minutes. */
const USUAL_AGE = minutes(10)

/** Something that was looked at, as the server says it or as it was seen here. */
interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly code?: string
  readonly wanted?: string
  readonly found?: string
  readonly next?: string
}

interface Logs {
  readonly index: VerifierKey
  readonly issuance: VerifierKey
}

async function audit(call: Invocation): Promise<Outcome<Answer>> {
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const age = call.duration('age')
  if (!age.ok) return age
  const api = await call.operator()
  if (!api.ok) return api
  const logs = await logsOf(call, api.value)
  if (!logs.ok) return logs
  const from = await pinned(call, logs.value)
  if (!from.ok) return from
  const maxAge = age.value ?? USUAL_AGE
  const rules = { key: logs.value.index, policy: policy.value, maxAge }
  const cosigned = await cosigners(call, api.value, rules)
  if (!cosigned.ok) return cosigned
  const asked = api.value.send('/v1/audit', { full: call.has('full'), ...from.value })
  const report = await watched(call, api.value, asked)
  if (!report.ok) return report
  const checks = [...report.value.objects('checks').map(checkIn), cosigned.value]
  const ok = report.value.flag('ok') && cosigned.value.ok
  return answer(
    { ...report.value.value, ok, checks },
    (look) => renderAudit(look, checks, report.value),
    ok ? exitCode.ok : exitCode.alarmed,
  )
}

/** The keys that are pinned; otherwise those that the server says it has. */
async function logsOf(call: Invocation, api: OperatorApi): Promise<Outcome<Logs>> {
  const status = await api.read('/v1/status')
  if (!status.ok) return status
  const texts = {
    index: call.text('key') ?? status.value.object('index').raw('logKey'),
    issuance: call.text('issuanceKey') ?? status.value.object('issuance').raw('logKey'),
  }
  const index = parseVerifierKey(texts.index)
  if (!index.ok) return refused(index.refusal)
  const issuance = parseVerifierKey(texts.issuance)
  if (!issuance.ok) return refused(issuance.refusal)
  return { ok: true, value: { index: index.value, issuance: issuance.value } }
}

/** Older checkpoints, each by the log whose name it has. */
async function pinned(
  call: Invocation,
  logs: Logs,
): Promise<Outcome<{ readonly index?: string; readonly issuance?: string }>> {
  const found: { index?: string; issuance?: string } = {}
  for (const name of call.texts('from')) {
    const file = await call.file(name)
    if (!file.ok) return file
    const note = parseNote(file.value)
    const read = note.ok ? parseCheckpoint(note.value.text) : note
    if (!read.ok || file.value.length > MAX_CHECKPOINT) {
      return usage(`${name} is no checkpoint`, { wanted: 'what capstan checkpoint prints' })
    }
    const { origin } = read.value
    const log = (['index', 'issuance'] as const).find((known) => logs[known].name === origin)
    if (log === undefined || found[log] !== undefined) {
      return usage(`${name} is of another log, or one of that log was given already`, {
        wanted: `one of ${logs.index.name}, one of ${logs.issuance.name}`,
      })
    }
    found[log] = file.value.toString()
  }
  return { ok: true, value: found }
}

/** Who has signed the checkpoint that the server shows, and when. */
async function cosigners(
  call: Invocation,
  api: OperatorApi,
  rules: CheckpointRules,
): Promise<Outcome<Check>> {
  const note = await api.octets('/v1/logs/index/checkpoint', 'text/plain')
  if (!note.ok) return note
  const { alarms, seenAt } = judgeCheckpoint('index', note.value, rules, call.world.clock.now())
  const name = 'cosigners'
  const [alarm] = alarms
  if (alarm) {
    const { code, detail, wanted, found } = alarm
    const more = { ...(wanted !== undefined && { wanted }), ...(found !== undefined && { found }) }
    return { ok: true, value: { name, ok: false, detail, code, ...more } }
  }
  const detail =
    seenAt === undefined
      ? 'signed by the log alone: no witnesses were asked for (--policy, --witness)'
      : `a quorum of witnesses saw it at ${toIso(seenAt)}`
  return { ok: true, value: { name, ok: true, detail } }
}

function checkIn(check: JsonReader): Check {
  const [code, wanted] = [check.optional('code'), check.optional('wanted')]
  const [found, next] = [check.optional('found'), check.optional('next')]
  return {
    name: check.text('name'),
    ok: check.flag('ok'),
    detail: check.text('detail'),
    ...(code !== undefined && { code }),
    ...(wanted !== undefined && { wanted }),
    ...(found !== undefined && { found }),
    ...(next !== undefined && { next }),
  }
}

function renderAudit(look: Look, checks: readonly Check[], report: JsonReader): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.flatMap((check) => renderCheck(look, check, width))
  const certificates = report.optionalObject('certificates')
  const alarms = certificates?.objects('first') ?? []
  const more = (certificates?.count('alarms') ?? 0) - alarms.length
  return [
    ...lines,
    ...alarms.map((alarm) => renderAlarm(look, alarm)),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(report.flag('full') ? [] : ['capstan audit --full reads everything again']),
  ].join('\n')
}

function renderCheck(look: Look, check: Check, width: number): readonly string[] {
  const state = check.ok ? look.paint('green', 'ok   ') : look.paint('red', 'wrong')
  const lines = [`${state}  ${check.name.padEnd(width)}  ${check.detail}`]
  const indent = ' '.repeat(width + 9)
  for (const name of ['code', 'wanted', 'found', 'next'] as const) {
    const value = check[name]
    if (value !== undefined) lines.push(`${indent}${name}: ${value}`)
  }
  return lines
}

export const auditCommand: CommandSpec = {
  path: 'audit',
  summary: 'is the log honest? both logs, what was signed of them, and who was allowed',
  details: [
    'What can be seen at once: the heads of both logs against what was signed before, the checkpoints given with --from, the maximum merge delay, and the cosigners.',
    'With --full everything is read again: every record of the index log with its signatures and votes against the tables, the tree and the signed state, every certificate against its leaf in the issuance log, and against what the index of its moment allowed.',
    'It ends with 10 where anything is wrong. It asks the server about itself: a monitor on another machine, which trusts nothing of it, is `capstan watch`.',
  ],
  options: [
    { flags: '--full', description: 'read everything again; seconds for ten thousand records' },
    {
      flags: '--from <file...>',
      description: 'an older checkpoint of either log: the log must go on from it',
      repeat: 'many',
    },
    {
      flags: '--key <vkey>',
      description: 'the key of the index log (default: what it says itself)',
    },
    {
      flags: '--issuance-key <vkey>',
      description: 'the key of the issuance log (default: the same)',
    },
    ...policyOptions,
    {
      flags: '--age <duration>',
      description: 'how long ago the witnesses may have seen the checkpoint (default: 10m)',
    },
  ],
  examples: [
    'capstan audit',
    'capstan audit --full --from checkpoint.txt --policy witnesses.txt',
    'capstan audit --full --json',
  ],
  run: audit,
}

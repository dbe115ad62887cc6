import { utf8 } from '../../tlog/note-text.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { parseVerifierKey } from '../../tlog/verifier-key.js'
import { verifyCheckpoint } from '../../tlog/verify-checkpoint.js'
import { type Outcome, refused, usage } from '../problem.js'
import { policyOf, policyOptions } from './policy-options.js'
import { watched } from './watched.js'

/** What the server takes. */
const MAX_CHECKPOINT = 50_000

/** What the server has verified at `path`, with the checkpoint of `--from` where one is named. */
async function reported(call: Invocation, path: string): Promise<Outcome<JsonReader>> {
  if (call.text('from') === undefined && isAboutFrom(call)) {
    return usage('--key and witnesses are about the checkpoint of --from')
  }
  const api = await call.operator()
  if (!api.ok) return api
  const from = await checkpointOf(call)
  if (!from.ok) return from
  const asked = from.value
    ? api.value.send(`${path}/from`, { checkpoint: from.value })
    : api.value.send(path)
  return watched(call, api.value, asked)
}

const goesOn = (call: Invocation, what: string): string[] =>
  call.text('from') === undefined ? [] : [`${what} from the checkpoint`]

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const report = await reported(call, '/v1/verify')
  if (!report.ok) return report
  return answer(report.value.value, (look) => {
    const records = report.value.count('records')
    return [
      `${look.paint('green', 'verified')} ${records} records: every signature and link holds, and replaying them gives the live state`,
      ...goesOn(call, 'they go on'),
      `head: ${report.value.text('head')}`,
      `root: ${report.value.text('root')}`,
    ].join('\n')
  })
}

const isAboutFrom = (call: Invocation): boolean =>
  ['key', 'policy', 'witness', 'threshold'].some((option) => call.has(option))

async function checkpointOf(call: Invocation): Promise<Outcome<string | undefined>> {
  const name = call.text('from')
  if (name === undefined) return { ok: true, value: undefined }
  const file = await call.file(name)
  if (!file.ok) return file
  const trusted = await isTrusted(call, file.value)
  if (!trusted.ok) return trusted
  const text = utf8(file.value)
  if (text !== undefined && text.length > 0 && text.length <= MAX_CHECKPOINT) {
    return { ok: true, value: text }
  }
  return usage(`${name} is no checkpoint`, { wanted: 'what capstan checkpoint prints' })
}

/** Where witnesses are named: the checkpoint is one that they have signed. */
async function isTrusted(call: Invocation, octets: Uint8Array): Promise<Outcome<undefined>> {
  const policy = await policyOf(call)
  if (!policy.ok) return policy
  const vkey = call.text('key')
  if (vkey === undefined) {
    return policy.value.quorum === undefined
      ? { ok: true, value: undefined }
      : usage('witnesses sign for a log: which one?', { wanted: "--key, the log's verifier key" })
  }
  const key = parseVerifierKey(vkey)
  if (!key.ok) return refused(key.refusal)
  const verified = verifyCheckpoint(octets, key.value, policy.value)
  return verified.ok ? { ok: true, value: undefined } : refused(verified.refusal)
}

async function verifyIssued(call: Invocation): Promise<Outcome<Answer>> {
  const report = await reported(call, '/v1/logs/issuance/verify')
  if (!report.ok) return report
  return answer(report.value.value, (look) => {
    const [size, compared, before] = ['size', 'compared', 'before'].map((name) =>
      report.value.count(name),
    )
    return [
      `${look.paint('green', 'verified')} the issuance log of ${size} certificates: ${compared} in the ledger, each in its place`,
      ...goesOn(call, 'the log goes on'),
      ...(before ? [`${before} more were issued before there was a log, and are in none`] : []),
      `root: ${report.value.text('root')}`,
    ].join('\n')
  })
}

const fromOptions = (printed: string): OptionSpec[] => [
  { flags: '--from <file>', description: `an older checkpoint, ${printed}` },
  { flags: '--key <vkey>', description: 'the key that must have signed that checkpoint' },
  ...policyOptions,
]

export const certVerifyLogCommand: CommandSpec = {
  path: 'cert verify-log',
  summary: 'compare every certificate of the ledger with the issuance log',
  details: [
    'A certificate that is in one of them alone, or another one, is refused (tlog.inconsistent). Of as many as pruning has counted in the store itself the hashes alone are compared.',
    'With --from, also that the log goes on from a checkpoint that was kept elsewhere: otherwise it was cut short or rewritten.',
  ],
  options: fromOptions('as `capstan checkpoint --log issuance` printed it'),
  examples: ['capstan cert verify-log', 'capstan cert verify-log --from checkpoint.txt'],
  run: verifyIssued,
}

export const indexVerifyCommand: CommandSpec = {
  path: 'index verify',
  summary: 'read the whole index log again, check every signature, and compare with the live state',
  details: [
    'With --from, also that the log goes on from a checkpoint that was kept elsewhere: otherwise it was cut short or rewritten (tlog.inconsistent).',
  ],
  options: fromOptions('as `capstan checkpoint` or a witness printed it'),
  examples: ['capstan index verify', 'capstan index verify --from checkpoint.txt'],
  run: verify,
}

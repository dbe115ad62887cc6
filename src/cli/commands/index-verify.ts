import { utf8 } from '../../tlog/note-text.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, usage } from '../problem.js'
import { watched } from './watched.js'

/** What the server takes. */
const MAX_CHECKPOINT = 50_000

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const from = await checkpointOf(call)
  if (!from.ok) return from
  const asked = from.value
    ? api.value.send('/v1/verify/from', { checkpoint: from.value })
    : api.value.send('/v1/verify')
  const report = await watched(call, api.value, asked)
  if (!report.ok) return report
  return answer(report.value.value, (look) => {
    const records = report.value.count('records')
    return [
      `${look.paint('green', 'verified')} ${records} records: every signature and link holds, and replaying them gives the live state`,
      ...(from.value === undefined ? [] : ['they go on from the checkpoint']),
      `head: ${report.value.text('head')}`,
      `root: ${report.value.text('root')}`,
    ].join('\n')
  })
}

async function checkpointOf(call: Invocation): Promise<Outcome<string | undefined>> {
  const name = call.text('from')
  if (name === undefined) return { ok: true, value: undefined }
  const file = await call.file(name)
  if (!file.ok) return file
  const text = utf8(file.value)
  if (text !== undefined && text.length > 0 && text.length <= MAX_CHECKPOINT) {
    return { ok: true, value: text }
  }
  return usage(`${name} is no checkpoint`, { wanted: 'what capstan checkpoint prints' })
}

export const indexVerifyCommand: CommandSpec = {
  path: 'index verify',
  summary: 'read the whole index log again, check every signature, and compare with the live state',
  details: [
    'With --from, also that the log goes on from a checkpoint that was kept elsewhere: otherwise it was cut short or rewritten (tlog.inconsistent).',
  ],
  options: [
    {
      flags: '--from <file>',
      description: 'an older checkpoint, as `capstan checkpoint` printed it',
    },
  ],
  examples: ['capstan index verify', 'capstan index verify --from checkpoint.txt'],
  run: verify,
}

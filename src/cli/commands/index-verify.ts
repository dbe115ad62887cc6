import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { Outcome } from '../problem.js'
import { watched } from './watched.js'

async function verify(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const report = await watched(call, api.value, api.value.send('/v1/verify'))
  if (!report.ok) return report
  return answer(report.value.value, (look) => {
    const records = report.value.count('records')
    return `${look.paint('green', 'verified')} ${records} records: every signature and link holds, and replaying them gives the live state\nhead: ${report.value.text('head')}`
  })
}

export const indexVerifyCommand: CommandSpec = {
  path: 'index verify',
  summary: 'read the whole index log again, check every signature, and compare with the live state',
  examples: ['capstan index verify'],
  run: verify,
}

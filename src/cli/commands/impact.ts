import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { renderImpact } from './impact-screen.js'
import { findProposal } from './proposal.js'

async function impact(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const found = await findProposal(api.value, call.word(0) ?? '')
  if (!found.ok) return found
  const shown = await api.value.read(`/v1/proposals/${found.value.raw('id')}/impact`)
  if (!shown.ok) return shown
  const { value } = shown
  return answer(value.value, (look) =>
    renderImpact(look, value.object('impact'), value.text('digest')),
  )
}

export const impactCommand: CommandSpec = provable(
  {
    path: 'impact',
    arguments: '<proposal>',
    summary:
      'what a proposal would do: who may call whom, who gains and loses names and certificates',
    details: [
      'As of now; `capstan vote --approve` shows the same and signs its digest. Says so where there is more than it looks at: 20,000 entries and rules, 300,000 names, 500 lines of each kind.',
      'New names that resemble one beside them are told (`looks like`), and signed with the rest.',
    ],
    examples: ['capstan impact pr4kx2'],
    run: impact,
  },
  'impact',
)

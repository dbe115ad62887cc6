import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { OperatorApi } from '../operator-api.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { renderImpact } from './impact-screen.js'
import { inboxThen } from './inbox.js'
import { atOption, questionPath } from './moment.js'
import { findProposal, isProposalId, waitingBeginning } from './proposal.js'
import { watched } from './watched.js'

async function impact(call: Invocation): Promise<Outcome<Answer>> {
  const api = await call.operator()
  if (!api.ok) return api
  const id = await idOf(call, api.value)
  if (!id.ok) return id
  const path = questionPath(call, `proposals/${id.value}/impact`, new URLSearchParams())
  const shown = await watched(call, api.value, api.value.read(path))
  if (!shown.ok) return shown
  const { value } = shown
  return answer(value.value, (look) =>
    renderImpact(look, value.object('impact'), value.text('digest')),
  )
}

/** The whole of it; of a proposal that waited then, where a moment is named. */
async function idOf(call: Invocation, api: OperatorApi): Promise<Outcome<string>> {
  const asked = call.word(0) ?? ''
  if (isProposalId(asked)) return { ok: true, value: asked }
  const found =
    call.text('at') === undefined
      ? await findProposal(api, asked)
      : await waitingBeginning(asked, () => inboxThen(call, api))
  return found.ok ? { ok: true, value: found.value.raw('id') } : found
}

export const impactCommand: CommandSpec = provable(
  {
    path: 'impact',
    arguments: '<proposal>',
    summary:
      'what a proposal would do: who may call whom, who gains and loses names and certificates',
    details: [
      'As of now; `capstan vote --approve` shows the same and signs its digest. Says so where there is more than it looks at: 20,000 entries and rules, 300,000 names, 500 lines of each kind.',
      'With --at: what a proposal that waited then would have done to the index of that moment. One that was opened in record 40 is in the index of 41 records.',
      'New names that resemble one beside them are told (`looks like`), and signed with the rest.',
    ],
    options: [atOption],
    examples: ['capstan impact pr4kx2', 'capstan impact pr4kx2 --at 40'],
    run: impact,
  },
  'impact',
)

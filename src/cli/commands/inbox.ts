import type { UnixSeconds } from '../../core/time.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import type { OperatorApi } from '../operator-api.js'
import type { Outcome } from '../problem.js'
import { provable } from '../proof/prove-by-log.js'
import { parseInstant } from '../screen/times.js'
import { isInEffect, renderBrakes } from './brake-screen.js'
import { formerIn, needsAttention, renderGrants } from './emergency-screen.js'
import { atOption, questionPath } from './moment.js'
import { deadlineOf, renderProposals } from './proposal-screen.js'
import { isToldRecovery, renderRecovery } from './recovery-screen.js'
import { watched } from './watched.js'

/** What there was, waiting or not, and the second in which it is looked at. */
interface Found {
  readonly now: UnixSeconds
  readonly proposals: readonly JsonReader[]
  readonly brakes: readonly JsonReader[]
  readonly recoveries: readonly JsonReader[]
  readonly grants: readonly JsonReader[]
  readonly former: readonly JsonReader[]
}

async function found(call: Invocation): Promise<Outcome<Found>> {
  const api = await call.operator()
  if (!api.ok) return api
  return call.text('at') === undefined ? foundNow(call, api.value) : foundThen(call, api.value)
}

async function foundNow(call: Invocation, api: OperatorApi): Promise<Outcome<Found>> {
  const proposals = await api.read('/v1/proposals')
  if (!proposals.ok) return proposals
  const brakes = await api.read('/v1/brakes')
  if (!brakes.ok) return brakes
  const recoveries = await api.read('/v1/recoveries')
  // A server of an earlier version has none.
  if (!recoveries.ok && recoveries.problem.code !== 'request.not-found') return recoveries
  const granted = await api.read('/v1/emergencies')
  if (!granted.ok && granted.problem.code !== 'request.not-found') return granted
  return {
    ok: true,
    value: {
      now: call.world.clock.now(),
      proposals: proposals.value.objects('proposals'),
      brakes: brakes.value.objects('brakes'),
      recoveries: recoveries.ok ? recoveries.value.objects('recoveries') : [],
      grants: granted.ok ? granted.value.objects('grants') : [],
      former: granted.ok ? formerIn(granted.value) : [],
    },
  }
}

/** All of the index as it was, in one answer. */
async function foundThen(call: Invocation, api: OperatorApi): Promise<Outcome<Found>> {
  const read = await inboxThen(call, api)
  if (!read.ok) return read
  const { value } = read
  return {
    ok: true,
    value: {
      now: parseInstant(value.raw('at')) ?? call.world.clock.now(),
      proposals: value.objects('proposals'),
      brakes: value.objects('brakes'),
      recoveries: value.objects('recoveries'),
      grants: value.objects('grants'),
      former: value.objects('former'),
    },
  }
}

/** What waited at the moment of `--at`. */
export const inboxThen = (call: Invocation, api: OperatorApi): Promise<Outcome<JsonReader>> =>
  watched(call, api, api.read(questionPath(call, 'inbox', new URLSearchParams())))

async function inbox(call: Invocation): Promise<Outcome<Answer>> {
  const all = await found(call)
  if (!all.ok) return all
  const { now } = all.value
  const voter = call.text('as')
  const proposals = all.value.proposals
    .filter((one) => voter === undefined || awaits(one, voter))
    .toSorted(byDeadline)
  const brakes = all.value.brakes.filter(isInEffect)
  const recoveries = all.value.recoveries.filter((one) => isToldRecovery(one, now))
  const grants = all.value.grants.filter(needsAttention)
  const { former } = all.value
  const json = {
    proposals: proposals.map(({ value }) => value),
    brakes: brakes.map(({ value }) => value),
    recoveries: recoveries.map(({ value }) => value),
    emergencies: grants.map(({ value }) => value),
    former: former.map(({ value }) => value),
  }
  return answer(json, (look) => {
    const parts = [
      ...recoveries.map((one) => renderRecovery(look, one)),
      renderProposals(look, proposals, voter),
      ...(brakes.length === 0 ? [] : [renderBrakes(look, brakes)]),
      ...(grants.length + former.length === 0 ? [] : [renderGrants(look, grants, former)]),
    ]
    return parts.join('\n\n')
  })
}

/** What is over first comes first; of one second, what was proposed first. */
function byDeadline(a: JsonReader, b: JsonReader): number {
  const [one, other] = [deadlineOf(a) ?? '', deadlineOf(b) ?? '']
  return one === other ? a.count('record') - b.count('record') : one < other ? -1 : 1
}

const awaits = (answered: JsonReader, voter: string): boolean =>
  answered.optionalObject('open')?.raws('awaits').includes(voter) === true

export const inboxCommand: CommandSpec = provable(
  {
    path: 'inbox',
    summary:
      'what waits for votes, the soonest deadline first, the brakes that are on, recoveries, and grants that were used',
    details: [
      'With --as also what the vote of this voter weighs. MISSING is what it takes beside the votes that there are.',
    ],
    options: [
      { flags: '--as <voter>', description: 'only what this voter has not voted about' },
      atOption,
    ],
    examples: ['capstan inbox', 'capstan inbox --as ann', 'capstan inbox --at 40'],
    run: inbox,
  },
  'inbox',
)

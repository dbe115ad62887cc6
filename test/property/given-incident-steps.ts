import fc from 'fast-check'
import { days, hours, minutes, plus, type Seconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { responsibleFor } from '../../src/namespace/decide.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Emergency } from '../../src/namespace/emergency/emergency.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { RecoveryStatement } from '../../src/namespace/recovery/recovery-statements.js'
import type { IndexState } from '../../src/namespace/state.js'
import { signedInvocation } from '../namespace/given-emergency.js'
import { cancellationStatement, Safe, signedRecovery } from '../namespace/given-recovery.js'
import { groupOf, TestVoter } from '../support/voters.js'

/** Two of these three recover; another uses grants, and nobody else knows their keys. */
const safe = new Safe()
const holders = [safe.r1, safe.r2, safe.r3]
const onCall = new TestVoter('h1')
const stranger = new TestVoter('ann')

export type IncidentStep =
  | { readonly do: 'recover'; readonly by: readonly number[]; readonly isForged: boolean }
  | { readonly do: 'cancel'; readonly who: number }
  | { readonly do: 'finish' }
  | { readonly do: 'use'; readonly by: 'ann' | 'bob' | 'h1' | 'forged'; readonly ttl: Seconds }
  | { readonly do: 'ratify' }

export const incidents: fc.Arbitrary<IncidentStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('recover' as const),
      by: fc.constantFrom([0], [0, 1], [1, 2], [0, 1, 2]),
      isForged: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), who: fc.nat(4) }),
  },
  { weight: 3, arbitrary: fc.constant<IncidentStep>({ do: 'finish' }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      by: fc.constantFrom<('ann' | 'bob' | 'h1' | 'forged')[]>('ann', 'h1', 'h1', 'bob', 'forged'),
      ttl: fc.constantFrom(minutes(1), hours(1), hours(2), hours(3)),
    }),
  },
  { weight: 3, arbitrary: fc.constant<IncidentStep>({ do: 'ratify' }) },
)

/** What the root's group has beside its voters. */
export function incidentTerms({ index, at }: IndexState): Partial<GroupTerms> {
  const { id, controller } = onCall
  const keys = [onCall.key(index, at, onCall, 'emergency')]
  const emergency: Emergency = {
    holders: [{ id, controller, keys }],
    grants: [
      {
        ...{ name: 'oncall', acts: ['allow'], under: '' as never, who: ['ann', 'h1'] },
        ...{ threshold: 1, longest: hours(2), coolDown: hours(1), uses: 3 },
      },
    ],
  }
  return { recovery: safe.set(index, at), emergency, brake: { ttl: days(1), perWeek: 3 } }
}

let made = 0
const nonce = (): string => (made += 1).toString(16).padStart(32, 'f')

/** Three others decide after it, one of whom may have voted before. */
export function recovery(
  { index, at, root }: IndexState,
  { by, isForged }: Extract<IncidentStep, { do: 'recover' }>,
  next: readonly TestVoter[],
  now: RecoveryStatement['created'],
): readonly Uint8Array[] {
  const named = by.map((at) => holders[at]!)
  const voters = next.map((one) => one.voter(index, at))
  return signedRecovery(isForged ? named.map(({ id }) => new TestVoter(id)) : named, {
    v: 1,
    index,
    subject: { alias: root.alias, uid: root.uid },
    base: { rev: root.rev, head: root.head },
    from: root.group?.rev ?? 0,
    group: groupOf(voters, { brake: { ttl: days(1), perWeek: 3 } }),
    holders: named.map(({ id }) => id),
    created: now,
    expires: plus(now, days(1)),
    nonce: nonce(),
  })
}

export const cancellation = (
  state: IndexState,
  by: TestVoter,
  now: RecoveryStatement['created'],
): readonly Uint8Array[] => [
  by.envelope(payloadTypes.cancellation, cancellationStatement(state, [by.id], now)),
]

/** Somebody lets one entry call another for a while. */
export function use(
  state: IndexState,
  { by, ttl }: Extract<IncidentStep, { do: 'use' }>,
  people: readonly TestVoter[],
  now: InvocationStatement['created'],
): readonly Uint8Array[] | undefined {
  const [entry, caller] = [state.entryByAlias('a/b' as never), state.entryByAlias('d/e' as never)]
  if (!entry || !caller) return undefined
  const subject = { alias: entry.alias, uid: entry.uid }
  const { uid, group } = responsibleFor(state, { op: 'entry.reactivate', subject })
  const id = by === 'forged' ? 'ann' : by
  const signer =
    by === 'forged' ? stranger : by === 'h1' ? onCall : people.find((one) => one.id === by)!
  return signedInvocation([signer], {
    v: 1,
    index: state.index,
    scope: { uid, rev: group.rev },
    grant: 'oncall',
    act: 'allow',
    subject,
    base: { rev: entry.rev, head: entry.head },
    call: { caller: caller.uid, ports: [[8080, 8080]], proto: 'http' },
    ttl,
    by: [id],
    reason: 'incident 7',
    created: now,
    expires: plus(now, hours(1)),
    nonce: nonce(),
  })
}

export const ratification = (seq: number): ChangeRequest => ({
  op: 'emergency.ratify',
  alias: '',
  use: seq,
})

import type { Alias } from '../../src/core/alias.js'
import { hours, plus } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { responsibleFor } from '../../src/namespace/decide.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { Emergency, EmergencyGrant } from '../../src/namespace/emergency/emergency.js'
import type { InvocationStatement } from '../../src/namespace/emergency/emergency-statements.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import { TestVoter } from '../support/voters.js'
import { type GivenGroup, givenGroup } from './given-group.js'
import { owner } from './given-index.js'

let made = 0

export const onCall: EmergencyGrant = {
  name: 'oncall',
  acts: ['allow', 'reactivate'],
  under: 'shop' as Alias,
  who: ['ann', 'h1'],
  threshold: 1,
  longest: hours(2),
  coolDown: hours(3),
  uses: 3,
}

/** Two people, one of whom may be a voter. */
export const pair: EmergencyGrant = {
  ...onCall,
  name: 'pair',
  acts: ['allow'],
  who: ['bob', 'h1', 'h2'],
  threshold: 2,
}

export interface GivenEmergency extends GivenGroup {
  readonly h1: TestVoter
  readonly h2: TestVoter
}

const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never

/** A shop with two entries that nothing allows to call each other, and grants for incidents. */
export async function givenEmergency(
  more: Partial<GroupTerms> = {},
  grants: readonly EmergencyGrant[] = [onCall, pair],
  ...requests: readonly ChangeRequest[]
): Promise<GivenEmergency> {
  const given = await givenGroup(
    { brake: { ttl: hours(24), perWeek: 10 }, ...more },
    { op: 'scope.create', alias: 'shop' },
    { op: 'entry.create', alias: 'shop/web', owner, envelope: open },
    { op: 'entry.create', alias: 'shop/api', owner, envelope: open },
    { op: 'entry.create', alias: 'other', owner, envelope: open },
    ...requests,
  )
  const [h1, h2] = [new TestVoter('h1'), new TestVoter('h2', 'ES256')]
  const { index, root, at } = given.index.state
  const { rev: _rev, ...group } = root.group!
  const named = [h1, h2].filter(({ id }) => grants.some(({ who }) => who.includes(id)))
  const holders = named.map((one) => {
    const { id, controller } = one
    return { id, controller, keys: [one.key(index, at, one, 'emergency')] }
  })
  const emergency: Emergency = { ...(holders.length > 0 && { holders }), grants }
  await given.agreed({ op: 'group.set', alias: '', group: { ...group, emergency } })
  return { ...given, h1, h2 }
}

export interface AskedUse {
  readonly grant?: string
  readonly alias: string
  readonly act: 'allow' | 'reactivate'
  readonly caller?: string
}

/** What those sign who use a grant, about the entry as it is. */
export function invocation(
  given: GivenGroup,
  by: readonly TestVoter[],
  { grant = 'oncall', alias, act, caller = 'shop/web' }: AskedUse,
  more: Partial<InvocationStatement> = {},
): InvocationStatement {
  const { state } = given.index
  const entry = given.entry(alias)
  const subject = { alias: entry.alias, uid: entry.uid }
  const { uid, group } = responsibleFor(state, { op: 'entry.reactivate', subject })
  const at = given.now()
  return {
    v: 1,
    index: state.index,
    scope: { uid, rev: group.rev },
    grant,
    act,
    subject,
    base: { rev: entry.rev, head: entry.head },
    ...(act === 'allow' && {
      call: { caller: given.entry(caller).uid, ports: [[8080, 8080]], proto: 'http' as const },
    }),
    ttl: hours(1),
    by: by.map(({ id }) => id).sort(),
    reason: 'incident 7',
    created: at,
    expires: plus(at, hours(1)),
    nonce: (made += 1).toString(16).padStart(32, '0'),
    ...more,
  }
}

export const signedInvocation = (
  by: readonly TestVoter[],
  statement: InvocationStatement,
): readonly Uint8Array[] =>
  [...by]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((one) => one.envelope(payloadTypes.emergency, statement))

export const invocationBy = (
  given: GivenGroup,
  by: readonly TestVoter[],
  asked: AskedUse,
  more: Partial<InvocationStatement> = {},
): readonly Uint8Array[] => signedInvocation(by, invocation(given, by, asked, more))

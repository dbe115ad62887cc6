import type { Alias } from '../../src/core/alias.js'
import { days, hours, plus, type UnixSeconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { RecoverySet } from '../../src/namespace/recovery/recovery.js'
import type {
  CancellationStatement,
  RecoveryStatement,
} from '../../src/namespace/recovery/recovery-statements.js'
import type { IndexState } from '../../src/namespace/state.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { type GivenGroup, givenGroup } from './given-group.js'

let made = 0
const nonce = (): string => (made += 1).toString(16).padStart(32, '0')

export const DELAY = hours(72)
export const brake = { ttl: days(1), perWeek: 3 }

/** Three who keep keys in safes, of whom two recover. */
export class Safe {
  readonly r1 = new TestVoter('r1')
  readonly r2 = new TestVoter('r2', 'ES256')
  readonly r3 = new TestVoter('r3')

  set(index: string, from: UnixSeconds, more: Partial<RecoverySet> = {}): RecoverySet {
    const holders = [this.r1, this.r2, this.r3].map((one) => one.holder(index, from))
    return { holders, threshold: 2, delay: DELAY, ...more }
  }
}

export interface GivenRecovery extends GivenGroup {
  readonly safe: Safe
  /** Who is to decide after it. */
  readonly dan: TestVoter
  readonly eve: TestVoter
  readonly fay: TestVoter
}

/** The group of three, with a recovery set beside it. */
export async function givenRecovery(
  more: Partial<GroupTerms> = {},
  ...requests: readonly ChangeRequest[]
): Promise<GivenRecovery> {
  const given = await givenGroup({ brake, ...more }, ...requests)
  const safe = new Safe()
  const { index, root, at } = given.index.state
  const { rev: _rev, ...group } = root.group ?? groupless()
  const recovery = safe.set(index, at)
  await given.agreed({ op: 'group.set', alias: '', group: { ...group, recovery } })
  const [dan, eve, fay] = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id)) as Three
  return { ...given, safe, dan, eve, fay }
}

type Three = [TestVoter, TestVoter, TestVoter]

const groupless = () => {
  throw new Error('no group')
}

/** The group that a recovery is to make: three others, of whom two decide. */
export const newGroup = (
  { index, dan, eve, fay }: GivenRecovery,
  more: Partial<GroupTerms> = {},
): RecoveryStatement['group'] => {
  const voters = [dan, eve, fay].map((one) => one.voter(index.state.index, index.state.at))
  const { proposers } = index.state.root.group ?? {}
  const { recovery: _none, ...group } = groupOf(voters, {
    brake,
    ...(proposers && { proposers }),
    ...more,
  })
  return group
}

/** What holders sign, about the scope as it is. */
export function recoveryStatement(
  given: GivenRecovery,
  holders: readonly string[],
  { at, ...more }: Partial<RecoveryStatement> & { readonly at: UnixSeconds },
): RecoveryStatement {
  const { state } = given.index
  const scope = state.root
  return {
    v: 1,
    index: state.index,
    subject: { alias: scope.alias, uid: scope.uid },
    base: { rev: scope.rev, head: scope.head },
    from: scope.group?.rev ?? 0,
    group: newGroup(given),
    holders: [...holders].sort(),
    created: at,
    expires: plus(at, days(1)),
    nonce: nonce(),
    ...more,
  }
}

const inOrder = (by: readonly TestVoter[]): readonly TestVoter[] =>
  [...by].sort((a, b) => (a.id < b.id ? -1 : 1))

export const idsOf = (by: readonly TestVoter[]): readonly string[] =>
  inOrder(by).map(({ id }) => id)

/** The same octets, signed by each of them. */
export const signedRecovery = (
  by: readonly TestVoter[],
  statement: RecoveryStatement,
): readonly Uint8Array[] => inOrder(by).map((one) => one.envelope(payloadTypes.recovery, statement))

export const recoveryBy = (
  given: GivenRecovery,
  by: readonly TestVoter[],
  more: Partial<RecoveryStatement> = {},
): readonly Uint8Array[] =>
  signedRecovery(by, recoveryStatement(given, idsOf(by), { at: given.now(), ...more }))

/** What voters sign who stop the recovery of a scope that is under way. */
export function cancellationStatement(
  state: IndexState,
  voters: readonly string[],
  at: UnixSeconds,
  alias = '',
): CancellationStatement {
  const scope = alias === '' ? state.root : state.scopeByAlias(alias as Alias)
  if (!scope) throw new Error(`no scope ${alias}`)
  return {
    v: 1,
    index: state.index,
    subject: { alias: scope.alias, uid: scope.uid },
    from: scope.group?.rev ?? 0,
    recovery: scope.recovery?.statement ?? '0'.repeat(64),
    voters: [...voters].sort(),
    created: at,
    expires: plus(at, days(1)),
    nonce: nonce(),
  }
}

export const cancellationBy = (
  given: GivenGroup,
  by: readonly TestVoter[],
  more: Partial<CancellationStatement> = {},
): readonly Uint8Array[] => {
  const statement = {
    ...cancellationStatement(given.index.state, idsOf(by), given.now()),
    ...more,
  }
  return inOrder(by).map((one) => one.envelope(payloadTypes.cancellation, statement))
}

/** Digest of what is signed in an envelope. */
export const digestIn = (envelope: Uint8Array | undefined): string =>
  (envelope && open(envelope)?.digest) ?? ''

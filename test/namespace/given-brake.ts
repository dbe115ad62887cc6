import type { Alias } from '../../src/core/alias.js'
import { hours, plus, type UnixSeconds } from '../../src/core/time.js'
import { responsibleFor, subjectOf } from '../../src/namespace/decide.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import type { IndexState } from '../../src/namespace/state.js'
import type { BrakeStatement } from '../../src/namespace/statements.js'
import type { TestVoter } from '../support/voters.js'

let made = 0

export interface Target {
  readonly alias: string
  readonly rule?: string
  readonly voter?: string
}

/** What voters sign to brake something. */
export function brakeStatement(
  state: IndexState,
  voters: readonly string[],
  { alias, rule, voter }: Target,
  at: UnixSeconds,
): BrakeStatement {
  const name = alias as Alias
  const object = alias === '' ? state.root : (state.entryByAlias(name) ?? state.scopeByAlias(name))
  if (!object) throw new Error(`no ${alias}`)
  const subject = { alias: object.alias, uid: object.uid }
  const op = voter === undefined ? 'entry.suspend' : 'voter.reinstate'
  const { uid, group } = responsibleFor(state, { op, subject })
  const before = subjectOf(state, { subject })
  return {
    v: 1,
    index: state.index,
    subject,
    base: { rev: before?.rev ?? 0, head: before?.head ?? '' },
    ...(rule !== undefined && { rule }),
    ...(voter !== undefined && { voter }),
    scope: { uid, rev: group.rev },
    voters: [...voters].sort(),
    ttl: hours(2),
    created: at,
    expires: plus(at, hours(1)),
    nonce: (made += 1).toString(16).padStart(32, '0'),
  }
}

/** The same octets, signed by each of them, in the order of their ids. */
export const signedBrake = (
  by: readonly TestVoter[],
  statement: BrakeStatement,
): readonly Uint8Array[] =>
  [...by]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((voter) => voter.envelope(payloadTypes.brake, statement))

export const brakeBy = (
  state: IndexState,
  by: readonly TestVoter[],
  target: Target,
  { at, ...more }: Partial<BrakeStatement> & { readonly at: UnixSeconds },
): readonly Uint8Array[] =>
  signedBrake(by, {
    ...brakeStatement(
      state,
      by.map(({ id }) => id),
      target,
      at,
    ),
    ...more,
  })

import type { Alias } from '../../core/alias.js'
import { parseCanonical } from '../../core/canonical-json.js'
import { days, plus, toIso, type UnixSeconds } from '../../core/time.js'
import { sha256Hex, type Uid } from '../../core/uid.js'
import { isShapedLike } from '../../namespace/change-request.js'
import { completed } from '../../namespace/default-group.js'
import { payloadTypes, preAuthEncoding } from '../../namespace/dsse.js'
import type { Group } from '../../namespace/group.js'
import { groupRequest } from '../../namespace/group-schema.js'
import type { GroupRequest } from '../../namespace/operation.js'
import { cancellationSchema, recoverySchema } from '../../namespace/recovery/recovery-schema.js'
import type {
  CancellationStatement,
  RecoveryStatement,
} from '../../namespace/recovery/recovery-statements.js'

import type { JsonReader } from '../json-reader.js'
import { type OperatorApi, segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'

interface Asked {
  readonly alias: Alias
  /** Ids of all who will sign. */
  readonly by: readonly string[]
  readonly why: Readonly<Record<string, string>>
  readonly at: UnixSeconds
  /** 16 octets. */
  readonly nonce: Uint8Array
}

/** The scope as the server has it now, and what it has of a group. */
interface Found {
  readonly scope: JsonReader
  readonly group: JsonReader
  readonly common: Omit<CancellationStatement, 'recovery' | 'voters' | 'reason' | 'ticket'>
}

async function found(api: OperatorApi, { alias, at, nonce }: Asked): Promise<Outcome<Found>> {
  const status = await api.read('/v1/status')
  if (!status.ok) return status
  const asked = await api.read(`/v1/scopes/${segment(alias)}`)
  if (!asked.ok) return asked
  const scope = asked.value
  // Whoever answers chooses what is signed; it is about what was named, or it is not signed.
  if (scope.raw('alias') !== alias || !scope.raw('uid').startsWith('s')) {
    return usage('this is not the scope that you named', {
      wanted: alias || '/',
      found: scope.text('alias') || '/',
    })
  }
  const group = scope.optionalObject('group')
  if (!group) {
    return usage('those above decide about this scope', {
      wanted: 'a scope with voters of its own',
      next: `capstan group show ${alias || '/'}`,
    })
  }
  const common = {
    v: 1 as const,
    index: status.value.object('index').raw('id'),
    subject: { alias, uid: scope.raw('uid') as Uid },
    from: group.count('rev'),
    created: at,
    // Keys of a recovery set are in safes, and in different places.
    expires: plus(at, days(7)),
    nonce: Buffer.from(nonce).toString('hex'),
  }
  return { ok: true, value: { scope, group, common } }
}

/** What only those who decide may say of their group. */
const notSaid = ['recovery', 'emergency']

const sorted = (ids: readonly string[]): readonly string[] => [...new Set(ids)].sort()

/** What a recovery set signs: of the scope and its group as the server has them now. */
export async function recoveryStatement(
  api: OperatorApi,
  asked: Asked & { readonly group: Readonly<Record<string, unknown>> },
): Promise<Outcome<RecoveryStatement>> {
  const about = await found(api, asked)
  if (!about.ok) return about
  const { scope, group: before, common } = about.value
  const unsaid = notSaid.find((name) => Object.hasOwn(asked.group, name))
  if (unsaid !== undefined) {
    return usage(`a recovery says nothing of ${unsaid}`, {
      wanted: `a group without ${unsaid}: what the scope has named stays`,
      next: 'those who vote then may change it: capstan group set',
    })
  }
  if (!isShapedLike(groupRequest, asked.group)) {
    return usage('this is no group', {
      wanted: '--voter FILE for each, or -f FILE with a list of them',
      next: 'capstan voter enrol',
    })
  }
  const request = asked.group as unknown as GroupRequest
  // A recovery names no grants: who may use them is for the voters that it gives.
  const { emergency: _over, ...known } = before.value as unknown as Group
  const { recovery: _stays, ...group } = completed(request, known)
  const statement: RecoveryStatement = {
    ...common,
    base: { rev: scope.count('rev'), head: scope.raw('head') },
    group,
    holders: sorted(asked.by),
    ...asked.why,
  }
  return isShapedLike(recoverySchema, statement)
    ? { ok: true, value: statement }
    : usage('this is no recovery', { wanted: 'a whole group, and the ids of holders' })
}

/** What voters sign who stop the recovery that is under way. */
export async function cancellationStatement(
  api: OperatorApi,
  asked: Asked,
): Promise<Outcome<CancellationStatement>> {
  const about = await found(api, asked)
  if (!about.ok) return about
  const begun = await api.read('/v1/recoveries')
  if (!begun.ok) return begun
  const { common } = about.value
  const recovery = begun.value
    .objects('recoveries')
    .find((one) => one.object('scope').raw('uid') === common.subject.uid)
  if (!recovery) {
    return usage('no recovery of this scope is under way', { next: 'capstan recovery show' })
  }
  const statement: CancellationStatement = {
    ...common,
    recovery: recovery.raw('statement'),
    voters: sorted(asked.by),
    ...asked.why,
  }
  return isShapedLike(cancellationSchema, statement)
    ? { ok: true, value: statement }
    : usage('this stops nothing', { wanted: 'the ids of voters' })
}

/** What somebody else signed too. */
export type ToSign =
  | { readonly kind: 'recovery'; readonly statement: RecoveryStatement; readonly digest: string }
  | { readonly kind: 'cancellation'; readonly statement: CancellationStatement }

/** The statement in an envelope that somebody else signed, octet for octet; at `now`. */
export function recoveryToSign(envelope: JsonReader, now: UnixSeconds): Outcome<ToSign> {
  const octets = Buffer.from(envelope.raw('payload'), 'base64')
  const parsed = parseCanonical(octets)
  const type = envelope.raw('payloadType')
  const value = parsed.ok ? parsed.value : undefined
  const toSign = ((): ToSign | undefined => {
    if (type === payloadTypes.recovery && isShapedLike(recoverySchema, value)) {
      const digest = sha256Hex(preAuthEncoding(type, octets))
      return { kind: 'recovery', statement: value as unknown as RecoveryStatement, digest }
    }
    return type === payloadTypes.cancellation && isShapedLike(cancellationSchema, value)
      ? { kind: 'cancellation', statement: value as unknown as CancellationStatement }
      : undefined
  })()
  if (!toSign) {
    return usage('this is no signed recovery', {
      wanted: 'what capstan recovery start or capstan recovery cancel printed',
    })
  }
  const { expires } = toSign.statement
  if (now <= expires) return { ok: true, value: toSign }
  return usage('it is too late to sign this', {
    wanted: `a time up to ${toIso(expires)}`,
    found: toIso(now),
    next: 'have it made again',
  })
}

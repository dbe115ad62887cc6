import type { Alias } from '../../core/alias.js'
import { parseCanonical } from '../../core/canonical-json.js'
import { hours, plus, type Seconds, toIso, type UnixSeconds } from '../../core/time.js'
import type { Uid, UidKind } from '../../core/uid.js'
import { brakeSchema } from '../../namespace/brake-schema.js'
import { isShapedLike } from '../../namespace/change-request.js'
import { payloadTypes } from '../../namespace/dsse.js'
import type { BrakeStatement } from '../../namespace/statements.js'
import type { JsonReader } from '../json-reader.js'
import { type OperatorApi, segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'

export interface AskedBrake {
  readonly alias: Alias
  readonly rule: string | undefined
  readonly voter: string | undefined
  readonly ttl: Seconds
  /** Ids of all who will sign. */
  readonly voters: readonly string[]
  readonly why: Readonly<Record<string, string>>
  readonly at: UnixSeconds
  /** 16 octets. */
  readonly nonce: Uint8Array
}

/** What voters sign: about the subject and the group as the server has them now. */
export async function brakeStatement(
  api: OperatorApi,
  asked: AskedBrake,
): Promise<Outcome<BrakeStatement>> {
  const { alias, rule, voter, ttl, voters, why, at, nonce } = asked
  const status = await api.read('/v1/status')
  if (!status.ok) return status
  const listed = await api.read('/v1/scopes')
  if (!listed.ok) return listed
  const scopes = listed.value.objects('scopes')
  const scope = scopes.find((one) => one.raw('alias') === alias && one.raw('state') !== 'retired')
  const subject = scope
    ? { ok: true as const, value: scope }
    : await api.read(`/v1/entries/${segment(alias)}`)
  if (!subject.ok) return subject
  const meant = isWhatWasMeant(asked, subject.value, scope ? 's' : 'e')
  if (!meant.ok) return meant
  const by = await decidingAbout(api, subject.value, { scope, voter })
  if (!by.ok) return by
  const deciding = scopes.find(
    (one) => one.raw('alias') === by.value && one.raw('state') !== 'retired',
  )
  const group = deciding?.optionalObject('group')
  if (!deciding || !group) {
    return usage('nobody decides about this', { wanted: 'a scope with voters of its own' })
  }
  const statement: BrakeStatement = {
    v: 1,
    index: status.value.object('index').raw('id'),
    subject: {
      alias: subject.value.raw('alias') as Alias,
      uid: subject.value.raw('uid') as Uid,
    },
    base: { rev: subject.value.count('rev'), head: subject.value.raw('head') },
    ...(rule !== undefined && { rule }),
    ...(voter !== undefined && { voter }),
    scope: { uid: deciding.raw('uid') as Uid, rev: group.count('rev') },
    voters: [...new Set(voters)].sort(),
    ttl,
    ...why,
    created: at,
    expires: plus(at, voters.length > 1 ? hours(24) : hours(1)),
    nonce: Buffer.from(nonce).toString('hex'),
  }
  // The server may have answered anything: no more is signed than has the shape of a brake.
  return isShapedLike(brakeSchema, statement)
    ? { ok: true, value: statement }
    : usage('this is no brake', { wanted: 'the id of a rule or a voter, and 1m to 24h' })
}

/** Whoever answers chooses what is signed; it is about what was asked for, or it is not signed. */
function isWhatWasMeant(
  { alias, rule, voter }: Pick<AskedBrake, 'alias' | 'rule' | 'voter'>,
  subject: JsonReader,
  kind: UidKind,
): Outcome<undefined> {
  const [found, uid] = [subject.raw('alias'), subject.raw('uid')]
  if (found !== alias) {
    return usage('this is not what you named: it was renamed, or the server answers wrongly', {
      wanted: alias || '/',
      found: subject.text('alias') || '/',
      next: `capstan brake ${subject.text('alias') || '/'}, if that is what you mean`,
    })
  }
  if (uid.startsWith(kind) && fits({ rule, voter }, uid)) return { ok: true, value: undefined }
  return usage('what you named is of another kind', {
    wanted: rule !== undefined ? 'an entry' : voter !== undefined ? 'a scope' : kinds[kind],
    found: subject.text('uid'),
  })
}

const kinds = { s: 'a scope', e: 'an entry', c: 'a cluster' } as const

/** Rules are of entries, voters of scopes; and nothing else has a brake. */
const fits = ({ rule, voter }: Partial<Pick<AskedBrake, 'rule' | 'voter'>>, uid: string): boolean =>
  (uid.startsWith('e') && voter === undefined) || (uid.startsWith('s') && rule === undefined)

/** Alias of the scope whose voters may brake it; of a voter, their own. */
async function decidingAbout(
  api: OperatorApi,
  subject: JsonReader,
  { scope, voter }: { readonly scope: JsonReader | undefined; readonly voter: string | undefined },
): Promise<Outcome<string>> {
  if (scope && voter !== undefined) return { ok: true, value: scope.raw('alias') }
  const op = scope ? 'scope.suspend' : 'entry.suspend'
  const about = `alias=${encodeURIComponent(subject.raw('alias'))}&op=${op}`
  const authority = await api.read(`/v1/authority?${about}`)
  return authority.ok ? { ok: true, value: authority.value.raw('scope') } : authority
}

/** The statement in an envelope that somebody else signed, octet for octet; at `now`. */
export function brakeToSign(envelope: JsonReader, now: UnixSeconds): Outcome<BrakeStatement> {
  const octets = Buffer.from(envelope.raw('payload'), 'base64')
  const parsed = parseCanonical(octets)
  const isBrake = envelope.raw('payloadType') === payloadTypes.brake
  if (!isBrake || !parsed.ok || !isShapedLike(brakeSchema, parsed.value)) {
    return usage('this is no signed brake', { wanted: 'what capstan brake --detached prints' })
  }
  const value = parsed.value as unknown as BrakeStatement
  if (!fits(value, value.subject.uid)) {
    return usage('nothing has such a brake', {
      wanted: 'an entry or a scope, a rule of an entry, or a voter of a scope',
      found: value.subject.uid,
    })
  }
  if (now <= value.expires) return { ok: true, value }
  return usage('it is too late to sign this brake', {
    wanted: `a time up to ${toIso(value.expires)}`,
    found: toIso(now),
    next: 'capstan brake, again',
  })
}

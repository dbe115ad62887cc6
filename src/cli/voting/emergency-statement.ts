import type { Alias } from '../../core/alias.js'
import { parseCanonical } from '../../core/canonical-json.js'
import { hours, plus, type Seconds, toIso, type UnixSeconds } from '../../core/time.js'
import { isShapedLike } from '../../namespace/change-request.js'
import { payloadTypes } from '../../namespace/dsse.js'
import type { EmergencyAct } from '../../namespace/emergency/emergency.js'
import { invocationSchema } from '../../namespace/emergency/emergency-schema.js'
import type { InvocationStatement } from '../../namespace/emergency/emergency-statements.js'
import type { JsonReader } from '../json-reader.js'
import { type OperatorApi, segment } from '../operator-api.js'
import { type Outcome, usage } from '../problem.js'

export interface AskedEmergency {
  readonly grant: string
  readonly alias: Alias
  readonly act: EmergencyAct
  /** Of `allow`: who may call, as the options of a rule say it: `{callers, ports, proto?, routes?}`. */
  readonly rule: Readonly<Record<string, unknown>> | undefined
  readonly ttl: Seconds
  /** Ids of all who will sign. */
  readonly by: readonly string[]
  readonly drill: boolean
  readonly why: Readonly<Record<string, string>>
  readonly at: UnixSeconds
  /** 16 octets. */
  readonly nonce: Uint8Array
}

/** What is signed to use a grant: about the entry and the group as the server has them now. */
export async function invocationStatement(
  api: OperatorApi,
  asked: AskedEmergency,
): Promise<Outcome<InvocationStatement>> {
  const status = await api.read('/v1/status')
  if (!status.ok) return status
  const entry = await entryOf(api, asked.alias)
  if (!entry.ok) return entry
  const call = await callOf(api, asked)
  if (!call.ok) return call
  const about = `alias=${encodeURIComponent(asked.alias)}&op=entry.reactivate`
  const authority = await api.read(`/v1/authority?${about}`)
  if (!authority.ok) return authority
  const deciding = await api.read(`/v1/scopes/${segment(authority.value.raw('scope'))}`)
  if (!deciding.ok) return deciding
  const group = deciding.value.optionalObject('group')
  if (!group) {
    return usage('nobody decides about this', { wanted: 'a scope with voters of its own' })
  }
  const { grant, act, ttl, by, drill, why, at, nonce } = asked
  const statement = {
    v: 1,
    index: status.value.object('index').raw('id'),
    scope: { uid: deciding.value.raw('uid'), rev: group.count('rev') },
    grant,
    act,
    subject: { alias: asked.alias, uid: entry.value.raw('uid') },
    base: { rev: entry.value.count('rev'), head: entry.value.raw('head') },
    ...(call.value && { call: call.value }),
    ttl,
    by: [...new Set(by)].sort(),
    ...(drill && { drill: true }),
    ...why,
    created: at,
    expires: plus(at, by.length > 1 ? hours(24) : hours(1)),
    nonce: Buffer.from(nonce).toString('hex'),
  }
  // The server may have answered anything: no more is signed than has the shape of a use.
  return isShapedLike(invocationSchema, statement)
    ? { ok: true, value: statement as unknown as InvocationStatement }
    : usage('this is no use of a grant', {
        wanted: 'the name of a grant, an entry, 1m to 4h, ids of those who sign, and a reason',
      })
}

/** Whoever answers chooses what is signed; it is about what was named, or it is not signed. */
async function entryOf(api: OperatorApi, alias: string): Promise<Outcome<JsonReader>> {
  const found = await api.read(`/v1/entries/${segment(alias)}`)
  if (!found.ok) return found
  const isIt = found.value.raw('alias') === alias && found.value.raw('uid').startsWith('e')
  return isIt
    ? found
    : usage('this is not the entry that you named: it was renamed, or the server answers wrongly', {
        wanted: alias,
        found: found.value.text('alias'),
      })
}

async function callOf(
  api: OperatorApi,
  { act, rule }: AskedEmergency,
): Promise<Outcome<Readonly<Record<string, unknown>> | undefined>> {
  if (act !== 'allow') return { ok: true, value: undefined }
  const { callers, proto = 'http', ...terms } = rule ?? {}
  const [caller, ...more] = Array.isArray(callers) ? (callers as readonly unknown[]) : []
  if (typeof caller !== 'string' || more.length > 0) {
    return usage('one entry is allowed to call', { wanted: '--caller ALIAS, once, and --port' })
  }
  const entry = await entryOf(api, caller)
  if (!entry.ok) return entry
  return { ok: true, value: { ...terms, proto, caller: entry.value.raw('uid') } }
}

/** The statement in an envelope that somebody else signed, octet for octet; at `now`. */
export function invocationToSign(
  envelope: JsonReader,
  now: UnixSeconds,
): Outcome<InvocationStatement> {
  const parsed = parseCanonical(Buffer.from(envelope.raw('payload'), 'base64'))
  const isOne = envelope.raw('payloadType') === payloadTypes.emergency
  if (!isOne || !parsed.ok || !isShapedLike(invocationSchema, parsed.value)) {
    return usage('this is no signed use of a grant', {
      wanted: 'what capstan emergency invoke printed',
    })
  }
  const value = parsed.value as unknown as InvocationStatement
  if (now <= value.expires) return { ok: true, value }
  return usage('it is too late to sign this', {
    wanted: `a time up to ${toIso(value.expires)}`,
    found: toIso(now),
    next: 'capstan emergency invoke, again',
  })
}

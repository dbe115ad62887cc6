import { timingSafeEqual } from 'node:crypto'
import type { Alias } from '../core/alias.js'
import type { JoinTokenFacts } from '../attestation/facts.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { between, plus, type RandomBytes, type Seconds, type UnixSeconds } from '../core/time.js'
import { base32, sha256, type Uid } from '../core/uid.js'
import type { JoinTokenStore, Spend } from './ports.js'

/** A join token just made: the only moment at which its text exists on this side. */
export interface NewJoinToken {
  readonly id: string
  /** `jt1.<id>.<secret>`; shown once, never stored, never logged. */
  readonly token: string
  readonly alias: Alias
  readonly expiresAt: UnixSeconds
}

/** id: 10 octets in base32; secret: 32 octets in base64url. */
const GRAMMAR = /^jt1\.([a-z2-7]{16})\.([A-Za-z0-9_-]{43})$/
const ID_OCTETS = 10
const SECRET_OCTETS = 32
const MAX_LIFETIME = 86_400

export type JoinTokenRefusal = Refusal<'evidence.not-accepted'>

/** One answer for malformed, unknown, wrong, used and expired: a guess learns nothing. */
const notAccepted = (): { readonly ok: false; readonly refusal: JoinTokenRefusal } =>
  refuse('evidence.not-accepted', 'the join token is not valid', {
    wanted: 'a join token that is unused and not expired',
    next: 'ask for a new one: capstan token create ALIAS --ttl 10m',
  })

export async function createJoinToken(
  deps: { readonly tokens: JoinTokenStore; readonly random: RandomBytes },
  entry: { readonly uid: Uid; readonly alias: Alias },
  ttl: Seconds,
  now: UnixSeconds,
): Promise<Result<NewJoinToken, Refusal<'request.malformed'>>> {
  if (ttl < 1 || ttl > MAX_LIFETIME) {
    return refuse('request.malformed', 'a join token lives between 1 second and 24 hours', {
      wanted: '1 s to 24 h',
      found: `${ttl} s`,
    })
  }
  const id = base32(deps.random(ID_OCTETS))
  const secret = deps.random(SECRET_OCTETS)
  const expiresAt = plus(now, ttl)
  await deps.tokens.create({
    id,
    secretSha256: Buffer.from(sha256(secret)).toString('hex'),
    entry: entry.uid,
    createdAt: now,
    expiresAt,
  })
  const token = `jt1.${id}.${Buffer.from(secret).toString('base64url')}`
  return ok({ id, token, alias: entry.alias, expiresAt })
}

/** Token text -> the entry it was made for. It is used up later, by the append that records the leaf. */
export async function attestJoinToken(
  tokens: Pick<JoinTokenStore, 'find'>,
  text: string,
  now: UnixSeconds,
): Promise<Result<{ facts: JoinTokenFacts; spend: Spend }, JoinTokenRefusal>> {
  const [, id, secret] = GRAMMAR.exec(text) ?? []
  if (id === undefined || secret === undefined) return notAccepted()
  const presented = Buffer.from(secret, 'base64url')
  // Node ignores stray trailing bits: only the one spelling that encodes back is the token.
  if (presented.toString('base64url') !== secret) return notAccepted()
  const stored = await tokens.find(id)
  // An unknown id is compared too, so that time does not tell it from a wrong secret.
  const expected = stored ? Buffer.from(stored.secretSha256, 'hex') : Buffer.alloc(SECRET_OCTETS)
  const matches = timingSafeEqual(sha256(presented), expected)
  if (!stored || !matches) return notAccepted()
  if (stored.usedAt !== null || between(now, stored.expiresAt) <= 0) return notAccepted()
  return ok({
    facts: { kind: 'join-token', entry: stored.entry, tokenId: id },
    spend: { kind: 'join-token', id },
  })
}

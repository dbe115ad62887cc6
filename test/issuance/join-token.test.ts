import { beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import type { Alias } from '../../src/core/alias.js'
import { plus, seconds, type UnixSeconds } from '../../src/core/time.js'
import {
  attestJoinToken,
  createJoinToken,
  type NewJoinToken,
} from '../../src/issuance/join-token.js'
import { valueOf } from '../ca/given-authorities.js'
import { leaf } from '../contract/given-store.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { countedRandom } from '../support/random.js'
import { web } from './given-issued.js'

const TTL = seconds(600)
const to = { uid: web, alias: 'web' as Alias }
let store: MemoryStore
let made: NewJoinToken

const create = (ttl: number) => {
  const random = countedRandom(String(ttl))
  return createJoinToken({ tokens: store.joinTokens, random }, to, seconds(ttl), T0)
}
const attest = (text: string, now: UnixSeconds = T0) => attestJoinToken(store.joinTokens, text, now)

beforeEach(async () => {
  store = new MemoryStore()
  made = valueOf(await create(TTL))
})

describe('createJoinToken', () => {
  it('stores a digest of the secret, and shows the secret once', async () => {
    const [, id = '', secret = ''] =
      /^jt1\.([a-z2-7]{16})\.([A-Za-z0-9_-]{43})$/.exec(made.token) ?? []
    expect(made).toEqual({ id, token: made.token, alias: 'web', expiresAt: T0 + TTL })
    expect(await store.joinTokens.find(id)).toEqual({
      id,
      secretSha256: createHash('sha256').update(Buffer.from(secret, 'base64url')).digest('hex'),
      entry: web,
      createdAt: T0,
      expiresAt: T0 + TTL,
      usedAt: null,
    })
  })

  it.each([1, 86_400])('makes one of %d seconds', async (ttl) => {
    expect(await create(ttl)).toMatchObject({ ok: true, value: { expiresAt: T0 + ttl } })
  })

  it.each([-1, 0, 86_401])('makes none of %d seconds', async (ttl) => {
    expect(await create(ttl)).toMatchObject({ refusal: { code: 'request.malformed' } })
    expect(await store.joinTokens.list(10)).toHaveLength(1)
  })
})

describe('attestJoinToken', () => {
  it('says for which entry it was made, and what issuing uses up, until its last second', async () => {
    const { id } = made
    expect(await attest(made.token, plus(T0, seconds(TTL - 1)))).toEqual({
      ok: true,
      value: {
        facts: { kind: 'join-token', entry: web, tokenId: id },
        spend: { kind: 'join-token', id },
      },
    })
  })

  it('gives one answer to everything else', async () => {
    const [, id = '', secret = ''] = made.token.split('.')
    const other = valueOf(await create(60)).token.split('.')
    const lastLetter = String.fromCharCode(secret.charCodeAt(42) + 1)
    const wrong = [
      ...['', 'jt1', `jt1.${id}`, `jt1.${id}.`, `jt2.${id}.${secret}`, `x${made.token}`],
      ...[`${made.token}x`, `${made.token}\n`, ` ${made.token}`, `jt1.${id}x.${secret}`],
      ...[`jt1.${id.slice(1)}.${secret}`, `jt1.${id.toUpperCase()}.${secret}`],
      ...[`jt1.${id}.${secret.slice(1)}`, `jt1.${id}.${other[2] ?? ''}`],
      ...[`jt1.${other[1] ?? ''}.${secret}`, `jt1.${'a'.repeat(16)}.${secret}`],
      // The secret of a token that does not exist is compared with zeros.
      `jt1.${'a'.repeat(16)}.${Buffer.alloc(32).toString('base64url')}`,
      `jt1.${id}.${secret.slice(0, 42)}${lastLetter}`,
    ]
    const answers = await Promise.all(wrong.map((text) => attest(text)))
    answers.push(await attest(made.token, made.expiresAt))
    await store.ledger.append(leaf({ issuedAt: T0 }), [{ kind: 'join-token', id }])
    answers.push(await attest(made.token))
    expect(answers[0]).toMatchObject({ ok: false, refusal: { code: 'evidence.not-accepted' } })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })
})

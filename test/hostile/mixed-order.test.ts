import { describe, expect, it } from '@jest/globals'
import { ed25519 } from '@noble/curves/ed25519.js'
import { createPublicKey, verify } from 'node:crypto'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256 } from '../../src/core/uid.js'
import { enrolmentBytes } from '../../src/namespace/enrolment.js'
import { isSound } from '../../src/namespace/sound-group.js'
import { type VoterKey, voterKey } from '../../src/namespace/voter-key.js'
import { formatVerifierKey, parseVerifierKey, verifierKey } from '../../src/tlog/verifier-key.js'
import { T0 } from '../support/fake-clock.js'
import { MixedOrderKey } from '../support/mixed-order.js'
import { mixedOrderSigner } from '../support/note-signers.js'
import { groupOf, TestVoter } from '../support/voters.js'

const INDEX = 'a'.repeat(64)
const mixed = new MixedOrderKey('mallory')
const { publicKey } = mixed
const message = Buffer.from('what is said')
const x = Buffer.from(publicKey).toString('base64url')

const byOpenSsl = (signature: Uint8Array, octets = publicKey): boolean => {
  const jwk = { crv: 'Ed25519', kty: 'OKP', x: Buffer.from(octets).toString('base64url') }
  return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)
}
const byEight = (signature: Uint8Array, octets = publicKey): boolean =>
  ed25519.verify(signature, message, octets, { zip215: true })

describe('a key of mixed order (attack 310)', () => {
  it('signs what some verifiers take and others do not', () => {
    const [all, some] = [mixed.sign(message), mixed.signForSome(message)]
    expect([byOpenSsl(all), byEight(all)]).toEqual([true, true])
    expect([byOpenSsl(some), byEight(some)]).toEqual([false, true])
  })

  it('is no key of a voter, whatever it proves', () => {
    const jwk = { crv: 'Ed25519', kty: 'OKP', x } as const
    const thumbprint = Buffer.from(sha256(canonicalize(jwk))).toString('base64url')
    const [ann, bob, cyd] = ['ann', 'bob', 'cyd'].map((id) => new TestVoter(id).voter(INDEX, T0))
    const { id: voter, controller } = ann!
    const enrolment = enrolmentBytes({ index: INDEX, voter, controller, thumbprint })
    const proof = mixed.sign(enrolment).toString('base64url')
    const key: VoterKey = { alg: 'Ed25519', jwk, thumbprint, from: T0, proof }
    const group = groupOf([{ ...ann!, keys: [key] }, bob!, cyd!])
    const judged = isSound({ ...group, rev: 1 }, { index: INDEX, before: null })
    expect(judged).toMatchObject({ ok: false, refusal: { detail: 'a key may not sign' } })
    expect(voterKey(publicKey, T0)).toBeUndefined()
  })

  it('is no way round the equation: what an honest key signs with torsion in R does not hold', () => {
    const honest = new MixedOrderKey('ann', 0n)
    expect(voterKey(honest.publicKey, T0)).toBeDefined()
    const signatures = [honest.sign(message), honest.signWithTorsion(message)]
    expect(signatures.map((one) => byEight(one, honest.publicKey))).toEqual([true, true])
    expect(signatures.map((one) => byOpenSsl(one, honest.publicKey))).toEqual([true, false])
  })

  it('is no key of a log or a witness', () => {
    expect(verifierKey('log.example/x', 0x01, publicKey)).toBeUndefined()
    expect(verifierKey('w.example/x', 0x04, publicKey)).toBeUndefined()
    const honest = formatVerifierKey(verifierKey('w', 0x04, Buffer.from(ONE, 'hex'))!)
    expect(parseVerifierKey(honest).ok).toBe(true)
    const text = formatVerifierKey(mixedOrderSigner('w', 0x04).key)
    expect(parseVerifierKey(text)).toMatchObject({
      ok: false,
      refusal: { code: 'tlog.malformed', found: 'a name or a public key that must not be' },
    })
  })
})

/** RFC 8032 section 7.1, test 1. */
const ONE = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256 } from '../../src/core/uid.js'
import { enrolmentBytes } from '../../src/namespace/enrolment.js'
import type { Voter } from '../../src/namespace/group.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { VoterKey } from '../../src/namespace/voter-key.js'
import { T0 } from '../support/fake-clock.js'
import { MixedOrderKey } from '../support/mixed-order.js'
import { groupOf } from '../support/voters.js'
import type { EnrolmentVector, GroupVector } from './governance-shapes.js'
import type { GovernedLog } from './governed-log.js'

/** Proofs of possession: of a key, for one voter of one person in one index. */
export function enrolmentVectors({ index, people }: GovernedLog): EnrolmentVector[] {
  const id = index.state.index
  const [ann, bob] = people
  const good = [ann, bob].map((voter): EnrolmentVector => {
    const key = voter.key(id, T0)
    const who = { index: id, voter: voter.id, controller: voter.controller }
    const signed = enrolmentBytes({ ...who, thumbprint: key.thumbprint })
    return {
      what: `of a key of ${key.alg}`,
      ...who,
      key,
      signed: Buffer.from(signed).toString('hex'),
    }
  })
  const { signed: _, ...first } = good[0]!
  const bad = (what: string, change: Partial<EnrolmentVector>): EnrolmentVector => ({
    ...first,
    ...change,
    what,
    refused: true,
  })
  const { proof, ...bare } = first.key
  const proofs = (text: string): Partial<EnrolmentVector> => ({ key: { ...bare, proof: text } })
  return [
    ...good,
    bad('for another index', { index: 'f'.repeat(64) }),
    bad('for another voter', { voter: 'zoe' }),
    bad('for another person', { controller: 'mallory@acme' }),
    bad('of another key', { key: { ...bob.key(id, T0), proof: proof! } }),
    bad('of another thumbprint', { key: { ...first.key, thumbprint: 'A'.repeat(43) } }),
    bad('none', { key: bare }),
    bad('in another spelling', proofs(`${proof}=`)),
    bad('of zeros', proofs(Buffer.alloc(64).toString('base64url'))),
    bad('that holds by eight times both sides alone', withTorsion(id, first.key, ann)),
  ]
}

/** The first voters of an index, after the installation: sound, and not. */
export function groupVectors({ index, people }: GovernedLog): GroupVector[] {
  const id = index.state.index
  const voters = people.map((voter) => voter.voter(id, T0))
  const sound = groupOf(voters)
  const bad = (what: string, group: GroupTerms): GroupVector => ({
    what,
    index: id,
    group,
    refused: true,
  })
  const voter = (at: number, change: Partial<Voter>): GroupTerms => ({
    ...sound,
    voters: voters.map((one, place) => (place === at ? { ...one, ...change } : one)),
  })
  const threshold = (more: Partial<GroupTerms['threshold']>): GroupTerms => ({
    ...sound,
    threshold: { ...sound.threshold, ...more },
  })
  const controllers = (more: Partial<GroupTerms['minControllers']>): GroupTerms => ({
    ...sound,
    minControllers: { ...sound.minControllers, ...more },
  })
  const [key] = voters[0]!.keys
  const weak: VoterKey = { ...key!, ...SMALL_ORDER }
  const all = { routine: 250, sensitive: 250, structural: 250 }
  return [
    { what: 'three equals of whom two decide', index: id, group: sound },
    { what: 'that bears the loss of nobody, and says so', index: id, group: lossy(threshold(all)) },
    bad('that bears the loss of nobody, and does not say so', threshold(all)),
    bad('one id twice', voter(1, { id: 'ann' })),
    bad('one key twice', voter(1, { keys: voters[0]!.keys })),
    bad('a key without a proof', voter(0, { keys: [unproved(key!)] })),
    bad('a key of small order', voter(0, { keys: [weak] })),
    bad('a key of mixed order', voter(0, { keys: [mixedOrder(id, key!, voters[0]!)] })),
    bad('a key that is no point', voter(0, { keys: [{ ...key!, ...named(noPoint) }] })),
    bad('a key in a second spelling', voter(0, { keys: [{ ...key!, ...named(twice) }] })),
    bad('a key of another algorithm', voter(0, { keys: [{ ...key!, alg: 'ES256' }] })),
    bad('two halves that decide apart', threshold({ routine: 150 })),
    bad('a threshold beyond all weight', threshold({ structural: 301 })),
    bad('a graver change for less', threshold({ routine: 200, sensitive: 160 })),
    bad('one who decides alone, and does not say so', {
      ...voter(0, { weight: 300 }),
      threshold: { ...sound.threshold, routine: 300, sensitive: 300, structural: 300 },
    }),
    bad('solo, and nobody decides alone', { ...sound, solo: true }),
    bad('one person enough to change it', controllers({ structural: 1 })),
    bad('more people than there are', controllers({ sensitive: 4 })),
    bad('nobody active', {
      ...sound,
      voters: voters.map((one) => ({ ...one, status: 'suspended' as const })),
    }),
    bad('a timelock on what narrows', { ...sound, timelock: { narrowing: 1 as never } }),
    bad('a brake that takes more than a routine change', {
      ...threshold({ emergency: 300 }),
      brake: { ttl: 3600 as never, perWeek: 3 },
    }),
  ]
}

/** y = 2, to which no x belongs. */
const noPoint = Buffer.concat([Buffer.of(2), Buffer.alloc(31)])

/** y = p + 3, where 3 is the y of a point: RFC 8032 section 5.1.3 does not decode it. */
const twice = Buffer.concat([Buffer.of(0xf0), Buffer.alloc(30, 0xff), Buffer.of(0x7f)])

function named(publicKey: Uint8Array): Pick<VoterKey, 'jwk' | 'thumbprint'> {
  const x = Buffer.from(publicKey).toString('base64url')
  const jwk = { crv: 'Ed25519', kty: 'OKP', x } as const
  return { jwk, thumbprint: Buffer.from(sha256(canonicalize(jwk))).toString('base64url') }
}

/** With a proof that holds by every equation: the order of the key alone refuses it. */
function mixedOrder(index: string, { from }: VoterKey, { id: voter, controller }: Voter): VoterKey {
  const key = new MixedOrderKey('a voter')
  const { jwk, thumbprint } = named(key.publicKey)
  const proof = key.sign(enrolmentBytes({ index, voter, controller, thumbprint }))
  return { alg: 'Ed25519', jwk, thumbprint, from, proof: proof.toString('base64url') }
}

/** A good key, and a proof that has a point of order 8 in its R. */
function withTorsion(
  index: string,
  { from }: VoterKey,
  { id: voter, controller }: Pick<Voter, 'id' | 'controller'>,
): Pick<EnrolmentVector, 'key'> {
  const key = new MixedOrderKey('an honest voter', 0n)
  const { jwk, thumbprint } = named(key.publicKey)
  const proof = key.signWithTorsion(enrolmentBytes({ index, voter, controller, thumbprint }))
  return { key: { alg: 'Ed25519', jwk, thumbprint, from, proof: proof.toString('base64url') } }
}

/** The neutral point as a key, and the signature that it verifies of every message. */
const SMALL_ORDER = smallOrder()
function smallOrder(): Pick<VoterKey, 'jwk' | 'thumbprint' | 'proof'> {
  const neutral = (length: number) => Buffer.concat([Buffer.of(1), Buffer.alloc(length - 1)])
  return { ...named(neutral(32)), proof: neutral(64).toString('base64url') }
}

const lossy = (group: GroupTerms): GroupTerms => ({ ...group, acceptsSinglePointOfLoss: true })

function unproved({ proof: _, ...bare }: VoterKey): VoterKey {
  return bare
}

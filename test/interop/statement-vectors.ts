import { canonicalize } from '../../src/core/canonical-json.js'
import { open, type PayloadType, payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { proposalId } from '../../src/namespace/statements.js'
import type { SeededVoter } from '../support/seeded-voter.js'
import type { StatementKind, StatementVector } from './governance-shapes.js'
import type { GovernedLog } from './governed-log.js'

interface Written {
  readonly payload: string
  readonly payloadType: string
  readonly signatures: readonly [{ readonly sig: string }]
}

const written = (envelope: string): Written => JSON.parse(envelope) as Written
const payloadOf = (envelope: string): string =>
  Buffer.from(written(envelope).payload, 'base64').toString()

/** The order of P-256 (SEC 2 section 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** An envelope of any text, as its signer would make it of a statement. */
function sealed(by: SeededVoter, payloadType: PayloadType, payload: string): string {
  const octets = Buffer.from(payload)
  const sig = by.signature(preAuthEncoding(payloadType, octets)).toString('base64')
  return canonicalize({
    payload: octets.toString('base64'),
    payloadType,
    signatures: [{ sig }],
  })
}

/** Statements of every kind, in one spelling, and what is none of them. */
export function statementVectors({ store, local, people }: GovernedLog): StatementVector[] {
  const [ann, bob, cyd] = people
  const envelopes = store.records.flatMap((record) => record.envelopes.map(asText))
  const ofKind = (kind: StatementKind, by: SeededVoter): string => {
    const found = envelopes.find((envelope) => {
      const { payloadType } = written(envelope)
      return payloadType === payloadTypes[kind] && isSigned(envelope, by)
    })
    if (found === undefined) throw new Error(`no ${kind} by ${by.id}`)
    return found
  }
  const good = (what: string, kind: StatementKind, envelope: string, by: SeededVoter) => {
    const { payloadType, payload, digest } = open(Buffer.from(envelope))!
    const pae = Buffer.from(preAuthEncoding(payloadType, payload)).toString('hex')
    const id = kind === 'proposal' && { id: proposalId(digest) }
    return { what, kind, envelope, signers: [by.id], pae, digest, ...id }
  }
  const proposal = ofKind('proposal', local)
  const vote = ofKind('vote', ann)
  const other = ofKind('vote', bob)
  const brake = ofKind('brake', bob)
  const genesis = ofKind('genesis', local)
  const withdrawal = sealed(
    cyd,
    payloadTypes.withdrawal,
    canonicalize({
      v: 1,
      index: (JSON.parse(payloadOf(proposal)) as { index: string }).index,
      proposal: open(Buffer.from(proposal))!.digest,
      author: { kind: 'voter', id: 'cyd' },
      at: 1_795_219_300,
    }),
  )
  return [
    good('the genesis', 'genesis', genesis, local),
    good('a proposal', 'proposal', proposal, local),
    good('a vote by Ed25519', 'vote', vote, ann),
    good('a vote by ES256', 'vote', other, bob),
    good('the other half of the signature: the same statement', 'vote', twin(other), bob),
    good('a brake', 'brake', brake, bob),
    good('a withdrawal', 'withdrawal', withdrawal, cyd),
    ...badSignatures({ vote, other, genesis }),
    ...badEnvelopes(vote),
    ...badStatements({ ann, vote, local, proposal, bob, brake }),
  ]
}

const asText = (octets: Uint8Array): string => Buffer.from(octets).toString()

function isSigned(envelope: string, by: SeededVoter): boolean {
  const { payloadType, payload, signatures } = open(Buffer.from(envelope))!
  return by.signature(preAuthEncoding(payloadType, payload)).equals(signatures[0]!)
}

function withSignature(envelope: string, sig: string): string {
  return canonicalize({ ...written(envelope), signatures: [{ sig }] })
}

function twin(envelope: string): string {
  const signature = Buffer.from(written(envelope).signatures[0].sig, 'base64')
  const s = ORDER - BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const half = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
  return withSignature(
    envelope,
    Buffer.concat([signature.subarray(0, 32), half]).toString('base64'),
  )
}

const refused = (
  what: string,
  kind: StatementKind,
  envelope: string,
  ...signers: readonly string[]
): StatementVector => ({ what, kind, envelope, signers, refused: true })

function badSignatures(given: Readonly<Record<'vote' | 'other' | 'genesis', string>>) {
  const { vote, other, genesis } = given
  const [mine, theirs] = [vote, other].map((one) => written(one).signatures[0].sig)
  const bits = Buffer.from(mine!, 'base64')
  bits[40] = bits[40]! ^ 1
  const vector = (what: string, envelope: string, ...signers: readonly string[]) =>
    refused(what, 'vote', envelope, ...signers)
  return [
    vector('signed by nobody of these', vote, 'bob', 'cyd', 'local'),
    vector('the signature of another statement', withSignature(vote, theirs!), 'ann', 'bob'),
    vector('a bit of the signature', withSignature(vote, bits.toString('base64')), 'ann'),
    vector(
      'a signature of 63 octets',
      withSignature(vote, bits.subarray(1).toString('base64')),
      'ann',
    ),
    vector(
      'a signature of zeros',
      withSignature(other, Buffer.alloc(64).toString('base64')),
      'bob',
    ),
    vector('the signature of another key', vote.replace(mine!, theirs!), 'ann', 'bob'),
    refused('a genesis of somebody else', 'genesis', genesis, 'ann'),
  ]
}

function badEnvelopes(vote: string): readonly StatementVector[] {
  const whole = written(vote)
  const { signatures, ...rest } = whole
  const { sig } = signatures[0]
  const last = sig.replace(/.==$/, (end) => `${idle(end.charAt(0))}==`)
  const vector = (what: string, envelope: string) => refused(what, 'vote', envelope, 'ann')
  return [
    vector('white space', vote.replace(',', ', ')),
    vector('a line feed at the end', `${vote}\n`),
    vector('members in another order', JSON.stringify({ signatures, ...rest })),
    vector('a member twice', vote.replace('"payloadType":', '"payloadType":"","payloadType":')),
    vector('a member beside the payload', canonicalize({ ...whole, keyid: 'ann' })),
    vector(
      'a member beside the signature',
      canonicalize({ ...rest, signatures: [{ keyid: 'ann', sig }] }),
    ),
    vector('no signature', canonicalize({ ...rest, signatures: [] })),
    vector('two signatures', canonicalize({ ...rest, signatures: [{ sig }, { sig }] })),
    vector('base64 without padding', withSignature(vote, sig.replace(/=+$/, ''))),
    vector('white space in base64', withSignature(vote, `${sig.slice(0, 9)}\n${sig.slice(9)}`)),
    vector('bits that decode to nothing', withSignature(vote, last)),
    vector('another payload type', vote.replace(payloadTypes.vote, payloadTypes.withdrawal)),
    refused('another kind than was signed', 'withdrawal', vote, 'ann'),
    vector('a list', `[${vote}]`),
    vector('nothing', ''),
  ]
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Of 64 octets the last character of base64 holds four bits that say nothing. */
const idle = (character: string): string => BASE64.charAt(BASE64.indexOf(character) + 1)

interface Signed {
  readonly ann: SeededVoter
  readonly vote: string
  readonly local: SeededVoter
  readonly proposal: string
  readonly bob: SeededVoter
  readonly brake: string
}

/** Signed as they stand by whoever would sign them. */
function badStatements(given: Signed): readonly StatementVector[] {
  const { ann, vote, local, proposal, bob, brake } = given
  const make =
    (kind: 'vote' | 'proposal' | 'brake', by: SeededVoter, of: string) =>
    (what: string, find: string | RegExp, put: string): StatementVector => {
      const payload = payloadOf(of)
      const changed = payload.replace(find, put)
      if (changed === payload) throw new Error(`${what}: nothing is changed`)
      return refused(what, kind, sealed(by, payloadTypes[kind], changed), by.id)
    }
  const votes = make('vote', ann, vote)
  const proposals = make('proposal', local, proposal)
  const brakes = make('brake', bob, brake)
  return [
    votes('a decision twice', '"decision":', '"decision":"reject","decision":'),
    votes('a number in another spelling', '"seq":1', '"seq":1e0'),
    votes('a fraction', '"seq":1', '"seq":1.5'),
    votes('a number that is too large', '"seq":1', '"seq":9007199254740992'),
    votes('a lone surrogate', /"name":"[^"]*"/, String.raw`"name":"\ud800"`),
    votes('white space in the statement', ',', ', '),
    votes('a byte order mark', /^/, '\ufeff'),
    votes('a member that nobody knows', '"voter":"ann"', '"voter":"ann","weight":9'),
    votes('a member that is missing', '"seq":1,', ''),
    votes('a decision that is none', '"approve"', '"yes"'),
    votes('the number 0', '"seq":1', '"seq":0'),
    votes('a voter that is no label', '"voter":"ann"', '"voter":"Ann"'),
    votes('a digest in capitals', /"sha256":"[0-9a-f]{64}"/, `"sha256":"${'A'.repeat(64)}"`),
    votes('another predicate', 'urn:capstan:vote:v1', 'urn:capstan:vote:v2'),
    votes('no subject', /"subject":\[.*\]/, '"subject":[]'),
    proposals('an operation that is none', /"op":"[^"]*"/, '"op":"group.unset"'),
    proposals('a short nonce', /"nonce":"[0-9a-f]{32}"/, '"nonce":"00"'),
    proposals('another version', /"v":1\}$/, '"v":2}'),
    proposals('a class that it says of itself', /^\{/, '{"aclass":"narrowing",'),
    brakes('less than a minute', /"ttl":\d+/, '"ttl":59'),
    brakes('more than a day', /"ttl":\d+/, '"ttl":86401'),
    brakes('a voter twice', '"voters":["bob"]', '"voters":["bob","bob"]'),
    brakes('no voter', '"voters":["bob"]', '"voters":[]'),
    brakes('another index than one', /"index":"[^"]*"/, '"index":""'),
  ]
}

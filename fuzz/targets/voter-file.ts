import { createPublicKey, verify } from 'node:crypto'
import { JsonReader } from '../../src/cli/json-reader.js'
import { enrolledBefore, joinedVoters } from '../../src/cli/voting/voter-files.js'
import { days, minus, plus, unixSeconds } from '../../src/core/time.js'
import { type EnrolledRole, enrolmentBytes } from '../../src/namespace/enrolment.js'
import type { VoterKey } from '../../src/namespace/voter-key.js'
import { TestVoter } from '../../test/support/voters.js'
import { person } from '../given/governed-index.js'
import { ed25519Pair } from '../given/keys.js'
import { mutateJson, parse } from '../mutate/json.js'
import { hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const INDEX = 'ab'.repeat(32)
const NOW = unixSeconds(1_795_219_200)
const MOST = 4
const FROM = minus(NOW, days(1))
const roles: readonly EnrolledRole[] = ['voter', 'recovery', 'emergency']

/** Files of voters and holders, as their owners send them to whoever lists them in a group. */
function run(input: Uint8Array): string {
  const value = parse(input)
  if (value === undefined) return 'no JSON'
  // Each is read by itself, and as many times as somebody lists it.
  const files = Array.isArray(value) ? (value as unknown[]).slice(0, MOST) : [value]
  return `${files.map(enrolled).join('; ')}; ${joined(files)}`.slice(0, 300)
}

/** For which roles all of its keys are proved, each of them by OpenSSL too. */
function enrolled(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no object'
  return roles
    .map((role) => {
      const found = enrolledBefore(new JsonReader(value), { index: INDEX, role, name: 'a.json' })
      if (!found.ok) return found.problem.code
      const { id: voter, controller, keys } = found.value.who
      for (const key of keys) {
        hold(isProved(key, { voter, controller, role }), 'a key is proved by itself')
      }
      return `${role} ${keys.length}`
    })
    .join(' ')
}

function isProved(
  { jwk, alg, thumbprint, proof = '' }: VoterKey,
  who: { readonly voter: string; readonly controller: string; readonly role: EnrolledRole },
): boolean {
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  const octets = enrolmentBytes({ index: INDEX, thumbprint, ...who })
  const signature = Buffer.from(proof, 'base64url')
  return alg === 'Ed25519'
    ? verify(null, octets, key, signature)
    : verify('sha256', octets, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/** Files of one voter are one, with every key of them, once. */
function joined(files: readonly unknown[]): string {
  const before = JSON.stringify(files)
  const found = joinedVoters(files, NOW)
  hold(JSON.stringify(files) === before, 'joining changes no file')
  if (!found.ok) return found.problem.code
  const all = JSON.stringify(found.value)
  const keys = files.flatMap(thumbprintsOf)
  hold(
    keys.every((thumbprint) => all.includes(JSON.stringify(thumbprint))),
    'no key is lost',
  )
  const again = joinedVoters(found.value, NOW)
  hold(again.ok && JSON.stringify(again.value) === all, 'what is joined is joined already')
  return `${files.length} are ${found.value.length}`
}

const thumbprintsOf = (file: unknown): readonly string[] =>
  typeof file === 'object' && file !== null && 'keys' in file && Array.isArray(file.keys)
    ? file.keys.flatMap((key: unknown) =>
        typeof key === 'object' && key !== null && 'thumbprint' in key
          ? [key.thumbprint].filter((text) => typeof text === 'string')
          : [],
      )
    : []

function seeds(): readonly Uint8Array[] {
  const [ann, bob] = [person('ann'), person('bob')]
  const spare = new TestVoter('ann', 'Ed25519', ann.controller, ed25519Pair('spare').privateKey)
  const one = ann.voter(INDEX, FROM)
  const ending = { ...spare.key(INDEX, FROM), until: plus(NOW, days(30)) }
  const over = { ...spare.key(INDEX, FROM), until: NOW }
  const texts: readonly unknown[] = [
    [one],
    [one, bob.voter(INDEX, FROM, 50)],
    [one, { ...one, keys: [ending] }],
    [one, { ...one, keys: [over] }],
    [one, { ...one, keys: [ending], weight: 50 }],
    [one, { ...one, controller: 'bob@acme' }],
    [one, one],
    [
      bob.holder(INDEX, FROM),
      { ...bob.holder(INDEX, FROM), keys: [bob.key(INDEX, FROM, bob, 'emergency')] },
    ],
  ]
  return texts.map((value) => Buffer.from(JSON.stringify(value)))
}

export const target: Target = { seeds, mutators: [mutateJson], run }

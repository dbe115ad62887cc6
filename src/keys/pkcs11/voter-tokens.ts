import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type RandomBytes, unixSeconds } from '../../core/time.js'
import { sha256 } from '../../core/uid.js'
import { isSignatureOf } from '../../namespace/dsse.js'
import type { AskPin, TokenKey, TokenKeyName, VoterTokens } from '../../namespace/ports.js'
import { type VoterAlgorithm, voterKeyOf } from '../../namespace/voter-key.js'
import { type Attribute, type Handle, newPkcs11, type Pkcs11 } from './binding.js'
import { CKA, CKM } from './constants.js'
import { algorithmOf, ED25519_PARAMS, P256_PARAMS, publicKeyOf } from './public-key.js'
import { TokenSession } from './session.js'
import { openToken } from './token.js'

/** How each algorithm is made and used on a token. */
const mechanisms = {
  ES256: { generate: CKM.ecKeyPairGen, sign: CKM.ecdsa, params: P256_PARAMS },
  Ed25519: { generate: CKM.ecEdwardsKeyPairGen, sign: CKM.eddsa, params: ED25519_PARAMS },
} as const

/** Tokens by the modules of their makers, which run in this process. */
export function pkcs11Tokens(
  random: RandomBytes,
  binding: () => Result<Pkcs11> = newPkcs11,
): VoterTokens {
  const using = async (
    name: TokenKeyName,
    use: 'sign' | 'make-keys',
    pin: AskPin,
    work: (session: TokenSession) => Result<TokenKey>,
  ): Promise<Result<TokenKey>> => {
    const token = openToken(binding, name)
    if (!token.ok) return token
    const session = sessionOf(() => new TokenSession(token.value, use), token.value)
    let isKept = false
    try {
      const login = await session.login(pin)
      const key = login.ok ? work(session) : login
      isKept = key.ok
      return key
    } finally {
      if (!isKept) session.close()
    }
  }
  return {
    open: (name, pin) => using(name, 'sign', pin, (session) => openKey(session, name)),
    create: (name, alg, pin) =>
      using(name, 'make-keys', pin, (session) => createKey(session, name, alg, random)),
  }
}

/** A module that opens no session is given back. */
function sessionOf(open: () => TokenSession, token: { close(): void }): TokenSession {
  try {
    return open()
  } catch (error) {
    token.close()
    throw error
  }
}

const named = ({ object, id }: Pick<TokenKeyName, 'object' | 'id'>): Attribute[] => [
  ...(object === undefined ? [] : [{ type: CKA.label, value: Buffer.from(object) }]),
  ...(id === undefined ? [] : [{ type: CKA.id, value: Buffer.from(id) }]),
]

function openKey(session: TokenSession, name: TokenKeyName): Result<TokenKey> {
  const [key, ...more] = session.find('privateKey', named(name))
  if (!key) {
    return refuse('keys.not-found', 'the token has no such private key', {
      wanted: 'one with this label (object=) and this id (id=)',
      next: 'capstan voter keygen --key makes one',
    })
  }
  if (more.length > 0) {
    return refuse('keys.ambiguous', 'several private keys of the token are called so', {
      wanted: 'one of them: object=, and id= with the octets of its id as %01%02',
    })
  }
  return tokenKey(session, key, name)
}

function tokenKey(session: TokenSession, key: Handle, name: TokenKeyName): Result<TokenKey> {
  const own = attributesOf(session, key)
  const alg = algorithmOf(own)
  if (!alg) {
    return refuse('keys.malformed', 'a voter does not sign with such a key', {
      wanted: 'Ed25519, or ECDSA over P-256',
    })
  }
  const jwk = publicKeyOf(own) ?? otherHalf(session, key, name)
  const known = jwk && voterKeyOf(jwk, unixSeconds(0))
  if (known?.alg !== alg) {
    return refuse('keys.not-found', 'the token has no public key beside this private key', {
      wanted: 'one public key object with the same id, of the same kind',
    })
  }
  const { sign: mechanism } = mechanisms[alg]
  return ok({
    jwk: known.jwk,
    sign: (bytes) =>
      Promise.resolve().then(() => {
        const input = alg === 'ES256' ? sha256(bytes) : bytes
        const signature = session.sign(mechanism, key, Buffer.from(input))
        // Another public key may stand beside it, and a token may answer anything.
        if (isSignatureOf(known, bytes, signature)) return signature
        const what = 'what it answers is no signature of the public key beside the private key'
        throw new DependencyError('token', what)
      }),
    close: () => session.close(),
  })
}

const attributesOf = (session: TokenSession, object: Handle) => ({
  keyType: session.attribute(object, CKA.keyType),
  ecParams: session.attribute(object, CKA.ecParams),
  ecPoint: session.attribute(object, CKA.ecPoint),
})

/** The public key of the same id, or of the same label where the private key has no id. */
function otherHalf(session: TokenSession, key: Handle, { object }: TokenKeyName) {
  const id = session.attribute(key, CKA.id)
  const label = object ?? session.attribute(key, CKA.label)?.toString()
  const by =
    id && id.length > 0 ? { id } : { ...(label !== undefined && label !== '' && { object: label }) }
  const attributes = named(by)
  const found = attributes.length === 0 ? [] : session.find('publicKey', attributes)
  const [only] = found
  return only && found.length === 1 ? publicKeyOf(attributesOf(session, only)) : undefined
}

/** Octets of an id that nobody has chosen. */
const ID_OCTETS = 16

function createKey(
  session: TokenSession,
  name: TokenKeyName,
  alg: VoterAlgorithm,
  random: RandomBytes,
): Result<TokenKey> {
  const { object, id: wanted } = name
  const { generate, sign, params } = mechanisms[alg]
  if (!session.hasMechanisms([generate, sign])) {
    return refuse('keys.not-on-token', `the token makes no keys of ${alg}`, {
      next: `capstan voter keygen --alg ${alg === 'ES256' ? 'ed25519' : 'es256'}, if it has that`,
    })
  }
  const names = [
    ...(object === undefined ? [] : [{ object }]),
    ...(wanted === undefined ? [] : [{ id: wanted }]),
  ]
  const isTaken = names.some((one) =>
    (['privateKey', 'publicKey'] as const).some(
      (kind) => session.find(kind, named(one)).length > 0,
    ),
  )
  if (isTaken) {
    return refuse('keys.exists', 'the token has a key of this label or id', {
      next: 'choose another label: a key that is lost is lost',
    })
  }
  const id = wanted ?? random(ID_OCTETS)
  const both = [
    { type: CKA.token, value: true },
    ...named({ ...(object !== undefined && { object }), id }),
  ]
  const made = session.generate(
    generate,
    [
      ...both,
      { type: CKA.private, value: false },
      { type: CKA.verify, value: true },
      { type: CKA.ecParams, value: params },
    ],
    [
      ...both,
      { type: CKA.private, value: true },
      { type: CKA.sensitive, value: true },
      { type: CKA.extractable, value: false },
      { type: CKA.sign, value: true },
    ],
  )
  // A module may read a template as it likes.
  const stays =
    session.isSet(made.privateKey, CKA.sensitive) &&
    session.isSet(made.privateKey, CKA.neverExtractable)
  const key = stays ? tokenKey(session, made.privateKey, name) : canLeave
  if (!key.ok) {
    session.destroy(made.privateKey)
    session.destroy(made.publicKey)
  }
  return key
}

const canLeave = refuse('keys.not-on-token', 'the key that the token makes could leave it', {
  wanted: 'a key that is sensitive, and was never extractable',
  next: 'use another token',
})

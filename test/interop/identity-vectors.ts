import { canonicalize } from '../../src/core/canonical-json.js'
import {
  ia5String,
  octetString,
  oid,
  sequence,
  trueValue,
  utf8String,
} from '../../src/core/der-writer.js'
import { IDENTITY_OID } from '../../src/core/identity-extension.js'
import { sha256Hex } from '../../src/core/uid.js'

/** The identity extension of a certificate: docs/format-issuance-log.md. */
export interface IdentityVector {
  readonly what: string
  /** Content of `Extensions` (RFC 5280 section 4.1): each an `Extension` in DER; hex. */
  readonly extensions: string
  /** What it says. */
  readonly identity?: Readonly<Record<string, unknown>>
  /** There is no such extension, or none that says something. */
  readonly none?: true
}

export const IDENTITY = {
  alias: 'pay/api',
  binding: 'bk7vq2m4x3a2c',
  head: sha256Hex('a record'),
  index: sha256Hex('a genesis'),
  policyDigest: sha256Hex('a policy'),
  rev: 3,
  size: 24,
  uid: `e${'a'.repeat(31)}`,
}

/** `Extension`, which is not critical. */
const extension = (dotted: string, value: Uint8Array): Uint8Array =>
  sequence(oid(dotted), octetString(value))
const said = (text: string): Uint8Array => extension(IDENTITY_OID, utf8String(text))
/** id-ce-extKeyUsage with clientAuth (RFC 5280 section 4.2.1.12): what stands beside it. */
const beside = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2')))

export function identityVectors(): readonly IdentityVector[] {
  const text = canonicalize(IDENTITY)
  const token = { ...IDENTITY, binding: null }
  const foreign = { ...IDENTITY, alias: 'pay/caf' }
  const good = (
    what: string,
    identity: typeof IDENTITY | typeof token,
    ...list: readonly Uint8Array[]
  ): IdentityVector => ({ what, extensions: Buffer.concat(list).toString('hex'), identity })
  const none = (what: string, ...list: readonly Uint8Array[]): IdentityVector => ({
    what,
    extensions: Buffer.concat(list).toString('hex'),
    none: true,
  })
  const value = utf8String(text)
  const critical = sequence(oid(IDENTITY_OID), trueValue(), octetString(value))
  return [
    good('of a binding', IDENTITY, said(text)),
    good('of a join token', token, said(canonicalize(token))),
    good('beside others', foreign, beside, said(canonicalize(foreign)), beside),
    good('that is critical', IDENTITY, critical),
    none('not there', beside),
    none('twice', said(text), said(text)),
    none('twice, and once of another', said(text), said(canonicalize(token))),
    none('under another OID', extension(IDENTITY_OID.replace(/2$/, '3'), value)),
    none('as an IA5String', extension(IDENTITY_OID, ia5String(text))),
    none('without a string', extension(IDENTITY_OID, Buffer.from(text))),
    none(
      'with something after the string',
      extension(IDENTITY_OID, Buffer.concat([value, Buffer.of(5, 0)])),
    ),
    none('cut short', extension(IDENTITY_OID, value.subarray(0, -1))),
    none(
      'members in another order',
      said(text.replace(/^\{("alias":[^,]*),("binding":[^,]*)/, '{$2,$1')),
    ),
    none('white space', said(text.replace(',', ', '))),
    none('a member twice', said(text.replace('"rev":3', '"rev":3,"rev":3'))),
    none('a number of another spelling', said(text.replace('"rev":3', '"rev":3.0'))),
    none('a list', said('[]')),
    none('nothing', said('')),
  ]
}

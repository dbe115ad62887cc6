import type { Signer } from '../../src/ca/ports.js'
import { keyIdentifierOf } from '../../src/ca/x509/key-identifier.js'
import { attributeOids, extensionOids } from '../../src/ca/x509/object-identifiers.js'
import {
  contextConstructed,
  contextPrimitive,
  ia5Octets,
  namedBits,
  octetString,
  oid,
  sequence,
  setOf,
  utf8String,
} from '../../src/core/der-writer.js'
import type { CertificateDer } from '../../src/core/der.js'
import { days, minus, seconds } from '../../src/core/time.js'
import { newSigner, type TestKey } from '../ca/given-authorities.js'
import type { Chain, IssuingHierarchy } from './issued-chains.js'
import type { LeafKind } from './matrix.js'
import type { Purpose } from './validator.js'
import { badlySigned, factsOf, reissued, withExtensions } from './reissue.js'

/** What every workload may have: what is wrong with a twin is not its key. */
const KEY = 'P-256'

type TwinLeaf = Extract<LeafKind, 'Linkerd' | 'SPIFFE'>

/** A chain as good as any but for one thing. Every other octet is Capstan's, or the operator's. */
interface Twin {
  readonly make: (given: IssuingHierarchy, leaf: TwinLeaf) => Promise<Chain>
  readonly leaves: readonly TwinLeaf[]
  readonly purposes: readonly Purpose[]
  /** What validators say of it: one that refuses it for something else has not found it. */
  readonly because: RegExp
}

// UNSPECIFIED: of most things Node's server has no more to say.
const OUTSIDE = /constraint|subtree|not authorized|invalid arguments|extension|UNSPECIFIED/i
const EXPIRED = /expired|not valid at validation time|NotAfter/i
const BAD_SIGNATURE =
  /signature|verification (error|failure)|not correctly signed|ASN1_item_verify|rsa_/i

export const twins = {
  'leaf expired': twin({
    because: EXPIRED,
    make: (given, leaf) => given.issue(leaf, KEY, { ttl: seconds(1) }),
  }),
  'leaf not valid yet': twin({
    because:
      /not.yet.valid|NotValidYet|not valid at validation time|NotBefore|in the future|expired/i,
    make: async (given, leaf) => {
      const { clock } = given.installation
      const now = clock.now()
      clock.advance(days(2))
      const chain = await given.issue(leaf, KEY)
      clock.set(now)
      return chain
    },
  }),
  'leaf signature wrong': twin({
    because: BAD_SIGNATURE,
    make: async (given, leaf) => {
      const chain = await given.issue(leaf, KEY)
      const [first, ...above] = chain.certificates
      return { ...chain, certificates: [badlySigned(first!), ...above] }
    },
  }),
  'issuer signature wrong': otherIssuer({
    because: BAD_SIGNATURE,
    make: ({ issuer }) => badlySigned(issuer),
  }),
  'issuer expired': otherIssuer({
    // NSS looks no further than for an issuer that is valid.
    because: new RegExp(`${EXPIRED.source}|issuer is not recognized`, 'i'),
    make: ({ issuer, superior }) => reissued(issuer, ended(issuer), superior),
  }),
  'issuer with the CA bit off': otherIssuer({
    because:
      /CA certificate|not a CA|EndEntityUsedAsCa|cannot sign|not correctly signed|issuer certificate is invalid|INVALID.PURPOSE|certificate purpose/i,
    make: ({ issuer, superior }) => {
      const extensions = withExtensions(issuer, basicConstraints())
      return reissued(issuer, { extensions }, superior)
    },
  }),
  'issuer that may not sign': otherIssuer({
    because:
      /CA certificate|key ?usage|cannot sign|not correctly signed|signer's constraints|UNSPECIFIED/i,
    make: ({ issuer, superior }) => {
      const extensions = withExtensions(issuer, keyUsage(CRL_SIGN))
      return reissued(issuer, { extensions }, superior)
    },
  }),
  'name outside what is permitted': otherIssuer({
    because: OUTSIDE,
    leaves: ['Linkerd', 'SPIFFE'],
    make: ({ issuer, superior }) => {
      const extensions = withExtensions(issuer, nameConstraints(PERMITTED, 'elsewhere.example'))
      return reissued(issuer, { extensions }, superior)
    },
  }),
  'name inside what is excluded': otherIssuer({
    because: OUTSIDE,
    leaves: ['Linkerd', 'SPIFFE'],
    make: ({ issuer, superior, leafName }) => {
      const extensions = withExtensions(issuer, nameConstraints(EXCLUDED, leafName))
      return reissued(issuer, { extensions }, superior)
    },
  }),
  'path longer than the issuer allows': twin({
    because: /path.?len|signer's constraints|not correctly signed/i,
    make: belowTheIssuer,
  }),
  'another trust anchor of the same name': twin({
    because: BAD_SIGNATURE,
    make: async (given, leaf) => {
      const chain = await given.issue(leaf, KEY)
      // The key identifier stays too: nothing but the signature below it tells them apart.
      const stranger = signerOfKind(keyKind(given.signers.root))
      const trustAnchor = await reissued(chain.trustAnchor, { spki: stranger.spki }, stranger)
      return { ...chain, trustAnchor }
    },
  }),
  'trust anchor expired': twin({
    because: new RegExp(`${EXPIRED.source}|issuer is not recognized`, 'i'),
    make: async (given, leaf) => {
      const chain = await given.issue(leaf, KEY)
      const changes = ended(chain.trustAnchor)
      const trustAnchor = await reissued(chain.trustAnchor, changes, given.signers.root)
      return { ...chain, trustAnchor }
    },
  }),
  'another name asked for': twin({
    because: /name|certificate is valid for/i,
    purposes: ['server'],
    make: async (given, leaf) => {
      const chain = await given.issue(leaf, KEY)
      return { ...chain, name: `other-${chain.name}` }
    },
  }),
} as const satisfies Readonly<Record<string, Twin>>

export type TwinName = keyof typeof twins
export const twinNames = Object.keys(twins) as TwinName[]

function twin(given: Pick<Twin, 'make' | 'because'> & Partial<Twin>): Twin {
  return { leaves: ['Linkerd'], purposes: ['server', 'client'], ...given }
}

/** Another certificate for the same issuer: same name and key, so that the leaf below it still fits. */
function otherIssuer(
  given: Omit<Partial<Twin>, 'make'> & {
    readonly because: RegExp
    readonly make: (parts: {
      readonly issuer: CertificateDer
      readonly superior: Signer
      readonly leafName: string
    }) => CertificateDer | Promise<CertificateDer>
  },
): Twin {
  return twin({
    ...given,
    make: async (hierarchy, leaf) => {
      const chain = await hierarchy.issue(leaf, KEY)
      const [first, issuer, ...above] = chain.certificates
      const { superior } = hierarchy.signers
      const other = await given.make({ issuer: issuer!, superior, leafName: chain.name })
      return { ...chain, certificates: [first!, other, ...above] }
    },
  })
}

/** The issuer makes an issuer, as whoever stole its key would, and that one the leaf. */
async function belowTheIssuer(given: IssuingHierarchy, leaf: TwinLeaf): Promise<Chain> {
  const chain = await given.issue(leaf, KEY)
  const [first, issuer, ...above] = chain.certificates
  const lower = signerOfKind('P-256')
  const subject = sequence(
    setOf(sequence(oid(attributeOids.commonName), utf8String('Lower issuer'))),
  )
  const keyId = keyIdentifierOf(lower.spki)
  const { subject: issuerName, subjectKeyId: issuerKeyId } = factsOf(issuer!)
  const lowerIssuer = await reissued(
    issuer!,
    {
      issuer: issuerName,
      subject,
      spki: lower.spki,
      serial: factsOf(first!).serial,
      extensions: withExtensions(issuer!, authorityKeyId(issuerKeyId!), subjectKeyId(keyId)),
    },
    given.signers.issuer,
  )
  const extensions = withExtensions(first!, authorityKeyId(keyId))
  const lowerLeaf = await reissued(first!, { issuer: subject, extensions }, lower)
  return { ...chain, certificates: [lowerLeaf, lowerIssuer, issuer!, ...above] }
}

/** Over for a day, and begun a day before that. */
function ended(
  certificate: CertificateDer,
): Pick<ReturnType<typeof factsOf>, 'notBefore' | 'notAfter'> {
  const { notBefore } = factsOf(certificate)
  return { notBefore: minus(notBefore, days(2)), notAfter: minus(notBefore, days(1)) }
}

/** Made once: RSA keys take long to make. */
const strangers = new Map<TestKey, Signer>()
function signerOfKind(kind: TestKey): Signer {
  const signer = strangers.get(kind) ?? newSigner(kind)
  strangers.set(kind, signer)
  return signer
}

function keyKind({ algorithm }: Signer): TestKey {
  switch (algorithm) {
    case 'ecdsa-with-SHA256':
      return 'P-256'
    case 'ecdsa-with-SHA384':
      return 'P-384'
    case 'Ed25519':
      return 'Ed25519'
    case 'sha256WithRSAEncryption':
      return 'RSA-3072'
  }
}

type Extension = ReturnType<typeof withExtensions>[number]

const CRL_SIGN = 6
const PERMITTED = 0
const EXCLUDED = 1

/** CA:FALSE is written by writing nothing. */
const basicConstraints = (): Extension => ({
  oid: extensionOids.basicConstraints,
  critical: true,
  value: sequence(),
})

const keyUsage = (bit: number): Extension => ({
  oid: extensionOids.keyUsage,
  critical: true,
  value: namedBits(bit),
})

const nameConstraints = (list: typeof PERMITTED | typeof EXCLUDED, dns: string): Extension => ({
  oid: extensionOids.nameConstraints,
  critical: true,
  value: sequence(contextConstructed(list, sequence(contextPrimitive(2, ia5Octets(dns))))),
})

const authorityKeyId = (keyId: Uint8Array): Extension => ({
  oid: extensionOids.authorityKeyId,
  critical: false,
  value: sequence(contextPrimitive(0, keyId)),
})

const subjectKeyId = (keyId: Uint8Array): Extension => ({
  oid: extensionOids.subjectKeyId,
  critical: false,
  value: octetString(keyId),
})

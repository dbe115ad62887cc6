import type { Case } from './cases.js'
import { hierarchies } from './matrix.js'
import type { Purpose } from './validator.js'

export type ExpectedVerdict = 'takes' | 'refuses' | 'either'

/** A verdict that is not the usual one, asserted all the same. docs/validators.md has the same rows. */
export interface KnownVerdict {
  readonly validator: string
  readonly what: string
  /** Either: versions that are in use differ. */
  readonly verdict: ExpectedVerdict
  readonly because: string
  readonly isAbout: (given: Case, purpose: Purpose) => boolean
}

export const knownVerdicts: readonly KnownVerdict[] = [
  {
    validator: 'NSS',
    what: 'Ed25519 above the leaf',
    verdict: 'refuses',
    because: 'it does not verify signatures of Ed25519',
    isAbout: (given) => hasEd25519(given),
  },
  {
    validator: 'NSS',
    what: 'an Ed25519 leaf, as a server',
    verdict: 'refuses',
    because: 'it asks for key usages by kind of key, and knows none for Ed25519',
    isAbout: ({ key }, purpose) => key === 'Ed25519' && purpose === 'server',
  },
  {
    validator: 'NSS',
    what: 'an Ed25519 leaf, as a client',
    verdict: 'either',
    because: '3.87 refuses it, 3.110 takes it',
    isAbout: ({ key }, purpose) => key === 'Ed25519' && purpose === 'client',
  },
  {
    validator: 'NSS',
    what: 'an RSA leaf, as a server',
    verdict: 'refuses',
    because:
      'it wants keyEncipherment of RSA keys, which TLS 1.3 does not use and leaves do not have',
    isAbout: ({ key }, purpose) => key === 'RSA-3072' && purpose === 'server',
  },
  {
    validator: 'NSS',
    what: 'another name asked for',
    verdict: 'takes',
    because: 'vfychain compares no names: what connects does',
    isAbout: ({ twin }) => twin === 'another name asked for',
  },
  {
    validator: 'mbed TLS',
    what: 'Ed25519, in the leaf or above it',
    verdict: 'refuses',
    because: 'mbed TLS 2.28 and 3.6 know RSA and ECDSA alone',
    isAbout: (given) => given.key === 'Ed25519' || hasEd25519(given),
  },
  {
    validator: 'mbed TLS',
    what: 'an issuer with DNS constraints',
    verdict: 'refuses',
    because: 'it does not know the extension, which is critical: no chain through such an issuer',
    isAbout: ({ hierarchy }) => hierarchy === 'issuer with DNS constraints',
  },
  {
    validator: 'pyca/cryptography',
    what: 'Ed25519 above the leaf',
    verdict: 'refuses',
    because: "it takes the web PKI's signature algorithms, and Ed25519 is none of them",
    isAbout: (given) => hasEd25519(given),
  },
  {
    validator: 'rustls-webpki',
    what: 'issuer that may not sign',
    verdict: 'takes',
    because: 'keyUsage is not looked at before 0.104; Capstan refuses such an issuer itself',
    isAbout: ({ twin }) => twin === 'issuer that may not sign',
  },
  {
    validator: 'rustls-webpki',
    what: 'trust anchor expired',
    verdict: 'takes',
    because:
      'a trust anchor is a name and a key (RFC 5280 section 6.1.1): its dates are not looked at',
    isAbout: ({ twin }) => twin === 'trust anchor expired',
  },
  {
    validator: 'Java',
    what: 'trust anchor expired',
    verdict: 'takes',
    because:
      'a trust anchor is a name and a key (RFC 5280 section 6.1.1): its dates are not looked at',
    isAbout: ({ twin }) => twin === 'trust anchor expired',
  },
  {
    validator: 'Java',
    what: 'another name asked for',
    verdict: 'takes',
    because: 'path validation compares no names: the endpoint identification of a connection does',
    isAbout: ({ twin }) => twin === 'another name asked for',
  },
]

/** The CA of Capstan's that is below an operator's is of P-256. */
function hasEd25519({ hierarchy }: Case): boolean {
  const brought = hierarchies[hierarchy]
  return brought !== 'none' && Object.values(brought).includes('Ed25519')
}

/** What a validator is to say, and nothing when its verdict would say nothing of what is wrong. */
export function expectedVerdict(
  validator: string,
  given: Case,
  purpose: Purpose,
): ExpectedVerdict | undefined {
  const { twin, ...untwinned } = given
  const known = (about: Case): KnownVerdict | undefined =>
    knownVerdicts.find((each) => each.validator === validator && each.isAbout(about, purpose))
  if (twin === undefined) return known(given)?.verdict ?? usual(given, purpose)
  // The good one is refused already: for its twin that proves nothing.
  if (known(untwinned)?.verdict === 'refuses') return undefined
  return known(given)?.verdict ?? 'refuses'
}

/** The server's own leaves are for servers alone. */
const usual = ({ leaf }: Case, purpose: Purpose): 'takes' | 'refuses' =>
  leaf.endsWith("server's") && purpose === 'client' ? 'refuses' : 'takes'

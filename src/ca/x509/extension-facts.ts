import { DerError, type DerReader, readInner } from '../../core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag, tags } from '../../core/der-tags.js'
import { IDENTITY_OID } from '../../core/identity-extension.js'
import { type GeneralName, readGeneralName } from './general-name.js'
import { type KeyUsage, keyUsages } from './key-usage.js'
import { extensionOids } from './object-identifiers.js'

/** One extension as it stands in the certificate. */
export interface ExtensionFacts {
  readonly oid: string
  readonly critical: boolean
  /** Content of extnValue. */
  readonly value: Uint8Array
}

export interface BasicConstraints {
  readonly ca: boolean
  readonly pathLength?: number
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** What the extensions that are known here say. An absent one is an absent member. */
export interface KnownExtensions {
  basicConstraints?: BasicConstraints
  keyUsage?: readonly KeyUsage[]
  /** OIDs. */
  extendedKeyUsage?: readonly string[]
  subjectAltNames?: readonly GeneralName[]
  subjectKeyId?: Uint8Array
  /** The keyIdentifier of authorityKeyIdentifier, when it has one. */
  authorityKeyId?: Uint8Array
  nameConstraints?: NameConstraints
  /** Text of the governed-identity extension. */
  identity?: string
}

/** More than any certificate of a chain has; what looks at each name is linear in them. */
const MAX_ELEMENTS = 256

const readers: ReadonlyMap<string, (reader: DerReader, known: KnownExtensions) => void> = new Map([
  [
    extensionOids.basicConstraints,
    (reader, known) => {
      known.basicConstraints = reader.sequence(readBasicConstraints)
    },
  ],
  [
    extensionOids.keyUsage,
    (reader, known) => {
      known.keyUsage = readKeyUsage(reader)
    },
  ],
  [
    extensionOids.extendedKeyUsage,
    (reader, known) => {
      known.extendedKeyUsage = reader.sequence((usages) => listOf(usages, () => usages.oid()))
    },
  ],
  [
    extensionOids.subjectAltName,
    (reader, known) => {
      known.subjectAltNames = reader.sequence((names) =>
        listOf(names, () => readGeneralName(names)),
      )
    },
  ],
  [
    extensionOids.subjectKeyId,
    (reader, known) => {
      known.subjectKeyId = readKeyId(reader.octetString())
    },
  ],
  [
    extensionOids.authorityKeyId,
    (reader, known) => {
      const keyId = reader.sequence(readAuthorityKeyId)
      if (keyId) known.authorityKeyId = keyId
    },
  ],
  [
    extensionOids.nameConstraints,
    (reader, known) => {
      known.nameConstraints = reader.sequence(readNameConstraints)
    },
  ],
  [
    IDENTITY_OID,
    (reader, known) => {
      if (reader.peekTag() !== tags.utf8String) throw new DerError('an identity is a UTF8String')
      known.identity = reader.text()
    },
  ],
] satisfies [string, (reader: DerReader, known: KnownExtensions) => void][])

/** Reads Extensions (RFC 5280 section 4.1): at least one, none twice. */
export function readExtensions(reader: DerReader): readonly ExtensionFacts[] {
  const seen = new Set<string>()
  return listOf(reader, () =>
    reader.sequence((extension) => {
      const oid = extension.oid()
      if (seen.has(oid)) throw new DerError(`extension ${oid} twice`)
      seen.add(oid)
      return { oid, critical: readDefaultFalse(extension), value: extension.octetString() }
    }),
  )
}

/** What is known is read strictly; a critical extension that is not known ends up in `unknown`. */
export function interpretExtensions(extensions: readonly ExtensionFacts[]): {
  readonly known: KnownExtensions
  readonly unknownCritical: readonly string[]
} {
  const known: KnownExtensions = {}
  const unknownCritical: string[] = []
  for (const { oid, critical, value } of extensions) {
    const read = readers.get(oid)
    if (read) readInner(value, (reader) => read(reader, known))
    else if (critical) unknownCritical.push(oid)
  }
  return { known, unknownCritical }
}

/** SEQUENCE SIZE (1..MAX) OF. */
function listOf<T>(reader: DerReader, element: () => T): readonly T[] {
  const list: T[] = []
  do {
    if (list.length === MAX_ELEMENTS) throw new DerError(`more than ${MAX_ELEMENTS} elements`)
    list.push(element())
  } while (reader.more)
  return list
}

/** BOOLEAN DEFAULT FALSE, whose default is never written (X.690 section 11.5). */
function readDefaultFalse(reader: DerReader): boolean {
  if (reader.peekTag() !== tags.boolean) return false
  if (!reader.boolean()) throw new DerError('a default written out')
  return true
}

function readBasicConstraints(reader: DerReader): BasicConstraints {
  const ca = readDefaultFalse(reader)
  return reader.more ? { ca, pathLength: reader.smallInteger() } : { ca }
}

function readKeyUsage(reader: DerReader): readonly KeyUsage[] {
  return reader.namedBits().map((bit) => {
    const usage = keyUsages[bit]
    if (usage === undefined) throw new DerError('a key usage that does not exist')
    return usage
  })
}

/** Compared, and printed in names of files and metrics: it is not empty and has an end. */
function readKeyId(octets: Uint8Array): Uint8Array {
  if (octets.length === 0 || octets.length > 64) throw new DerError('not a key identifier')
  return octets
}

/** AuthorityKeyIdentifier (RFC 5280 section 4.2.1.1); issuer and serial number are passed over. */
function readAuthorityKeyId(reader: DerReader): Uint8Array | undefined {
  const tag = contextPrimitiveTag(0)
  const keyId = reader.peekTag() === tag ? readKeyId(reader.primitive(tag)) : undefined
  if (reader.peekTag() === contextConstructedTag(1)) reader.any()
  if (reader.peekTag() === contextPrimitiveTag(2)) reader.any()
  return keyId
}

function readNameConstraints(reader: DerReader): NameConstraints {
  const permitted = readSubtrees(reader, contextConstructedTag(0))
  const excluded = readSubtrees(reader, contextConstructedTag(1))
  return { permitted, excluded }
}

/** GeneralSubtrees: minimum is its default 0 and maximum absent, always (RFC 5280 section 4.2.1.10). */
function readSubtrees(reader: DerReader, tag: number): readonly GeneralName[] {
  if (reader.peekTag() !== tag) return []
  return reader.constructed(tag, (subtrees) =>
    listOf(subtrees, () => subtrees.sequence((subtree) => readGeneralName(subtree, 'with mask'))),
  )
}

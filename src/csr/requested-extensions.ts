import { DerError, type DerReader, readInner } from '../core/der-reader.js'
import { contextConstructedTag, contextPrimitiveTag, tags } from '../core/der-tags.js'

/** What an extensionRequest (RFC 2985 section 5.4.2) asks for, as far as it matters to us. */
export interface RequestedExtensions {
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  /** Kinds of the other subjectAltNames. */
  readonly others: readonly string[]
  /** It wants to sign certificates or CRLs itself. */
  readonly asksForCa: boolean
}

const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const SUBJECT_ALT_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const EXTENDED_KEY_USAGE = '2.5.29.37'

/** KeyUsage bits (RFC 5280 section 4.2.1.3). */
const KEY_CERT_SIGN = 5
const CRL_SIGN = 6

/** A leaf has two or three; the comparison with the grant is linear in both. */
const MAX_NAMES = 32

const dnsTag = contextPrimitiveTag(2)
const uriTag = contextPrimitiveTag(6)

/** The GeneralNames (RFC 5280 section 4.2.1.6) that are noted by their kind alone. */
const otherNames: ReadonlyMap<number, string> = new Map([
  [contextConstructedTag(0), 'otherName'],
  [contextPrimitiveTag(1), 'email'],
  [contextConstructedTag(3), 'x400Address'],
  [contextConstructedTag(4), 'dirName'],
  [contextConstructedTag(5), 'ediPartyName'],
  [contextPrimitiveTag(7), 'ip'],
  [contextPrimitiveTag(8), 'registeredID'],
])

/** The members of an Extensions SEQUENCE (RFC 5280 section 4.1): at least one, none twice. */
export function parseExtensionRequest(extensions: DerReader): RequestedExtensions {
  const seen = new Set<string>()
  let names = { dns: [] as string[], uris: [] as string[], others: [] as string[] }
  let asksForCa = false
  do {
    const { oid, critical, value } = extensions.sequence(readExtension)
    if (seen.has(oid)) throw new DerError(`extension ${oid} twice`)
    seen.add(oid)
    switch (oid) {
      case SUBJECT_ALT_NAME:
        names = readInner(value, (reader) => reader.sequence(readNames))
        break
      case BASIC_CONSTRAINTS:
        asksForCa = readInner(value, (reader) => reader.sequence(readBasicConstraints)) || asksForCa
        break
      case KEY_USAGE: {
        const usages = readInner(value, (reader) => reader.namedBits())
        asksForCa = usages.includes(KEY_CERT_SIGN) || usages.includes(CRL_SIGN) || asksForCa
        break
      }
      case EXTENDED_KEY_USAGE:
      case SUBJECT_KEY_ID:
        // Wishes: a leaf's usages and key identifier are the profile's.
        break
      default:
        // A wish too, unless it must not be left out: then it must not be misunderstood either.
        if (critical) throw new DerError(`critical extension ${oid} is not known here`)
    }
  } while (extensions.more)
  return { asksForCa, ...names }
}

function readExtension(extension: DerReader): {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
} {
  const oid = extension.oid()
  const critical = readDefaultFalse(extension)
  return { oid, critical, value: extension.octetString() }
}

/** BOOLEAN DEFAULT FALSE, whose default is never written (X.690 section 11.5). */
function readDefaultFalse(reader: DerReader): boolean {
  if (reader.peekTag() !== tags.boolean) return false
  if (!reader.boolean()) throw new DerError('a default written out')
  return true
}

function readBasicConstraints(constraints: DerReader): boolean {
  const isCa = readDefaultFalse(constraints)
  if (constraints.more) constraints.smallInteger()
  return isCa
}

function readNames(names: DerReader): { dns: string[]; uris: string[]; others: string[] } {
  const found = { dns: [] as string[], uris: [] as string[], others: [] as string[] }
  let count = 0
  do {
    if (++count > MAX_NAMES) throw new DerError(`more than ${MAX_NAMES} names`)
    const tag = names.peekTag()
    if (tag === dnsTag) found.dns.push(names.ascii(tag))
    else if (tag === uriTag) found.uris.push(names.ascii(tag))
    else {
      const kind = otherNames.get(tag)
      if (kind === undefined) throw new DerError('not a GeneralName')
      names.skip()
      found.others.push(kind)
    }
  } while (names.more)
  return found
}

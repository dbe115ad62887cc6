import { certificateFacts, type CertificateFacts } from '../../src/ca/certificate-facts.js'
import { certificatesFromPem } from '../../src/ca/certificates-from-pem.js'
import { describeName } from '../../src/ca/x509/distinguished-name.js'
import { parseIpAddress } from '../../src/ca/x509/ip-address.js'
import { DerError, type DerReader, readDer } from '../../src/core/der-reader.js'
import { tags } from '../../src/core/der-tags.js'
import * as write from '../../src/core/der-writer.js'
import { parsePem, renderPem } from '../../src/core/pem.js'
import { csrFromText } from '../../src/csr/csr-from-text.js'
import { filesBelow } from '../given/files.js'
import { mutateDer } from '../mutate/der.js'
import { mutateLines } from '../mutate/lines.js'
import type { Mutator } from '../mutate/mutator.js'
import { readNodes, writeNodes } from '../oracle/der-nodes.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const MAX_OCTETS = 65_536

function run(input: Uint8Array): string {
  const values = readDer(input, MAX_OCTETS, valuesOf)
  const facts = certificateFacts(input)
  if (facts.ok) {
    hold(!(values instanceof DerError), 'a certificate is DER')
    checkCertificate(facts.value)
    return `certificate ${facts.value.version} ${facts.value.unknownCritical.length}`
  }
  const ending = endingOf(facts.refusal)
  return `${ending} ${readLines(Buffer.from(input).toString('utf8'))}`
}

function check(input: Uint8Array): string {
  const values = readDer(input, MAX_OCTETS, valuesOf)
  if (values instanceof DerError) return ''
  hold(
    sameOctets(writeNodes(readNodes(input, 'closed') ?? []), input),
    'accepted DER has one spelling',
  )
  return `values ${values.slice(0, 64).filter(isRead).length}`
}

function valuesOf(reader: DerReader): readonly Uint8Array[] {
  const values: Uint8Array[] = []
  while (reader.more) values.push(reader.any())
  return values
}

type Read = (reader: DerReader) => Uint8Array

const readText: Read = (reader) => {
  const tag = reader.peekTag()
  const text = reader.text()
  if (tag === tags.printableString) return write.printableString(text)
  return tag === tags.ia5String ? write.ia5String(text) : write.utf8String(text)
}
const readTime: Read = (reader) => write.time(reader.time())

/** By tag: what reads a value, and writes it again from what it took it for. */
const readings: ReadonlyMap<number, readonly Read[]> = new Map([
  [
    tags.boolean,
    [(reader) => (reader.boolean() ? write.trueValue() : write.tlv(tags.boolean, Buffer.of(0)))],
  ],
  [
    tags.integer,
    [
      (reader) => write.tlv(tags.integer, reader.integer()),
      (reader) => write.integer(reader.smallInteger()),
      (reader) => {
        const octets = reader.unsignedInteger()
        return write.integer(octets.length === 0 ? 0 : octets)
      },
    ],
  ],
  [tags.oid, [(reader) => write.oid(reader.oid())]],
  [tags.octetString, [(reader) => write.octetString(reader.octetString())]],
  [
    tags.bitString,
    [
      (reader) => write.bitString(reader.bitStringOctets()),
      (reader) => write.namedBits(...reader.namedBits()),
    ],
  ],
  [tags.utf8String, [readText]],
  [tags.printableString, [readText]],
  [tags.ia5String, [readText]],
  [tags.utcTime, [readTime]],
  [tags.generalizedTime, [readTime]],
] satisfies [number, readonly Read[]][])

/** Can it be read as what it says to be? */
function isRead(value: Uint8Array): boolean {
  let count = 0
  for (const read of readings.get(value[0] ?? 0) ?? []) {
    const written = readDer(value, MAX_OCTETS, read)
    if (written instanceof DerError) continue
    hold(sameOctets(written, value), 'what is read is written alike')
    count += 1
  }
  return count > 0
}

function checkCertificate(facts: CertificateFacts): void {
  const { notBefore, notAfter, subjectAltNames = [] } = facts
  const der = Buffer.from(facts.der)
  const contains = (octets: Uint8Array): boolean => der.includes(Buffer.from(octets))
  hold(
    [notBefore, notAfter].every((at) => contains(write.time(at))),
    'its times stand in it',
  )
  hold(contains(Buffer.from(facts.serial, 'hex')), 'the serial number stands in it')
  for (const part of [
    facts.signedBytes,
    facts.issuer,
    facts.subject,
    facts.spki,
    facts.signature,
  ]) {
    hold(part.buffer === facts.der.buffer, 'what a certificate says is its own octets')
  }
  for (const { kind, value } of subjectAltNames) {
    if (kind !== 'ip') continue
    const octets = parseIpAddress(value)
    hold(octets !== undefined && contains(octets), 'addresses are read as written')
  }
  for (const name of [facts.issuer, facts.subject]) {
    hold(!/\p{C}/u.test(describeName(name)), 'a name for people is one line')
  }
}

function readLines(text: string): string {
  const blocks = parsePem(text)
  for (const { label, der } of blocks ?? []) {
    const [again] = parsePem(renderPem(label, der)) ?? []
    hold(again?.label === label && sameOctets(again.der, der), 'PEM is read as it is written')
  }
  const certificates = certificatesFromPem(text)
  if (certificates.ok) {
    for (const der of certificates.value)
      hold(certificateFacts(der).ok, 'PEM of certificates holds them')
  } else {
    endingOf(certificates.refusal)
  }
  const csr = csrFromText(text)
  if (!csr.ok) return endingOf(csr.refusal)
  const again = csrFromText(renderPem('CERTIFICATE REQUEST', csr.value))
  hold(again.ok && sameOctets(again.value, csr.value), 'a CSR is read as it is written')
  return 'text of a CSR'
}

/** Changes what is in a PEM block or in base64, and leaves the spelling good. */
const mutateInside: Mutator = (input, material) => {
  const [block] = parsePem(Buffer.from(input).toString('latin1')) ?? []
  if (!block) return undefined
  const changed = mutateDer(block.der, material)
  return changed && Buffer.from(renderPem(block.label, changed))
}

function seeds(): readonly Uint8Array[] {
  const certificates = filesBelow('test/fixtures/ca').filter(({ path }) => path.endsWith('.pem'))
  const requests = filesBelow('test/fixtures/csr/clients')
  const values = [
    '0101ff',
    '020100',
    '02020080',
    '0603551d25',
    '0c0141',
    '130141',
    '160141',
    '0500',
  ]
    .concat(['170d3236313132313030303030305a', '180f32303530303130313030303030305a', '03020780'])
    .concat(['0400', '0303000102', '060b0607fffffffffffff7f01', '310030003000'])
  return [
    ...certificates.flatMap(({ octets }) => [
      octets,
      parsePem(octets.toString())?.[0]?.der ?? octets,
    ]),
    ...requests.map(({ octets }) => octets),
    ...values.map((hex) => Buffer.from(hex, 'hex')),
  ]
}

export const target: Target = {
  seeds,
  mutators: [mutateDer, mutateDer, mutateLines, mutateInside],
  run,
  check,
}

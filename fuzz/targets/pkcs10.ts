import { createPublicKey, sign, verify } from 'node:crypto'
import { allowKey } from '../../src/csr/key-policy.js'
import { type ParsedCsr, parseCsr } from '../../src/csr/parse-csr.js'
import { VerifiedCsrCache } from '../../src/csr/verified-csr-cache.js'
import type { VerifiedCsr } from '../../src/csr/verified-csr.js'
import { verifyCsr } from '../../src/csr/verify-csr.js'
import { filesBelow } from '../given/files.js'
import { ed25519Pair, type KeyPair, p256Pair, spkiOf } from '../given/keys.js'
import { mutateDer } from '../mutate/der.js'
import type { Mutator } from '../mutate/mutator.js'
import { type DerNode, readNodes, writeNodes } from '../oracle/der-nodes.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const cache = new VerifiedCsrCache(64)

function run(input: Uint8Array): string {
  const verified = verifyCsr(input)
  return verified.ok ? `verified ${verified.value.keyAlgorithm}` : endingOf(verified.refusal)
}

function check(input: Uint8Array): string {
  const parsed = parseCsr(input)
  const verified = verifyCsr(input)
  if (verified.ok) cache.remember(input, verified.value)
  const again = cache.verify(input)
  hold(again.ok === verified.ok, 'a cache answers as what it remembers')
  if (!parsed.ok) {
    hold(
      !verified.ok && verified.refusal.code === parsed.refusal.code,
      'what does not parse is refused',
    )
    return ''
  }
  checkParsed(input, parsed.value)
  if (!verified.ok) {
    if (verified.refusal.code !== 'csr.key-not-allowed') {
      hold(allowKey(parsed.value.spki).ok || parsed.value.extensions.asksForCa, 'keys come first')
    }
    return 'parsed'
  }
  checkVerified(parsed.value, verified.value)
  if (again.ok) hold(sameOctets(again.value.spki, verified.value.spki), 'a cache has the same key')
  return 'verified'
}

function checkParsed(input: Uint8Array, csr: ParsedCsr): void {
  // Closed: an extension that nobody reads may hold anything.
  const nodes = readNodes(input, 'closed')
  hold(nodes !== undefined && sameOctets(writeNodes(nodes), input), 'accepted DER has one spelling')
  const [info, , signature] = nodes?.[0]?.children ?? []
  hold(info !== undefined && sameOctets(writeNodes([info]), csr.signedBytes), 'signed: the info')
  hold(
    signature?.content[0] === 0 && sameOctets(signature.content.subarray(1), csr.signature),
    'signature',
  )
  for (const value of valuesRead(info)) {
    const inner = readNodes(value, 'closed')
    hold(inner !== undefined && sameOctets(writeNodes(inner), value), 'so do extensions')
  }
  const spki = info?.children?.[2]
  hold(
    spki !== undefined && sameOctets(writeNodes([spki]), csr.spki),
    'the key is the one of the info',
  )
  for (const name of [...csr.extensions.dns, ...csr.extensions.uris]) {
    hold(/^[\0-\x7f]*$/.test(name), 'names are ASCII')
    hold(Buffer.from(input).includes(name), 'names stand in the input')
  }
}

/** keyUsage, subjectAltName and basicConstraints: what of a CSR's extensions is read. */
const READ = ['551d0f', '551d11', '551d13']

const EXTENSION_REQUEST = '2a864886f70d01090e'

/** The values of these extensions, of the one attribute that holds extensions. */
function valuesRead(info: DerNode | undefined): readonly Uint8Array[] {
  const attributes = info?.children?.[3]?.children ?? []
  const request = attributes.find(({ children = [] }) => typeOf(children) === EXTENSION_REQUEST)
  const extensions = request?.children?.[1]?.children?.[0]?.children ?? []
  return extensions.flatMap(({ children = [] }) => {
    const value = children.at(-1)
    return value && READ.includes(typeOf(children)) ? [value.content] : []
  })
}

const typeOf = ([type]: readonly DerNode[]): string =>
  Buffer.from(type?.content ?? []).toString('hex')

const hashes: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
}

/** Asks OpenSSL by another way than the one that is judged. */
function checkVerified(csr: ParsedCsr, { spki, requested }: VerifiedCsr): void {
  hold(sameOctets(spki, csr.spki), 'the verified key is the one in the input')
  hold(!csr.extensions.asksForCa, 'who asks for a CA is refused')
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const written = key.export({ format: 'der', type: 'spki' })
  hold(sameOctets(written, spki), 'a verified key has one spelling')
  const hash = hashes[csr.signatureAlgorithm.oid]
  hold(verify(hash, csr.signedBytes, key, csr.signature), 'a verified CSR is signed by its key')
  hold(requested.commonName === csr.commonName, 'the names asked for are those of the CSR')
}

const signers = [
  { pair: ed25519Pair('csr'), algorithm: '300506032b6570', hash: null },
  { pair: p256Pair('csr'), algorithm: '300a06082a8648ce3d040302', hash: 'sha256' },
] as const

/** Changes what is signed, puts in a key of ours, and signs it again: beyond the signature check. */
const mutateAndSign: Mutator = (input, material) => {
  const { pair, algorithm, hash } = material.random.pick(signers)
  const info = readNodes(input)?.[0]?.children?.[0]
  if (!info) return undefined
  // The key before the change, so that it is changed too and spellings stay, or after it.
  const keyFirst = material.random.oneIn(3)
  const changed = mutateDer(
    keyFirst ? withKey(writeNodes([info]), pair) : writeNodes([info]),
    material,
  )
  if (changed === undefined) return undefined
  return signedRequest(keyFirst ? changed : withKey(changed, pair), pair, algorithm, hash)
}

/** The same request for another key; as it is when it has no place for one. */
function withKey(info: Uint8Array, pair: KeyPair): Uint8Array {
  const nodes = readNodes(info)
  const parts = nodes?.[0]?.children
  if (!nodes || !parts?.[2]) return info
  parts[2] = nodeOf(spkiOf(pair))
  return writeNodes(nodes)
}

function signedRequest(
  info: Uint8Array,
  { privateKey }: KeyPair,
  algorithm: string,
  hash: string | null,
): Uint8Array {
  const content = Buffer.concat([Buffer.of(0), sign(hash, info, privateKey)])
  const signature = writeNodes([{ tag: 3, content }])
  const parts = Buffer.concat([info, Buffer.from(algorithm, 'hex'), signature])
  return writeNodes([{ tag: 0x30, content: parts }])
}

function nodeOf(octets: Uint8Array): DerNode {
  const [node] = readNodes(octets) ?? []
  if (!node) throw new Error('not DER')
  return node
}

/** What is in PEM is taken out of it: PEM itself is read by the target `der`. */
function seeds(): readonly Uint8Array[] {
  return filesBelow('test/fixtures/csr')
    .flatMap(({ octets }) => [octets, ...insidePem(octets)])
    .filter((octets) => octets[0] === 0x30)
}

function insidePem(octets: Uint8Array): readonly Uint8Array[] {
  const blocks = Buffer.from(octets)
    .toString('latin1')
    .split(/-----(?:BEGIN|END)[^-]*-----/)
  return blocks.map((block) => Buffer.from(block, 'base64'))
}

export const target: Target = {
  seeds,
  mutators: [mutateDer, mutateAndSign, mutateAndSign],
  run,
  check,
}

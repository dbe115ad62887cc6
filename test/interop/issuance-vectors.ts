import { certificateDer } from '../../src/core/der.js'
import { serialFromRandom } from '../../src/core/serial.js'
import { unixSeconds } from '../../src/core/time.js'
import { sha256Hex, type Uid } from '../../src/core/uid.js'
import { fullEnvelope, normalize } from '../../src/namespace/envelope.js'
import { issuanceRecordOf, type RecordedLeaf } from '../../src/namespace/issuance-record.js'
import { recordHash } from '../../src/namespace/log-record.js'
import { policyDigestOf } from '../../src/namespace/policy-digest.js'
import { leafHash } from '../../src/tlog/hash.js'
import { formatProof } from '../../src/tlog/proof-text.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { logSigner } from '../support/note-signers.js'
import { treePath, treeRoot } from '../tlog/reference-tree.js'
import type { IssuanceVectors } from './vector-shapes.js'

const LOG = logSigner('acme.example/issuance')

const certificate = (at: number): Buffer => Buffer.from(`certificate ${at}`)

const leaves: readonly RecordedLeaf[] = Array.from({ length: 6 }, (_, at) => ({
  serial: serialFromRandom(Buffer.from(sha256Hex(`serial ${at}`), 'hex').subarray(0, 16)),
  entry: at === 2 ? null : (`e${'abcdef'.charAt(at).repeat(31)}` as Uid),
  rev: at === 2 ? 0 : at + 1,
  binding: at === 0 || at === 2 ? null : 'bk7vq2m4x3a2c',
  notAfter: unixSeconds(1_795_305_600 + at),
  certificate: certificateDer(certificate(at)),
  evidence: `{"kind":"pod","uid":"\u00e9 ${at}"}`,
  policyDigest: at === 2 ? null : sha256Hex(`policy ${at}`),
  indexSize: at === 2 ? null : 10 + at,
}))
const records = leaves.map((leaf) => Buffer.from(issuanceRecordOf(leaf)))
const texts = records.map((record) => record.toString())

/** Records of certificates, digests of what they were granted under, and proofs of them. */
export async function issuanceVectors(): Promise<IssuanceVectors> {
  return { records: recordVectors(), policies: policyVectors(), proofs: await proofVectors() }
}

function recordVectors(): IssuanceVectors['records'] {
  const [ofToken, ofPod, own] = [texts[0]!, texts[1]!, texts[2]!]
  const good = (what: string, record: string) => ({
    what,
    record,
    leaf: recordHash(Buffer.from(record)),
  })
  const bad = (what: string, find: string | RegExp, put: string, of = ofPod) => {
    const record = of.replace(find, put)
    if (record === of) throw new Error(`${what}: nothing is changed`)
    return { what, record, refused: true as const }
  }
  return [
    good('by a join token', ofToken),
    good('by a binding', ofPod),
    good("of the CA's own", own),
    bad('white space', ',', ', '),
    bad('a line feed at the end', /$/, '\n'),
    bad('members in another order', /^\{("attestation":"[^"]*"),("binding":"[^"]*")/, '{$2,$1'),
    bad('a member twice', '"rev":2', '"rev":2,"rev":2'),
    bad('a member that nobody knows', '"rev":2', '"rev":2,"rew":2'),
    bad('a member that is missing', /"attestation":"[^"]*",/, ''),
    bad('another version', '"v":1', '"v":2'),
    bad('a number as text', '"rev":2', '"rev":"2"'),
    bad('a fraction', '"rev":2', '"rev":2.5'),
    bad('a number below 0', '"rev":2', '"rev":-2'),
    bad('no revision of an entry', '"rev":2', '"rev":0'),
    bad('a serial number in capitals', /"serial":"[^"]*"/, `"serial":"${'AB'.repeat(16)}"`),
    bad('a short serial number', /"serial":"[^"]*"/, '"serial":"4f"'),
    bad('a digest in capitals', /"certificate":"[^"]*"/, `"certificate":"${'AB'.repeat(32)}"`),
    bad('a short digest', /"attestation":"[^"]*"/, '"attestation":"ab"'),
    bad('a binding that is none', '"bk7vq2m4x3a2c"', '"k7vq2m4x3a2c"'),
    bad('an entry that is a scope', /"entry":"e/, '"entry":"s'),
    bad('no policy of an entry', /"policyDigest":"[^"]*"/, '"policyDigest":null'),
    bad('no size for an entry', /"size":\d+/, '"size":null'),
    bad('a binding without an entry', '"binding":null', '"binding":"bk7vq2m4x3a2c"', own),
    bad('a revision without an entry', '"rev":0', '"rev":1', own),
    bad('a size without an entry', '"size":null', '"size":1', own),
    bad('longer than records are', '"bk7vq2m4x3a2c"', `"b${'a'.repeat(1000)}"`),
    bad('nothing', /^.*$/, ''),
  ]
}

function policyVectors(): IssuanceVectors['policies'] {
  const entries = [
    { envelope: { mayCall: ['shop'] }, rules: [] },
    {
      envelope: normalize(fullEnvelope),
      rules: [
        {
          id: 'web',
          effect: 'allow',
          callers: [`e${'a'.repeat(31)}`, { subtree: 'shop' }],
          ports: [[8080, 8080]],
          proto: 'http',
          rev: 3,
        },
      ],
    },
  ]
  const scopes = [
    { envelope: { maxTtl: 86_400 } },
    { envelope: { maxTtl: 3600 }, guards: [{ id: 'g', effect: 'requireRoutes' }] },
  ]
  const vector = (what: string, entry: object, above: readonly object[]) => ({
    what,
    entry,
    scopes: above,
    digest: policyDigestOf(entry as never, above as never),
  })
  return [
    vector('below a root', entries[0]!, scopes.slice(0, 1)),
    vector('with rules, below two scopes', entries[1]!, scopes),
    vector('the same scopes the other way round', entries[1]!, scopes.toReversed()),
  ]
}

async function proofVectors(): Promise<IssuanceVectors['proofs']> {
  const hashes = records.map(leafHash)
  const checkpoint = Buffer.from(
    await signCheckpoint(
      { origin: LOG.key.name, size: hashes.length, root: treeRoot(hashes), extensions: [] },
      LOG,
    ),
  )
  const proof = (index: number, extra: Uint8Array = records[index]!): string =>
    formatProof({ extra, index, path: treePath(index, hashes), checkpoint })
  const log = formatVerifierKey(LOG.key)
  const hex = (at: number): string => certificate(at).toString('hex')
  const good = (what: string, at: number) => ({
    what,
    log,
    proof: proof(at),
    certificate: hex(at),
    good: true,
  })
  const bad = (what: string, text: string, more: object = {}) => ({
    what,
    log,
    proof: text,
    certificate: hex(1),
    good: false,
    ...more,
  })
  const longer = Buffer.from(texts[1]!.replace(/"notAfter":\d+/, '"notAfter":1999999999'))
  const bare = formatProof({ index: 1, path: treePath(1, hashes), checkpoint })
  return [
    good('of a join token', 0),
    good('of a pod', 1),
    good("of the CA's own", 2),
    bad('another certificate', proof(1), { certificate: hex(3) }),
    bad('the record of another certificate', proof(1, records[3])),
    bad('a record that was changed', proof(1, longer)),
    bad('no record', bare),
    bad('a record of another form', proof(1, Buffer.from('{}'))),
    bad('another place', proof(1).replace('index 1', 'index 2')),
    bad('another log', proof(1), { log: formatVerifierKey(logSigner('acme.example/index').key) }),
  ]
}

import { sha256 } from '../../src/core/uid.js'
import { unixSeconds } from '../../src/core/time.js'
import { type Checkpoint, formatCheckpoint } from '../../src/tlog/checkpoint.js'
import { encodeBundle } from '../../src/tlog/entry-bundle.js'
import { EMPTY_ROOT, type Hash, leafHash } from '../../src/tlog/hash.js'
import { EMPTY_MAP_ROOT, mapKey } from '../../src/tlog/map-hash.js'
import { proveKey } from '../../src/tlog/map-proof.js'
import { formatMapProof } from '../../src/tlog/map-proof-text.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { formatProof } from '../../src/tlog/proof-text.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import { bundlePath, tilePath } from '../../src/tlog/tile.js'
import { formatVerifierKey, signatureType } from '../../src/tlog/verifier-key.js'
import { MemoryMapNodes } from '../support/memory-map-nodes.js'
import { logSigner, mixedOrderSigner, witnessSigner } from '../support/note-signers.js'
import { treePath, treeProof, treeRoot } from '../tlog/reference-tree.js'
import { issuanceVectors } from './issuance-vectors.js'
import { stateVectors } from './state-vectors.js'
import type {
  BundleVector,
  CheckpointVector,
  ConsistencyVector,
  InclusionVector,
  MapVector,
  PathVector,
  ProofVector,
  RootVector,
  Vectors,
  WitnessVector,
} from './vector-shapes.js'

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')

const ENTRIES = Array.from({ length: 20 }, (_, at) => Buffer.from(`entry ${at}`))
const LEAVES = ENTRIES.map(leafHash)
const rootAt = (size: number, leaves: readonly Hash[] = LEAVES): Hash =>
  treeRoot(leaves.slice(0, size))
const FORK = LEAVES.with(1, leafHash(Buffer.from('another entry 1')))

function flipped(octets: Uint8Array, bit = 0): Uint8Array {
  const copy = Uint8Array.from(octets)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
  return copy
}

function trees(): Vectors['tlog-tree'] {
  const roots: RootVector[] = [0, 1, 2, 3, 7, 8, 20].map((size) => ({
    entries: ENTRIES.slice(0, size).map(hex),
    root: hex(rootAt(size)),
  }))
  const inclusion: InclusionVector[] = []
  for (const [index, size] of [
    [0, 1],
    [0, 8],
    [5, 8],
    [6, 7],
    [12, 13],
    [19, 20],
    [3, 20],
  ] as const) {
    const good = {
      size,
      root: hex(rootAt(size)),
      index,
      entry: hex(ENTRIES[index]!),
      path: treePath(index, LEAVES.slice(0, size)).map(hex),
    }
    inclusion.push(
      { what: `entry ${index} of ${size}`, ...good, good: true },
      { what: 'another entry', ...good, entry: hex(ENTRIES[(index + 1) % 20]!), good: false },
      { what: 'another index', ...good, index: index + 1, good: false },
      { what: 'a bit of the root', ...good, root: hex(flipped(rootAt(size))), good: false },
      { what: 'a hash more', ...good, path: [...good.path, hex(EMPTY_ROOT)], good: false },
    )
    if (good.path.length > 0) {
      inclusion.push({ what: 'a hash less', ...good, path: good.path.slice(1), good: false })
    }
  }
  const consistency: ConsistencyVector[] = []
  for (const [first, second] of [
    [1, 2],
    [3, 7],
    [4, 8],
    [6, 8],
    [8, 20],
    [13, 20],
    [20, 20],
  ] as const) {
    const good = {
      first,
      firstRoot: hex(rootAt(first)),
      second,
      secondRoot: hex(rootAt(second)),
      proof: treeProof(first, LEAVES.slice(0, second)).map(hex),
    }
    consistency.push(
      { what: `${first} to ${second}`, ...good, good: true },
      {
        what: 'a bit of the first root',
        ...good,
        firstRoot: hex(flipped(rootAt(first), 9)),
        good: false,
      },
      {
        what: 'a bit of the second root',
        ...good,
        secondRoot: hex(flipped(rootAt(second), 255)),
        good: false,
      },
      { what: 'a hash more', ...good, proof: [...good.proof, hex(EMPTY_ROOT)], good: false },
    )
    if (first > 1 && second > first) {
      consistency.push(
        { what: 'a fork', ...good, firstRoot: hex(rootAt(first, FORK)), good: false },
        { what: 'a hash less', ...good, proof: good.proof.slice(1), good: false },
      )
    }
  }
  const empty = { first: 0, firstRoot: hex(EMPTY_ROOT), second: 8, secondRoot: hex(rootAt(8)) }
  consistency.push({ what: 'nothing is shown from nothing', ...empty, proof: [], good: false })
  return { roots, inclusion, consistency }
}

function tiles(): Vectors['tlog-tiles'] {
  const named = [
    { level: 0, index: 0, width: 256 },
    { level: 0, index: 273, width: 112 },
    { level: 1, index: 1_234_067, width: 256 },
    { level: 63, index: 999_999, width: 1 },
  ]
  const paths: PathVector[] = [
    ...named.map((tile) => ({ path: tilePath(tile), ...tile })),
    ...named.map((tile) => ({ path: bundlePath(tile), index: tile.index, width: tile.width })),
    ...['tile/0/0', 'tile/64/000', 'tile/00/000', 'tile/0/x000/001', 'tile/0/000.p/256'].map(
      (path) => ({ path, refused: true as const }),
    ),
    ...['tile/0/000.p/0', 'tile/0/x001', 'tile/entries/000.p/01', 'tile/0/000/'].map((path) => ({
      path,
      refused: true as const,
    })),
  ]
  const entries = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(300, 7)]
  const octets = Buffer.from(encodeBundle(entries))
  const good = { octets: hex(octets), count: 3 }
  const bundles: BundleVector[] = [
    { what: 'three entries', ...good, entries: entries.map(hex) },
    { what: 'an octet after them', ...good, octets: `${good.octets}00`, refused: true },
    { what: 'an entry after them', ...good, octets: `${good.octets}0000`, refused: true },
    { what: 'an entry cut short', ...good, octets: good.octets.slice(0, -2), refused: true },
    { what: 'an entry missing', octets: good.octets, count: 4, refused: true },
    { what: 'a length cut short', octets: good.octets.slice(0, 8), count: 2, refused: true },
  ]
  return { paths, bundles }
}

const ORIGIN = 'log.example/index'
const LOG = logSigner(ORIGIN)
const OTHER_LOG = logSigner('log.example/other')
const WITNESSES = ['w1.example', 'w2.example', 'w3.example'].map(witnessSigner)
const NOW = unixSeconds(1_700_000_000)
const POLICY = [
  `log ${formatVerifierKey(LOG.key)}`,
  '# three witnesses, of which the first must be one',
  ...WITNESSES.map(({ key }, at) => `witness w${at + 1} ${formatVerifierKey(key)}`),
  'group others any w2 w3',
  'group q all w1 others',
  'quorum q',
  '',
].join('\n')

const checkpointAt = (size: number, more: Partial<Checkpoint> = {}): Checkpoint => ({
  origin: ORIGIN,
  size,
  root: rootAt(size),
  extensions: [],
  ...more,
})

async function signedBy(
  numbers: readonly number[],
  checkpoint = checkpointAt(13),
  log = LOG,
): Promise<string> {
  let note = await signCheckpoint(checkpoint, log)
  for (const number of numbers) {
    const signature = await cosign(formatCheckpoint(checkpoint), WITNESSES[number - 1]!, NOW)
    note += formatSignatureLine(signature)
  }
  return note
}

async function checkpoints(): Promise<Vectors['tlog-checkpoint']> {
  const log = formatVerifierKey(LOG.key)
  const mixedLog = mixedOrderSigner(ORIGIN, signatureType.ed25519)
  const good = await signedBy([1, 3])
  const note = (what: string, text: string, policy = POLICY, key = log): CheckpointVector => ({
    what,
    log: key,
    policy,
    note: text,
    refused: true,
  })
  const accepted = (what: string, text: string, policy = POLICY): CheckpointVector => ({
    what,
    log,
    policy,
    note: text,
    size: 13,
    root: hex(rootAt(13)),
  })
  const unknown = `\u2014 nobody.example ${base64(Buffer.alloc(2432, 1))}\n`
  const loggedOnly = await signedBy([])
  const badLog = (await signedBy([], checkpointAt(14))).split('\n').at(-2)!
  const more = await signedBy([1, 2], checkpointAt(13, { extensions: ['more'] }))
  const other = await signedBy([1, 2], checkpointAt(13, { origin: 'log.example/x' }))
  const emptyTree = await signedBy([1, 2], checkpointAt(0, { root: rootAt(1) }))
  const shortRoot = base64(rootAt(13).subarray(1))
  return [
    accepted('a quorum', good),
    accepted('all witnesses, and somebody who is not known', (await signedBy([3, 2, 1])) + unknown),
    accepted('extension lines', more),
    accepted('no quorum wanted', loggedOnly, 'quorum none\n'),
    note('too few witnesses', await signedBy([1])),
    note('a group that is not there', await signedBy([2, 3])),
    note('no witness', loggedOnly),
    note('one witness twice', (await signedBy([1])) + good.split('\n').at(-3)! + '\n'),
    note('an extension line taken out', more.replace('more\n', '')),
    note('another log', other),
    note('signed by another log', await signedBy([1, 2], checkpointAt(13), OTHER_LOG)),
    note('another key', good, POLICY, formatVerifierKey(OTHER_LOG.key)),
    note('a bad signature of the log beside a good one', `${good}${badLog}\n`),
    note(
      'a bad signature of a witness that is not needed',
      good.concat(formatSignatureLine({ ...WITNESSES[1]!.key, signature: Buffer.alloc(72) })),
    ),
    note('another size', good.replace('\n13\n', '\n12\n')),
    note('a size with a zero before it', good.replace('\n13\n', '\n013\n')),
    note('a root of 31 octets', good.replace(base64(rootAt(13)), shortRoot)),
    note('a root of an empty tree that is none', emptyTree),
    note('no empty line', good.replace('\n\n', '\n')),
    note('no line feed at the end', good.slice(0, -1)),
    note('a hyphen for the dash', good.replace('\u2014', '-')),
    note('a control character', `\t${good}`),
    note('a policy of other logs', good, POLICY.replace(log, formatVerifierKey(OTHER_LOG.key))),
    note('a policy without a quorum', good, POLICY.replace('quorum q\n', '')),
    note('a policy cut short', good, POLICY.slice(0, -1)),
    note(
      'a policy with a member twice',
      good,
      POLICY.replace('others any w2', 'others any w1').replace('q all w1', 'q all w1 w2'),
    ),
    note('a policy with a threshold above all', good, POLICY.replace('others any', 'others 3')),
    note(
      'a log whose key is of mixed order',
      await signedBy([1, 2], checkpointAt(13), mixedLog),
      'quorum none\n',
      formatVerifierKey(mixedLog.key),
    ),
    note(
      'a witness whose key is of mixed order',
      await signedBy([1, 2]),
      POLICY.replace(
        formatVerifierKey(WITNESSES[2]!.key),
        formatVerifierKey(mixedOrderSigner('w3.example', signatureType.cosignature).key),
      ),
    ),
  ]
}

async function proofs(): Promise<Vectors['tlog-proof']> {
  const log = formatVerifierKey(LOG.key)
  const checkpoint = Buffer.from(await signedBy([1, 2]))
  const path = treePath(6, LEAVES.slice(0, 13))
  const text = formatProof({ index: 6, path, checkpoint })
  const extra = formatProof({ index: 6, path, checkpoint, extra: Buffer.from('context') })
  const entry = hex(ENTRIES[6]!)
  const given = { log, policy: POLICY, entry }
  const bad = (what: string, proof: string): ProofVector => ({ what, ...given, proof, good: false })
  return [
    { what: 'entry 6 of 13', ...given, proof: text, good: true },
    { what: 'with extra data', ...given, proof: extra, good: true },
    { ...bad('another entry', text), entry: hex(ENTRIES[7]!) },
    bad('another index', text.replace('index 6', 'index 7')),
    bad('an index with a zero before it', text.replace('index 6', 'index 06')),
    bad('another header', text.replace('@v1', '@v2')),
    bad('a bit of the path', text.replace(base64(path[0]!), base64(flipped(path[0]!)))),
    bad('a hash less', text.replace(`${base64(path[1]!)}\n`, '')),
    bad('extra data after the index', text.replace('index 6\n', 'index 6\nextra YQ==\n')),
    bad('base64 of another spelling', extra.replace('Y29udGV4dA==', 'Y29udGV4dB==')),
    bad(
      'a checkpoint without a quorum',
      formatProof({
        index: 6,
        path,
        checkpoint: Buffer.from(await signedBy([1])),
      }),
    ),
  ]
}

async function witnesses(): Promise<Vectors['tlog-witness']> {
  const request = async (
    old: number,
    checkpoint: Checkpoint,
    proof = old === 0 ? [] : treeProof(old, LEAVES.slice(0, checkpoint.size)),
    log = LOG,
  ): Promise<string> =>
    [`old ${old}`, ...proof.map(base64), '', await signedBy([], checkpoint, log)].join('\n')
  const recorded = { size: 7, root: hex(rootAt(7)) }
  const log = formatVerifierKey(LOG.key)
  const asked = (
    what: string,
    status: WitnessVector['status'],
    body: string,
    known: WitnessVector['recorded'] = recorded,
  ): WitnessVector => ({
    what,
    log,
    recorded: known,
    request: body,
    status,
    ...(status === 409 && { answer: `${known?.size ?? 0}\n` }),
  })
  const good = await request(7, checkpointAt(13))
  const fork = checkpointAt(13, { root: rootAt(13, FORK) })
  return [
    asked('a larger tree', 200, good),
    asked('the same tree', 200, await request(7, checkpointAt(7))),
    asked('a first tree', 200, await request(0, checkpointAt(7)), null),
    asked('an empty tree', 200, await request(0, checkpointAt(0)), null),
    asked('a tree after the empty one', 200, await request(0, checkpointAt(7)), {
      size: 0,
      root: hex(EMPTY_ROOT),
    }),
    asked('an old size above the new', 400, await request(13, checkpointAt(7), [])),
    asked('no old size', 400, good.replace('old 7\n', '')),
    asked('an old size of another spelling', 400, good.replace('old 7', 'old 07')),
    asked('a proof line that is no hash', 400, good.replace('old 7\n', 'old 7\nYQ==\n')),
    asked(
      '64 proof lines',
      400,
      good.replace('old 7\n', `old 7\n${`${base64(EMPTY_ROOT)}\n`.repeat(64)}`),
    ),
    asked('no line feed at the end', 400, good.slice(0, -1)),
    asked(
      'a signature of another log',
      403,
      await request(7, checkpointAt(13), undefined, OTHER_LOG),
    ),
    asked('a bad signature', 403, good.replace(`\n13\n`, '\n14\n')),
    asked('a log that is not known', 404, await request(7, checkpointAt(13, { origin: 'x' }))),
    asked('another old size', 409, await request(6, checkpointAt(13))),
    asked('an old size where nothing is recorded', 409, good, null),
    asked('a fork', 422, await request(7, fork)),
    asked(
      'a fork with its own proof',
      422,
      await request(7, fork, treeProof(7, FORK.slice(0, 13))),
    ),
    asked(
      'a fork of the same size',
      422,
      await request(7, checkpointAt(7, { root: rootAt(7, FORK) })),
    ),
    asked('no proof', 422, await request(7, checkpointAt(13), [])),
    asked(
      'a proof where none is wanted',
      422,
      await request(0, checkpointAt(7), [EMPTY_ROOT]),
      null,
    ),
    asked(
      'a root of an empty tree that is none',
      422,
      await request(0, checkpointAt(0, { root: rootAt(1) })),
      null,
    ),
  ]
}

function maps(): Vectors['tlog-map'] {
  const names = Array.from({ length: 12 }, (_, at) => `name ${at}`)
  const valueOf = (name: string): Hash => sha256(`value of ${name}`)
  const nodes = new MemoryMapNodes()
  const changes = names.map((name) => ({ key: mapKey('alias', name), value: valueOf(name) }))
  nodes.change(changes)
  const root = hex(nodes.root.hash)
  const vector = (name: string): MapVector => ({
    what: name,
    root,
    table: 'alias',
    name,
    proof: formatMapProof(proveKey(nodes, nodes.root, mapKey('alias', name))),
    value: names.includes(name) ? hex(valueOf(name)) : null,
  })
  const good = vector('name 3')
  const bad = (what: string, change: Partial<MapVector>): MapVector => ({
    what,
    root,
    table: good.table,
    name: good.name,
    proof: good.proof,
    refused: true,
    ...change,
  })
  const [header, leaf, ...steps] = good.proof.trimEnd().split('\n')
  const proof = (...lines: readonly (string | undefined)[]): { proof: string } => ({
    proof: [...lines, ''].join('\n'),
  })
  const shorter = steps.slice(1)
  const other = vector('name 4').proof
  return {
    empty: hex(EMPTY_MAP_ROOT),
    entries: names.map((name) => ({ table: 'alias', name, value: hex(valueOf(name)) })),
    root,
    proofs: [
      good,
      vector('name 11'),
      vector('name 12'),
      vector('nobody'),
      {
        what: 'anything in an empty map',
        root: hex(EMPTY_MAP_ROOT),
        table: 'alias',
        name: 'name 3',
        proof: formatMapProof({ path: [] }),
        value: null,
      },
      bad('the empty map', proof(header, 'empty')),
      bad('another root', { root: hex(EMPTY_MAP_ROOT) }),
      bad('another table', { table: 'uid', proof: other }),
      bad('the proof of another key', { proof: other }),
      bad('a step less', proof(header, leaf, ...shorter)),
      bad('the steps downwards', proof(header, leaf, ...steps.toReversed())),
      bad('another bit', proof(header, leaf, ...steps.slice(0, -1), `1${steps.at(-1)!}`)),
      bad(
        'a bit with a zero before it',
        proof(header, leaf, ...steps.slice(0, -1), `0${steps.at(-1)!}`),
      ),
      bad(
        'another value',
        proof(header, leaf!.replace(/ \S+$/, ` ${base64(EMPTY_ROOT)}`), ...steps),
      ),
      bad('no line feed at the end', { proof: good.proof.slice(0, -1) }),
      bad('another header', { proof: good.proof.replace('@v1', '@v2') }),
    ],
  }
}

/** What docs/format/vectors holds: good and bad examples of every format, all made here. */
export const makeVectors = async (): Promise<Vectors> => ({
  'tlog-tree': trees(),
  'tlog-tiles': tiles(),
  'tlog-checkpoint': await checkpoints(),
  'tlog-proof': await proofs(),
  'tlog-witness': await witnesses(),
  'tlog-map': maps(),
  'state-proof': await stateVectors(),
  issuance: await issuanceVectors(),
})

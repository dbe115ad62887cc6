import { inFile, SPEED, type Survivor, TYPES } from './survivor.js'

const askWitness = inFile('tlog/ask-witness.ts')
const checkpoint = inFile('tlog/checkpoint.ts')
const compactRange = inFile('tlog/compact-range.ts')
const cosignature = inFile('tlog/cosignature.ts')
const cosigning = inFile('tlog/cosigning.ts')
const entryBundle = inFile('tlog/entry-bundle.ts')
const hashes = inFile('tlog/hash.ts')
const knownLogs = inFile('tlog/known-logs.ts')
const mapDraft = inFile('tlog/map-draft.ts')
const mapHash = inFile('tlog/map-hash.ts')
const mapNode = inFile('tlog/map-node.ts')
const mapProofText = inFile('tlog/map-proof-text.ts')
const mapProof = inFile('tlog/map-proof.ts')
const theMap = inFile('tlog/map.ts')
const noteText = inFile('tlog/note-text.ts')
const note = inFile('tlog/note.ts')
const policyKey = inFile('tlog/policy-key.ts')
const policy = inFile('tlog/policy.ts')
const proofText = inFile('tlog/proof-text.ts')
const publishCheckpoints = inFile('tlog/publish-checkpoints.ts')
const readNodes = inFile('tlog/read-nodes.ts')
const saneTime = inFile('tlog/sane-time.ts')
const stateProofText = inFile('tlog/state-proof-text.ts')
const tiles = inFile('tlog/tile.ts')
const treeEdge = inFile('tlog/tree-edge.ts')
const verifierKey = inFile('tlog/verifier-key.ts')
const verifyCheckpoint = inFile('tlog/verify-checkpoint.ts')
const verifyProof = inFile('tlog/verify-proof.ts')
const witnessRequest = inFile('tlog/witness-request.ts')
const witness = inFile('tlog/witness.ts')

const NONSENSE = 'nothing in place of nothing: it is refused all the same'
const NOTHING = 'a function without a `return` returns undefined'
const MORE_SIGNATURES = "more signatures under the same text: only the witness's key is looked for"
const STOPPING = 'what is said once it is stopping is heard by nobody'
const STUB = 'a stub has a reference, which is answered one line further down'
const NO_LEAF = 'read as: no leaf'
const LENGTHS = 'the two kinds have two lengths, and a node is hashed after it is read'
const READ = 'second layer: `readMapNode` compares each node with the hash above it'
const ROOTS = 'second layer: the hashes do not come to the roots'

export const tlog: readonly Survivor[] = [
  askWitness(
    'first.size > signed.size',
    'first.size >= signed.size',
    'a witness with as much as this log has would not have answered that it has another size',
  ),
  askWitness("''", '"Stryker was here!"', NONSENSE),
  askWitness('/\\n$/', '/\\n/', '`decimal` refuses a line feed that is elsewhere'),
  askWitness(
    'from === 0',
    'false',
    'the root of no leaves is not asked for: the proof from it is empty whatever it is',
  ),
  askWitness("'\\n'", '""', 'a line that is cut by one octet is no signature of the key'),
  askWitness('text.slice(0, -1)', 'text', 'one more line, which is empty and no signature'),
  askWitness('[]', '["Stryker was here"]', NONSENSE),
  askWitness(
    "signed.note.slice(0, signed.note.lastIndexOf('\\n\\n') + 2)",
    'signed.note',
    MORE_SIGNATURES,
  ),
  askWitness("'\\n\\n'", '""', MORE_SIGNATURES),
  askWitness('verified.value[0]?.time', 'verified.value[0].time', TYPES),
  askWitness('time === 0', 'false', '1970 is long past'),
  checkpoint("''", '"Stryker was here!"', TYPES, 3),
  compactRange('left === undefined', 'false', TYPES),
  cosignature(
    'octets.length !== COSIGNATURE_OCTETS',
    'false',
    'second layer: a signature of another length does not verify, and `holds` asks for 64 octets',
  ),
  cosigning('this.#wakes += 1', 'this.#wakes -= 1', 'another number than before, either way'),
  cosigning(
    'one.state.behindSince ??= this.#wokenAt',
    'one.state.behindSince &&= this.#wokenAt',
    '`#round` says since when, before anybody is told',
  ),
  cosigning('[]', '["Stryker was here"]', NONSENSE, 2),
  cosigning('rounds.length === 0', 'false', 'nobody is waited for, and patience is ended at once'),
  cosigning('signal.aborted', 'true', STOPPING),
  cosigning(
    "'the store cannot be read'",
    '""',
    'a text for people, of an error that no store makes',
  ),
  cosigning(
    'one.failures += 1',
    'one.failures -= 1',
    'the loop counts its own wait; this only says that it is not 0',
  ),
  cosigning(
    'next.failed',
    ['true', 'false'],
    'who waits is let go at the end of the next round, or at once: both within patience',
  ),
  cosigning('!signal.aborted', 'true', STOPPING),
  cosigning(
    'state.size !== undefined',
    'true',
    'a checkpoint that is there was cosigned: before the first nobody asks',
  ),
  cosigning(
    'due > now',
    ['true', 'due >= now'],
    'a cosignature is never older than a refresh when this is reckoned',
  ),
  cosigning('!isOfIt', 'true', '`wake` has said it already'),
  entryBundle(
    'entry.length > MAX_ENTRY_OCTETS',
    'false',
    '`writeUInt16BE` throws the same kind of error',
  ),
  entryBundle('high === undefined', 'false', 'then `low` is undefined too'),
  hashes("typeof octets === 'string'", 'true', SPEED),
  hashes('octets.length > SHORT_LEAF', ['true', 'octets.length >= SHORT_LEAF'], SPEED),
  knownLogs(
    'key.refusal.found ?? key.refusal.detail',
    'key.refusal.found && key.refusal.detail',
    'a text for people',
  ),
  mapDraft("found?.kind === 'leaf'", 'true', 'what the walk ends at is a leaf, or nothing'),
  mapDraft("node.kind === 'inner'", 'true', 'a leaf that is let go is in no map any more'),
  mapDraft(
    'node.bit > bit',
    'node.bit >= bit',
    'two nodes of one path have two bits, and the new one is where keys part',
  ),
  mapDraft('sibling', 'true', TYPES),
  mapDraft("node.kind === 'stub'", 'false', STUB),
  mapDraft("'stub'", '""', STUB),
  mapDraft("'inner'", '""', NO_LEAF),
  mapHash(
    'at < HASH_OCTETS',
    'at <= HASH_OCTETS',
    'the octet after the last is the same in both: none',
  ),
  mapNode('kind === LEAF', 'true', LENGTHS),
  mapNode('kind !== INNER', 'false', LENGTHS),
  mapNode("'inner'", '""', NO_LEAF),
  mapProofText("''", '"Stryker was here!"', NONSENSE, 3),
  mapProofText('[]', '["Stryker was here"]', NONSENSE),
  mapProof(
    'path.length <= KEY_BITS',
    'path.length < KEY_BITS',
    'a path of all 256 bits is of keys that nobody finds',
  ),
  mapProof('!verifyMapProof(proof, root, key).ok', 'false', READ),
  mapProof(
    "{ throw new DependencyError('store', 'a node of the state map is not where its key leads') }",
    '{}',
    READ,
  ),
  mapProof('path.length === 0', 'true', '`sameHash` with the root of nothing decides'),
  theMap('value && value.length !== HASH_OCTETS', 'false', TYPES),
  noteText('{ return undefined }', '{}', NOTHING),
  note('end === -1', 'false', 'then no line after it is a signature'),
  note('name === undefined', 'false', TYPES),
  note('base64 === undefined', 'false', TYPES),
  note(
    '!split || !message',
    ['false', '!split && !message'],
    '`holds` of nothing throws, or is false',
  ),
  note(
    '(holds.time ?? 0) > (verified[at]?.time ?? 0)',
    '(holds.time ?? 0) >= (verified[at]?.time ?? 0)',
    'one key signs one text at one time in one way',
  ),
  note('verified[at]?.time', 'verified[at].time', TYPES),
  note('signature.length === 64', 'true', 'OpenSSL takes no Ed25519 signature of another length'),
  policyKey('text === undefined', 'false', TYPES),
  policyKey('read?.ok', 'read.ok', TYPES),
  policyKey(
    'url !== undefined',
    'true',
    'a member that is undefined in place of one that is absent',
  ),
  policy(
    '[]',
    '["Stryker was here"]',
    'of the log alone: nobody asks a policy without a quorum for them',
    2,
  ),
  policy("''", '"Stryker was here!"', NONSENSE, 7),
  policy(
    'wrong === undefined',
    'true',
    'what is wrong ends the reading, and nothing of it is kept',
    2,
  ),
  policy('count !== undefined', 'true', TYPES),
  proofText("''", '"Stryker was here!"', NONSENSE),
  publishCheckpoints(
    'head.size === kept?.size',
    'true',
    'a head is never smaller than what was signed of it: the tree was opened so',
  ),
  publishCheckpoints('kept?.size', 'kept.size', TYPES),
  readNodes('count === 1', 'true', 'a copy in place of a hash that is one already'),
  readNodes('!row', 'false', TYPES),
  saneTime('latest !== undefined', 'true', TYPES),
  saneTime('last !== undefined', 'true', TYPES),
  saneTime('now < last', 'now <= last', 'the same time either way'),
  stateProofText('[]', '["Stryker was here"]', NONSENSE),
  stateProofText(
    'table === undefined || name === undefined',
    'table === undefined && name === undefined',
    TYPES,
  ),
  stateProofText('table === undefined', 'false', TYPES),
  stateProofText('name === undefined', 'false', TYPES),
  stateProofText("''", '"Stryker was here!"', NONSENSE),
  tiles('[]', '["Stryker was here"]', NONSENSE),
  tiles('index < last', 'index <= last', '`tileAt` says that there is none'),
  tiles('tile', 'true', TYPES),
  treeEdge(
    'level % 8 === 0',
    'true',
    'a level between two tiles has no whole number, and a list passes it over',
  ),
  treeEdge('from === 0', 'true', 'a narrower tile of another number was never written'),
  treeEdge(
    'row.length !== width * HASH_OCTETS',
    'false',
    'second layer: rows of another length do not come to the root',
  ),
  verifierKey("''", '"Stryker was here!"', NONSENSE, 3),
  verifierKey('[]', '["Stryker was here"]', NONSENSE, 2),
  verifierKey('known', 'false', SPEED),
  verifierKey(
    'publicKey.length !== PUBLIC_KEY_OCTETS',
    'false',
    'no other length is a point of prime order',
  ),
  verifyCheckpoint(
    'Buffer.compare(a.publicKey, b.publicKey) === 0',
    'true',
    'an id is four octets of a hash of name and key: another key with both is 2^32 tries away',
  ),
  verifyProof(
    'at !== 0',
    'true',
    'at the first node of a level `last` is 0 too, and halving stops there',
    2,
  ),
  verifyProof(
    '!isSize(first.size) || !isSize(second.size)',
    ['false', '!isSize(first.size) && !isSize(second.size)'],
    ROOTS,
  ),
  verifyProof('first.size > second.size', 'false', ROOTS),
  verifyProof(
    '!isHash(first.root) || !isHash(second.root)',
    '!isHash(first.root) && !isHash(second.root)',
    ROOTS,
  ),
  verifyProof('proof.length === 0', 'false', ROOTS),
  verifyProof('last === 0', 'false', ROOTS),
  witnessRequest("''", '"Stryker was here!"', NONSENSE),
  witness('[]', '["Stryker was here"]', NONSENSE),
  witness('note?.ok', 'note.ok', TYPES),
]

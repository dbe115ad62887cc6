import { sign } from 'node:crypto'
import { canonicalize } from '../../src/core/canonical-json.js'
import { sha256Hex } from '../../src/core/uid.js'
import { isBodyOf } from '../../src/namespace/change-request.js'
import { open, type Opened, payloadTypes, preAuthEncoding } from '../../src/namespace/dsse.js'
import { verifyRecord } from '../../src/namespace/fold-record.js'
import { describe } from '../../src/namespace/history.js'
import { encodeRecord, isDeliberation, readRecord } from '../../src/namespace/log-record.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { canonicalState } from '../../src/namespace/state.js'
import { proposalId, readGenesis, readProposal, readVote } from '../../src/namespace/statements.js'
import { ed25519Pair } from '../given/keys.js'
import { possibleRecords, smallIndex, smallLog } from '../given/small-index.js'
import { mutatedValue, mutateJson, parse } from '../mutate/json.js'
import type { Material, Mutator } from '../mutate/mutator.js'
import { endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const LINE_FEED = 0x0a
/** A record has room for the names of about a hundred votes. */
const MOST_LINES = 100
const before = canonicalState(smallIndex.state)

/**
 * An input is the lines of one record as it is stored: the record, then the envelopes that it names.
 * Canonical JSON holds no line feed.
 */
function run(input: Uint8Array): string {
  const lines = linesOf(input)
  const [first = NOTHING, ...envelopes] = lines
  const ends = lines.slice(0, 4).map(readLine)
  const size = smallIndex.state.size
  const stored = { seq: readRecord(first)?.kind === 'genesis' ? 0 : size, bytes: first, envelopes }
  // A genesis is the first of a log, and is read as that.
  const state = stored.seq === 0 ? new FoldedState() : smallIndex.state
  const verified = verifyRecord(state, stored)
  const item = describe(stored)
  if (!verified.ok) return `${endingOf(verified.refusal)} ${ends.join(', ')}`
  hold(canonicalState(smallIndex.state) === before, 'verifying changes nothing')
  const changes = !isDeliberation(verified.value.record)
  hold(item !== undefined || !changes || stored.seq === 0, 'what is verified can be told')
  hold(sameOctets(encodeRecord(verified.value.record), first), 'a record has one spelling')
  return `verified ${item?.op ?? 'genesis'}`
}

function linesOf(input: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let from = 0; from <= input.length && lines.length < MOST_LINES;) {
    const at = input.indexOf(LINE_FEED, from)
    const until = at === -1 ? input.length : at
    lines.push(input.subarray(from, until))
    from = until + 1
  }
  return lines
}

function readLine(line: Uint8Array): string {
  const record = readRecord(line)
  if (record) hold(sameOctets(encodeRecord(record), line), 'a record has one spelling')
  const opened = open(line)
  if (!opened) return record ? 'record' : 'nothing'
  checkOpened(line, opened)
  const read = [readGenesis, readProposal, readVote].filter(
    (reader) => reader(opened) !== undefined,
  )
  hold(read.length <= 1, 'a statement is of one kind')
  const proposal = readProposal(opened)
  if (proposal)
    hold(isBodyOf(proposal.op, proposal.body), 'a proposal has the body of its operation')
  return proposal?.op ?? (read.length === 1 ? 'statement' : 'envelope')
}

function checkOpened(line: Uint8Array, opened: Opened): void {
  const { payloadType, payload, signatures, digest } = opened
  const spelled = canonicalize({
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: signatures.map((sig) => ({ sig: Buffer.from(sig).toString('base64') })),
  })
  hold(sameOctets(Buffer.from(spelled), line), 'an envelope has one spelling')
  const type = Buffer.from(payloadType)
  const pae = [`DSSEv1 ${type.length} `, type, ` ${payload.length} `, payload].map((part) =>
    Buffer.from(part),
  )
  hold(digest === sha256Hex(Buffer.concat(pae)), 'the digest is of type and payload')
}

const { privateKey } = ed25519Pair('voter')

interface Statement {
  readonly type: string
  readonly value: unknown
}

function statementOf(line: Uint8Array): Statement | undefined {
  const opened = open(line)
  const value = opened && parse(opened.payload)
  return opened && value !== undefined ? { type: opened.payloadType, value } : undefined
}

function sealed({ type, value }: Statement): { line: Uint8Array; digest: string } | undefined {
  try {
    const payload = Buffer.from(canonicalize(value))
    const pae = preAuthEncoding(type, payload)
    const sig = sign(null, pae, privateKey).toString('base64')
    const envelope = {
      payload: payload.toString('base64'),
      payloadType: type,
      signatures: [{ sig }],
    }
    return { line: Buffer.from(canonicalize(envelope)), digest: sha256Hex(pae) }
  } catch {
    // A mutation that no signature can be over.
    return undefined
  }
}

/** Changes what the voter says, and signs it again: the proposal, the vote for it and the record. */
const mutateAndSeal: Mutator = (input, material) => {
  const [first = NOTHING, ...envelopes] = linesOf(input)
  const record = parse(first) as Record<string, unknown> | undefined
  const [statement, ...votes] = envelopes.map(statementOf)
  if (!record || !statement) return undefined
  const changed = choose(statement, material)
  const proposal = sealed(changed)
  if (!proposal) return undefined
  const cast = votes.flatMap((vote) => {
    const about = vote && voteFor(vote, proposal.digest)
    return about ? [sealed(material.random.oneIn(3) ? choose(about, material) : about)] : []
  })
  const named = {
    ...record,
    prop: proposal.digest,
    votes: cast.map((vote) => vote?.digest),
  }
  const told = material.random.oneIn(3) ? mutatedValue(named, material) : named
  return joined([encoded(told), proposal.line, ...cast.map((vote) => vote?.line ?? NOTHING)])
}

const choose = ({ type, value }: Statement, material: Material): Statement => ({
  type: material.random.oneIn(16) ? material.random.pick(Object.values(payloadTypes)) : type,
  value: material.random.oneIn(4) ? value : mutatedValue(value, material),
})

const voteFor = ({ type, value }: Statement, digest: string): Statement => ({
  type,
  value: { ...Object(value), subject: [{ name: proposalId(digest), digest: { sha256: digest } }] },
})

function encoded(value: unknown): Uint8Array {
  try {
    return Buffer.from(canonicalize(value))
  } catch {
    return Buffer.from(JSON.stringify(value))
  }
}

/** Changes one line as JSON, and signs nothing. */
const mutateLine: Mutator = (input, material) => {
  const lines = [...linesOf(input)]
  const at = material.random.below(lines.length)
  const changed = mutateJson(lines[at] ?? NOTHING, material)
  return changed && joined(lines.with(at, changed))
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    lines.flatMap((line, at) => (at === 0 ? [line] : [Buffer.of(LINE_FEED), line])),
  )
}

const NOTHING = new Uint8Array(0)

const asInput = ({ bytes, envelopes }: StoredRecord): Uint8Array => joined([bytes, ...envelopes])

async function seeds(): Promise<readonly Uint8Array[]> {
  return [...smallLog.records, ...(await possibleRecords())].map(asInput)
}

export const target: Target = {
  seeds,
  mutators: [mutateLine, mutateAndSeal, mutateAndSeal, mutateAndSeal],
  run,
}

import { canonicalize } from '../core/canonical-json.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { isUid, sha256, type Uid } from '../core/uid.js'
import { encodeRecord } from '../namespace/log-record.js'
import { stateKey } from '../namespace/state-map.js'
import type { Hash } from '../tlog/hash.js'
import { leafHash, sameHash } from '../tlog/hash.js'
import { verifyMapProof } from '../tlog/map-proof.js'
import { parseMapProof } from '../tlog/map-proof-text.js'
import { hashFromBase64 } from '../tlog/note-text.js'
import { inclusionHolds, type TreeHead } from '../tlog/verify-proof.js'
import type { ShownRecord } from './bundle.js'

/** What a checkpoint proves things of: the records of a log, and the state that they come to. */
export interface ProvedHead extends TreeHead {
  readonly stateRoot: Hash
}

export type NotProved = Refusal<'bundle.not-proved'>

export const notProved = (what: string): { readonly ok: false; readonly refusal: NotProved } =>
  refuse('bundle.not-proved', `the bundle does not prove ${what}`, {
    wanted: 'proofs that lead to its checkpoint',
    next: 'fetch the bundle again',
  })

/** Is this object, as it is, the one that the state has under its uid? */
export function isInState(
  { stateRoot }: ProvedHead,
  state: { readonly kind: 'scope' | 'entry'; readonly uid: Uid },
  proof: string,
): boolean {
  const found = valueUnder(stateRoot, stateKey(state.kind, state.uid), proof)
  return found?.value !== undefined && sameHash(found.value, sha256(canonicalize(state)))
}

/** Who has this alias in the state: `uid` is undefined for nobody. */
export function holderInState(
  { stateRoot }: ProvedHead,
  alias: string,
  proof: string,
): Result<Uid | undefined, NotProved> {
  const found = valueUnder(stateRoot, stateKey('alias', alias), proof)
  const text = found?.value && Buffer.from(found.value).toString('latin1')
  if (!found || (text !== undefined && !isUid(text))) return notProved(`who has the alias ${alias}`)
  return ok(text)
}

function valueUnder(
  root: Hash,
  key: Hash,
  text: string,
): { readonly value: Hash | undefined } | undefined {
  const proof = parseMapProof(Buffer.from(text))
  const found = proof.ok ? verifyMapProof(proof.value, root, key) : proof
  return found.ok ? { value: found.value } : undefined
}

/** Is the record in the log, where it says? */
export function isInLog(head: ProvedHead, { record, path }: ShownRecord): boolean {
  const hashes = path.map(hashFromBase64).filter((hash) => hash !== undefined)
  if (hashes.length < path.length) return false
  const leaf = leafHash(encodeRecord(record))
  return inclusionHolds(head, { index: record.seq, leaf, path: hashes })
}

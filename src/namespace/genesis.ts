import { ROOT } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes, UnixSeconds } from '../core/time.js'
import {
  formatVerifierKey,
  parseVerifierKey,
  signatureType,
  type VerifierKey,
} from '../tlog/verifier-key.js'
import { newUid } from './decide.js'
import { payloadTypes, seal } from './dsse.js'
import { fullEnvelope, normalize } from './envelope.js'
import { soloGroup } from './group.js'
import { encodeRecord, type LogRecord } from './log-record.js'
import type { StoredRecord, VoterSigner } from './ports.js'
import type { Scope } from './scope.js'
import { objectDigest } from './state.js'
import type { Genesis } from './statements.js'
import { voterKey } from './voter-key.js'

export interface Founding {
  readonly trustDomain: TrustDomain
  readonly controller: string
  /** The key that will sign the log; of the name that the log has. */
  readonly log?: VerifierKey
}

/** The first record of a solo index: one local voter whose vote passes everything. */
export async function makeGenesis(
  { voter, random }: { readonly voter: VoterSigner; readonly random: RandomBytes },
  { trustDomain, controller, log }: Founding,
  now: UnixSeconds,
): Promise<Result<StoredRecord, Refusal<'namespace.malformed'>>> {
  const key = voterKey(voter.publicKey, now)
  if (!key) return refuse('namespace.malformed', 'the voter key is no Ed25519 key of prime order')
  const genesis: Genesis = {
    v: 1,
    trustDomain,
    ...(log && { log: formatVerifierKey(log) }),
    group: soloGroup(controller, key),
    envelope: normalize(fullEnvelope),
    created: now,
    nonce: Buffer.from(random(16)).toString('hex'),
  }
  const sealed = await seal(payloadTypes.genesis, genesis, voter)
  const record = genesisRecord(genesis, sealed.digest)
  return ok({ seq: 0, bytes: encodeRecord(record), envelopes: [sealed.envelope] })
}

/**
 * The key of the log, as its genesis names it. Undefined where it names none, and where what it names
 * is no key that signs logs, or that of another log.
 */
export function namedLogKey({ trustDomain, log }: Genesis): VerifierKey | undefined {
  const key = log === undefined ? undefined : parseVerifierKey(log)
  if (!key?.ok || key.value.type !== signatureType.ed25519) return undefined
  return key.value.name === indexLogName(trustDomain) ? key.value : undefined
}

/** The name of the log of an index, and of the key that signs it. */
export const indexLogName = (trustDomain: TrustDomain): string => `${trustDomain}/index`

/** All that the first record says follows from its statement. */
export function genesisRecord(genesis: Genesis, digest: string): LogRecord {
  const root = rootScope(genesis, digest)
  return {
    v: 1,
    seq: 0,
    ts: genesis.created,
    epoch: 1,
    kind: 'genesis',
    subject: { uid: root.uid, alias: ROOT },
    rev: 1,
    prev: null,
    chain: null,
    prop: digest,
    votes: [],
    class: 'structural',
    group: { uid: root.uid, rev: genesis.group.rev },
    before: null,
    after: objectDigest(root),
  }
}

export function rootScope({ envelope, group, created }: Genesis, digest: string): Scope {
  return {
    kind: 'scope',
    uid: newUid('s', digest),
    alias: ROOT,
    state: 'active',
    rev: 1,
    head: '',
    envelope,
    group,
    createdAt: created,
  }
}

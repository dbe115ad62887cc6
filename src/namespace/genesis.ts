import { ROOT } from '../core/alias.js'
import type { TrustDomain } from '../core/names.js'
import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { RandomBytes, UnixSeconds } from '../core/time.js'
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

/** The first record of a solo index: one local voter whose vote passes everything. */
export async function makeGenesis(
  { voter, random }: { readonly voter: VoterSigner; readonly random: RandomBytes },
  { trustDomain, controller }: { readonly trustDomain: TrustDomain; readonly controller: string },
  now: UnixSeconds,
): Promise<Result<StoredRecord, Refusal<'namespace.malformed'>>> {
  const key = voterKey(voter.publicKey, now)
  if (!key) return refuse('namespace.malformed', 'the voter key is no Ed25519 key of prime order')
  const genesis: Genesis = {
    v: 1,
    trustDomain,
    group: soloGroup(controller, key),
    envelope: normalize(fullEnvelope),
    created: now,
    nonce: Buffer.from(random(16)).toString('hex'),
  }
  const sealed = await seal(payloadTypes.genesis, genesis, voter)
  const record = genesisRecord(genesis, sealed.digest)
  return ok({ seq: 0, bytes: encodeRecord(record), envelopes: [sealed.envelope] })
}

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

import type { Config } from '../config/config.js'
import type { Result } from '../core/result.js'
import type { Uid } from '../core/uid.js'
import type { LedgerEntry } from '../issuance/ports.js'
import type { UnsealedKeys } from '../keys/received-vault.js'
import type { StatusJson } from '../server/http/shapes.js'
import type { MetricsSnapshot } from '../server/metrics.js'
import type { Command, Outcome } from '../store/sqlite/commands.js'
import type { CarriedAnswer, CarriedCall } from './carried-calls.js'

type Listeners = StatusJson['server']['listeners']

/** What the main process asks a worker. */
export interface MainAsks {
  /** Once, first of all. Answered when everything listens. The keys are unsealed. */
  start: {
    ask: {
      readonly config: Config
      readonly version: string
      readonly keys: UnsealedKeys
      /** What verify the checkpoints of the two logs. */
      readonly logKey: string
      readonly issuanceKey: string
    }
    answer: Listeners
  }
  /** The namespace has changed. Answered when its clusters are served under their names. */
  follow: { ask: undefined; answer: undefined }
  metrics: { ask: undefined; answer: MetricsSnapshot }
  /** Stops accepting, gives the answers under way, and ends. */
  stop: { ask: { readonly graceMs: number }; answer: undefined }
}

/** What a worker asks the main process. */
export interface WorkerAsks {
  commit: { ask: readonly Command[]; answer: readonly Outcome[] }
  /** DER of an issuer's CRL: all workers give out the same one. */
  crl: { ask: string; answer: Result<Uint8Array> }
  /** What voters signed, and what they are about to. */
  carry: { ask: CarriedCall; answer: CarriedAnswer }
}

/** What a worker may have written: the rest is the main process's own business. */
export type WorkerCommand = Extract<Command, { op: 'append' | 'create-challenge' | 'probe' }>

/**
 * Is this one of the commands that a worker may ask for? By its shape too: what a confused process
 * sends fails here, and not in the middle of everybody's commit.
 */
export function isWorkerCommand(command: Command): command is WorkerCommand {
  switch (command.op) {
    case 'probe':
      return true
    case 'create-challenge':
      return hasTexts(command.challenge, ['id', 'nonce']) && isInstant(command.challenge.expiresAt)
    case 'append':
      return isAppend(command)
    case 'revoke':
    case 'revoke-entry':
    case 'next-crl-number':
    case 'prune':
    case 'append-index':
    case 'advance-index':
    case 'make-map':
    case 'grow-tree':
    case 'sweep-map':
    case 'keep-checkpoint':
    case 'keep-cosignature':
    case 'create-token':
    case 'withdraw-token':
    case 'put-authorities':
      return false
    default:
      // A command that nobody thought of here does not compile; what is none is refused.
      command satisfies never
      return false
  }
}

/**
 * A leaf of an entry says on which index it was granted. A leaf of nobody is the server's own
 * certificate: it names no entry, and no index was asked for it.
 */
function isAppend({ entry, spends, indexSize }: Extract<Command, { op: 'append' }>): boolean {
  const texts = ['serial', 'issuerId', 'alias', 'evidence', 'requestId'] as const
  if (!hasTexts(entry, texts)) return false
  const { rev, issuedAt, notBefore, notAfter, binding, parentSerial } = entry
  if (![binding, parentSerial].every((value) => value === null || isText(value))) return false
  if (!isCount(rev) || ![issuedAt, notBefore, notAfter].every(isInstant)) return false
  if (!(entry.certificate instanceof Uint8Array) || !Array.isArray(spends)) return false
  if (!spends.every((spend) => hasTexts(spend, ['kind', 'id']))) return false
  return entry.entry === null
    ? isOfNobody(entry) && spends.length === 0 && indexSize === undefined
    : isText(entry.entry) &&
        isCount(indexSize) &&
        DIGEST.test(entry.policyDigest ?? '') &&
        isCount(entry.indexSize)
}

const DIGEST = /^[0-9a-f]{64}$/

const isOfNobody = ({ alias, rev, binding, policyDigest, indexSize }: LedgerEntry): boolean =>
  alias === '' && rev === 0 && binding === null && policyDigest === null && indexSize === null

const isText = (value: unknown): value is string | Uid => typeof value === 'string'

const isCount = (value: unknown): boolean => Number.isSafeInteger(value)

/** The last second of the year 9999, which RFC 5280 (4.1.2.5) can say as the last. */
const LAST_INSTANT = 253_402_300_799
const isInstant = (value: unknown): boolean =>
  isCount(value) && Number(value) >= 0 && Number(value) <= LAST_INSTANT

const hasTexts = (value: unknown, names: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string')

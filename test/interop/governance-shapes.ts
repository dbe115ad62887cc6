import type { GroupTerms } from '../../src/namespace/operation.js'
import type { VoterKey } from '../../src/namespace/voter-key.js'

export const statementKinds = ['genesis', 'proposal', 'vote', 'brake', 'withdrawal'] as const
export type StatementKind = (typeof statementKinds)[number]

/** An envelope, read as a statement of a kind that a key of one of these has signed. */
export interface StatementVector {
  readonly what: string
  readonly kind: StatementKind
  readonly envelope: string
  /** Names of `keys`. */
  readonly signers: readonly string[]
  /** Pre-authentication encoding, hex: what is signed. */
  readonly pae?: string
  /** SHA-256 of it, hex. */
  readonly digest?: string
  /** Of a proposal. */
  readonly id?: string
  readonly refused?: true
}

/** Has this key's holder agreed to sign for this voter in this index? */
export interface EnrolmentVector {
  readonly what: string
  readonly index: string
  readonly voter: string
  readonly controller: string
  readonly key: VoterKey
  /** What the proof is a signature of, hex. */
  readonly signed?: string
  readonly refused?: true
}

/** May these voters decide, as the first group of an index? */
export interface GroupVector {
  readonly what: string
  readonly index: string
  readonly group: GroupTerms
  readonly refused?: true
}

export interface WrittenRecord {
  readonly record: string
  readonly envelopes: readonly string[]
}

/** Records that take the place of those from `from` on. */
export interface BadLog {
  readonly what: string
  readonly from: number
  readonly records: readonly WrittenRecord[]
}

export interface GovernanceVectors {
  readonly keys: Readonly<Record<string, VoterKey>>
  readonly statements: readonly StatementVector[]
  readonly enrolments: readonly EnrolmentVector[]
  readonly groups: readonly GroupVector[]
  readonly log: {
    /** Index id: digest of the genesis. */
    readonly index: string
    readonly records: readonly WrittenRecord[]
    /** Leaf hashes of the records. */
    readonly hashes: readonly string[]
    /** Of the tree of all records. */
    readonly root: string
    readonly bad: readonly BadLog[]
  }
  /** ECDSA signs otherwise each time: these were made once. By the SHA-256 of what is signed; base64. */
  readonly signatures: Readonly<Record<string, string>>
}

/** Whose fault a refusal is, free of any transport. Each protocol maps faults to its own status. */
export type Fault =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'throttled'
  | 'unavailable'

/**
 * Every refusal code and its fault. A code is `<folder>.<what>`; it is never renamed and never
 * used again for something else.
 */
export const faultOf = {
  // csr: the certification request itself
  'csr.malformed': 'malformed',
  'csr.too-large': 'malformed',
  'csr.bad-signature': 'malformed',
  'csr.key-not-allowed': 'malformed',
  'csr.other-names': 'forbidden',
  'csr.asks-for-ca': 'forbidden',
  // ca: issuers and hierarchies
  'ca.no-issuer': 'unavailable',
  'ca.expired': 'unavailable',
  'ca.bad-hierarchy': 'malformed',
  'ca.certificate-malformed': 'malformed',
  'ca.key-missing': 'conflict',
  'ca.name-not-permitted': 'forbidden',
  // keys: sealed private keys
  'keys.wrong-kek': 'forbidden',
  'keys.malformed': 'malformed',
  'keys.wrong-passphrase': 'forbidden',
  'keys.unsafe-permissions': 'forbidden',
  'keys.pkcs11-unavailable': 'unavailable',
  'keys.wrong-pin': 'forbidden',
  'keys.not-found': 'not-found',
  'keys.ambiguous': 'conflict',
  'keys.exists': 'conflict',
  'keys.not-on-token': 'malformed',
  // token: Kubernetes service account tokens
  'token.malformed': 'unauthenticated',
  'token.bad-signature': 'unauthenticated',
  'token.unknown-key': 'unauthenticated',
  'token.wrong-issuer': 'unauthenticated',
  'token.wrong-audience': 'unauthenticated',
  'token.expired': 'unauthenticated',
  'token.not-yet-valid': 'unauthenticated',
  'token.lives-too-long': 'unauthenticated',
  'token.not-authenticated': 'unauthenticated',
  'token.disagreement': 'unauthenticated',
  'token.not-a-service-account': 'unauthenticated',
  'token.not-bound-to-a-pod': 'unauthenticated',
  'token.unknown-cluster': 'unauthenticated',
  // attestation: other evidence
  'evidence.malformed': 'malformed',
  'evidence.unknown-kind': 'malformed',
  'evidence.not-accepted': 'unauthenticated',
  // renewal by mTLS
  'renewal.no-certificate': 'unauthenticated',
  'renewal.not-ours': 'unauthenticated',
  'renewal.not-in-ledger': 'unauthenticated',
  'renewal.revoked': 'forbidden',
  'renewal.expired': 'unauthenticated',
  // challenge
  'challenge.spent': 'unauthenticated',
  // namespace: the index
  'namespace.malformed': 'malformed',
  'namespace.bad-canonical': 'malformed',
  'namespace.bad-signature': 'unauthenticated',
  'namespace.unknown-key': 'unauthenticated',
  'namespace.wrong-index': 'malformed',
  'namespace.wrong-type': 'malformed',
  'namespace.expired': 'conflict',
  'namespace.duplicate': 'conflict',
  'namespace.stale-base': 'conflict',
  'namespace.not-responsible': 'forbidden',
  'namespace.no-vote': 'forbidden',
  'namespace.group-invalid': 'malformed',
  'namespace.equivocation': 'forbidden',
  'namespace.impact-differs': 'conflict',
  'namespace.no-quorum': 'conflict',
  'namespace.timelock': 'conflict',
  'namespace.closed': 'conflict',
  'namespace.too-many': 'throttled',
  'namespace.no-brake': 'forbidden',
  'namespace.no-recovery': 'forbidden',
  'namespace.no-grant': 'forbidden',
  'namespace.grant-spent': 'conflict',
  'namespace.braked': 'forbidden',
  'namespace.envelope-exceeds-parent': 'forbidden',
  'namespace.guard-forbids': 'forbidden',
  'namespace.alias-taken': 'conflict',
  'namespace.alias-quarantined': 'conflict',
  'namespace.binding-taken': 'conflict',
  'namespace.binding-quarantined': 'conflict',
  'namespace.identity-collision': 'conflict',
  'namespace.selector-overlap': 'conflict',
  'namespace.reserved-name': 'malformed',
  'namespace.bad-alias': 'malformed',
  'namespace.too-deep': 'malformed',
  'namespace.name-too-long': 'malformed',
  'namespace.unknown': 'not-found',
  'namespace.wrong-state': 'conflict',
  'namespace.not-empty': 'conflict',
  'namespace.exists': 'conflict',
  'namespace.state-mismatch': 'conflict',
  // tlog: logs, their checkpoints and proofs
  'tlog.malformed': 'malformed',
  'tlog.bad-signature': 'unauthenticated',
  'tlog.unknown-key': 'unauthenticated',
  'tlog.unknown-log': 'not-found',
  'tlog.bad-proof': 'unauthenticated',
  'tlog.no-quorum': 'unauthenticated',
  'tlog.other-size': 'conflict',
  'tlog.inconsistent': 'conflict',
  'tlog.memory-gone': 'conflict',
  // bundle: an entry, its rules and their proofs, in one file
  'bundle.malformed': 'malformed',
  'bundle.wrong-index': 'forbidden',
  'bundle.not-proved': 'unauthenticated',
  'bundle.no-quorum': 'unauthenticated',
  'bundle.not-counted': 'unauthenticated',
  'bundle.no-log-key': 'unauthenticated',
  'bundle.stale': 'unauthenticated',
  // grant: facts against the index
  'grant.no-entry': 'forbidden',
  'grant.ambiguous': 'forbidden',
  'grant.not-active': 'forbidden',
  'grant.braked': 'forbidden',
  'grant.not-admitted': 'forbidden',
  'grant.other-identity': 'forbidden',
  // ledger and revocation
  'ledger.unknown-certificate': 'not-found',
  'ledger.ambiguous': 'conflict',
  // delivery
  'request.malformed': 'malformed',
  'request.too-large': 'malformed',
  'request.unauthenticated': 'unauthenticated',
  'request.forbidden': 'forbidden',
  'request.not-found': 'not-found',
  'request.not-acceptable': 'malformed',
  'request.unsupported-type': 'malformed',
  'request.wrong-method': 'malformed',
  'request.header-too-large': 'malformed',
  'request.timeout': 'malformed',
  'request.throttled': 'throttled',
  'server.overloaded': 'throttled',
  'server.stopping': 'unavailable',
  'config.malformed': 'malformed',
  // cli: refused on this side of the wire
  'cli.usage': 'malformed',
  'cli.needs-yes': 'conflict',
  // enrol: the client that fetches and renews a certificate
  'enrol.untrusted-server': 'forbidden',
  'enrol.wrong-identity': 'forbidden',
  'enrol.no-identity': 'not-found',
  'enrol.expired': 'unauthenticated',
  'enrol.unreachable': 'unavailable',
  'enrol.bad-answer': 'unavailable',
} as const satisfies Record<string, Fault>

export type RefusalCode = keyof typeof faultOf

/**
 * Which of several things a code stands for, where programs tell them apart. As codes, they are never
 * renamed.
 */
export const refusalReasons = [
  // namespace.group-invalid: what the group may not be
  'controllers',
  'dictator',
  'duplicate_key',
  'emergency',
  'key_over',
  'majority',
  'names',
  'no_pop',
  'recovery',
  'single_loss',
  'threshold',
  'timelock',
  'weak_key',
  // namespace.stale-base, namespace.not-responsible: what has changed since something was made
  'stale_base',
  'stale_group',
  'stale_read',
] as const

export type RefusalReason = (typeof refusalReasons)[number]

/**
 * "The answer is no", as a value. `detail` is one sentence, lower case, no full stop, and never
 * holds a token, a key, a request body or SQL.
 */
export interface Refusal<C extends RefusalCode = RefusalCode> {
  readonly code: C
  readonly reason?: RefusalReason
  readonly detail: string
  /** What would have been accepted. */
  readonly wanted?: string
  /** What was there instead. */
  readonly found?: string
  /** What the reader can do next: a command where there is one. */
  readonly next?: string
}

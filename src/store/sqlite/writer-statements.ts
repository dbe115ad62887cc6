import type { Database } from 'better-sqlite3'

/** The writer's fixed statements, prepared once. Partitions have their own. */
export class WriterStatements {
  readonly addPartition
  readonly dropPartition
  readonly partitions
  readonly spendToken
  readonly spendChallenge
  readonly revoke
  readonly isRevoked
  readonly nextCrlNumber
  readonly pruneRevocations
  readonly pruneTokens
  readonly pruneChallenges
  readonly probe
  readonly probeRoom
  readonly createToken
  readonly withdrawToken
  readonly createChallenge
  readonly putAuthority

  /** Before a partition goes: what must outlive it of every entry's certificates. */
  readonly keepLastOf = (table: string): string => `
    INSERT INTO entry_issuance (entry, last_not_after, issued)
    SELECT entry, max(not_after), count(*) FROM ${table} WHERE entry IS NOT NULL GROUP BY entry
    ON CONFLICT (entry) DO UPDATE SET issued = issued + excluded.issued,
      last_not_after = max(last_not_after, excluded.last_not_after)`

  constructor(database: Database) {
    const prepare = (text: string) => database.prepare(text)
    this.addPartition = prepare(
      'INSERT INTO ledger_partition (day) VALUES (?) ON CONFLICT DO NOTHING',
    )
    this.dropPartition = prepare('DELETE FROM ledger_partition WHERE day = ?')
    this.partitions = database.prepare<[], { day: number }>(
      'SELECT day FROM ledger_partition ORDER BY day DESC',
    )
    // One conditional update each: of two that race for one token, one changes a row.
    this.spendToken = prepare(
      'UPDATE join_token SET used_at = @at WHERE id = @id AND used_at IS NULL AND expires_at > @at',
    )
    this.spendChallenge = prepare(
      'UPDATE challenge SET used_at = @at WHERE id = @id AND used_at IS NULL AND expires_at > @at',
    )
    this.revoke = prepare(
      `INSERT INTO revocation (serial, issuer_id, not_after, revoked_at, reason)
       VALUES (@serial, @issuerId, @notAfter, @at, @reason) ON CONFLICT DO NOTHING`,
    )
    this.isRevoked = database
      .prepare<[string], 1>('SELECT 1 FROM revocation WHERE serial = ?')
      .pluck()
    this.nextCrlNumber = database.prepare<[string], { number: number }>(
      `INSERT INTO crl_number (issuer_id, number) VALUES (?, 1)
       ON CONFLICT (issuer_id) DO UPDATE SET number = number + 1 RETURNING number`,
    )
    this.pruneRevocations = prepare('DELETE FROM revocation WHERE not_after < ?')
    this.pruneTokens = prepare('DELETE FROM join_token WHERE expires_at < ?')
    this.pruneChallenges = prepare('DELETE FROM challenge WHERE expires_at < ?')
    this.probe = prepare(
      `INSERT INTO probe (id, writes) VALUES (1, 1)
       ON CONFLICT (id) DO UPDATE SET writes = writes + 1, room = NULL`,
    )
    this.probeRoom = prepare(
      `INSERT INTO probe (id, writes, room) VALUES (1, 1, zeroblob(@octets))
       ON CONFLICT (id) DO UPDATE SET writes = writes + 1, room = zeroblob(@octets)`,
    )
    this.createToken = prepare(
      `INSERT INTO join_token (id, secret_sha256, entry, created_at, expires_at)
       VALUES (@id, @secretSha256, @entry, @createdAt, @expiresAt)`,
    )
    this.withdrawToken = prepare('DELETE FROM join_token WHERE id = ? AND used_at IS NULL')
    this.createChallenge = prepare(
      'INSERT INTO challenge (id, nonce, expires_at) VALUES (@id, @nonce, @expiresAt)',
    )
    this.putAuthority = prepare(
      `INSERT INTO authority (id, role, certificate, parents, key_ref, state)
       VALUES (@id, @role, @certificate, @parents, @keyRef, @state)
       ON CONFLICT (id) DO UPDATE SET role = excluded.role, certificate = excluded.certificate,
         parents = excluded.parents, key_ref = excluded.key_ref, state = excluded.state`,
    )
  }
}

import type { Database } from 'better-sqlite3'
import { unixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import type { ChallengeStore, JoinToken, JoinTokenStore } from '../../issuance/ports.js'
import { count } from './ledger.js'
import { reading } from './open-database.js'
import type { WriteQueue } from './write-queue.js'

interface TokenRow {
  id: string
  secret_sha256: string
  entry: string
  created_at: number
  expires_at: number
  used_at: number | null
}

const tokenColumns = 'id, secret_sha256, entry, created_at, expires_at, used_at'

export function sqliteJoinTokens(database: Database, queue: WriteQueue): JoinTokenStore {
  const byId = database.prepare<[string], TokenRow>(
    `SELECT ${tokenColumns} FROM join_token WHERE id = ?`,
  )
  const newest = database.prepare<[number], TokenRow>(
    `SELECT ${tokenColumns} FROM join_token ORDER BY created_at DESC, id LIMIT ?`,
  )
  return {
    async create(token) {
      await count(queue, { op: 'create-token', token })
    },
    find: (id) =>
      reading(() => {
        const row = byId.get(id)
        return row && tokenOf(row)
      }),
    list: (limit) => reading(() => newest.all(limit).map(tokenOf)),
    withdraw: async (id) => (await count(queue, { op: 'withdraw-token', id })) === 1,
  }
}

const tokenOf = (row: TokenRow): JoinToken => ({
  id: row.id,
  secretSha256: row.secret_sha256,
  entry: row.entry as Uid,
  createdAt: unixSeconds(row.created_at),
  expiresAt: unixSeconds(row.expires_at),
  usedAt: row.used_at === null ? null : unixSeconds(row.used_at),
})

export function sqliteChallenges(database: Database, queue: WriteQueue): ChallengeStore {
  const byId = database.prepare<[string], { id: string; nonce: string; expires_at: number }>(
    'SELECT id, nonce, expires_at FROM challenge WHERE id = ? AND used_at IS NULL',
  )
  return {
    async create(challenge) {
      await count(queue, { op: 'create-challenge', challenge })
    },
    find: (id) =>
      reading(() => {
        const row = byId.get(id)
        return row && { id: row.id, nonce: row.nonce, expiresAt: unixSeconds(row.expires_at) }
      }),
  }
}

import type { Database } from 'better-sqlite3'
import type { AuthorityRecord, AuthorityStore } from '../../ca/ports.js'
import { certificateDer } from '../../core/der.js'
import { count } from './ledger.js'
import { reading } from './open-database.js'
import type { WriteQueue } from './write-queue.js'

interface AuthorityRow {
  id: string
  role: string
  certificate: Buffer
  parents: string
  key_ref: string | null
  state: string
}

export function sqliteAuthorities(database: Database, queue: WriteQueue): AuthorityStore {
  const all = database.prepare<[], AuthorityRow>(
    'SELECT id, role, certificate, parents, key_ref, state FROM authority ORDER BY id',
  )
  return {
    list: () =>
      reading(() =>
        all.all().map((row) => ({
          id: row.id,
          role: row.role as AuthorityRecord['role'],
          certificate: certificateDer(row.certificate),
          parents: JSON.parse(row.parents) as string[],
          ...(row.key_ref === null ? {} : { keyRef: row.key_ref }),
          state: row.state as AuthorityRecord['state'],
        })),
      ),
    async put(records) {
      await count(queue, { op: 'put-authorities', records })
    },
  }
}

import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { ChangeClass } from './group.js'
import type { LogRecord } from './log-record.js'
import type { Operation } from './operation.js'
import { proposalId } from './statements.js'

/** One committed change. */
export interface Change {
  readonly op: Operation['op']
  readonly alias: Alias
  readonly uid: Uid
  readonly rev: number
  readonly proposal: string
  readonly seq: number
  readonly at: UnixSeconds
  readonly class: ChangeClass
}

export const changeOf = (op: Operation['op'], record: LogRecord): Change => ({
  op,
  alias: record.subject.alias,
  uid: record.subject.uid,
  rev: record.rev,
  proposal: proposalId(record.prop),
  seq: record.seq,
  at: record.ts,
  class: record.class,
})

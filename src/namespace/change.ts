import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { ChangeClass } from './group.js'
import type { Operation } from './operation.js'

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

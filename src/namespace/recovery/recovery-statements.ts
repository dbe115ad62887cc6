import type { Alias } from '../../core/alias.js'
import type { UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { isShapedLike } from '../change-request.js'
import { type Opened, payloadTypes } from '../dsse.js'
import type { GroupTerms } from '../operation.js'
import { readStatement } from '../statements.js'
import { cancellationSchema, recoverySchema } from './recovery-schema.js'

interface Common {
  readonly v: 1
  /** Index id, hex. */
  readonly index: string
  /** The scope. */
  readonly subject: { readonly alias: Alias; readonly uid: Uid }
  /** Revision of the group that is to be replaced. */
  readonly from: number
  readonly reason?: string
  readonly ticket?: string
  readonly created: UnixSeconds
  readonly expires: UnixSeconds
  /** 16 octets, hex. */
  readonly nonce: string
}

/** `recovery.start`: a scope's recovery set says who is to decide for it. */
export interface RecoveryStatement extends Common {
  /** The scope as it was: so that one statement is one recovery. */
  readonly base: { readonly rev: number; readonly head: string }
  /** Whole. The recovery set is no part of it: it stays. Nor are emergency grants: voters vote about them. */
  readonly group: Omit<GroupTerms, 'recovery' | 'emergency'>
  /** Ids of those who sign it, sorted. */
  readonly holders: readonly string[]
}

/** `recovery.cancel`: voters who are there after all say no. */
export interface CancellationStatement extends Common {
  /** Digest of the statement that started it, hex. */
  readonly recovery: string
  /** Ids of those who sign it, sorted. */
  readonly voters: readonly string[]
}

export function readRecovery(opened: Opened): RecoveryStatement | undefined {
  const value = readStatement(opened, payloadTypes.recovery)
  return isShapedLike(recoverySchema, value) ? (value as RecoveryStatement) : undefined
}

export function readCancellation(opened: Opened): CancellationStatement | undefined {
  const value = readStatement(opened, payloadTypes.cancellation)
  return isShapedLike(cancellationSchema, value) ? (value as CancellationStatement) : undefined
}

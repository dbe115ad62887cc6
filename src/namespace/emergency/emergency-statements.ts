import type { Alias } from '../../core/alias.js'
import type { Seconds, UnixSeconds } from '../../core/time.js'
import type { Uid } from '../../core/uid.js'
import { isShapedLike } from '../change-request.js'
import { type Opened, payloadTypes } from '../dsse.js'
import type { RuleFacts } from '../rule/rule.js'
import { readStatement } from '../statements.js'
import type { EmergencyAct } from './emergency.js'
import { invocationSchema } from './emergency-schema.js'

/** `emergency.invoke`: those whom a grant names use it. Each of them signs the same octets. */
export interface InvocationStatement {
  readonly v: 1
  /** Index id, hex. */
  readonly index: string
  /** The scope whose group has the grant, and the revision of that group. */
  readonly scope: { readonly uid: Uid; readonly rev: number }
  readonly grant: string
  readonly act: EmergencyAct
  /** An entry: it is reactivated, or called. */
  readonly subject: { readonly alias: Alias; readonly uid: Uid }
  /** The entry as it was: so that one statement is one use. */
  readonly base: { readonly rev: number; readonly head: string }
  /** Of `allow`: who may call it, and how. */
  readonly call?: Pick<RuleFacts, 'ports' | 'proto' | 'routes'> & { readonly caller: Uid }
  /** How long, in seconds. */
  readonly ttl: Seconds
  /** Ids of those who sign it, sorted. */
  readonly by: readonly string[]
  /** Everything is checked, and nothing done. */
  readonly drill?: true
  /** There is none without: voters have to say that it was right. */
  readonly reason: string
  readonly ticket?: string
  readonly created: UnixSeconds
  readonly expires: UnixSeconds
  /** 16 octets, hex. */
  readonly nonce: string
}

export function readInvocation(opened: Opened): InvocationStatement | undefined {
  const value = readStatement(opened, payloadTypes.emergency)
  return isShapedLike(invocationSchema, value) ? (value as InvocationStatement) : undefined
}

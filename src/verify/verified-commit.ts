import type { Alias } from '../core/alias.js'
import type { Refusal } from '../core/refusal.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { EmergencyMark } from '../namespace/emergency/emergency.js'
import type { InvocationStatement } from '../namespace/emergency/emergency-statements.js'
import type { ChangeClass, Proposer } from '../namespace/group.js'
import type { Operation } from '../namespace/operation.js'
import type { ShownCommit } from './bundle.js'
import type { LineageState } from './lineage-state.js'
import type { NotProved, ProvedHead } from './proved.js'
import type { ProvedScope } from './scopes-above.js'

/** Was the decision counted again here, and what did it come to? */
export type Recount =
  | {
      readonly counted: 'again'
      readonly weight: number
      readonly threshold: number
      readonly controllers: number
      readonly minControllers: number
    }
  | {
      readonly counted: 'before'
      /**
       * `genesis`: nobody voted. `evidence`: two votes of one voter, who is suspended for them.
       * `group-changed`: the group has another revision by now. `group-elsewhere`: it is of a scope
       * that is not above the entry. Only the log vouches for these two.
       */
      readonly because: 'genesis' | 'evidence' | 'group-changed' | 'group-elsewhere'
    }

/** A change whose record is proved, and whose signatures were verified as far as its group is known. */
export interface VerifiedCommit {
  readonly subject: { readonly uid: Uid; readonly alias: Alias }
  readonly rev: number
  /** Number of its record. */
  readonly seq: number
  /** Log time. */
  readonly at: UnixSeconds
  /** `rule.attach`, `genesis`, `evidence` */
  readonly op: string
  /** What was proposed, of a change that was. */
  readonly operation?: Operation
  readonly class: ChangeClass
  readonly by?: string
  readonly reason?: string
  readonly ticket?: string
  /** Those who approved, as far as the group is known. */
  readonly voters: readonly string[]
  /** Of a brake: on what, beside the subject itself, and until when. */
  readonly brake?: { readonly rule?: string; readonly voter?: string; readonly until: UnixSeconds }
  /** Of the use of a grant: what it does, and until when. */
  readonly emergency?: EmergencyMark & Pick<InvocationStatement, 'act' | 'call'>
  readonly recount: Recount
  /** Counted again, the votes would carry it too if it were of the gravest class of its operation. */
  readonly isForAnyClass?: true
  /** What was before it is not shown, and so the log alone says that it is not of a graver class. */
  readonly classBy?: 'log'
}

export type CommitRefusal = NotProved | Refusal<'bundle.no-quorum'>

/** What a commit is looked at against. */
export interface CommitContext {
  readonly index: string
  readonly head: ProvedHead
  /** As they are; with `then`, as they were before the record. */
  readonly scopes: readonly ProvedScope[]
  /** The scopes before the record, where the bundle shows all that made them so. */
  readonly then?: Then
}

/** Who could decide before a record. */
export interface Then {
  readonly state: LineageState
  /** Of what voters decided about: what the record that opened it found. */
  readonly opening?: Opening
}

/** Who proposed something, and whose consent it needs beside that of those who decide. */
export interface Opening {
  readonly author: Proposer | undefined
  readonly second: { readonly uid: Uid; readonly rev: number } | undefined
}

export const factsOf = ({
  subject,
  rev,
  seq,
  ts,
  class: changeClass,
}: ShownCommit['record']): Pick<VerifiedCommit, 'subject' | 'rev' | 'seq' | 'at' | 'class'> => ({
  subject,
  rev,
  seq,
  at: ts,
  class: changeClass,
})

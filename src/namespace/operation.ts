import type { Alias } from '../core/alias.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { Binding } from './binding.js'
import type { ClusterFacts } from './cluster.js'
import type { Owner } from './entry.js'
import type { Envelope } from './envelope.js'
import type { Group } from './group.js'
import type { Guard } from './guard/guard.js'
import type { Emergency } from './emergency/emergency.js'
import type { RecoverySet } from './recovery/recovery.js'
import type { RuleFacts } from './rule/rule.js'
import type { TrafficSplit } from './rule/split.js'

interface OfExisting {
  readonly alias: Alias
  readonly uid: Uid
}

/** A group as it is asked for: its revision follows from the one before it. */
export type GroupTerms = Omit<Group, 'rev'>

/** The same as people write it: what is left out follows from the voters, and from the group before. */
export type GroupRequest = Pick<GroupTerms, 'voters'> &
  Partial<Omit<GroupTerms, 'recovery' | 'emergency'>> & {
    /** Null takes away the recovery set that there is. */
    readonly recovery?: RecoveryRequest | null
    /** Null takes away the grants that there are. */
    readonly emergency?: Emergency | null
  }

export type RecoveryRequest = Pick<RecoverySet, 'holders' | 'threshold'> & Partial<RecoverySet>

/** One of several changes that are decided together, in their order, all or none. */
export interface Part {
  readonly op: Single['op']
  readonly subject: { readonly alias: Alias; readonly uid?: Uid }
  readonly body: Single['body']
  /** As of a proposal; or as an earlier part leaves it. */
  readonly base: { readonly rev: number; readonly head: string } | { readonly after: number } | null
}

/** What a proposal signs, with nothing left to look up: one change, or several of one scope. */
export type Operation =
  | Single
  | {
      readonly op: 'changes'
      /** The scope whose voters decide. */
      readonly subject: OfExisting
      readonly body: { readonly changes: readonly Part[] }
    }

/** One change. */
export type Single =
  | {
      readonly op: 'scope.create'
      readonly subject: { readonly alias: Alias }
      readonly body: { readonly envelope: Envelope }
    }
  | {
      readonly op: 'scope.suspend' | 'scope.reactivate' | 'scope.retire'
      readonly subject: OfExisting
      readonly body: Record<string, never>
    }
  | {
      readonly op: 'entry.create'
      readonly subject: { readonly alias: Alias }
      readonly body: {
        readonly owner: Owner
        readonly envelope: Envelope
        readonly bindings: readonly Binding[]
        readonly labels: Readonly<Record<string, string>>
        readonly validUntil?: UnixSeconds
      }
    }
  | {
      readonly op: 'entry.suspend' | 'entry.reactivate' | 'entry.retire'
      readonly subject: OfExisting
      readonly body: Record<string, never>
    }
  | {
      readonly op: 'entry.update'
      readonly subject: OfExisting
      readonly body: {
        readonly owner?: Owner
        readonly labels?: Readonly<Record<string, string>>
        readonly validUntil?: UnixSeconds | null
      }
    }
  | {
      readonly op: 'entry.rename'
      readonly subject: OfExisting
      readonly body: { readonly to: Alias }
    }
  | {
      readonly op: 'binding.add'
      readonly subject: OfExisting
      readonly body: { readonly binding: Binding }
    }
  | {
      readonly op: 'binding.remove'
      readonly subject: OfExisting
      readonly body: { readonly binding: string }
    }
  | {
      readonly op: 'envelope.set'
      readonly subject: OfExisting
      readonly body: { readonly envelope: Envelope }
    }
  | {
      readonly op: 'group.set'
      readonly subject: OfExisting
      readonly body: { readonly group: GroupTerms }
    }
  | {
      readonly op: 'cluster.register'
      readonly subject: { readonly alias: Alias }
      readonly body: { readonly cluster: ClusterFacts }
    }
  | {
      readonly op: 'cluster.update'
      readonly subject: OfExisting
      readonly body: { readonly cluster: ClusterFacts }
    }
  | {
      readonly op: 'cluster.remove'
      readonly subject: OfExisting
      readonly body: Record<string, never>
    }
  | {
      readonly op: 'rule.attach' | 'rule.replace'
      readonly subject: OfExisting
      readonly body: { readonly rule: RuleFacts }
    }
  | {
      readonly op: 'rule.detach'
      readonly subject: OfExisting
      readonly body: { readonly rule: string }
    }
  | {
      readonly op: 'split.set'
      readonly subject: OfExisting
      readonly body: { readonly split: TrafficSplit }
    }
  | {
      readonly op: 'split.clear'
      readonly subject: OfExisting
      readonly body: { readonly port: number }
    }
  | {
      readonly op: 'brake.lift'
      readonly subject: OfExisting
      /** Of an entry: the rule, where not the entry itself is braked. */
      readonly body: { readonly rule?: string }
    }
  | {
      readonly op: 'voter.reinstate'
      readonly subject: OfExisting
      readonly body: { readonly voter: string }
    }
  | {
      readonly op: 'emergency.ratify'
      /** The scope whose group has the grant. */
      readonly subject: OfExisting
      /** Number of the record by which it was used. */
      readonly body: { readonly use: number }
    }
  | {
      readonly op: 'guard.set'
      readonly subject: OfExisting
      readonly body: { readonly guard: Guard }
    }
  | {
      readonly op: 'guard.clear'
      readonly subject: OfExisting
      readonly body: { readonly guard: string }
    }

/** Gives up names that certificates may still carry: what was issued must be known first. */
export function releasesNames(
  op: Operation['op'],
): op is 'entry.retire' | 'entry.rename' | 'binding.remove' {
  return op === 'entry.retire' || op === 'entry.rename' || op === 'binding.remove'
}

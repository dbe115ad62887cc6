import type { GovernedObject } from '../../../src/namespace/state.js'
import { type Edits, less } from './restated.js'

export type Members = Readonly<Record<string, unknown>>

/** What can be found in the log. */
export interface Log {
  /** Body of the first proposal of an operation about an alias. */
  body(op: string, alias: string): Members
  /** The binding that an entry is created with. */
  bound(alias: string): unknown
  /** Makes a proposal one about an object, as it is before the record. */
  about(op: string, kind: GovernedObject['kind'], alias: string): Edits
}

/** A proposal that nobody may make, by what differs from one that somebody made. */
export interface Wrong {
  /** The record whose proposal it is made of: by operation and alias, the first after `then` others. */
  readonly at: readonly [op: string, alias: string, then?: number]
  /** Operation whose check refuses it, where it is not that. */
  readonly of?: string
  readonly what: string
  readonly edits: Edits | ((log: Log) => Edits)
}

/** Of what one voter alone decides. */
export const alone: readonly Wrong[] = [
  {
    at: ['cluster.register', 'old'],
    what: 'an alias that another has',
    edits: { 'subject.alias': 'prod' },
  },
  {
    at: ['cluster.register', 'old'],
    what: 'whose tokens could not be told from those of another',
    edits: (log) => ({ body: log.body('cluster.update', 'prod') }),
  },
  {
    at: ['cluster.remove', 'old'],
    of: 'cluster.update',
    what: 'whose tokens could not be told from those of another',
    edits: (log) => ({ op: 'cluster.update', body: log.body('cluster.update', 'prod') }),
  },
  {
    at: ['binding.add', 'till'],
    of: 'cluster.remove',
    what: 'to which an entry is bound',
    edits: (log) => log.about('cluster.remove', 'cluster', 'prod'),
  },
  {
    at: ['scope.create', 'shop/pay'],
    what: 'an alias that another has',
    edits: { 'subject.alias': 'shop' },
  },
  {
    at: ['scope.create', 'attic'],
    what: 'an alias that is none',
    edits: { 'subject.alias': 'Attic' },
  },
  {
    at: ['scope.reactivate', 'attic'],
    of: 'scope.suspend',
    what: 'of one that is suspended',
    edits: { op: 'scope.suspend' },
  },
  {
    at: ['scope.reactivate', 'attic'],
    of: 'cluster.register',
    what: 'below a scope that is suspended',
    edits: (log) => ({
      op: 'cluster.register',
      subject: { alias: 'attic/old' },
      base: null,
      body: log.body('cluster.register', 'old'),
    }),
  },
  {
    at: ['scope.suspend', 'attic'],
    of: 'scope.reactivate',
    what: 'of one that is active',
    edits: { op: 'scope.reactivate' },
  },
  {
    at: ['binding.add', 'till'],
    of: 'scope.retire',
    what: 'of one that holds an entry',
    edits: (log) => log.about('scope.retire', 'scope', 'shop/pay'),
  },
  {
    at: ['entry.create', 'till'],
    what: 'an alias that another has',
    edits: { 'subject.alias': 'shop/web' },
  },
  {
    at: ['entry.create', 'shop/pay/api'],
    what: 'wider than the scopes above',
    edits: { 'body.envelope.maxTtl': 43_201 },
  },
  {
    at: ['entry.create', 'till'],
    what: 'a binding that another has',
    edits: (log) => ({ 'body.bindings': log.body('entry.create', 'shop/web')['bindings'] }),
  },
  {
    at: ['entry.reactivate', 'shop/db'],
    of: 'entry.suspend',
    what: 'of one that is suspended',
    edits: { op: 'entry.suspend' },
  },
  {
    at: ['entry.suspend', 'shop/db'],
    of: 'entry.reactivate',
    what: 'of one that is active',
    edits: { op: 'entry.reactivate' },
  },
  {
    at: ['entry.create', 'spare'],
    of: 'entry.retire',
    what: 'of one that is retired',
    edits: (log) => log.about('entry.retire', 'entry', 'shop/pay/db'),
  },
  {
    at: ['entry.update', 'shop/pay/api'],
    what: 'of a revision that is over',
    edits: { 'base.rev': less },
  },
  {
    at: ['entry.rename', 'shop/db'],
    what: 'to an alias that another has',
    edits: { 'body.to': 'shop/web' },
  },
  {
    at: ['binding.add', 'till'],
    what: 'one that another has',
    edits: (log) => ({ 'body.binding': log.bound('shop/web') }),
  },
  {
    at: ['binding.remove', 'shop/web'],
    what: 'one that it has not',
    edits: { 'body.binding': 'b'.padEnd(13, 'a') },
  },
  {
    at: ['rule.attach', 'shop/pay/api', 1],
    what: 'an id that another has',
    edits: { 'body.rule.id': 'orders' },
  },
  {
    at: ['rule.attach', 'shop/pay/api'],
    what: 'of a caller that is nobody',
    edits: { 'body.rule.callers': [`e${'a'.repeat(31)}`] },
  },
  {
    at: ['rule.replace', 'shop/pay/api'],
    what: 'one that it has not',
    edits: { 'body.rule.id': 'other' },
  },
  {
    at: ['rule.detach', 'shop/pay/api'],
    what: 'one that it has not',
    edits: { 'body.rule': 'other' },
  },
  {
    at: ['split.set', 'shop/pay/api'],
    what: 'that leads nowhere',
    edits: { 'body.split.backendRefs.0.weight': 0, 'body.split.backendRefs.1.weight': 0 },
  },
  {
    at: ['split.clear', 'shop/pay/api'],
    what: 'of a port that has none',
    edits: { 'body.port': 9001 },
  },
  {
    at: ['guard.set', 'shop'],
    what: 'a range of ports without ports',
    edits: { 'body.guard.ports': [[5433, 5432]] },
  },
  {
    at: ['guard.clear', 'shop'],
    what: 'one that it has not',
    edits: { 'body.guard': 'other' },
  },
  {
    at: ['envelope.set', 'shop/pay/api'],
    what: 'wider than the scopes above',
    edits: { 'body.envelope.maxTtl': 7200 },
  },
  {
    at: ['entry.update', 'shop/pay/api', 1],
    what: 'of another index',
    edits: { index: 'f'.repeat(64) },
  },
]

/** What waits for votes is looked at when it is opened, and again when it takes effect. */
export const opened: readonly Wrong[] = [
  {
    at: ['group.set', ''],
    what: 'that two halves could decide for, each by itself',
    edits: { 'body.group.voters.0.weight': 300 },
  },
  {
    at: ['group.set', ''],
    what: 'a key that its holder did not enrol',
    edits: { 'body.group.voters.0.controller': 'mallory@acme' },
  },
  {
    at: ['brake.lift', 'shop/cart'],
    what: 'of an entry on which there is none',
    edits: { body: {} },
  },
  {
    at: ['brake.lift', 'shop/web'],
    what: 'of a rule that there is not',
    edits: { 'body.rule': 'other' },
  },
  {
    at: ['voter.reinstate', ''],
    what: 'of a voter without one',
    edits: { 'body.voter': 'ann' },
  },
  {
    at: ['emergency.ratify', ''],
    what: 'of what was no use',
    edits: { 'body.use': less },
  },
  {
    at: ['changes', ''],
    what: 'one of them against a revision that is over',
    edits: { 'body.changes.0.base.rev': less },
  },
  {
    at: ['changes', ''],
    what: 'one of them against what comes after it',
    edits: { 'body.changes.3.base.after': 7 },
  },
]

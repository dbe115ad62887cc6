import { describe, expect, it } from '@jest/globals'
import { ROOT } from '../../../src/core/alias.js'
import { days } from '../../../src/core/time.js'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { classesOf } from '../../../src/namespace/questions/authority.js'
import { clusterFacts, givenIndex, k8s, owner, valueOf } from '../given-index.js'
import { asked } from './asked.js'

const open = { mayCall: ['' as never] }
const rule = (...ports: readonly number[]) => ({ id: 'r', callers: ['f'], ports }) as never
const split = (weight: number, entry = 'f') => ({
  port: 80,
  backendRefs: [
    { entry: 'pay/e', weight: 100 },
    { entry, weight },
  ],
})
const two = { id: 'g', effect: 'minThreshold', least: { sensitive: 1 } } as const

/** Each is made of what those before it left. */
const requests: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'pay' },
  { op: 'entry.create', alias: 'f', owner },
  { op: 'entry.create', alias: 'pay/e', owner },
  { op: 'entry.update', alias: 'f', labels: { a: 'b' } },
  { op: 'entry.update', alias: 'f', owner: { controller: 'team-web' } },
  { op: 'entry.suspend', alias: 'f' },
  { op: 'entry.reactivate', alias: 'f' },
  { op: 'entry.rename', alias: 'f', to: 'g' },
  { op: 'entry.rename', alias: 'g', to: 'f' },
  { op: 'cluster.register', alias: 'east', cluster: clusterFacts('east') },
  { op: 'binding.add', alias: 'f', binding: k8s('east', 'ns', 'sa') },
  { op: 'envelope.set', alias: 'f', envelope: { mayCall: [] } },
  { op: 'envelope.set', alias: 'f', envelope: open },
  { op: 'envelope.set', alias: 'pay', envelope: { mayCall: [] } },
  { op: 'envelope.set', alias: 'pay', envelope: open },
  { op: 'rule.attach', alias: 'pay/e', rule: rule(80, 90) },
  { op: 'rule.replace', alias: 'pay/e', rule: rule(80) },
  { op: 'rule.replace', alias: 'pay/e', rule: rule(80, 443) },
  { op: 'rule.detach', alias: 'pay/e', rule: 'r' },
  { op: 'split.set', alias: 'pay/e', split: split(10) },
  { op: 'split.set', alias: 'pay/e', split: split(20) },
  { op: 'split.clear', alias: 'pay/e', port: 80 },
  { op: 'guard.set', alias: 'pay', guard: { id: 'g', effect: 'requireRoutes' } },
  { op: 'guard.set', alias: 'pay', guard: two },
  { op: 'guard.clear', alias: 'pay', guard: 'g' },
  { op: 'scope.suspend', alias: 'pay' },
  { op: 'scope.reactivate', alias: 'pay' },
  { op: 'entry.retire', alias: 'pay/e' },
]

/** Those whose class takes more than one voter to see. */
const elsewhere = ['group.set', 'brake.lift', 'voter.reinstate', 'emergency.ratify', 'changes']

describe('the classes that are told of an operation', () => {
  it('are those that its changes have, and no others', async () => {
    const index = await givenIndex()
    await index.did(...requests)
    const [binding] = index.entry('f').bindings
    const facts = clusterFacts('east', { audience: 'other' })
    await index.did(
      { op: 'cluster.update', alias: 'east', cluster: facts },
      { op: 'binding.remove', alias: 'f', binding: binding!.id },
      { op: 'cluster.remove', alias: 'east' },
    )
    index.clock.advance(days(30))
    await index.did({ op: 'scope.retire', alias: 'pay' })
    const { changes } = valueOf(await asked(index).changes({ prefix: ROOT, limit: 99 }))
    const seen = new Map<string, Set<string>>()
    for (const { item } of changes.slice(1)) {
      seen.set(item.op, (seen.get(item.op) ?? new Set()).add(item.class))
    }
    const told = Object.entries(classesOf).filter(([op]) => !elsewhere.includes(op))
    expect(Object.fromEntries([...seen].map(([op, all]) => [op, [...all].sort()]))).toEqual(
      Object.fromEntries(told.map(([op, all]) => [op, [...all].sort()])),
    )
  })
})

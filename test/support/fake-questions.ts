import { ok } from '../../src/core/result.js'
import type { Operations } from '../../src/server/operations.js'

const HEX = 'ab'.repeat(32)

const later = <V>(value: V): Promise<ReturnType<typeof ok<V>>> => Promise.resolve(ok(value))

const permission = {
  caller: 'web/shop',
  callee: 'payments/api',
  rule: 'shop',
  ports: [[8080, 8080]],
  routes: [{ method: 'GET', path: { prefix: '/orders' } }],
  until: 1_800_000_000,
}
const difference = {
  permissions: { added: [permission], removed: [] },
  entries: [
    {
      alias: 'payments/api',
      was: 'payments/old',
      certificates: 'kept',
      names: { gained: ['spiffe://acme.example/payments/api'], lost: [] },
      wider: ['maxTtl'],
      narrower: [],
    },
  ],
  objects: [{ kind: 'entry', alias: 'payments/api', change: 'changed', fields: ['rules'] }],
  complete: true,
}

const reach = (entry: string) => ({
  entry,
  at: '2026-11-21T00:00:00Z',
  reached: [{ alias: 'payments/api', uid: `e${'a'.repeat(31)}`, permissions: [permission] }],
})

const told = {
  seq: 7,
  at: '2026-11-21T00:00:00Z',
  alias: 'payments',
  class: 'structural',
  proposal: `pr${'a'.repeat(40)}`,
}

const decidedChange = {
  change: {
    seq: 7,
    at: '2026-11-21T00:00:00Z',
    op: 'rule.attach',
    subject: 'payments/api',
    rev: 2,
    by: 'ann',
    votes: ['approve: ann'],
    reason: '=1+1',
    proposal: `pr${'a'.repeat(40)}`,
    class: 'sensitive',
    summary: ['rule: shop'],
  },
  scope: '',
  group: 2,
  needs: { threshold: 151, controllers: 2 },
  votes: [
    {
      voter: 'ann',
      decision: 'approve',
      cast: '2026-11-21T00:00:00Z',
      controller: 'ann@acme',
      weight: 100,
    },
  ],
}

/** Questions answered, each in its documented shape. */
export const fakeQuestions = {
  impact: (id) =>
    later({
      proposal: id,
      digest: HEX,
      impact: { v: 1, proposal: HEX, class: 'sensitive', ...difference },
    }),
  reach: ({ alias }) => later(reach(alias)),
  callers: ({ alias }) => later(reach(alias)),
  cedar: () =>
    later({
      size: 4,
      at: '2026-11-21T00:00:00Z',
      policies: ['permit (principal, action, resource);'],
      entities: [{ uid: { type: 'Capstan::Region', id: '' }, attrs: {}, parents: [] }],
      next: `payments/api:e${'a'.repeat(31)}`,
    }),
  changes: () => later({ changes: [decidedChange], next: 8 }),
  authority: (alias) =>
    later({
      alias,
      scope: '',
      group: 2,
      solo: false,
      voters: [{ id: 'ann', controller: 'ann@acme', weight: 100, status: 'active' }],
      proposers: ['local'],
      classes: [
        {
          class: 'sensitive',
          threshold: 151,
          controllers: 2,
          timelock: 0,
          seconded: true,
          coalitions: [['ann', 'bob']],
          complete: true,
        },
      ],
      guards: [{ scope: '', guard: { id: 'two', effect: 'minControllers', least: {} } }],
    }),
  resilience: (scope) =>
    later({
      scope,
      group: 2,
      solo: false,
      voters: ['ann'],
      keysEnd: [{ voter: 'ann', at: '2026-12-01T00:00:00Z' }],
      classes: [{ class: 'routine', possible: false, needs: [], survives: -1, until: null }],
      recovery: { scope: '', able: true },
      recoverySet: {
        ...{ holders: ['r1', 'r2', 'r3'], threshold: 2, delay: 259_200 },
        ...{ able: true, until: '2026-12-01T00:00:00Z' },
      },
      grants: [{ name: 'oncall', drilled: null }],
    }),
  diff: () =>
    later({
      from: { size: 3, at: '2026-11-20T00:00:00Z' },
      to: { size: 9, at: '2026-11-21T00:00:00Z' },
      ...difference,
    }),
  voted: () =>
    later({
      changes: [{ ...told, scope: '', group: 2, decision: 'approve', weight: 100, decisive: true }],
      next: 12,
    }),
  exceptions: () =>
    later({
      exceptions: [
        { ...told, kind: 'intervention', op: 'group.set', by: 'ann', reason: 'they left' },
      ],
    }),
  ends: () =>
    later({
      at: '2026-11-21T00:00:00Z',
      ends: [
        { at: '2026-11-22T00:00:00Z', kind: 'rule', alias: 'payments/api', id: 'shop' },
        {
          ...{ at: '2026-12-01T00:00:00Z', kind: 'key', alias: '', id: 'ann' },
          ...{ of: 'voter', last: true as const },
        },
      ],
    }),
  stale: () =>
    later({
      stale: [
        {
          alias: 'payments/api',
          uid: `e${'a'.repeat(31)}`,
          owner: 'team-payments',
          unused: { last: null },
          rules: [{ id: 'shop', because: 'over' }],
        },
      ],
    }),
} satisfies Partial<Operations>

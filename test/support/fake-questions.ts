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

/** Questions answered, each in its documented shape. */
export const fakeQuestions = {
  impact: (id) =>
    later({
      proposal: id,
      digest: HEX,
      impact: { v: 1, proposal: HEX, class: 'sensitive', ...difference },
    }),
} satisfies Partial<Operations>

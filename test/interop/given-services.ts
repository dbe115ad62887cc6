import { type GivenGroup, givenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'

/** Two services of one index, that began as solo and has three voters since. */
export async function givenServices(): Promise<GivenGroup> {
  const given = await givenGroup(
    {},
    { op: 'scope.create', alias: 'pay' },
    { op: 'scope.create', alias: 'web' },
    { op: 'entry.create', alias: 'web/shop/front', owner },
  )
  const guard = { id: 'routes', effect: 'requireRoutes' } as const
  const guarded = await given.proposed({ op: 'guard.set', alias: 'pay', guard })
  // It only takes away: one voter is enough.
  await given.votes(given.ann, guarded)
  await given.agreed({ op: 'entry.create', alias: 'pay/api', owner })
  await given.agreed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: {
      id: 'orders',
      callers: ['web/shop/front'],
      ports: [8080],
      routes: [{ method: 'GET', path: { prefix: '/orders' } }],
    },
  })
  await given.agreed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: {
      id: 'health',
      callers: [{ subtree: 'web' }],
      ports: [8080],
      routes: [{ path: { exact: '/health' } }],
    },
  })
  return given
}

interface Asked {
  readonly what: string
  readonly question: unknown
}

/** Each question there is, with the members that it may have. */
export function goodQuestions(at: number): readonly Asked[] {
  const call = { caller: 'shop/web', callee: 'shop/pay/api', port: 8080 }
  const questions = [
    { ask: 'reach', alias: 'shop/web', limit: 1000, moment: '12' },
    { ask: 'callers', alias: 'shop/pay/api', limit: 1, moment: '2026-11-21T00:05:00Z' },
    { ask: 'permit', ...call },
    { ask: 'why', ...call, route: 'GET /orders/7', headers: ['x-shop: 1'], moment: '30' },
    { ask: 'authority', alias: '', op: 'rule.attach', moment: '30' },
    { ask: 'log', alias: 'shop' },
    { ask: 'diff', from: '1', to: '40', scope: '' },
    { ask: 'impact', proposal: `pr${'a'.repeat(40)}` },
    { ask: 'inbox', voter: 'ann' },
    { ask: 'inbox', moment: '2026-11-21T00:05:00Z' },
    { ask: 'resilience', scope: '', without: ['ann', 'bob'] },
    { ask: 'exceptions', since: '2026-11-20T00:00:00Z', limit: 1_000_000 },
    { ask: 'votes', voter: 'ann', which: 'decisive', limit: 10, since: '2026-11-20T00:00:00Z' },
    ...[
      { ask: 'changes', under: 'shop', format: 'csv', since: '2026-11-20T00:00:00Z' },
      { ask: 'changes', under: '', format: 'json', until: '2026-11-22T00:00:00Z' },
    ],
    { ask: 'ends', under: 'shop', ahead: 30, limit: 100 },
    { ask: 'ends', under: '', ahead: 3650, limit: 1, moment: '20' },
    { ask: 'cedar' },
    { ask: 'cedar', moment: '12' },
  ]
  return questions.map((one) => ({
    what: `that is asked: ${JSON.stringify(one)}`,
    question: { ...one, at },
  }))
}

/** None that anybody can ask. */
export function badQuestions(at: number): readonly Asked[] {
  const reach = { ask: 'reach', alias: 'shop/web', limit: 1 }
  const permit = { ask: 'permit', caller: 'a', callee: 'b', port: 80 }
  const questions: readonly (readonly [string, object])[] = [
    ['that nobody can ask', { ask: 'stale', at }],
    ['a name that every object has', { ask: 'constructor', at }],
    ['without a time', { ask: 'inbox' }],
    ['of a time that no date says', { ask: 'inbox', at: 253_402_300_800 }],
    ['of a time that is a text', { ask: 'inbox', at: String(at) }],
    ['with a member of another', { ask: 'cedar', at, alias: 'shop' }],
    ['without a member', { ask: 'reach', at, alias: 'shop/web' }],
    ['of nothing listed', { ...reach, at, limit: 0 }],
    ['of more listed than may be', { ...reach, at, limit: 1_000_001 }],
    ['of the root, where it is of an entry', { ...reach, at, alias: '' }],
    ['of an alias that is none', { ...reach, at, alias: 'shop//web' }],
    ['of a reserved alias', { ...reach, at, alias: 'shop/svc' }],
    ['of no days ahead', { ask: 'ends', at, under: '', ahead: 0, limit: 1 }],
    [
      'of a moment, where it names two',
      { ask: 'diff', at, from: '1', to: '2', scope: '', moment: '1' },
    ],
    ['of a moment with a leading zero', { ...reach, at, moment: '012' }],
    ['of no records', { ...reach, at, moment: '0' }],
    ['of a day that there is not', { ...reach, at, moment: '2026-02-30T00:00:00Z' }],
    ['of a time with a fraction', { ...reach, at, moment: '2026-02-20T00:00:00.000Z' }],
    ['of a port that there is not', { ...permit, at, port: 65_536 }],
    ['with an empty list of header fields', { ...permit, at, headers: [] }],
    ['of an operation that nobody knows', { ask: 'authority', at, alias: '', op: 'entry.sell' }],
    ['of a part of an id', { ask: 'impact', at, proposal: `pr${'a'.repeat(39)}` }],
    ['in a format that there is not', { ask: 'changes', at, under: '', format: 'xml' }],
  ]
  return questions.map(([what, question]) => ({ what: `a question ${what}`, question }))
}

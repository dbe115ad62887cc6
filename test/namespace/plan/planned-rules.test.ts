import { describe, expect, it } from '@jest/globals'
import type { ChangeRequest } from '../../../src/namespace/change-request.js'
import { planDocument } from '../../../src/namespace/plan/plan-document.js'
import { type GivenIndex, givenIndex, owner, valueOf } from '../given-index.js'

const world: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  ...['api', 'web', 'job'].map((alias) => ({ op: 'entry.create' as const, alias, owner })),
]
const web = { id: 'web', callers: ['web', { subtree: 'shop' }], ports: [80] }
const plan = ({ index }: GivenIndex, said: object) =>
  planDocument(index.state, {
    apiVersion: 'capstan/v1',
    entries: [{ alias: 'api', owner, ...said }],
  })
const changeOf = (request: object, line: string) => ({
  ...{ request: { ...request, alias: 'api' }, kind: 'change', subject: 'entry api' },
  lines: [line],
})
const text = (rule: string) => `{${rule},ports:[[80,80]],proto:http}`
const stored = text('callers:[web,{subtree:shop}],effect:allow,id:web')

describe('a plan for rules', () => {
  const attached = () => givenIndex(...world, { op: 'rule.attach', alias: 'api', rule: web })

  it('detaches those that it does not name before it attaches others', async () => {
    const given = await attached()
    const nameless = { callers: ['job'], ports: [81] }
    expect(valueOf(plan(given, { rules: [nameless] }))).toEqual([
      changeOf({ op: 'rule.detach', rule: 'web' }, `rule web: - ${stored}`),
      changeOf({ op: 'rule.attach', rule: nameless }, 'rule: + {callers:[job],ports:[81]}'),
    ])
  })

  it('replaces one that it names by its id, and leaves it where it says the same', async () => {
    const given = await attached()
    const rule = { ...web, callers: ['job'] }
    expect(valueOf(plan(given, { rules: [rule] }))).toEqual([
      changeOf(
        { op: 'rule.replace', rule },
        `rule web: ${stored} -> {callers:[job],id:web,ports:[80]}`,
      ),
    ])
    expect(valueOf(plan(given, { rules: [web] }))).toEqual([])
    expect(valueOf(plan(given, {}))).toEqual([])
  })

  it('attaches one of a caller that is still to be made', async () => {
    const given = await attached()
    const rule = { callers: ['new'], ports: [80] }
    expect(valueOf(plan(given, { rules: [web, rule] }))).toEqual([
      changeOf({ op: 'rule.attach', rule }, 'rule: + {callers:[new],ports:[80]}'),
    ])
    const replaced = { ...rule, id: 'web' }
    expect(valueOf(plan(given, { rules: [replaced] }))).toMatchObject([
      { request: { op: 'rule.replace', rule: replaced } },
    ])
  })

  it('is none where a rule is not one', async () => {
    const given = await attached()
    const bad = { ...web, id: 'bad', routes: [{ path: { exact: '/a/../b' } }] }
    expect(plan(given, { rules: [web, bad] })).toMatchObject({
      refusal: { code: 'namespace.malformed' },
    })
  })
})

describe('a plan for splits', () => {
  const to = (port: number, entry: string, weight = 1) => ({
    ...{ port, backendRefs: [{ entry, weight }] },
  })
  const split = () =>
    givenIndex(
      ...world,
      { op: 'split.set', alias: 'api', split: to(80, 'web') },
      { op: 'split.set', alias: 'api', split: to(81, 'web') },
    )

  it('clears those of ports that it does not name before it sets others', async () => {
    const given = await split()
    expect(valueOf(plan(given, { splits: [to(82, 'job'), to(81, 'web', 2)] }))).toEqual([
      changeOf({ op: 'split.clear', port: 80 }, 'split 80: - [{entry:web,weight:1}]'),
      changeOf(
        { op: 'split.set', split: to(82, 'job') },
        'split: + {backendRefs:[{entry:job,weight:1}],port:82}',
      ),
      changeOf(
        { op: 'split.set', split: to(81, 'web', 2) },
        'split: + {backendRefs:[{entry:web,weight:2}],port:81}',
      ),
    ])
  })

  it('leaves what is so already, and sets one of a backend that is still to be made', async () => {
    const given = await split()
    expect(valueOf(plan(given, { splits: [to(81, 'web'), to(80, 'web')] }))).toEqual([])
    expect(valueOf(plan(given, {}))).toEqual([])
    expect(valueOf(plan(given, { splits: [to(81, 'web'), to(80, 'new')] }))).toMatchObject([
      { request: { op: 'split.set', split: to(80, 'new') } },
    ])
  })
})

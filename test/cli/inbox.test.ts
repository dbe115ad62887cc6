import { beforeEach, describe, expect, it } from '@jest/globals'
import { hours } from '../../src/core/time.js'
import { groupBelow, givenGroup, type GivenGroup, threeVoters } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
import { TestVoter } from '../support/voters.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let given: GivenGroup
let server: ScriptedServer
beforeEach(async () => {
  given = await givenGroup({}, { op: 'entry.create', alias: 'pay/old', owner })
  server = servedIndex(given)
})

const capstan = (line: string): Promise<Screen> =>
  run(line.split(' '), { server, clock: given.clock, env: { NO_COLOR: '1' } })
/** Of each line but the title: the columns from MISSING on. */
const told = (screen: Screen): readonly string[] =>
  screen.out
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^pr\S+ +(\S+ \S+) +\S+ +\S+ +/, '$1: ').replace(/ +\d{4}-.*/, ''))

describe('capstan inbox', () => {
  it('has what is over first before what was proposed first', async () => {
    const { ann, bob, cyd } = given
    const terms = threeVoters(given, [ann, bob, cyd], { timelock: { sensitive: hours(2) } })
    await given.agreed({ op: 'group.set', alias: '', group: terms })
    const first = await given.proposed({ op: 'entry.create', alias: 'pay/a', owner })
    const second = await given.proposed({ op: 'entry.create', alias: 'pay/b', owner })
    await given.votes(ann, second)
    await given.votes(bob, second)
    const { out } = await capstan('inbox')
    expect(out.indexOf(second.id)).toBeGreaterThan(0)
    expect(out.indexOf(first.id)).toBeGreaterThan(out.indexOf(second.id))
    const listed = json(await capstan('inbox --json'))['proposals'] as readonly {
      readonly id: string
      readonly standing: string
      readonly open: { readonly deadline: string; readonly due?: string }
    }[]
    expect(listed.map(({ id, standing }) => [id, standing])).toEqual([
      [second.id, 'scheduled'],
      [first.id, 'open'],
    ])
    const deadlines = listed.map(({ open }) => open.deadline)
    expect(deadlines).toEqual(deadlines.toSorted())
    expect(deadlines[0]).toBe(listed[0]?.open.due)
  })

  it('says what is missing, and what the own vote weighs', async () => {
    await given.proposed({ op: 'entry.create', alias: 'pay/a', owner })
    expect(told(await capstan('inbox'))).toEqual(['entry.create pay/a: 151, 2 people  open'])
    expect(told(await capstan('inbox --as bob'))).toEqual([
      'entry.create pay/a: 151, 2 people  100    open',
    ])
    const narrow = await given.proposed({ op: 'entry.suspend', alias: 'pay/old' })
    await given.votes(given.ann, narrow, 'reject')
    expect(told(await capstan('inbox --as ann'))).toHaveLength(1)
    expect(told(await capstan('inbox --as cyd'))[1]).toMatch(
      /^entry.suspend pay\/old: .* 100 +open$/,
    )
  })

  it('has both groups where another is asked too', async () => {
    const { ann, bob } = given
    const own = new TestVoter('dan')
    await given.agreed({ op: 'scope.create', alias: 'web' })
    await groupBelow(given, 'web', [own, new TestVoter('eve'), new TestVoter('fay')])
    const group = threeVoters(given, [ann, bob, own], { proposers: [] })
    await given.proposed({ op: 'group.set', alias: '', group })
    const [line] = told(await capstan('inbox --as ann'))
    expect(line).toBe(
      'group.set /: 151, 2 people; the other group 151, 2 people  100 and 100  open',
    )
    const [only] = told(await capstan('inbox --as dan'))
    expect(only).toContain('  100  ')
    const shown = json(await capstan('inbox --json'))
    expect(shown).toMatchObject({
      proposals: [{ open: { missing: { present: { other: false }, second: { people: 2 } } } }],
    })
  })
})

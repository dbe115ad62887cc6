import { beforeEach, describe, expect, it } from '@jest/globals'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { givenGroup } from '../namespace/given-group.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  given = await givenIndex(
    { op: 'entry.create', alias: 'web/shop', owner },
    { op: 'entry.create', alias: 'payments/api', owner },
    { op: 'entry.create', alias: 'payments/v2', owner },
  )
  server = servedIndex(given)
})

const capstan = (line: string): Promise<Screen> =>
  run(line.split(' '), { server, clock: given.clock, env: { NO_COLOR: '1' } })

const why = 'why web/shop payments/api --port 8080'
const rule = 'rules attach payments/api --id shop --caller web/shop --port 8080'
const split = (weights: readonly [number, number], port = 8080): string =>
  `splits set payments/api --port ${port} --backend payments/api=${weights[0]} --backend payments/v2=${weights[1]}`

describe('capstan why', () => {
  it('says where the traffic of the port goes, and who decided on that', async () => {
    await capstan(rule)
    expect((await capstan(why)).out).not.toContain('split')
    await capstan(`${split([1, 1])} --reason half`)
    await capstan(`${split([900, 1])} --reason canary`)
    await capstan(`${split([0, 1], 443)} --reason other`)
    const { out } = await capstan(why)
    expect(out).toContain('split of port 8080: payments/api 99.9 %\n')
    expect(out).toContain('payments/v2 0.1 %\n')
    expect(out).toMatch(/made by: +split\.set, revision 4 of payments\/api/)
    expect(out).toContain('canary')
    expect(out).not.toContain('half')
    expect(json(await capstan(`${why} --json`))).toMatchObject({
      split: {
        port: 8080,
        authorisation: { change: { op: 'split.set', rev: 4, reason: 'canary' } },
      },
    })
    await capstan('splits clear payments/api --port 8080')
    expect(json(await capstan(`${why} --json`))).toMatchObject({ split: null })
  })

  it('says how many records were not looked at for who decided', async () => {
    await capstan(rule)
    await capstan(split([1, 1]))
    const told = json(await capstan(`${why} --json`)) as {
      authorisation: object
      split: object
    }
    const further = JSON.stringify({
      ...told,
      authorisation: { ...told.authorisation, needs: null, groupNotLookedAt: 7 },
      split: { ...told.split, authorisation: null, notLookedAt: 12 },
    })
    server.answers.set('/v1/why', further)
    const { out } = await capstan(why)
    expect(out).toMatch(
      /decided by: +not found: 12 older records were not looked at: capstan log payments\/api\n/,
    )
    expect(out).toMatch(/it took: +not known: 7 older records of the scope were not looked at/)
  })

  it('says what the record is proved by, once it is signed', async () => {
    await capstan(rule)
    expect(json(await capstan(`${why} --json`))).toMatchObject({ checkpoint: null })
    await capstan('checkpoint')
    const { out } = await capstan(why)
    expect(out).toMatch(/proof: +capstan index prove 4: it is one of 5 records, signed with root /)
    expect(json(await capstan(`${why} --json`))).toMatchObject({ checkpoint: { size: 5 } })
    // A rule that is newer than what is signed has no proof yet.
    await capstan('rules replace payments/api --id shop --caller web/shop --port 8080 --proto http')
    expect(json(await capstan(`${why} --json`))).toMatchObject({ checkpoint: null })
  })

  it('says it of a call that is denied, too: who may call is not what a split is about', async () => {
    await capstan(split([90, 10]))
    const { out, exit } = await capstan(why)
    expect(exit).toBe(9)
    expect(out).toContain('split of port 8080: payments/api 90 %\n')
  })

  it('says under which envelopes and guards of both sides it stands, a line each', async () => {
    await capstan(rule)
    const { out } = await capstan(why)
    expect(out).toMatch(/\nmay call: +everybody, on ports 1-65535\n/)
    expect(out).toMatch(/\nmay accept: +everybody, on ports 1-65535\nguards: +none bears on it\n/)
    await capstan('scope create payments')
    await capstan('envelope set payments --may-accept web --ports 8000-9000')
    await capstan('guards set / no-ssh --forbid --ports 22')
    await capstan('guards set payments two --min-controllers sensitive=1')
    await capstan('guards set payments brief --max-ttl 1h')
    const narrower = await capstan(why)
    expect(narrower.out).toMatch(
      /\nmay accept: +web, on ports 8000-9000 \(narrowed by payments\)\n/,
    )
    expect(narrower.out).toContain('no-ssh of / (forbid)')
    expect(narrower.out).toContain('two of payments (minControllers)')
    expect(narrower.out).not.toContain('brief')
    expect(json(await capstan(`${why} --json`))).toMatchObject({
      governing: {
        ceilings: { callee: { regions: ['web'], narrowedBy: ['payments'] } },
        guards: [
          { scope: '', guard: { id: 'no-ssh' } },
          { scope: 'payments', guard: { id: 'two' } },
        ],
      },
    })
  })

  it('is one screen, whoever voted and however often the rule was another', async () => {
    const group = await givenGroup({}, { op: 'entry.create', alias: 'web/shop', owner })
    const { index, at } = group.index.state
    const voters = Array.from({ length: 30 }, (_, n) => new TestVoter(`v${n}`))
    const all = groupOf(
      voters.map((one) => one.voter(index, at, 10)),
      { proposers: group.index.state.root.group?.proposers ?? [] },
    )
    const make = async (request: ChangeRequest): Promise<void> => {
      const proposal = await group.proposed(request)
      for (const voter of voters) {
        const { standing } = await group.proposal(proposal.id)
        if (standing === 'open') await group.votes(voter, proposal)
      }
    }
    await group.agreed({ op: 'entry.create', alias: 'payments/api', owner })
    const opened = await group.proposed({ op: 'group.set', alias: '', group: all })
    for (const voter of [group.ann, group.bob, ...voters]) {
      const { standing } = await group.proposal(opened.id)
      if (standing === 'open') await group.votes(voter, opened)
    }
    const own = { id: 'shop', callers: ['web/shop'], ports: [8080] }
    for (let n = 0; n < 6; n += 1) {
      await make({ op: 'rule.attach', alias: 'payments/api', rule: { ...own, id: `other${n}` } })
    }
    await make({ op: 'rule.attach', alias: 'payments/api', rule: own })
    const backends = Array.from({ length: 4 }, (_, n) => `payments/v${n}`)
    for (const alias of backends) await make({ op: 'entry.create', alias, owner })
    const backendRefs = backends.map((entry) => ({ entry, weight: 1 }))
    await make({ op: 'split.set', alias: 'payments/api', split: { port: 8080, backendRefs } })
    const served = servedIndex(group)
    const asked = ['why', 'web/shop', 'payments/api', '--port', '8080']
    const screen = await run(asked, { server: served, clock: group.clock })
    expect(screen.exit).toBe(0)
    const lines = screen.out.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(40)
    expect(screen.out).toMatch(/votes: +v0 (?:.*\n)+? +and \d+ more: --json\n/)
    const whole = json(await run([...asked, '--json'], { server: served, clock: group.clock }))
    const votes = (whole['authorisation'] as { readonly votes: readonly unknown[] }).votes
    expect(votes.length).toBeGreaterThan(8)
  })
})

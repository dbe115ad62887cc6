import { beforeEach, describe, expect, it } from '@jest/globals'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
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
})

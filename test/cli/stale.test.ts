import { beforeAll, describe, expect, it } from '@jest/globals'
import { type GivenEnds, givenEnds } from '../namespace/questions/given-ends.js'
import { refuse } from '../../src/core/result.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let given: GivenEnds
let server: ScriptedServer
beforeAll(async () => {
  given = await givenEnds()
  server = servedIndex(given)
})

const capstan = (line: string): Promise<Screen> =>
  run(line.split(' '), { server, clock: given.clock, env: { NO_COLOR: '1' } })
const endsOf = async (line: string): Promise<readonly Record<string, unknown>[]> =>
  json(await capstan(`${line} --json`))['ends'] as readonly Record<string, unknown>[]

describe('capstan stale', () => {
  it('says what ends, the soonest first, and what then', async () => {
    const { out } = await capstan('stale --ending')
    const lines = out.split('\n').slice(1)
    expect(lines.map((line) => line.replace(/^.*\((.*?)\) */, '$1 '))).toEqual([
      expect.stringMatching(/^in \d+ \w+ brake on entry +web\/shop +goes on as before$/),
      expect.stringMatching(/^in 4 d rule brief +pay\/api +allows nothing$/),
      expect.stringMatching(/proposal pr[a-z2-7]+ +pay\/new +expires$/),
      expect.stringMatching(/^in 9 d key of voter ann +\/ +another goes on$/),
      expect.stringMatching(/^in 14 d entry +pay\/old +no certificates, no calls$/),
      expect.stringMatching(/^in 19 d key of voter bob +\/ +nobody signs as them$/),
      '',
    ])
  })

  it('has it beside what nobody uses, and says where there is more', async () => {
    const both = await capstan('stale --days 1')
    expect(both.out).toMatch(/had a certificate in that time\n\nENDS /)
    const first = await capstan('stale --limit 2')
    expect(first.out).toContain('there may be more: --limit')
    const shown = json(await capstan('stale --limit 2 --json'))
    expect(shown).toMatchObject({ stale: [], moreEnds: true })
    expect(shown['ends']).toHaveLength(2)
    expect((await capstan('stale --ending --ahead 1 pay')).out).toBe(
      'nothing ends by itself within 1 days\n',
    )
    const days = await capstan('stale --ending --ahead 0 --json')
    expect(json(days)['code']).toBe('request.malformed')
  })

  it('asks of an earlier moment what was to end then', async () => {
    const { size } = given.index.state
    const kinds = async (at: number) =>
      (await endsOf(`stale --ending --at ${at}`)).map((one) => one['kind'])
    expect(await kinds(size - 1)).toEqual(['brake', 'rule', 'key', 'entry', 'key'])
    expect(await kinds(1)).toEqual([])
  })

  it('says what nobody uses of a server that knows nothing of ends', async () => {
    const older = new ScriptedServer({
      stale: () => Promise.resolve({ ok: true, value: { stale: [] } }),
      ends: () => Promise.resolve(refuse('request.not-found', 'there is no such thing')),
    })
    const { exit, out } = await run(['stale'], { server: older, clock: given.clock })
    expect([exit, out]).toEqual([0, 'nothing: every active entry had a certificate in that time\n'])
  })
})

import { describe, expect, it } from '@jest/globals'
import { givenGroup } from '../namespace/given-group.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { commands as all } from '../../src/cli/command-tree.js'
import { saidWhereShown } from '../../src/cli/solo-note.js'
import type { OperatorConnection, OperatorRequest } from '../../src/cli/world.js'
import { json, run } from './fake-world.js'
import { servedIndex } from './served-index.js'

const commands = [
  'scope show /',
  'scope ls',
  'scope tree',
  'entry show web/shop',
  'entry ls',
  'why web/shop web/shop',
  'why web/shop web/shop --port 80',
  'permit web/shop web/shop --port 80',
  'reach web/shop',
  'callers web/shop',
  'resilience /',
  'exceptions',
  'inbox',
  'voter votes local',
  'cluster ls',
  'group show',
  'authority web/shop',
  'rules list web/shop',
  'splits list web/shop',
  'guards list',
  'brake list',
  'emergency list',
  'recovery show',
  'stale',
]
const shop = { op: 'entry.create', alias: 'web/shop', owner } as const
const line = 'solo: one local voter decides everything in this index\n'

const asked = (given: GivenIndex, words: string) =>
  run(words.split(' '), { server: servedIndex(given), clock: given.clock, env: { NO_COLOR: '1' } })

describe('an index in which one voter decides everything', () => {
  it.each(commands)('is told wherever it is shown: %s', async (command) => {
    const given = await givenIndex(shop)
    expect((await asked(given, command)).out.endsWith(line)).toBe(true)
    expect(json(await asked(given, `${command} --json`))).toMatchObject({ solo: true })
  })

  it.each(commands)('is not once there is a group: %s', async (command) => {
    const given = await givenGroup({}, shop)
    expect((await asked(given, command)).out).not.toContain('solo:')
    expect(json(await asked(given, `${command} --json`))['solo']).not.toBe(true)
  })

  it('is told beside an envelope, whose JSON is a file for another command', async () => {
    const given = await givenIndex(shop)
    expect((await asked(given, 'envelope show web/shop')).out.endsWith(line)).toBe(true)
    expect(json(await asked(given, 'envelope show web/shop --json'))).not.toHaveProperty('solo')
  })

  it.each([
    ['proposal', `pr${'a'.repeat(40)}`],
    ['cluster', 'prod'],
  ])('is told beside a %s', async (kind, id) => {
    const given = await givenIndex(shop)
    const server = servedIndex(given)
    server.answers.set(`/v1/${kind}s/`, JSON.stringify({ [kind]: 'x' }))
    const told = await run([kind, 'show', id, '--json'], { server })
    expect(json(told)).toMatchObject({ solo: true })
  })

  it('is told by every command, but for those that show something else', () => {
    const told = all.map(({ path }) => path).filter((path) => !tellsNothing.has(path))
    expect(told.sort()).toEqual([...saidWhereShown].sort())
    const asks = [...commands, 'envelope show', 'proposal show', 'cluster show']
    expect(told.filter((path) => !asks.some((one) => one.startsWith(path)))).toEqual([])
  })
})

/** A new command is in one of the two lists: is the index, as it is, what it shows? */
const tellsNothing: ReadonlySet<string> = new Set([
  // Acts, and shows what came of it.
  'apply',
  'bind add',
  'bind rm',
  'brake',
  'brake lift',
  'brake sign',
  'certs revoke',
  'cluster add',
  'cluster rm',
  'cluster update',
  'emergency drill',
  'emergency invoke',
  'emergency ratify',
  'emergency sign',
  'entry create',
  'entry reactivate',
  'entry rename',
  'entry retire',
  'entry suspend',
  'entry update',
  'envelope set',
  'group set',
  'guards clear',
  'guards set',
  'init',
  'proposal withdraw',
  'propose',
  'recovery cancel',
  'recovery finish',
  'recovery sign',
  'recovery start',
  'recovery submit',
  'rules attach',
  'rules detach',
  'rules replace',
  'scope create',
  'scope reactivate',
  'scope retire',
  'scope suspend',
  'splits clear',
  'splits set',
  'submit',
  'token create',
  'token withdraw',
  'vote',
  'voter enrol',
  'voter keygen',
  // Of certificates, tokens and keys.
  'cert get',
  'cert inspect',
  'cert prove',
  'cert renew',
  'cert show',
  'cert verify-log',
  'certs',
  'crl',
  'token ls',
  // Proves, verifies, or copies.
  'audit',
  'bundle',
  'bundle export',
  'checkpoint',
  'export cedar',
  'export changes',
  'index prove',
  'index rebuild',
  'index state',
  'index verify',
  'mirror',
  'mirror export',
  'mirror serve',
  'mirror verify',
  'verify',
  'verify-proof',
  'watch',
  'witness init',
  'witness serve',
  // Of what was, and of what would be.
  'diff',
  'impact',
  'log',
  // Of this installation.
  'cluster check',
  'completion',
  'config check',
  'config show',
  'dev',
  'serve',
  'status',
  'version',
])

describe('an answer beside which nobody can say whether one voter decides everything', () => {
  const refusal = (code: string) => ({
    code,
    title: code,
    detail: code,
    type: `urn:capstan:${code}`,
  })
  const answered = (status: number, body: unknown) => () =>
    Promise.resolve({
      ...{ status, contentType: 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    })

  it.each<readonly [string, OperatorConnection['request']]>([
    ['does not answer', () => Promise.reject(new Error('it is away'))],
    ['asks to wait', answered(429, refusal('request.throttled'))],
    ['shows a group that is none', answered(200, { group: 'x' })],
    ['shows a list for a group', answered(200, { group: [] })],
  ])('is given where the server %s: attack 318', async (_what, root) => {
    const given = await givenIndex(shop)
    const served = servedIndex(given)
    const roots: OperatorRequest[] = []
    const server: OperatorConnection = {
      request(request) {
        if (request.path !== '/v1/scopes/_root') return served.request(request)
        roots.push(request)
        return root(request)
      },
      close: () => served.close(),
    }
    const told = await run('permit web/shop web/shop --port 80 --json'.split(' '), { server })
    expect(json(told)).toMatchObject({ allowed: false, solo: null })
    expect(roots).toMatchObject([{ withinMs: 2000 }])
  })
})

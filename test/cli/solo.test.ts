import { describe, expect, it } from '@jest/globals'
import { givenGroup } from '../namespace/given-group.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
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
})

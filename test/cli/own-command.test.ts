import { expect, it } from '@jest/globals'
import { runOwnCommand } from '../../src/cli/own-command.js'

const env = { PATH: process.env['PATH'] }

it('gives a command its input, and says how it ended', async () => {
  expect(await runOwnCommand('cat; exit 3', env, 'an alarm')).toEqual({
    ...{ ended: 'badly', detail: 'exit 3: an alarm' },
  })
  expect((await runOwnCommand('true', env)).ended).toBe('well')
})

it('waits for nobody whom the command left running', async () => {
  const limits = { timeoutMs: 10_000, graceMs: 50 }
  const begun = Date.now()
  expect((await runOwnCommand('sleep 4 & true', env, '', limits)).ended).toBe('well')
  expect(Date.now() - begun).toBeLessThan(3500)
})

it('ends a command that takes too long, with all that it has started', async () => {
  const limits = { timeoutMs: 200, graceMs: 10_000 }
  const begun = Date.now()
  const report = await runOwnCommand('sleep 4 & sleep 4', env, '', limits)
  expect(report).toEqual({ ended: 'badly', detail: 'ended by SIGKILL' })
  expect(Date.now() - begun).toBeLessThan(3500)
})

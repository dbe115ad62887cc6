import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ok } from '../../src/core/result.js'
import { minutes, plus, unixSeconds } from '../../src/core/time.js'
import type { Alarm } from '../../src/monitor/alarm.js'
import type { WatchOptions } from '../../src/cli/world.js'
import type { AuditJson } from '../../src/server/http/audit-shapes.js'
import type { AskedAudit } from '../../src/server/operations.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { cosigned, noteOf } from '../monitor/forged.js'
import { signers } from '../monitor/given-capstan.js'
import { T0 } from '../support/fake-clock.js'
import { fakeOperations } from '../support/fake-operations.js'
import { witnessSigner } from '../support/note-signers.js'
import { json, run, type Screen, ScriptedServer } from './fake-world.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'capstan-audit-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const keep = (name: string, content: string): string => {
  writeFileSync(join(home, name), content)
  return name
}

const keys = {
  index: formatVerifierKey(signers.index.key),
  issuance: formatVerifierKey(signers.issuance.key),
}
const witness = witnessSigner('w1.example')
const alarm: Alarm = {
  ...{ code: 'not-allowed', log: 'issuance', detail: 'it is not', record: 3, reason: 'names' },
  ...{ serial: '4f'.repeat(16), entry: `e${'a'.repeat(31)}`, wanted: 'web', found: 'db' },
}

describe('capstan audit', () => {
  const checks = [
    { name: 'index-log', ok: true, detail: 'a tree of 4' },
    { name: 'issuance-log', ok: true, detail: 'a tree of 1' },
  ]
  const clean: AuditJson = { ok: true, full: false, checks, certificates: null }
  let asked: AskedAudit[]

  async function audit(
    words: readonly string[],
    answer: AuditJson = clean,
    note?: string,
  ): Promise<Screen> {
    asked = []
    const status = await fakeOperations().status()
    const shown = note ?? (await noteOf(signers.index, [Buffer.from('a record')]))
    const server = new ScriptedServer({
      status: () =>
        Promise.resolve({
          ...status,
          index: { ...status.index, logKey: keys.index },
          issuance: { ...status.issuance, logKey: keys.issuance },
        }),
      checkpoint: () => Promise.resolve(ok(shown)),
      audit: (wanted) => {
        asked.push(wanted)
        return Promise.resolve(ok(answer))
      },
    })
    return run(['audit', ...words], { server, cwd: home })
  }

  it('says of each check that it is right, and ends with 0', async () => {
    const { exit, out } = await audit([])
    expect(exit).toBe(0)
    expect(out).toContain('ok     index-log     a tree of 4')
    expect(out).toContain('no witnesses were asked for')
    expect(asked).toEqual([{ full: false }])
  })

  it('says what is wrong, and ends with 10', async () => {
    const wrong = { name: 'certificates', ok: false, detail: 'some should not be', found: 'two' }
    const certificates = { checked: 5, gone: 0, alarms: 2, first: [alarm] }
    const answer = { ok: false, full: true, checks: [...checks, wrong], certificates }
    const screen = await audit(['--full'], answer)
    expect(screen.exit).toBe(10)
    expect(screen.out).toContain('wrong  certificates  some should not be')
    expect(screen.out).toContain(
      `record 3, serial ${alarm.serial}, entry ${alarm.entry}, reason names`,
    )
    expect(screen.out).toContain('and 1 more')
    const told = await audit(['--full', '--json'], answer)
    expect(told.exit).toBe(10)
    expect(json(told)).toMatchObject({ ok: false, certificates: { first: [alarm] } })
    expect(asked).toEqual([{ full: true }])
  })

  it('hands over older checkpoints, each as that of its log', async () => {
    const index = await noteOf(signers.index, [])
    const issuance = await noteOf(signers.issuance, [])
    const files = [keep('a.txt', issuance), keep('b.txt', index)]
    expect((await audit(['--from', ...files])).exit).toBe(0)
    expect(asked).toEqual([{ full: false, index, issuance }])
    expect((await audit(['--from', 'a.txt', 'a.txt'])).exit).toBe(2)
    expect((await audit(['--from', keep('c.txt', 'nothing')])).exit).toBe(2)
    expect((await audit(['--from', 'a.txt', '--issuance-key', keys.index])).exit).toBe(2)
  })

  it('verifies who has signed the checkpoint that is shown, and when', async () => {
    const vkey = formatVerifierKey(witness.key)
    const note = await noteOf(signers.index, [Buffer.from('a record')])
    expect((await audit(['--witness', vkey], clean, note)).exit).toBe(10)
    const now = await cosigned(note, witness, unixSeconds(T0))
    expect((await audit(['--witness', vkey], clean, now)).out).toContain('a quorum of witnesses')
    const old = await cosigned(note, witness, plus(T0, minutes(-11)))
    const { exit, out } = await audit(['--witness', vkey], clean, old)
    expect(exit).toBe(10)
    expect(out).toContain('code: stale-checkpoint')
    expect((await audit(['--witness', vkey, '--age', '1h'], clean, old)).exit).toBe(0)
    const other = await audit(['--key', keys.issuance])
    expect(other.out).toContain('code: bad-checkpoint')
  })
})

describe('capstan watch', () => {
  let options: WatchOptions[]
  let remembered: number

  function watch(words: readonly string[], alarms: readonly Alarm[] = []): Promise<Screen> {
    options = []
    remembered = 0
    const over = new AbortController()
    let looks = 0
    return run(['watch', ...words], {
      cwd: home,
      signal: over.signal,
      openWatch: (given) => {
        options.push(given)
        return Promise.resolve(
          ok({
            ...{ keys, known: 'first' as const },
            watch: {
              look: () => {
                looks += 1
                if (looks === 2) over.abort()
                return Promise.resolve({
                  ...{ alarms, indexSize: 4, issuanceSize: 7, checked: 2, gone: 0 },
                  seenAt: undefined,
                  remember: () => {
                    remembered += 1
                    return Promise.resolve()
                  },
                })
              },
            },
            [Symbol.asyncDispose]: () => Promise.resolve(),
          }),
        )
      },
      clock: { now: () => T0, sleepUntil: () => Promise.resolve() },
    })
  }

  it('looks once, says what it saw, and ends with 0 or 10', async () => {
    const { exit, out } = await watch(['--once'])
    expect(exit).toBe(0)
    expect(out).toContain('nothing is wrong')
    expect(out).toContain('7 certificates, 2 of them new and checked')
    expect(out).toContain('believed at first sight')
    expect(options).toMatchObject([
      { folder: join(home, '.capstan-watch'), way: { kind: 'local' } },
    ])
    const wrong = await watch(['--once', '--json'], [alarm])
    expect(wrong.exit).toBe(10)
    expect(json(wrong)).toEqual({
      ...{ ok: false, keys, known: 'first', indexSize: 4, issuanceSize: 7, checked: 2, gone: 0 },
      ...{ seenAt: null, alarms: [alarm] },
    })
  })

  it('stays, and tells what is new: a line each with --json', async () => {
    const { exit, out } = await watch(['--json', '--interval', '1s'], [alarm])
    expect(exit).toBe(10)
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      ...['watching', 'alarm', 'looked', 'stopped'],
    ])
    expect(JSON.parse(lines[1]!)).toMatchObject({ event: 'alarm', state: 'raised', ...alarm })
    const words = await watch([], [alarm])
    expect(words.err).toContain('not-allowed  issuance log: it is not')
  })

  it('gives each alarm to a command on its standard input, and never as a part of it', async () => {
    const found = { ...alarm, found: '$(touch /tmp/x); `id`' }
    const out = join(home, 'alarms.json')
    await watch(['--once', '--exec', `cat >> '${out}'`], [found])
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ state: 'raised', ...found })
    const bad = await watch(['--once', '--exec', 'echo no; exit 3'], [found])
    expect(bad.err).toContain('--exec ended badly: exit 3: no')
  })

  it('remembers what was found once the command has heard of it', async () => {
    await watch(['--once'], [alarm])
    expect(remembered).toBe(1)
    await watch(['--once', '--exec', 'cat'], [alarm])
    expect(remembered).toBe(1)
    const runs = join(home, 'runs')
    const other = { ...alarm, record: 8 }
    await watch(['--once', '--exec', `echo x >> '${runs}'; exit 1`], [alarm, other])
    expect(remembered).toBe(0)
    expect(readFileSync(runs, 'utf8')).toBe('x\n')
    await watch(['--exec', `echo x >> '${runs}'; exit 1`], [alarm, other])
    expect(remembered).toBe(0)
    // Once at each of two looks.
    expect(readFileSync(runs, 'utf8')).toBe('x\nx\nx\n')
  })

  it('says so where the policy wants no witness of the issuance log', async () => {
    const witness = formatVerifierKey(witnessSigner('w1.example').key)
    const saidUnder = async (...logs: readonly string[]): Promise<string> => {
      const lines = [...logs.map((key) => `log ${key}`), `witness w1 ${witness}`, 'quorum w1', '']
      writeFileSync(join(home, 'policy.txt'), lines.join('\n'))
      return (await watch(['--once', '--policy', 'policy.txt'])).err
    }
    expect(await saidUnder(keys.index)).toContain(`wanted: log ${keys.issuance}`)
    expect(await saidUnder(keys.index, keys.issuance)).toBe('')
    expect(await saidUnder()).toBe('')
  })

  it('takes what it is told about whom to watch, and refuses halves of it', async () => {
    const pinned = ['--key', keys.index, '--issuance-key', keys.issuance]
    await watch(['--once', '--state', 'elsewhere', '--age', '1h', ...pinned])
    expect(options).toMatchObject([
      {
        folder: join(home, 'elsewhere'),
        keys: { index: signers.index.key, issuance: signers.issuance.key },
        rules: { maxAge: 3600 },
      },
    ])
    for (const words of [
      ['--server', 'https://ca.example:8443'],
      ['--server', 'http://ca.example'],
      ['--server', 'https://ca.example', '--identity', 'nothing-there'],
      ['--identity', 'x'],
      ['--ca-bundle', 'x'],
      ['--key', 'nonsense'],
      ['--interval', 'soon'],
    ]) {
      expect([words, (await watch(words)).exit]).toEqual([words, words[0] === '--key' ? 3 : 2])
      expect(options).toEqual([])
    }
  })
})

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { voterTokensContract } from '../contract/voter-tokens.contract.js'
import { CapstanProcess, type Ran } from '../support/capstan-process.js'
import { SoftHsm, TokensElsewhere } from '../support/softhsm.js'

voterTokensContract(
  'SoftHSM',
  () => {
    const hsm = new SoftHsm(['voter', 'spare'])
    const tokens = new TokensElsewhere(hsm.env)
    return {
      tokens,
      ...{ module: hsm.module, token: 'voter', pin: hsm.pin },
      put: (kind, label, id) => hsm.put('voter', kind, label, id),
      pull: () => hsm.pull(),
      end: () => {
        tokens.end()
        hsm[Symbol.dispose]()
      },
    }
  },
  ['ES256', 'Ed25519'],
)

describe('a voter with a token', () => {
  let hsm: SoftHsm
  let capstan: CapstanProcess
  beforeAll(async () => {
    hsm = new SoftHsm(['ann', 'bob'])
    capstan = await CapstanProcess.founded()
    writeFileSync(pinFile(), `${hsm.pin}\n`, { mode: 0o600 })
  })
  afterAll(async () => {
    await capstan[Symbol.asyncDispose]()
    hsm[Symbol.dispose]()
  })

  const pinFile = (): string => join(capstan.home, 'pin')
  const uri = (token: string, query = `&pin-source=file:${pinFile()}`): string =>
    `pkcs11:token=${token};object=capstan?module-path=${hsm.module}${query}`
  const run = (args: readonly string[]): Ran => capstan.run(args, hsm.env)
  const must = (args: readonly string[]): string => {
    const ran = run(args)
    if (ran.status !== 0 && ran.status !== 8) throw new Error(ran.stdout + ran.stderr)
    return ran.stdout
  }
  const waiting = (): string => {
    const { proposals } = JSON.parse(must(['inbox', '--json'])) as { proposals: { id: string }[] }
    return proposals[0]?.id ?? ''
  }

  it('is enrolled, votes and brakes by it', () => {
    for (const [name, alg] of [
      ['ann', 'es256'],
      ['bob', 'ed25519'],
    ] as const) {
      const made = must(['voter', 'keygen', '--alg', alg, '--key', uri(name), '--json'])
      expect(JSON.parse(made)).toMatchObject({ alg: alg === 'es256' ? 'ES256' : 'Ed25519' })
      const who = ['--id', name, '--controller', `${name}@acme`, '--index']
      const { index } = capstan.json(['status']) as { index: { id: string } }
      const voter = must(['voter', 'enrol', '--key', uri(name), ...who, index.id])
      writeFileSync(join(capstan.home, `${name}.json`), voter)
    }
    const voters = ['ann', 'bob'].flatMap((name) => ['--voter', join(capstan.home, `${name}.json`)])
    must(['group', 'set', '/', ...voters])
    for (const name of ['ann', 'bob']) {
      must(['vote', waiting(), '--approve', '--as', name, '--key', uri(name)])
    }
    must(['scope', 'create', 'shop'])
    const id = waiting()
    const detached = must([
      'vote',
      id,
      '--approve',
      '--as',
      'ann',
      '--key',
      uri('ann'),
      '--detached',
    ])
    const file = join(capstan.home, 'vote.json')
    writeFileSync(file, detached)
    must(['submit', file])
    must(['vote', id, '--approve', '--as', 'bob', '--key', uri('bob')])
    expect(must(['scope', 'ls'])).toContain('shop')
    const brake = ['brake', 'shop', '--for', '1h', '--reason', 'drill', '--as', 'ann']
    expect(must([...brake, '--key', uri('ann')])).toContain('until:')
    must(['index', 'verify'])
  })

  it('is asked for the PIN at the terminal, which does not show it', () => {
    const program = `
import os, pty, sys
out = b''
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        piece = os.read(fd, 1024)
    except OSError:
        break
    if not piece:
        break
    out += piece
    if out.endswith(b'PIN of the token ann: '):
        os.write(fd, sys.argv[1].encode() + b'\\n')
sys.stdout.buffer.write(out)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
    const who = ['--id', 'ann', '--controller', 'ann@acme', '--index', 'a'.repeat(64)]
    const typed = (pin: string): Ran => {
      const args = [...capstan.command(['voter', 'enrol', '--key', uri('ann', ''), ...who])]
      const ran = spawnSync('python3', ['-c', program, pin, ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...hsm.env, NO_COLOR: '1' },
      })
      return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr }
    }
    const right = typed(hsm.pin)
    expect(right.stdout).toContain('"proof":')
    expect(right.status).toBe(0)
    expect(right.stdout).not.toContain(hsm.pin)
    const wrong = typed('0815')
    expect(wrong.stdout).toContain('keys.wrong-pin')
    expect(wrong.stdout).not.toContain('0815')
    expect(wrong.status).toBe(3)
    const silent = run(['voter', 'enrol', '--key', uri('ann', ''), ...who])
    expect([silent.status, silent.stderr.includes('no terminal')]).toEqual([2, true])
  })
})

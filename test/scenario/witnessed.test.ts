import { beforeAll, describe, expect, it } from '@jest/globals'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parsePolicy } from '../../src/tlog/policy.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { formatVerifierKey, parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { builtModule } from '../support/built.js'
import { CapstanProcess, type Ran } from '../support/capstan-process.js'
import { logSigner } from '../support/note-signers.js'
import { WitnessProcess } from '../support/witness-process.js'

// The processes run compiled code: this suite tests what the last `npm run build` made.
beforeAll(() => void builtModule('compose/serve-witness.js'))

interface Cosigning {
  readonly log: string
  readonly quorum: boolean
  readonly witnesses: readonly { readonly size: number | null; readonly fault: string | null }[]
}

/** An answer of the readiness probe is up to a second old: asked until it says what is wanted. */
async function readiness(
  { adminPort }: CapstanProcess,
  wanted: string,
): Promise<{ readonly status: number; readonly text: string }> {
  for (let round = 0; ; round += 1) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/ready`)
    const text = await answer.text()
    if (text.includes(wanted) || round > 30) return { status: answer.status, text }
    await pause(200)
  }
}

/** The witnesses of a log, once they are as wanted, or after six seconds. */
async function cosigned(
  capstan: CapstanProcess,
  log: string,
  wanted: (found: Cosigning) => boolean,
): Promise<Cosigning> {
  for (let round = 0; ; round += 1) {
    const { cosigning } = capstan.json(['status']) as { cosigning: Cosigning[] }
    const found = cosigning.find((one) => one.log === log)
    if (!found) throw new Error(`nobody is asked about ${log}`)
    if (wanted(found) || round > 30) return found
    await pause(200)
  }
}

describe('a server with witnesses', () => {
  it('serves cosigned checkpoints, and is told of by them when an older backup is put back', async () => {
    await using capstan = await CapstanProcess.founded()
    const { index } = capstan.json(['status']) as { index: { logKey: string } }
    const key = parseVerifierKey(index.logKey)
    if (!key.ok) throw new Error('no log key')
    await using first = await WitnessProcess.made('w1.example', [key.value])
    await using second = await WitnessProcess.made('w2.example', [key.value])
    const policyText = [
      `log ${index.logKey}`,
      `witness w1 ${first.key} ${first.url}/`,
      `witness w2 ${second.key} ${second.url}`,
      'group g all w1 w2',
      'quorum g\n',
    ].join('\n')
    const path = join(capstan.home, 'witnesses.txt')
    writeFileSync(path, policyText)
    const policy = parsePolicy(Buffer.from(policyText))
    if (!policy.ok) throw new Error('no policy')
    writeFileSync(capstan.config, `witnesses: { policy: ${path} }\n`, { flag: 'a' })
    const settled = (wanted: (found: Cosigning) => boolean) => cosigned(capstan, 'index', wanted)

    expect(await first.start()).toBe(true)
    expect(await second.start()).toBe(true)
    await capstan.start()
    capstan.must(['scope', 'create', 'shop'])
    expect((await settled(({ quorum }) => quorum)).quorum).toBe(true)
    const note = capstan.must(['checkpoint'])
    const verified = verifyCheckpoint(Buffer.from(note), key.value, policy.value)
    expect(verified.ok && [verified.value.size, verified.value.cosignatures.length]).toEqual([2, 2])
    // What is proved of it has the same signatures, and no server is needed to see it.
    const proof = join(capstan.home, 'proof.txt')
    writeFileSync(proof, capstan.must(['index', 'prove', '1']))
    const verify = ['verify-proof', proof, '--key', index.logKey, '--policy', path]
    expect(capstan.must(verify)).toContain('w2.example at ')

    await capstan.stop()
    const backup = join(capstan.home, 'backup')
    cpSync(capstan.data, backup, { recursive: true })
    await capstan.start()
    capstan.must(['scope', 'create', 'lost'])
    expect((await settled(({ quorum }) => quorum)).quorum).toBe(true)
    await capstan.stop()
    rmSync(capstan.data, { recursive: true })
    cpSync(backup, capstan.data, { recursive: true })

    await capstan.start()
    const rolledBack = await settled(({ witnesses }) =>
      witnesses.every(({ fault }) => fault !== null),
    )
    for (const { fault } of rolledBack.witnesses) expect(fault).toContain('older backup')
    // What it writes is read when nothing else is done.
    for (let round = 0; round < 50 && !capstan.log.includes('older backup'); round += 1) {
      await pause(200)
    }
    expect(capstan.log).toContain('was an older backup restored?')
    const alarm = 'WARNING: w1 has another history of the index log'
    const ready = await readiness(capstan, alarm)
    expect(ready.status).toBe(200)
    expect(ready.text).toContain(alarm)
    capstan.must(['scope', 'create', 'other'])
    const forked = await settled(({ witnesses }) =>
      witnesses.every(({ fault }) => fault?.includes('two histories') === true),
    )
    expect(forked.quorum).toBe(false)
    const refused = verifyCheckpoint(
      Buffer.from(capstan.must(['checkpoint'])),
      key.value,
      policy.value,
    )
    expect(!refused.ok && refused.refusal.code).toBe('tlog.no-quorum')
    // Certificates do not wait for anybody's signature.
    capstan.must(['entry', 'create', 'shop/web', '--owner', 'team'])
    const metrics = await (await fetch(`http://127.0.0.1:${capstan.adminPort}/metrics`)).text()
    expect(metrics).toContain('capstan_checkpoint_quorum{log="index"} 0')
  })

  it('has the issuance log cosigned by those who know it, and issues whether or not they answer', async () => {
    await using capstan = await CapstanProcess.founded()
    const { index, issuance } = capstan.json(['status']) as Record<
      'index' | 'issuance',
      { logKey: string }
    >
    const keys = [index, issuance].map(({ logKey }) => {
      const key = parseVerifierKey(logKey)
      if (!key.ok) throw new Error('no log key')
      return key.value
    })
    await using first = await WitnessProcess.made('w1.example', keys)
    await using second = await WitnessProcess.made('w2.example', keys.slice(0, 1))
    const quorum = [
      `witness w1 ${first.key} ${first.url}/`,
      `witness w2 ${second.key} ${second.url}/`,
      'group g any w1 w2',
      'quorum g\n',
    ]
    const keep = (name: string, text: string): string => {
      const path = join(capstan.home, name)
      writeFileSync(path, text)
      return path
    }
    const path = keep(
      'witnesses.txt',
      [`log ${index.logKey}`, `log ${issuance.logKey}`, ...quorum].join('\n'),
    )
    const ofIndex = keep('index.txt', [`log ${index.logKey}`, ...quorum].join('\n'))
    writeFileSync(capstan.config, `witnesses: { policy: ${path} }\n`, { flag: 'a' })
    await first.start()
    await second.start()
    await capstan.start()
    capstan.must(['scope', 'create', 'shop'])
    capstan.must(['entry', 'create', 'shop/web', '--owner', 'team'])

    /** Issues one, and its proof; with what verifies that by a policy. */
    const issued = (name: string): ((policy: string) => Ran) => {
      const { token } = capstan.json(['token', 'create', 'shop/web']) as { token: string }
      const out = join(capstan.home, name)
      const from = ['--server', capstan.url, '--ca-bundle', capstan.bundle, '--out', out]
      const given = ['--token-file', keep(`${name}.token`, token)]
      capstan.must(['cert', 'get', 'shop/web', ...from, ...given])
      const cert = join(out, 'cert.pem')
      const proof = keep(`${name}.proof`, capstan.must(['cert', 'prove', cert]))
      const verify = ['verify-proof', proof, '--key', issuance.logKey, '--certificate', cert]
      return (policy) => capstan.run([...verify, '--policy', policy])
    }
    await cosigned(capstan, 'issuance', (found) => found.quorum)
    const proved = issued('one')(path)
    expect([proved.status, proved.stderr]).toEqual([0, ''])
    expect(proved.stdout).toContain('w1.example at ')
    expect(proved.stdout).not.toContain('w2.example at ')
    expect(capstan.must(['checkpoint', '--log', 'issuance'])).toContain('\n\u2014 w1.example ')
    const kept = keep('checkpoint.txt', capstan.must(['checkpoint', '--log', 'issuance']))
    const verifyLog = ['cert', 'verify-log', '--from', kept, '--key', issuance.logKey]
    capstan.must([...verifyLog, '--policy', path])
    expect(capstan.run([...verifyLog, '--policy', ofIndex]).stderr).toContain('tlog.unknown-log')
    const known = await cosigned(
      capstan,
      'issuance',
      ({ witnesses }) => witnesses[1]?.fault !== null,
    )
    expect(known.witnesses.map(({ fault }) => fault)).toEqual([
      null,
      'it answers 404: does it know this log and its key?',
    ])
    const both = await cosigned(capstan, 'index', ({ witnesses }) =>
      witnesses.every(({ size }) => size !== null),
    )
    expect(both.witnesses.map(({ fault }) => fault)).toEqual([null, null])
    const screen = capstan.must(['status'])
    expect(screen).toContain('witnesses of index:')
    expect(screen).toContain('witnesses of issuance:')
    expect((await readiness(capstan, 'issuance: 1 of 2')).text).toContain('issuance: 1 of 2')

    await first.end('SIGKILL')
    const alone = issued('two')(path)
    expect(alone.status).not.toBe(0)
    expect(alone.stderr).toContain('tlog.no-quorum')
    await first.start()
    await cosigned(capstan, 'issuance', (found) => found.quorum)
    expect(issued('three')(path).stdout).toContain('w1.example at ')
    await capstan.stop()

    // Before the server was told of the issuance log, a policy had the line of the index alone.
    writeFileSync(path, [`log ${index.logKey}`, ...quorum].join('\n'))
    await capstan.start()
    const { cosigning } = capstan.json(['status']) as { cosigning: Cosigning[] }
    expect(cosigning.map(({ log }) => log)).toEqual(['index'])
    await capstan.stop()
    const other = formatVerifierKey(logSigner('test.example/issuance').key)
    writeFileSync(path, [`log ${index.logKey}`, `log ${other}`, ...quorum].join('\n'))
    const ran = capstan.run(['serve'])
    expect(ran.status).not.toBe(0)
    expect(ran.stderr).toContain('not about this issuance log')
  })

  it('does not start with a policy that is about another log, or says no way to anybody', async () => {
    await using capstan = await CapstanProcess.founded()
    const path = join(capstan.home, 'witnesses.txt')
    writeFileSync(capstan.config, `witnesses: { policy: ${path} }\n`, { flag: 'a' })
    await using witness = await WitnessProcess.made('w1.example', [])
    await using other = await WitnessProcess.made('w2.example', [])
    const { index } = capstan.json(['status']) as { index: { logKey: string } }
    for (const [text, complaint] of [
      [`witness w1 ${witness.key}\nquorum w1\n`, 'no way to its witnesses'],
      [`witness w1 ${witness.key} ftp://w1.example/\nquorum w1\n`, 'no way to its witnesses'],
      [`witness w1 ${witness.key} http://w1.example/\n`, 'no quorum line'],
      [
        `witness w1 ${witness.key} http://w1/\nwitness w2 ${other.key}\ngroup g all w1 w2\nquorum g\n`,
        'no quorum of the policy',
      ],
      [
        `log ${index.logKey.replace('index+', 'other+')}\nwitness w1 ${witness.key} http://w1/\nquorum w1\n`,
        'not a tlog-policy',
      ],
    ] as const) {
      writeFileSync(path, text)
      const ran = capstan.run(['serve'])
      expect(ran.status).not.toBe(0)
      expect(ran.stderr).toContain(complaint)
    }
  })
})

import { beforeAll, describe, expect, it } from '@jest/globals'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parsePolicy } from '../../src/tlog/policy.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { builtModule } from '../support/built.js'
import { CapstanProcess } from '../support/capstan-process.js'
import { WitnessProcess } from '../support/witness-process.js'

// The processes run compiled code: this suite tests what the last `npm run build` made.
beforeAll(() => void builtModule('compose/serve-witness.js'))

interface Cosigning {
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
    const cosigning = (): Cosigning =>
      (capstan.json(['status']) as { cosigning: Cosigning }).cosigning
    const settled = async (wanted: (found: Cosigning) => boolean): Promise<Cosigning> => {
      for (let round = 0; ; round += 1) {
        const found = cosigning()
        if (wanted(found) || round > 30) return found
        await pause(200)
      }
    }

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
    const ready = await readiness(capstan, 'WARNING: w1 has another history of this log')
    expect(ready.status).toBe(200)
    expect(ready.text).toContain('WARNING: w1 has another history of this log')
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

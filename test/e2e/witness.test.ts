import { describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseVerifierKey } from '../../src/tlog/verifier-key.js'
import { CapstanProcess, freePort } from '../support/capstan-process.js'
import { witnessPeer } from '../support/toolchains.js'
import { WitnessProcess } from '../support/witness-process.js'

/** C2SP tlog-witness with both sides of another's making: Go, on the libraries of transparency-dev. */
describe('another program', () => {
  it('asks capstan witness, and takes its cosignatures', async () => {
    const peer = witnessPeer()
    const run = (...args: string[]) => spawnSync(peer, args, { encoding: 'utf8' }).stdout
    const key = parseVerifierKey(run('key', 'a seed').trim())
    if (!key.ok) throw new Error('no key of a log')
    await using witness = await WitnessProcess.made('w.example', [key.value])
    expect(await witness.start()).toBe(true)
    expect(run('submit', 'a seed', witness.url, witness.key).trim().split('\n')).toEqual([
      '0->5 200 verified=true',
      '5->256 200 verified=true',
      '256->256 200 verified=true',
      '0->300 409 text/x.tlog.size 256',
      '256->700 200 verified=true',
      '700->700 422',
      '256->300 409 text/x.tlog.size 700',
    ])
  })

  it('is the witness of a Capstan index', async () => {
    const peer = witnessPeer()
    await using capstan = await CapstanProcess.founded()
    const { index } = capstan.json(['status']) as { index: { logKey: string } }
    const port = await freePort()
    const args = ['witness', 'go.example', `127.0.0.1:${port}`, index.logKey]
    const child = spawn(peer, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [vkey] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
      const policy = join(capstan.home, 'witnesses.txt')
      writeFileSync(policy, `witness go ${vkey} http://127.0.0.1:${port}/\nquorum go\n`)
      writeFileSync(capstan.config, `witnesses: { policy: ${policy} }\n`, { flag: 'a' })
      await capstan.start()
      for (const scope of ['a', 'b', 'c']) capstan.must(['scope', 'create', scope])
      const proof = join(capstan.home, 'proof.txt')
      const verify = ['verify-proof', proof, '--key', index.logKey, '--policy', policy]
      let shown = ''
      for (let round = 0; round < 20 && !shown.includes('go.example at'); round += 1) {
        writeFileSync(proof, capstan.must(['index', 'prove', '3']))
        shown = capstan.run(verify).stdout
        await pause(200)
      }
      expect(shown).toContain('go.example at')
    } finally {
      child.kill()
    }
  })
})

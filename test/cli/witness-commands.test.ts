import { describe, expect, it } from '@jest/globals'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { ServeWitnessOptions } from '../../src/cli/world.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { run } from './fake-world.js'

const log = formatVerifierKey(logSigner('acme.example/index').key)
const w1 = formatVerifierKey(witnessSigner('w1.example').key)
const w2 = formatVerifierKey(witnessSigner('w2.example').key)

describe('capstan witness', () => {
  it('says what goes into the policies of those who trust it', async () => {
    const screen = await run(['witness', 'init', '--name', 'w1.example', '--data', '/w'])
    expect(screen.exit).toBe(0)
    expect(screen.out).toContain('witness w1.example w1.example+0 https://HOST/')
  })

  it('serves the logs that it is told of, and none by default', async () => {
    let asked: ServeWitnessOptions | undefined
    const serveWitness = (options: ServeWitnessOptions) => {
      asked = options
      return Promise.resolve(0 as const)
    }
    const serve = (...more: string[]) => run(['witness', 'serve', ...more], { serveWitness })
    expect((await serve('--log', log, '--data', '/w')).exit).toBe(0)
    expect(asked?.logs.map(({ name }) => name)).toEqual(['acme.example/index'])
    expect(asked).toMatchObject({
      ...{ folder: '/w', listen: { host: '127.0.0.1', port: 7380 }, time: 'never-earlier' },
    })
    expect(asked?.tls).toBeUndefined()
  })

  it.each<[string, readonly string[], string]>([
    ['no logs', [], 'a witness is of some logs'],
    ['the key of a witness for that of a log', ['--log', w1], 'not the keys of logs'],
    ['an address that is none', ['--log', log, '--listen', 'here'], '--listen is no address'],
    ['half of a certificate', ['--log', log, '--tls-cert', 'c.pem'], 'go together'],
    ['two keys for its key', ['--log', log, '--kek-env', 'A', '--kek-file', 'b'], 'is enough'],
  ])('does not serve with %s', async (_, args, complaint) => {
    const screen = await run(['witness', 'serve', ...args])
    expect(screen.exit).not.toBe(0)
    expect(screen.err).toContain(complaint)
  })
})

describe('witnesses that a verifier names', () => {
  const verify = (...more: string[]) =>
    run(['verify-proof', '-', '--key', log, ...more], { input: 'no proof' })

  it.each<[string, readonly string[], string]>([
    ['with a policy beside them', ['--policy', 'p', '--witness', w1], 'one too many'],
    ['with a threshold above them', ['--witness', w1, '--threshold', '2'], 'not a number of'],
    ['with a threshold of none', ['--witness', w1, '--threshold', '0'], 'not a number of'],
    ['with a threshold that is no number', ['--witness', w1, '--threshold', 'x'], 'not a number'],
    ['with a threshold of nobody', ['--threshold', '1'], 'goes with --witness'],
    ['one of them twice', ['--witness', w1, '--witness', w1], 'not a tlog-policy'],
    ['by the key of a log', ['--witness', log], 'not a tlog-policy'],
    ['by a key with lines of its own', ['--witness', `${w1}\nquorum none`], 'no'],
  ])('are refused %s', async (_, args, complaint) => {
    const screen = await verify(...args)
    expect(screen.exit).not.toBe(0)
    expect(screen.err).toContain(complaint)
    expect(screen.err).not.toContain('this is not a tlog-proof')
  })

  it('are taken by their keys, and the proof is looked at', async () => {
    const screen = await verify('--witness', w1, '--witness', w2, '--threshold', '1')
    expect(screen.err).toContain('this is not a tlog-proof')
  })

  it('belong to the checkpoint that a log is to go on from, and to its key', async () => {
    const alone = await run(['index', 'verify', '--witness', w1])
    expect(alone.err).toContain('--key and witnesses are about the checkpoint of --from')
    const keyless = await run(['index', 'verify', '--from', '-', '--witness', w1], { input: 'x' })
    expect(keyless.err).toContain('which one?')
    const from = ['index', 'verify', '--from', '-', '--witness', w1, '--key', log]
    const unsigned = await run(from, { input: 'x' })
    expect(unsigned.err).toContain('tlog.malformed')
  })
})

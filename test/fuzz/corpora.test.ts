import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { Executor } from '../../fuzz/engine/executor.js'
import { loadTarget, targets } from '../../fuzz/load-target.js'
import { MAX_INPUT } from '../../fuzz/target.js'

const corpus = join('fuzz', 'corpus')

/** A target that nobody has searched for long has none yet. */
const kept = Object.keys(targets).filter((name) => existsSync(join(corpus, name)))

/** Everything that fuzzing has ever found worth keeping, without the search: see fuzz/README.md. */
it('there are corpora of what strangers send', () => {
  expect(kept).toEqual(expect.arrayContaining(['pkcs10', 'der', 'jws', 'canonical-json', 'grpc']))
})

describe.each(kept)('the corpus of %s', (name) => {
  const files = readdirSync(join(corpus, name))

  it('is small, and in the tree', () => {
    expect(files.length).toBeGreaterThan(10)
    expect(files.length).toBeLessThanOrEqual(150)
    const sizes = files.map((file) => statSync(join(corpus, name, file)).size)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_INPUT)
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(400_000)
  })

  it('is read as promised, every file of it', async () => {
    const executor = new Executor(name, await loadTarget(name))
    const findings: string[] = []
    for (const file of files) {
      const { finding } = await executor.run(readFileSync(join(corpus, name, file)))
      if (finding) findings.push(`${file}: ${finding.detail}`)
    }
    expect(findings).toEqual([])
  })

  it('costs no more than it may, every file of it, by the time of the processor', async () => {
    const executor = new Executor(name, await loadTarget(name))
    const findings: string[] = []
    for (const file of files) {
      const input = readFileSync(join(corpus, name, file))
      const finding = executor.slowness(input, await executor.cost(input))
      if (finding) findings.push(`${file}: ${finding.detail}`)
    }
    expect(findings).toEqual([])
  })

  it('gets to the end of the code, and not only to its first refusal', async () => {
    const executor = new Executor(name, await loadTarget(name))
    const endings = new Set<string>()
    for (const file of files) {
      const { ending } = await executor.run(readFileSync(join(corpus, name, file)))
      endings.add(ending ?? '')
    }
    expect(endings.size).toBeGreaterThan(5)
    expect([...endings].filter((ending) => reached[name]?.test(ending))).not.toEqual([])
  })
})

/** How an input ends that a target accepts. */
const reached: Readonly<Record<string, RegExp>> = {
  pkcs10: /^verified P-256/,
  der: /^certificate 3/,
  jws: /^believed/,
  'canonical-json': /^canonical/,
  dsse: /^verified entry\.create/,
  grpc: /request of 3 fields/,
  apply: /entry\.create.*routine/,
  config: /^loaded/,
  tlog: /^note: verified/,
  policy: /rule matches/,
  'change-request': /changed entry\.create/,
  shown: /records [1-4] [1-9]/,
  'issuance-record': /^read entry bound/,
  identity: /^same-policy, certificate with/,
  http: / ok ok\b/,
  'token-uri': /^read /,
  'voter-file': /(?:voter|recovery|emergency) \d.*; \d are \d/,
  answer: /^(?:permit|reach|inbox|log)/,
  incidents: / taken/,
  screen: /: 0 0 /,
  'token-review': /^believed/,
  'at-rest': /^sealed key, opens/,
}

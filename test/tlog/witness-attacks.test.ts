import { describe, expect, it } from '@jest/globals'
import { minutes, unixSeconds } from '../../src/core/time.js'
import { askWitness } from '../../src/tlog/ask-witness.js'
import { formatCheckpoint } from '../../src/tlog/checkpoint.js'
import { knownLogs } from '../../src/tlog/known-logs.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { parsePolicy, policyOfKeys } from '../../src/tlog/policy.js'
import { cosign } from '../../src/tlog/sign-note.js'
import { formatVerifierKey, signatureType } from '../../src/tlog/verifier-key.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { addCheckpoint, type Witness } from '../../src/tlog/witness.js'
import { asOf, freshUntil, isFresh } from '../../src/verify/freshness.js'
import { MemoryTiles } from '../support/memory-tiles.js'
import { MemoryWitnessStore } from '../support/memory-witness-store.js'
import { logSigner, seededSigner, witnessSigner } from '../support/note-signers.js'
import { SignedTree } from '../support/signed-tree.js'

const log = logSigner('log.example/1')
const tree = new SignedTree(log)
const w1 = witnessSigner('w1.example')
const w2 = witnessSigner('w2.example')
const w3 = witnessSigner('w3.example')
const now = unixSeconds(1_700_000_000)
const vkeys = [w1, w2, w3].map(({ key }) => formatVerifierKey(key))

function policyOf(threshold: number) {
  const policy = policyOfKeys(vkeys, threshold)
  if (!policy.ok) throw new Error(policy.refusal.found)
  return policy.value
}
const line = async (size: number, signer = w1, of = tree, at = now): Promise<string> => {
  const text = formatCheckpoint({
    ...{ origin: log.key.name, size, root: of.root(size), extensions: [] },
  })
  return formatSignatureLine(await cosign(text, signer, at))
}
const verdict = (note: string, threshold: number): string => {
  const read = verifyCheckpoint(Buffer.from(note), log.key, policyOf(threshold))
  return read.ok ? 'ok' : read.refusal.code
}
const witness = (): Witness => ({
  ...{ logs: knownLogs([log.key]), store: new MemoryWitnessStore(), signers: [w1] },
})
const ask = async (asked: Witness, body: string): Promise<number> =>
  (await addCheckpoint(asked, Buffer.from(body), now)).status

describe('a witness stands in the way of', () => {
  it('attack 18: a fork that is shown to other readers, by whoever has the key of the log', async () => {
    const asked = witness()
    expect(await ask(asked, await tree.request(0, 9))).toBe(200)
    const fork = tree.forkedAt(4)
    for (const body of [await fork.request(9, 9), await fork.request(9, 12)]) {
      expect(await ask(asked, body)).toBe(422)
    }
  })

  it('attack 18: another state of one head, by whoever has the key of the log', async () => {
    const asked = witness()
    const [one, two] = [1, 2].map((octet) => stateLine(Buffer.alloc(32, octet)))
    // A log that learns to sign states says none at first; lines that are no state are its own matter.
    for (const lines of [[], ['time 1'], [one!], [one!], [one!, 'time 2']]) {
      expect(await ask(asked, await tree.request(lines.length === 0 ? 0 : 9, 9, lines))).toBe(200)
    }
    for (const lines of [[two!], [], [one!, two!], ['time 2']]) {
      const body = await tree.request(9, 9, lines)
      const { status, isFork } = (await addCheckpoint(asked, Buffer.from(body), now)) as never
      expect({ lines, status, isFork }).toEqual({ lines, status: 422, isFork: true })
    }
    expect(await ask(asked, await tree.request(9, 12, [two!]))).toBe(200)
  })

  it('attack 19: a log that was cut short, or put back to an older backup', async () => {
    const asked = witness()
    expect(await ask(asked, await tree.request(0, 9))).toBe(200)
    for (const body of [await tree.request(0, 5), await tree.request(5, 5)]) {
      expect(await ask(asked, body)).toBe(409)
    }
  })
})

describe('a reader with a policy is not taken in by', () => {
  it('attack 22: an old checkpoint that a minority of the witnesses calls new', () => {
    const cosigned = [
      { key: w1.key, time: now },
      { key: w2.key, time: now - 7200 },
      { key: w3.key, time: now - 7300 },
    ]
    const policy = policyOf(2)
    // In the policy's own keys: who has signed is compared by key.
    const of = cosigned.map(({ time }, at) => ({ key: policy.witnesses[at]!.key, time }))
    const age = asOf(of, policy, now, now)
    expect(age).toEqual({ at: now - 7200, by: 'witnesses' })
    const fresh = isFresh(age, freshUntil(age, minutes(60)), now)
    expect(!fresh.ok && fresh.refusal.code).toBe('bundle.stale')
  })

  it('attack 94: a witness whose clock is ahead, which would make every bundle one of the future', () => {
    const ageOf = (threshold: number, ...times: readonly number[]) => {
      const policy = policyOf(threshold)
      const of = times.map((time, at) => ({ key: policy.witnesses[at]!.key, time }))
      return asOf(of, policy, now, now)
    }
    const age = ageOf(1, now + 121, now - 30, now - 60)
    expect(age).toEqual({ at: now - 30, by: 'witnesses' })
    expect(isFresh(age, freshUntil(age, minutes(60)), now).ok).toBe(true)
    expect(ageOf(1, now + 120, now - 30).at).toBe(now + 120)
    // Who is left is no quorum: that is no reason to believe the log alone.
    for (const future of [ageOf(1, now + 121), ageOf(2, now + 121, now + 500, now)]) {
      expect(future).toEqual({ at: now + 121, by: 'witnesses' })
      const fresh = isFresh(future, freshUntil(future, minutes(60)), now)
      expect(!fresh.ok && fresh.refusal.code).toBe('bundle.stale')
    }
  })

  it('attack 90: what a witness has signed of another root, or of an older head', async () => {
    const note = await tree.note(9)
    expect(verdict(note + (await line(9)), 1)).toBe('ok')
    for (const other of [await line(9, w1, tree.forkedAt(4)), await line(8)]) {
      expect(verdict(note + other, 1)).toBe('tlog.bad-signature')
    }
  })

  it('attack 91: one witness that counts twice, and witnesses that nobody named', async () => {
    const note = await tree.note(9)
    const twice = (await line(9)) + (await line(9, w1, tree, unixSeconds(now + 1)))
    expect(verdict(note + twice, 2)).toBe('tlog.no-quorum')
    const stranger = await line(9, witnessSigner('w9.example'))
    expect(verdict(note + (await line(9)) + stranger, 2)).toBe('tlog.no-quorum')
    expect(verdict(note + stranger, 1)).toBe('tlog.no-quorum')
    // One public key under two names is one witness with two.
    const seed = Buffer.alloc(32, 7)
    const same = ['a.example', 'b.example'].map((name) => {
      const { key } = seededSigner(name, signatureType.cosignature, seed)
      return `witness ${name} ${formatVerifierKey(key)}`
    })
    const text = [...same, 'group g 2 a.example b.example', 'quorum g', ''].join('\n')
    const policy = parsePolicy(Buffer.from(text))
    const found = policy.ok ? 'a policy' : policy.refusal.found
    expect(found).toContain('a public key for the second time')
  })
})

it('attack 92: a server takes nothing from a witness that does not hold', async () => {
  const root = tree.root(9)
  const note = await tree.note(9)
  const forged = (await line(9)).replace(/.{6}==\n$/, 'AAAA==\n')
  for (const answer of [forged, await line(8), await line(9, w2)]) {
    const client = {
      addCheckpoint: () => Promise.resolve({ status: 200, body: Buffer.from(answer) }),
    }
    const { signal } = new AbortController()
    const deps = { client, tiles: new MemoryTiles(), signal, now: () => now }
    const signed = { size: 9, root, note }
    const asked = await askWitness(deps, { key: w1.key, url: 'http://w1/' }, signed, 0)
    expect(asked.kind).toBe('bad-answer')
  }
})

it('attack 94: a server takes no time from a witness that verifiers would not take', async () => {
  const root = tree.root(9)
  const note = await tree.note(9)
  const kindAt = async (ahead: number): Promise<string> => {
    const body = Buffer.from(await line(9, w1, tree, unixSeconds(now + ahead)))
    const client = { addCheckpoint: () => Promise.resolve({ status: 200, body }) }
    const { signal } = new AbortController()
    const deps = { client, tiles: new MemoryTiles(), signal, now: () => now }
    const asked = { key: w1.key, url: 'http://w1/' }
    return (await askWitness(deps, asked, { size: 9, root, note }, 0)).kind
  }
  expect(await kindAt(120)).toBe('cosigned')
  expect(await kindAt(121)).toBe('bad-answer')
  expect(await kindAt(-300)).toBe('cosigned')
  expect(await kindAt(-301)).toBe('bad-answer')
})

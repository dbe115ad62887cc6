import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DependencyError } from '../../src/core/dependency-error.js'
import { unixSeconds } from '../../src/core/time.js'
import { type Checkpoint, formatCheckpoint } from '../../src/tlog/checkpoint.js'
import { EMPTY_ROOT } from '../../src/tlog/hash.js'
import { parseNote, parseSignatureLine, verifyNote } from '../../src/tlog/note.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { parseVerifierKey, signatureType, verifierKey } from '../../src/tlog/verifier-key.js'
import { addCheckpoint, cosignedNote, type Witness } from '../../src/tlog/witness.js'
import type { WitnessAnswer } from '../../src/tlog/witness-answer.js'
import { parseWitnessRequest } from '../../src/tlog/witness-request.js'
import { witnessStoreContract } from '../contract/witness-store.contract.js'
import { MemoryWitnessStore } from '../support/memory-witness-store.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { numberedLeaves, treeProof, treeRoot } from './reference-tree.js'

witnessStoreContract('memory', () => {
  const store = new MemoryWitnessStore()
  return Promise.resolve({ store, reopen: () => Promise.resolve(store) })
})

const origin = 'log.example/1'
const log = logSigner(origin)
const w = witnessSigner('w.example')
const now = unixSeconds(1_700_000_000)
const leaves = numberedLeaves(40)
const forked = leaves.with(0, leaves[39]!)

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
const rootAt = (size: number, tree = leaves): Uint8Array => treeRoot(tree.slice(0, size))

async function note(size: number, more: Partial<Checkpoint> = {}, signer = log): Promise<string> {
  const checkpoint = { origin, size, root: rootAt(size), extensions: [], ...more }
  return signCheckpoint(checkpoint, signer)
}
async function request(
  old: number,
  size: number,
  more: Partial<Checkpoint> = {},
  proof: readonly Uint8Array[] = old === 0 ? [] : treeProof(old, leaves.slice(0, size)),
): Promise<string> {
  return [`old ${old}`, ...proof.map(base64), '', await note(size, more)].join('\n')
}

function given(): { witness: Witness; store: MemoryWitnessStore } {
  const store = new MemoryWitnessStore()
  const logs = (name: string) => (name === origin ? [log.key] : undefined)
  return { store, witness: { logs, store, signers: [w] } }
}
const ask = (witness: Witness, body: string): Promise<WitnessAnswer> =>
  addCheckpoint(witness, Buffer.from(body), now)

describe('a witness', () => {
  it('cosigns the first checkpoint of a log that it knows, and one that goes on from it', async () => {
    const { witness, store } = given()
    for (const [old, size] of [
      [0, 7],
      [7, 7],
      [7, 8],
      [8, 40],
    ] as const) {
      const answer = await ask(witness, await request(old, size))
      if (answer.status !== 200) throw new Error(String(answer.status))
      expect(store.heads.get(origin)).toMatchObject({ size, root: rootAt(size), at: now })
      const cosigned = parseNote(Buffer.from((await note(size)) + answer.body))
      const verified = cosigned.ok && verifyNote(cosigned.value, [log.key, w.key])
      expect(verified && verified.ok && verified.value).toEqual([
        { key: log.key },
        { key: w.key, time: now },
      ])
    }
  })

  it('states no earlier time of a larger tree while its clock steps back a little', async () => {
    const { witness, store } = given()
    const timeOf = async (at: number, old: number, size: number): Promise<number | undefined> => {
      const body = Buffer.from(await request(old, size))
      const answer = await addCheckpoint(witness, body, unixSeconds(at))
      const line = 'body' in answer ? answer.body : ''
      const cosigned = parseNote(Buffer.from((await note(size)) + line))
      const verified = cosigned.ok && verifyNote(cosigned.value, [w.key])
      const time = verified && verified.ok ? verified.value[0]?.time : undefined
      expect(store.heads.get(origin)?.at).toBe(time)
      return time
    }
    expect(await timeOf(now, 0, 7)).toBe(now)
    expect(await timeOf(now - 60, 7, 8)).toBe(now)
    expect(await timeOf(now + 1, 8, 9)).toBe(now + 1)
    // Only a witness that was told to accept it comes here.
    expect(await timeOf(now - 3600, 9, 10)).toBe(now - 3600)
  })

  it('shows what it has cosigned last, with the very signatures that it answered', async () => {
    const { witness } = given()
    expect((await cosignedNote(witness, origin)).ok).toBe(false)
    await ask(witness, await request(0, 7))
    const stranger = logSigner('stranger.example')
    const theirs = (await note(9, {}, stranger)).split('\n\n')[1] ?? ''
    const answer = await addCheckpoint(
      witness,
      Buffer.from((await request(7, 9)) + theirs),
      unixSeconds(now + 60),
    )
    if (answer.status !== 200) throw new Error(String(answer.status))
    const shown = await cosignedNote(witness, origin)
    // The stranger's signature is nothing that the witness has looked at.
    expect(shown).toEqual({ ok: true, value: (await note(9)) + answer.body })
    expect((await cosignedNote(witness, 'other')).ok).toBe(false)
  })

  it('signs with each of its keys', async () => {
    const { witness } = given()
    const signers = [w, witnessSigner('w2.example')]
    const answer = await ask({ ...witness, signers }, await request(0, 3))
    const lines = answer.status === 200 ? answer.body.trimEnd().split('\n') : []
    expect(lines.map((line) => parseSignatureLine(line)?.name)).toEqual(['w.example', 'w2.example'])
  })

  it('cosigns an empty tree, and what follows it', async () => {
    const { witness } = given()
    const statuses = []
    for (const body of [await request(0, 0), await request(0, 0), await request(0, 5)]) {
      statuses.push((await ask(witness, body)).status)
    }
    expect(statuses).toEqual([200, 200, 200])
  })

  it('says with a code why it does not cosign, and whether the log has two histories', async () => {
    const { witness } = given()
    await ask(witness, await request(0, 7))
    const answered = async (body: string) => {
      const answer = await ask(witness, body)
      return 'refusal' in answer
        ? [answer.status, answer.refusal.code, 'isFork' in answer && answer.isFork]
        : [answer.status]
    }
    const other = { root: rootAt(7, forked) }
    expect(await answered(await request(9, 8, {}, []))).toEqual([400, 'tlog.malformed', false])
    expect(await answered(await request(7, 8, { origin: 'other' }))).toEqual([
      ...[404, 'tlog.unknown-log', false],
    ])
    expect(await answered(await request(7, 7, other, []))).toEqual([422, 'tlog.bad-proof', true])
    // Who has a checkpoint can send it with any proof: that shows nothing of the log.
    expect(await answered(await request(7, 7, {}, [rootAt(1)]))).toEqual([
      ...[422, 'tlog.bad-proof', false],
    ])
    expect(await answered(await request(7, 8, {}, []))).toEqual([422, 'tlog.bad-proof', false])
    expect(await answered(await request(7, 8, { root: rootAt(8, forked) }, []))).toEqual([
      ...[422, 'tlog.bad-proof', false],
    ])
    const none = await cosignedNote(witness, 'other')
    expect(none.ok ? none.value : none.refusal.code).toBe('tlog.unknown-log')
  })

  it('shows nothing of a log of which it has recorded what is no note', async () => {
    const { witness, store } = given()
    store.heads.set(origin, { size: 1, root: rootAt(1), at: now, note: 'no note' })
    expect((await cosignedNote(witness, origin)).ok).toBe(false)
  })

  it.each<[number, string, () => Promise<string>]>([
    [400, 'an old size above the new', () => request(9, 8, {}, [])],
    [409, 'an old size that is not what it cosigned', () => request(6, 8)],
    [409, 'an old size of 0 when it has cosigned', () => request(0, 8)],
    [404, 'a log that it does not know', () => request(7, 8, { origin: 'other' })],
    [422, 'a fork', () => request(7, 8, { root: rootAt(8, forked) })],
    [
      422,
      'a fork with a proof of its own',
      () => request(7, 8, { root: rootAt(8, forked) }, treeProof(7, forked.slice(0, 8))),
    ],
    [422, 'another root of the same size', () => request(7, 7, { root: rootAt(7, forked) })],
    [422, 'a proof for the same size', () => request(7, 7, {}, [leaves[0]!])],
    [422, 'a proof too short', () => request(7, 8, {}, [])],
    [
      422,
      'a proof too long',
      async () => request(7, 8, {}, [...treeProof(7, leaves.slice(0, 8)), leaves[0]!]),
    ],
    [
      403,
      'a signature of nobody it knows',
      async () => `old 7\n\n${await note(8, {}, logSigner('other'))}`,
    ],
    [
      403,
      'a bad signature of the log',
      async () => (await request(7, 8)).replace(base64(rootAt(8)), base64(rootAt(9))),
    ],
  ])('answers %i to %s, and records nothing', async (status, _, body) => {
    const { witness, store } = given()
    expect((await ask(witness, await request(0, 7))).status).toBe(200)
    const answer = await ask(witness, await body())
    expect(answer.status).toBe(status)
    if (answer.status === 409) expect(answer.body).toBe('7\n')
    expect(store.heads.get(origin)).toMatchObject({ size: 7, root: rootAt(7) })
    // It is not thrown off: the log goes on.
    expect((await ask(witness, await request(7, 9))).status).toBe(200)
  })

  it('answers 422 to a root of an empty tree that is none, and a proof from nothing', async () => {
    const { witness, store } = given()
    const wrong = [
      await request(0, 0, { root: rootAt(1) }),
      await request(0, 0, { root: EMPTY_ROOT }, [leaves[0]!]),
      await request(0, 4, {}, [leaves[0]!]),
    ]
    for (const body of wrong) expect((await ask(witness, body)).status).toBe(422)
    expect(store.heads.size).toBe(0)
  })

  it('answers one of two requests that begin at one size, and the other with 409', async () => {
    const { witness, store } = given()
    await ask(witness, await request(0, 7))
    const bodies = await Promise.all([8, 9, 10].map((size) => request(7, size)))
    const answers = await Promise.all(bodies.map((body) => ask(witness, body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    const { size } = store.heads.get(origin)!
    for (const answer of answers) {
      if (answer.status === 409) expect(answer.body).toBe(`${size}\n`)
    }
  })

  it('signs nothing that is not recorded', async () => {
    const { witness } = given()
    const signed: Uint8Array[] = []
    const signer = {
      key: w.key,
      sign: (octets: Uint8Array) => {
        signed.push(octets)
        return w.sign(octets)
      },
    }
    const store = new MemoryWitnessStore()
    store.checkAndStore = () => Promise.reject(new DependencyError('store', 'the disk is full'))
    const body = await request(0, 7)
    await expect(ask({ ...witness, store, signers: [signer] }, body)).rejects.toThrow('disk')
    expect(signed).toEqual([])
  })

  it('never cosigns two roots of one size, or a smaller tree, whatever it is asked (property)', async () => {
    const asked = fc.record({
      old: fc.nat(12),
      size: fc.nat(12),
      tree: fc.constantFrom(leaves, forked),
      proofOf: fc.constantFrom(leaves, forked),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 12 }), async (all) => {
        const { witness } = given()
        const cosigned: { size: number; tree: unknown }[] = []
        for (const { old, size, tree, proofOf } of all) {
          const proof = old === 0 || old > size ? [] : treeProof(old, proofOf.slice(0, size))
          const body = await request(old, size, { root: rootAt(size, tree) }, proof)
          const { status } = await ask(witness, body)
          if (status === 200) cosigned.push({ size, tree: size === 0 ? undefined : tree })
        }
        const sizes = cosigned.map(({ size }) => size)
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
        const trees = new Set(cosigned.map(({ tree }) => tree).filter((tree) => tree !== undefined))
        expect(trees.size).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the body of a request', () => {
  it.each<[string, (body: string) => string]>([
    ['no old size', (body) => body.replace('old 7\n', '')],
    ['an old size with a zero before it', (body) => body.replace('old 7', 'old 07')],
    ['an old size of 2^53', (body) => body.replace('old 7', 'old 9007199254740992')],
    ['two spaces', (body) => body.replace('old 7', 'old  7')],
    ['a space at the end', (body) => body.replace('old 7', 'old 7 ')],
    ['a capital', (body) => body.replace('old', 'Old')],
    ['a proof line that is no hash', (body) => body.replace('old 7\n', 'old 7\nabc\n')],
    [
      '64 proof lines',
      (body) => body.replace('old 7\n', `old 7\n${`${base64(EMPTY_ROOT)}\n`.repeat(64)}`),
    ],
    ['no empty line', (body) => body.replace('\n\n', '\n')],
    ['two empty lines', (body) => body.replace('\n\n', '\n\n\n')],
    ['carriage returns', (body) => body.replaceAll('\n', '\r\n')],
    ['no line feed at the end', (body) => body.slice(0, -1)],
    ['no signature', (body) => body.replace(/— .*\n/, '')],
    ['no checkpoint', () => `old 7\n\ntext\n\n— a ${base64(Buffer.alloc(8))}\n`],
    ['a size that is none', (body) => body.replace('\n8\n', '\n08\n')],
    ['something before it', (body) => ` ${body}`],
    ['more octets than it may have', (body) => body + 'a'.repeat(140_000)],
    ['nothing', () => ''],
  ])('is answered 400 with %s', async (_, change) => {
    const { witness } = given()
    const changed = change(await request(7, 8))
    expect((await ask(witness, changed)).status).toBe(400)
  })

  it('is that of the example of C2SP tlog-witness', () => {
    const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`
    const read = parseWitnessRequest(Buffer.from(body))
    expect(read.ok && read.value.oldSize).toBe(20_852_014)
    expect(read.ok && read.value.proof.length).toBe(4)
    expect(read.ok && formatCheckpoint(read.value.checkpoint)).toBe(read.ok && read.value.note.text)
  })
})

// cmd/litewitness/testdata/sumdb.txt of FiloSottile/torchwood @ 341dc2f (ISC): answered 200 there.
it('cosigns a checkpoint of the Go checksum database', async () => {
  const { witness } = given()
  const key = parseVerifierKey(
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
  )
  if (!key.ok) throw new Error('no key')
  const body = `old 0

go.sum database tree
35225469
vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=

— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=
`
  const logs = (name: string) => (name === 'go.sum database tree' ? [key.value] : undefined)
  expect((await ask({ ...witness, logs }, body)).status).toBe(200)
})

// internal/witness/witness_test.go (TestRace) of the same, over a Sigsum log of one leaf, 3 and 5.
it('cosigns the checkpoints of a Sigsum log, and one of two that race', async () => {
  const { witness } = given()
  const sigsum =
    'sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562'
  const publicKey = 'ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f'
  const key = verifierKey(sigsum, signatureType.ed25519, Buffer.from(publicKey, 'hex'))
  const logs = (name: string) => (name === sigsum && key ? [key] : undefined)
  const first = `old 0

${sigsum}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— ${sigsum} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=
`
  const three = `old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

${sigsum}
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

— ${sigsum} UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=
`
  const five = `old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=
KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

${sigsum}
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

— ${sigsum} UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=
`
  const sigsumWitness = { ...witness, logs }
  expect((await ask(sigsumWitness, first)).status).toBe(200)
  const race = [three, five].map((body) => ask(sigsumWitness, body))
  expect((await Promise.all(race)).map(({ status }) => status)).toEqual([200, 409])
})

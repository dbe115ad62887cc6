import { describe, expect, it } from '@jest/globals'
import { formatProof, parseProof, type ProofText, verifyProof } from '../../src/tlog/proof-text.js'
import { sha256 } from '../../src/core/uid.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { parsePolicy } from '../../src/tlog/policy.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { numberedLeaf, numberedLeaves, treePath, treeRoot } from './reference-tree.js'

// As proof/tlog_proof_test.go of transparency-dev/formats @ 0b850f1 (Apache-2.0).
const [h1, h2] = [sha256('hash1'), sha256('hash2')]
const [b1, b2] = [h1, h2].map((hash) => Buffer.from(hash).toString('base64'))
const header = 'c2sp.org/tlog-proof@v1'

describe('a proof as text', () => {
  it.each<[string, ProofText, string]>([
    [
      'without extra data',
      { index: 5, path: [h1, h2], checkpoint: Buffer.from('test checkpoint\n') },
      `${header}\nindex 5\n${b1}\n${b2}\n\ntest checkpoint\n`,
    ],
    [
      'with extra data',
      {
        index: 10,
        path: [h1],
        checkpoint: Buffer.from('checkpoint data\n'),
        extra: Buffer.from('extra information'),
      },
      `${header}\nextra ${Buffer.from('extra information').toString('base64')}\nindex 10\n${b1}\n\ncheckpoint data\n`,
    ],
    [
      'without hashes',
      { index: 0, path: [], checkpoint: Buffer.from('checkpoint\n') },
      `${header}\nindex 0\n\ncheckpoint\n`,
    ],
    [
      'with extra data of no octets',
      { index: 0, path: [], checkpoint: Buffer.from('checkpoint\n'), extra: Buffer.of() },
      `${header}\nextra \nindex 0\n\ncheckpoint\n`,
    ],
  ])('%s is written and read', (_, proof, text) => {
    expect(formatProof(proof)).toBe(text)
    const read = parseProof(Buffer.from(text))
    expect(read.ok && formatProof(read.value)).toBe(text)
    expect(read.ok && read.value.index).toBe(proof.index)
  })

  it.each([
    ['another header', 'wrong-header\nindex 0\n\ncheckpoint\n'],
    ['extra data of another encoding', `${header}\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n`],
    ['no index', `${header}\n\n\ncheckpoint\n`],
    ['an index that is no number', `${header}\nindex notanumber\n\ncheckpoint\n`],
    ['a negative index', `${header}\nindex -5\n\ncheckpoint\n`],
    ['an index with a zero before it', `${header}\nindex 05\n\ncheckpoint\n`],
    ['an index of 2^53', `${header}\nindex 9007199254740992\n\ncheckpoint\n`],
    ['two spaces', `${header}\nindex  5\n\ncheckpoint\n`],
    ['a hash that is none', `${header}\nindex 0\n!!notbase64!!\n\ncheckpoint\n`],
    ['a long hash', `${header}\nindex 0\n${Buffer.alloc(64).toString('base64')}\n\ncheckpoint\n`],
    ['64 hashes', `${header}\nindex 0\n${`${b1}\n`.repeat(64)}\ncheckpoint\n`],
    ['extra data twice', `${header}\nextra \nextra \nindex 0\n\ncheckpoint\n`],
    ['extra data after the index', `${header}\nindex 0\nextra \n\ncheckpoint\n`],
    ['carriage returns', `${header}\r\nindex 0\r\n\r\ncheckpoint\r\n`],
    ['no empty line', `${header}\nindex 0\n`],
    ['a first line before it', `\n${header}\nindex 0\n\ncheckpoint\n`],
    ['a long line', `${header}\nindex 0\n${'a'.repeat(400_000)}\n\n`],
    ['nothing', ''],
  ])('is not one with %s', (_, text) => {
    const read = parseProof(Buffer.from(text))
    expect(read.ok ? read.value : read.refusal.code).toBe('tlog.malformed')
  })

  it('is not one with a checkpoint that is no text', () => {
    const octets = Buffer.concat([Buffer.from(`${header}\nindex 0\n\n`), Buffer.of(0x80)])
    expect(parseProof(octets).ok).toBe(false)
  })

  it('is not one with any octet of its first lines taken out', () => {
    const text = Buffer.from(`${header}\nextra YQ==\nindex 7\n${b1}\n\ncheckpoint\n`)
    for (let at = 0; at < text.length - 'checkpoint\n'.length; at++) {
      const cut = Buffer.concat([text.subarray(0, at), text.subarray(at + 1)])
      // "index 7" without its blank and so on: all but the digit of the index stand for something.
      expect(parseProof(cut).ok).toBe(false)
    }
  })
})

describe('a proof is verified', () => {
  const log = logSigner('log.example/1')
  const leaves = numberedLeaves(11)
  const policy = parsePolicy(Buffer.from('quorum none\n'))
  const verdict = (proof: ProofText, leaf: Uint8Array, key = log.key): string => {
    if (!policy.ok) throw new Error('no policy')
    const read = verifyProof(proof, leaf, key, policy.value)
    return read.ok ? 'ok' : read.refusal.code
  }
  const made = async (): Promise<ProofText> => {
    const tree = { origin: 'log.example/1', size: 11, root: treeRoot(leaves), extensions: [] }
    const note = await signCheckpoint(tree, log)
    return { index: 6, path: treePath(6, leaves), checkpoint: Buffer.from(note) }
  }

  it('for its leaf, its place and its log, and for no other', async () => {
    const proof = await made()
    expect(verdict(proof, numberedLeaf(6))).toBe('ok')
    expect(verdict(proof, numberedLeaf(7))).toBe('tlog.bad-proof')
    expect(verdict({ ...proof, index: 7 }, numberedLeaf(6))).toBe('tlog.bad-proof')
    expect(verdict({ ...proof, path: proof.path.slice(1) }, numberedLeaf(6))).toBe('tlog.bad-proof')
    expect(verdict(proof, numberedLeaf(6), logSigner('log.example/2').key)).toBe('tlog.unknown-log')
    const other = witnessSigner('log.example/1').key
    expect(verdict(proof, numberedLeaf(6), other)).toBe('tlog.unknown-key')
    expect(formatVerifierKey(other)).not.toBe(formatVerifierKey(log.key))
  })

  it('with the quorum of a policy', async () => {
    const w = witnessSigner('w')
    const strict = parsePolicy(Buffer.from(`witness w ${formatVerifierKey(w.key)}\nquorum w\n`))
    if (!strict.ok) throw new Error('no policy')
    const read = verifyProof(await made(), numberedLeaf(6), log.key, strict.value)
    expect(read.ok ? 'ok' : read.refusal.code).toBe('tlog.no-quorum')
  })
})

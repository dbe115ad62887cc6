import { type Attack, edit } from './attack.js'

/** What may be tried with signed statements: their keys, their spellings, and when they are used. */
export const statementAttacks: readonly Attack[] = [
  {
    id: 'attack 3',
    where: 'any Ed25519',
    what: 'a voter whose key is of small order: one signature fits every message',
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'is not one that signs everything',
        check: 'no Ed25519 key of small order, and none off its curve, is a key of a voter',
        without: edit(
          'src/namespace/voter-key.ts',
          "if (jwk.kty === 'OKP') return isPrimeOrder(x)",
          "if (jwk.kty === 'OKP') return true",
        ),
      },
    ],
  },
  {
    id: 'attack 310',
    where: 'any Ed25519',
    what: 'under a key of mixed order one verifier takes a signature that another refuses',
    proofs: [
      {
        file: 'test/hostile/mixed-order.test.ts',
        name: 'is no key of a voter, whatever it proves',
        check: 'an Ed25519 key of a voter is of prime order',
        without: edit(
          'src/core/prime-order.ts',
          'if (!point || isNeutral(point) || !isNeutral(timesL(point))) return false',
          'if (!point || isNeutral(add(point, point))) return false',
        ),
      },
      {
        file: 'test/hostile/mixed-order.test.ts',
        name: 'is no key of a log or a witness',
        check: 'so is a key that verifies notes',
        without: edit(
          'src/tlog/verifier-key.ts',
          'if (publicKey.length !== PUBLIC_KEY_OCTETS || !isPrimeOrder(publicKey)) return undefined',
          'if (publicKey.length !== PUBLIC_KEY_OCTETS) return undefined',
        ),
      },
    ],
  },
  {
    id: 'attack 4',
    where: 'any ECDSA',
    what: 'the other half of a signature, (r, n - s), is as good: one vote is shown as two',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is as good as the first, and no second vote',
        check: 'a vote is its voter and its number, and no signature is an id',
        without: edit('src/namespace/fold-vote.ts', 'if (seq <= before) {', 'if (false) {'),
      },
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is no evidence against whoever signed one vote',
        check: 'two votes of one number contradict each other when they decide otherwise',
        without: edit(
          'src/namespace/fold-evidence.ts',
          'return a.seq === b.seq && a.decision !== b.decision',
          'return a.seq === b.seq',
        ),
      },
    ],
  },
  {
    id: 'attack 5',
    where: 'DSSE',
    what: 'an envelope in another spelling, or with more in it, is another statement, or says who signed it',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'has one spelling, and not one with bits that decode to nothing',
        written: 'bits that decode to nothing',
        check: 'the one spelling of base64 that encodes back',
        without: edit(
          'src/namespace/dsse.ts',
          "return bytes.toString('base64') === text ? bytes : undefined",
          'return bytes',
        ),
      },
      {
        file: 'test/hostile/statements.test.ts',
        name: 'has one spelling, and not one with a member beside the signature',
        written: 'a member beside the signature',
        check: 'no members but those that are read',
        without: edit(
          'src/namespace/dsse.ts',
          'return keys.length === members.length && keys.every((key) => members.includes(key))',
          'return members.every((member) => keys.includes(member))',
        ),
      },
    ],
  },
  {
    id: 'attack 6',
    where: 'DSSE, in-toto',
    what: 'a statement of one kind is used as one of another',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is signed together with the kind of statement that it says',
        check: 'the payload type is part of what is signed',
        without: edit(
          'src/namespace/dsse.ts',
          "const type = Buffer.from(payloadType, 'utf8')",
          "const type = Buffer.from('', 'utf8')",
        ),
      },
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is read as the kind of statement that was signed, by whoever reads the log',
        check: 'a statement is read as its payload type says',
        without: edit(
          'src/namespace/statements.ts',
          'if (opened.payloadType !== type) return undefined\n',
          '',
        ),
      },
    ],
  },
  {
    id: 'attack 7',
    where: 'any JSON',
    what: 'signed JSON that two programs read differently: a member twice, other numbers, lone surrogates',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is not read with %s, though its voter signed it',
        check: 'what is read is written again, and has to be the same octets',
        without: edit(
          'src/core/canonical-json.ts',
          'if (canonicalize(value) === text) return ok(value)',
          'return ok(value)',
        ),
      },
    ],
  },
  {
    id: 'attack 9',
    where: 'any group',
    what: 'a key of one algorithm is listed, or used, as one of another',
    proofs: [
      {
        file: 'test/namespace/sound-group.test.ts',
        name: 'is not of another kind than it says',
        check: 'the algorithm follows from the key, and nothing else says it',
        without: edit(
          'src/namespace/voter-key.ts',
          'return same !== undefined && canonicalize(same) === canonicalize(bare)',
          'return same !== undefined && canonicalize(bare).length > 0',
        ),
      },
    ],
  },
  {
    id: 'attack 11',
    where: 'any group',
    what: 'an approval of one revision is used for a later one that has the same content again',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is of one revision, and not of a later one that has the same content',
        check:
          'a proposal is made against a revision and its record, and over once there is another',
        without: [
          ...edit(
            'src/namespace/decide.ts',
            'base.rev === subject?.rev && base.head === subject.head',
            'subject !== undefined',
          ),
          ...edit(
            'src/namespace/folded-state.ts',
            'for (const prefix of prefixes) this.closeAll(slots, prefix, record, of)',
            'slots.get(prefixes.join())',
          ),
        ],
      },
    ],
  },
  {
    id: 'attack 13',
    where: 'any group',
    what: 'approvals are collected and kept until a colleague who is against it has left the group',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'is of the group in which it was asked for, and of none without those who objected',
        check: 'every proposal of a group is over when the group changes',
        without: [
          ...edit(
            'src/namespace/decide.ts',
            'responsible.uid !== proposal.scope.uid || responsible.group.rev !== proposal.scope.rev',
            'responsible.uid !== proposal.scope.uid',
          ),
          ...edit(
            'src/namespace/folded-state.ts',
            "if (put.kind === 'scope' && before?.group?.rev !== put.group?.rev) {",
            'if (before === null) {',
          ),
        ],
      },
    ],
  },
  {
    id: 'attack 14',
    where: 'any index',
    what: 'what was signed for one index is used in another that the same people vote in',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'for one index is nothing in another with the same voters',
        check: 'a proposal names its index by the digest of the genesis',
        without: edit(
          'src/namespace/decide.ts',
          'if (proposal.index !== state.index) {',
          'if (false) {',
        ),
      },
      {
        file: 'test/namespace/quorum.test.ts',
        name: 'is refused: for another index',
        written: 'for another index (attack 14)',
        check: 'and so does a vote',
        without: edit('src/namespace/fold-vote.ts', 'predicate.index === proposal.index &&\n', ''),
      },
    ],
  },
  {
    id: 'attack 26',
    where: 'any group',
    what: 'who proposes to widen something calls it narrowing, for which one voter is enough',
    proofs: [
      {
        file: 'test/hostile/statements.test.ts',
        name: 'takes the votes for what it does, whatever it says of itself',
        check: 'the class is computed from before and after',
        without: [
          ...edit(
            'src/namespace/fold-deliberation.ts',
            'class: decided.value.changeClass,',
            "class: 'narrowing',",
          ),
          ...edit(
            'src/namespace/fold-commit.ts',
            'graver(row.class, decided.value.changeClass),',
            'row.class,',
          ),
        ],
      },
    ],
  },
]

import { type Attack, edit } from './attack.js'

const attest = 'src/issuance/attest.ts'
const issueLeaf = 'src/issuance/issue-leaf.ts'
const joinToken = 'src/issuance/join-token.ts'

/** The first entry of the index: whose certificate somebody would get for nothing. */
const anybody =
  "ok({ facts: { kind: 'join-token', entry: [...deps.index.state.entries.values()][0].uid, tokenId: '' }, spends: [] })"

/** Evidence: what is shown, as what, where, and how often. */
export const evidenceAttacks: readonly Attack[] = [
  {
    id: 'CVE-2025-44005',
    where: 'step-ca',
    what: 'an error in reading a token was ignored, and methods without tokens answered at the endpoint for tokens',
    proofs: [
      {
        file: 'test/hostile/endpoints.test.ts',
        name: 'a service account token as a join token',
        check: 'a refusal of the one attestor for this kind of evidence ends the request',
        without: edit(
          attest,
          'if (!attested.ok) return attested',
          `if (!attested.ok) return ${anybody}`,
        ),
      },
      {
        file: 'test/hostile/evidence-matrix.test.ts',
        name: 'a join token as a service account token',
        check: 'what is no JWS is of no cluster',
        without: edit(attest, 'if (!token.ok) return token', `if (!token.ok) return ${anybody}`),
      },
    ],
  },
  {
    id: 'CVE-2026-30836',
    where: 'step-ca',
    what: 'evidence of a kind that matched no branch fell through to signing',
    proofs: [
      {
        file: 'test/hostile/evidence-matrix.test.ts',
        name: 'of a kind that nobody knows ends in an error, never in a certificate',
        check: 'a switch over every kind, and none beyond it',
        without: edit(attest, 'return unreachable(evidence)', `return ${anybody}`),
      },
    ],
  },
  {
    id: 'SPIRE 1.14.6, aws_iid',
    where: 'SPIRE',
    what: 'a signature was verified over one content, and the identity read from a field beside it',
    proofs: [
      {
        file: 'test/scenario/issuing.test.ts',
        name: 'is refused when the identity it claims is not the one it proved',
        check: 'the identity field must be a name that was granted',
        without: edit(issueLeaf, 'if (identity !== undefined && !grant', 'if (false && !grant'),
      },
    ],
  },
  {
    id: 'SPIRE 1.15.1',
    where: 'azure_imds',
    what: 'one certificate of those shown was anchored, another had signed',
    proofs: [
      {
        file: 'test/hostile/endpoints.test.ts',
        name: 'a genuine one beside it counts for nothing',
        check: "the signature of our issuer on the certificate of the connection's own key",
        without: edit(
          'src/ca/verify-leaf.ts',
          'signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature),',
          'key !== undefined,',
        ),
      },
    ],
  },
  {
    id: 'SPIRE 1.14.6, join token',
    where: 'SPIRE',
    what: 'a join token was checked and used up in two steps, and good twice in between',
    proofs: [
      {
        file: 'test/scenario/issuing.test.ts',
        name: 'is good for exactly one certificate, however many ask at once',
        check: 'used up by one conditional update in the transaction that records the certificate',
        without: edit(
          'src/store/sqlite/writer-statements.ts',
          "'UPDATE join_token SET used_at = @at WHERE id = @id AND used_at IS NULL AND expires_at > @at'",
          "'UPDATE join_token SET used_at = @at WHERE id = @id AND expires_at > @at'",
        ),
      },
    ],
  },
  {
    id: 'jose 6',
    where: 'Node',
    what: 'one token has several spellings: padding, white space, unused bits of the last character',
    proofs: [
      {
        file: 'test/scenario/issuing.test.ts',
        name: 'another spelling of its last octet',
        check: 'the one spelling that encodes back',
        without: edit(
          joinToken,
          "if (presented.toString('base64url') !== secret) return notAccepted()",
          '',
        ),
      },
      {
        file: 'test/scenario/issuing.test.ts',
        name: 'white space',
        check: 'a grammar over the whole text',
        without: edit(joinToken, '[A-Za-z0-9_-]{43})$/', '[A-Za-z0-9_-]{43})/'),
      },
    ],
  },
  {
    id: 'CVE-2021-27098',
    where: 'SPIRE',
    what: 'an attested agent was given the names of others',
    proofs: [
      {
        file: 'test/scenario/issuing.test.ts',
        name: 'a SPIFFE ID of another',
        check: 'a CSR asks for granted names only',
        without: edit(
          issueLeaf,
          'return asksOnlyFor(csr.requested, grant.names)',
          'return { ok: true, value: undefined }',
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-59048',
    where: 'OpenBao, AWS auth',
    what: 'an identity of one account passed for that of the same name in another',
    proofs: [
      {
        file: 'test/hostile/evidence-matrix.test.ts',
        name: 'are told apart by the identity that is asked for, and never guessed',
        check: 'a binding names its cluster by uid',
        without: edit(
          'src/namespace/grant.ts',
          'const entry = state.bindingOwner(facts.cluster, facts.namespace, facts.serviceAccount)',
          'const entry = [...state.entries.values()][0]',
        ).concat(edit('src/namespace/grant.ts', 'candidate.cluster === facts.cluster &&', '')),
      },
    ],
  },
  {
    id: "Let's Encrypt 2023-06-15",
    where: "Let's Encrypt",
    what: 'what was decided on changed while the request was under way',
    proofs: [
      {
        file: 'test/hostile/evidence-matrix.test.ts',
        name: 'its entry is suspended',
        check: 'the grant is computed after the evidence, on the state of that moment',
        without: edit(
          issueLeaf,
          'const granted = await enterGrant(deps, facts, now)',
          'const granted = await enterGrant({ ...deps, index: { state } }, facts, now)',
        ).concat(
          edit(
            issueLeaf,
            'const { size } = deps.index.state',
            `const { size } = deps.index.state
             const early = new Map([...deps.index.state.entries.values()].map((entry) => [entry.uid, entry]))
             const state = Object.create(deps.index.state)
             state.bindingOwner = (...named) => early.get(deps.index.state.bindingOwner(...named)?.uid)`,
          ),
        ),
      },
      {
        file: 'test/issuance/in-flight.test.ts',
        name: 'lets nobody enter a frozen entry until it thaws',
        check: 'nothing is issued to an entry while a change of it is decided',
        without: edit('src/issuance/in-flight.ts', 'if (gate) return gate.opened', ''),
      },
      {
        file: 'test/ca/issuer.test.ts',
        name: 'compares its own output with the plan before anybody sees it',
        check: 'every leaf is read back',
        without: edit('src/ca/issuer.ts', 'checkLeaf(leaf, plan, issuer, algorithm)', ''),
      },
    ],
  },
  {
    id: "Let's Encrypt 2020-02-29",
    where: "Let's Encrypt",
    what: 'of several names one was checked several times',
    proofs: [
      {
        file: 'test/csr/requested-names.test.ts',
        name: 'asksOnlyFor checks every name once with that name',
        check: 'each name is compared itself',
        without: edit(
          'src/csr/requested-names.ts',
          "requested.dns.filter((dns) => !isGranted('dns', dns))",
          "requested.dns.filter(() => !isGranted('dns', requested.dns[0] ?? ''))",
        ),
      },
    ],
  },
  {
    id: "Let's Encrypt 2021-06-08",
    where: "Let's Encrypt",
    what: 'certificates lived a second longer than they may: notAfter is inclusive',
    proofs: [
      {
        file: 'test/property/leaf-times.test.ts',
        name: 'never makes a leaf that is valid for longer than it may be, or outside its chain',
        check: 'the last second is counted',
        without: edit(
          'src/ca/plan-leaf.ts',
          'plus(now, seconds(ttl - 1))',
          'plus(now, seconds(ttl))',
        ),
      },
    ],
  },
  {
    id: 'a stranger over HTTP',
    where: 'any CA',
    what: 'refusals that tell which entries, tokens and certificates there are',
    proofs: [
      {
        file: 'test/hostile/strangers.test.ts',
        name: 'with a guessed secret learns nothing of a join token',
        check: 'one answer for every join token that is not good',
        without: edit(
          joinToken,
          'if (!stored || !matches) return notAccepted()',
          "if (!stored) return notAccepted()\n  if (!matches) return refuse('evidence.not-accepted', 'the secret is wrong')",
        ),
      },
      {
        file: 'test/hostile/strangers.test.ts',
        name: 'with a forged certificate learns nothing of entries and serial numbers when renewing',
        check: 'the signature before the ledger',
        without: edit(
          'src/ca/verify-leaf.ts',
          'signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature),',
          'key !== undefined,',
        ),
      },
      {
        file: 'test/hostile/strangers.test.ts',
        name: 'as $who learns nothing from the routes of readers',
        check: 'access before anything is looked up',
        without: edit(
          'src/server/http/access.ts',
          "case 'evidence':",
          "case 'evidence':\n    case 'reader' as never:",
        ),
      },
    ],
  },
  {
    id: 'secrets are compared in constant time',
    where: 'any CA',
    what: 'the time of a comparison tells how much of a secret was right',
    proofs: [
      {
        file: 'test/architecture.test.ts',
        name: 'by digest, in these files and in no other way',
        check: 'timingSafeEqual over digests, of what does not exist as well',
        without: edit(
          joinToken,
          'const matches = timingSafeEqual(sha256(presented), expected)',
          "const matches = Buffer.from(sha256(presented)).toString('hex') === stored?.secretSha256",
        ),
      },
      {
        file: 'test/architecture.test.ts',
        name: 'by digest, in these files and in no other way',
        check: 'the same for challenges',
        without: edit(
          'src/issuance/challenge.ts',
          'const matches = timingSafeEqual(',
          'const matches = csr.challengePassword === challenge?.nonce || timingSafeEqual(',
        ),
      },
    ],
  },
]

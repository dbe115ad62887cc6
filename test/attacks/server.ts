import { type Attack, edit } from './attack.js'

const access = 'src/server/http/access.ts'
const noTickets = edit(
  'src/server/tls/secure-context-source.ts',
  'secureOptions: constants.SSL_OP_NO_TICKET,',
  '',
)

/** Endpoints, requests that the server makes itself, and the log of the index. */
export const serverAttacks: readonly Attack[] = [
  {
    id: 'CVE-2025-66406',
    where: 'step-ca',
    what: 'whoever held a token could revoke the certificates of others',
    proofs: [
      {
        file: 'test/scenario/mtls.test.ts',
        name: 'open to a reader, for reading only',
        check: 'what changes or revokes is on the local socket alone',
        without: edit(
          access,
          "case 'evidence':",
          "case 'evidence':\n    case 'operator' as never:",
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-1709',
    where: 'Keylime',
    what: 'an administrative API answered without a client certificate',
    proofs: [
      {
        file: 'test/server/http/access.test.ts',
        name: 'over TLS with $when: $code',
        check: 'every route has its access, and every reader is asked for a certificate',
        without: edit(access, "case 'evidence':", "case 'evidence':\n    case 'reader' as never:"),
      },
      {
        file: 'test/server/http/access.test.ts',
        name: 'over TLS with $when: $code',
        check: 'and so is every submitter',
        without: edit(
          access,
          "case 'evidence':",
          "case 'evidence':\n    case 'submitter' as never:",
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-40264',
    where: 'OpenBao (CVE-2026-45808 too)',
    what: 'another spelling of a path reached what its tenant may not',
    proofs: [
      {
        file: 'test/server/http/paths.test.ts',
        name: '/v1/Entries/a',
        check: 'one spelling of a path',
        without: edit('src/server/http/app.ts', "app.enable('case sensitive routing')", ''),
      },
      {
        file: 'test/server/http/paths.test.ts',
        name: '/v1/entries/Payments',
        check: 'one spelling of an alias',
        without: edit('src/core/alias.ts', 'if (!segments.every(isDnsLabel)) {', 'if (false) {'),
      },
      {
        file: 'test/issuance/renewal.test.ts',
        name: 'takes none that is revoked',
        check: 'the ledger is asked about the very certificate',
        without: edit('src/issuance/renewal.ts', 'if (row.revocation) {', 'if (false) {'),
      },
    ],
  },
  {
    id: 'attack 350',
    where: 'any CA',
    what: 'a renewal under way is recorded after what it renews was revoked',
    proofs: [
      {
        file: 'test/store/revoked-meanwhile.test.ts',
        name: 'is not recorded after that',
        check: 'the commit that records a renewal looks whether its parent is revoked',
        without: edit(
          'src/store/sqlite/writer.ts',
          'if (entry.parentSerial !== null && this.sql.isRevoked.get(entry.parentSerial) !== undefined) {',
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 351',
    where: 'any CA',
    what: 'whoever holds a stolen key renews while all certificates of its entry are revoked',
    proofs: [
      {
        file: 'test/store/revoked-meanwhile.test.ts',
        name: 'is revoked with its entry, or not recorded',
        check:
          'what an entry holds is found and revoked in one commit, and renewals of it are refused',
        without: edit(
          'src/issuance/revoke.ts',
          '  const serials = await ledger.revokeEntry(entry, { at: now, reason })\n',
          `  const live = await (ledger as IssuanceLedger).list({ entry, liveAt: now, limit: 9999 })
  await new Promise((resolve) => setImmediate(resolve))
  const serials = live.map(({ serial }) => serial)
  await (ledger as IssuanceLedger).revoke(serials, { at: now, reason })
`,
        ),
      },
    ],
  },
  {
    id: 'attack 352',
    where: 'any CA',
    what: 'a clock that is weeks ahead for a moment has the ledger pruned, and what is revoked forgotten',
    proofs: [
      {
        file: 'test/compose/background.test.ts',
        name: 'keeps what is live and revoked while the clock is weeks ahead, also of a young ledger',
        check: 'the last days on which certificates end stay, whatever the clock says',
        without: edit('src/compose/keep-pruning.ts', 'earliest(due, firstKept)', 'due'),
      },
      {
        file: 'test/compose/background.test.ts',
        name: 'keeps what is live and revoked while the clock is weeks ahead, also of a young ledger',
        check: 'where the ledger has fewer days, all stay',
        without: edit(
          'src/compose/keep-pruning.ts',
          'firstKept === undefined ? 0 : await ledger.prune(earliest(due, firstKept))',
          'await ledger.prune(earliest(due, firstKept ?? due))',
        ),
      },
    ],
  },
  {
    id: 'SPIRE 1.14.3',
    where: 'SPIRE',
    what: 'a resumed TLS session skipped the checks of a new one',
    proofs: [
      {
        file: 'test/server/http/listeners.test.ts',
        name: 'resumes no session',
        check: 'no tickets and no session cache',
        without: noTickets,
      },
      {
        file: 'test/server/grpc/listen-linkerd.test.ts',
        name: 'never resumes a session, whatever ticket it was shown',
        check: 'no tickets and no session cache',
        without: noTickets,
      },
      {
        file: 'test/scenario/mtls.test.ts',
        name: 'looks at the certificate again with every request',
        check: 'each request is judged by the state of its moment',
        without: edit(
          'src/namespace/grant.ts',
          "if (current !== 'active') {",
          "if (current !== 'active' && facts.kind !== 'renewal') {",
        ),
      },
    ],
  },
  {
    id: 'CVE-2020-16250',
    where: 'Vault, AWS and GCP auth',
    what: 'a request of the client was passed on, and an answer of another API believed',
    proofs: [
      {
        file: 'test/kube/token-review-api.test.ts',
        name: 'asks one question, with the token and one audience, as itself',
        check: 'the request is made anew',
        without: edit(
          'src/kube/token-review-api.ts',
          '{ token, audiences: [audience] }',
          '{ token, audiences: [] }',
        ),
      },
      {
        file: 'test/kube/token-review-api.test.ts',
        name: 'the answer is another kind',
        check: 'the answer is a TokenReview',
        without: edit(
          'src/kube/token-review-api.ts',
          "if (!isObject(review) || member(review, 'kind') !== 'TokenReview') return undefined",
          'if (!isObject(review)) return undefined',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-49478',
    where: 'fulcio',
    what: 'discovery followed a redirect to an inner host, and took its keys',
    proofs: [
      {
        file: 'test/kube/jwks-source.test.ts',
        name: 'follows no redirect of %s',
        check: 'no redirect is followed',
        without: edit(
          'src/kube/bounded-request.ts',
          "request.once('response', (response) => {",
          "request.once('response', (response) => {\n      if (response.headers.location) { boundedRequest({ ...wanted, url: response.headers.location }).then(resolve, reject); return }",
        ),
      },
      {
        file: 'test/kube/token-review-api.test.ts',
        name: 'carries no token to where a redirect points',
        check: 'no redirect is followed',
        without: edit(
          'src/kube/bounded-request.ts',
          "request.once('response', (response) => {",
          "request.once('response', (response) => {\n      if (response.headers.location) { boundedRequest({ ...wanted, url: response.headers.location }).then(resolve, reject); return }",
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-41413',
    where: 'istio',
    what: 'keys were fetched from wherever a document said',
    proofs: [
      {
        file: 'test/kube/jwks-source.test.ts',
        name: 'goes to no other host, whatever jwks_uri says',
        check: 'keys come from the API server',
        without: edit(
          'src/kube/jwks-source.ts',
          'const answer = await connection.get(KEYS, signal)',
          "const found2 = parse(connection.name, Buffer.from((await connection.get(DISCOVERY, signal)).text)); const answer = await boundedRequest({ url: String(found2['jwks_uri']), method: 'GET', signal })",
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-39350',
    where: 'istio',
    what: 'a dot in a rule matched every character',
    proofs: [
      {
        file: 'test/namespace/grant.test.ts',
        name: 'outside a region, though its name begins alike',
        check: 'regions are compared segment by segment, never by a pattern',
        without: edit(
          'src/core/alias.ts',
          'alias.charCodeAt(region.length) === 0x2f && alias',
          'alias',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-23992',
    where: 'go-tuf',
    what: 'a threshold that nobody had to reach, and signers that stood in a list twice',
    proofs: [
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'as a second voter',
        check: 'an index begins with one voter, and the signature of its key',
        without: edit(
          'src/namespace/fold-record.ts',
          'return canonicalize(group) === canonicalize(soloGroup(voter.controller, key)) ? key : undefined',
          'return key',
        ),
      },
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'a threshold of 0',
        check: 'an index begins with one voter, whose vote is needed',
        without: edit(
          'src/namespace/fold-record.ts',
          'return canonicalize(group) === canonicalize(soloGroup(voter.controller, key)) ? key : undefined',
          'return key',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-49834',
    where: 'sigstore-go',
    what: 'one signature counted several times',
    proofs: [
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'refuses a record without its vote, and one with a vote too many',
        check: 'a voter counts once',
        without: edit(
          'src/namespace/tally.ts',
          'if (!vote || !voter || voters.has(voter.id)) return undefined',
          'if (!vote || !voter) return undefined',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-54787',
    where: 'sigstore-go',
    what: 'a signature counted for another time, log or decision than it was made for',
    proofs: [
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'a vote on another log',
        check: 'a vote names the size and head of the log that its voter saw',
        without: edit(
          'src/namespace/tally.ts',
          'predicate.log.size === record.seq &&\n    predicate.log.head === record.chain &&',
          '',
        ),
      },
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'a vote at another time',
        check: "a record's time is that of its vote",
        without: edit(
          'src/namespace/fold-commit.ts',
          'if (!counted || record.ts !== Math.max(counted.latest, state.at)) {',
          'if (!counted) {',
        ),
      },
    ],
  },
  {
    id: 'CVE-2022-29173',
    where: 'go-tuf',
    what: 'an older state was taken for the present one',
    proofs: [
      {
        file: 'test/namespace/tamper.test.ts',
        name: 'refuses a log from which any record but the last was dropped',
        check:
          'every record names the one before it; records off the end are found out by a checkpoint that was kept elsewhere',
        without: edit(
          'src/namespace/tally.ts',
          'predicate.log.size === record.seq &&\n    predicate.log.head === record.chain &&',
          '',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-44310',
    where: 'gitsign',
    what: 'a verifier that fell over ended with 0',
    proofs: [
      {
        file: 'test/cli/commands.test.ts',
        name: 'is never taken for a log that holds: $when',
        check: 'every refusal and every error has a code of its own, none of them 0',
        without: edit(
          'src/cli/commands/index-verify.ts',
          "reported(call, '/v1/verify')\n  if (!report.ok) return report",
          "reported(call, '/v1/verify')\n  if (!report.ok) return answer({}, () => 'verified')",
        ),
      },
    ],
  },
]

import { type Attack, edit } from './attack.js'

const scenario = 'test/scenario/elsewhere.test.ts'
const turns = 'test/server/http/entry-turns.test.ts'
const operator = 'src/server/http/routes/operator.ts'
const dispatch = 'src/server/http/dispatch.ts'

/** What may be tried where statements come over the network. */
export const elsewhereAttacks: readonly Attack[] = [
  {
    id: 'attack 280',
    where: 'any server that takes statements over the network',
    what: 'somebody who may not hand in statements brings one that a voter signed: a stranger, a monitor, a suspended entry, a revoked certificate',
    proofs: [
      {
        file: scenario,
        name: 'is refused with a good vote in their hands',
        check: 'each request is by an active entry with the capability, and not another one',
        without: edit(
          'src/server/operations/issuing.ts',
          'return capabilities.includes(capability) ?',
          'return capabilities.length > 0 ?',
        ),
      },
    ],
  },
  {
    id: 'attack 281',
    where: 'any server that takes statements over the network',
    what: 'an entry that may hand in statements asks for what the server signs itself, or brings a statement that no voter signed',
    proofs: [
      {
        file: scenario,
        name: 'is not decided for whoever asks over the network',
        check: 'what the installation decides is on the local socket alone',
        without: edit(
          operator,
          "route('POST /v1/brakes', 'operator',",
          "route('POST /v1/brakes', 'submitter',",
        ),
      },
      {
        file: scenario,
        name: 'is no statement, signed by nobody or by somebody else',
        check: 'a vote is signed by a key of the voter whom it names',
        without: edit(
          'src/namespace/fold-vote.ts',
          'among.filter(({ known }) => signs(known, statement, cast, record.ts))',
          'among',
        ),
      },
      {
        file: scenario,
        name: 'is no brake, signed by nobody who votes',
        check: 'a brake is signed by keys of all whom it names',
        without: edit(
          'src/namespace/fold-brake.ts',
          'if (!envelopes.some((envelope) => signs(voter, envelope, created, at))) {',
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 282',
    where: 'any server that takes statements over the network',
    what: 'a vote for another index is brought to this one, or a good one a second time',
    proofs: [
      {
        file: scenario,
        name: 'is none of another index, and none a second time',
        check: 'a vote names its index',
        without: edit('src/namespace/fold-vote.ts', 'predicate.index === proposal.index &&', ''),
      },
      {
        file: scenario,
        name: 'is none of another index, and none a second time',
        check: 'a vote has a number, and counts once',
        without: edit('src/namespace/fold-vote.ts', 'if (seq <= before) {', 'if (false) {'),
      },
    ],
  },
  {
    id: 'attack 283',
    where: 'any server that takes statements over the network',
    what: 'one entry floods the server with statements or drafts, so that nobody else is heard',
    proofs: [
      {
        file: turns,
        name: 'of one entry that sends many leave those of another alone',
        check: 'each entry has its own turns',
        without: edit(
          'src/server/http/entry-turns.ts',
          'const wait = take(entry)',
          "const wait = take('')",
        ),
      },
      {
        file: turns,
        name: 'are a few at once for each entry, drafts among them',
        check: 'so many requests of one entry are worked on at once',
        without: edit('src/server/http/entry-turns.ts', 'if (count >= limits.atOnce) return 1', ''),
      },
      {
        file: turns,
        name: 'are not read where a body is large, which the local socket takes',
        check: 'large bodies are for the local socket',
        without: edit(
          dispatch,
          "const size = channel === 'unix' ? (route.body?.size ?? 'small') : 'small'",
          "const size = route.body?.size ?? 'small'",
        ),
      },
    ],
  },
  {
    id: 'attack 284',
    where: 'any server that is asked what there is to sign',
    what: 'the server, or somebody between, shows a voter on another machine one thing and has them sign another',
    proofs: [
      {
        file: 'test/cli/elsewhere.test.ts',
        name: 'signs nothing that is shown under the id of something else',
        check: 'the digest of a proposal is reckoned from what is shown',
        without: edit(
          'src/cli/voting/signed-statements.ts',
          "if (digest !== answer.raw('digest') || proposalId(digest) !== id) {",
          'if (false) {',
        ),
      },
    ],
  },
  {
    id: 'attack 285',
    where: 'any client of the API',
    what: 'another server presents itself in the place of the one that is meant, and gets what was to be sent',
    proofs: [
      {
        file: 'test/compose/operator-connections.test.ts',
        name: 'says nothing to a server of another CA',
        check: 'the server is known by the anchors of the identity, and by no others',
        without: edit(
          'src/reader/https-caller.ts',
          'rejectUnauthorized: true,',
          'rejectUnauthorized: false,',
        ),
      },
    ],
  },
]

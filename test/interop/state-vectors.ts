import { sha256 } from '../../src/core/uid.js'
import { unixSeconds } from '../../src/core/time.js'
import { formatCheckpoint } from '../../src/tlog/checkpoint.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { proveKey } from '../../src/tlog/map-proof.js'
import { formatSignatureLine } from '../../src/tlog/note.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import { formatStateProof } from '../../src/tlog/state-proof-text.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { MemoryMapNodes } from '../support/memory-map-nodes.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import type { StateVector } from './vector-shapes.js'

const LOG = logSigner('acme.example/index')
const WITNESS = witnessSigner('w1.example')
const NONE = 'quorum none\n'
const WITNESSED = `witness w1 ${formatVerifierKey(WITNESS.key)}\nquorum w1\n`
const UID = 'euv4k2mfw3txpz7o5cq6dlbn2ygjh3ae'
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')

const OTHER = `e${'b'.repeat(31)}`
const ROOT = `s${'a'.repeat(31)}`

/** What a state of two entries and a scope has, as docs/format-index-log.md says it. */
const rows = [
  { table: 'alias', name: 'shop/web', value: Buffer.from(UID) },
  { table: 'alias', name: 'pay/api', value: Buffer.from(OTHER) },
  { table: 'name', name: 'spiffe://acme.example/shop/web', value: Buffer.from(UID) },
  { table: 'name', name: 'spiffe://acme.example/pay/api', value: Buffer.from(OTHER) },
  { table: 'entry', name: UID, value: sha256('the state of shop/web') },
  { table: 'entry', name: OTHER, value: sha256('the state of pay/api') },
  { table: 'scope', name: ROOT, value: sha256('the state of the root') },
]

const nodes = new MemoryMapNodes()
nodes.change(rows.map(({ table, name, value }) => ({ key: mapKey(table, name), value })))
const LINE = stateLine(nodes.root.hash)
/** Before the second entry was made. */
const earlier = new MemoryMapNodes()
earlier.change(
  rows
    .filter(({ name }) => !name.endsWith('pay/api') && name !== OTHER)
    .map(({ table, name, value }) => ({ key: mapKey(table, name), value })),
)

async function note(extensions: readonly string[], log = LOG): Promise<string> {
  return signCheckpoint({ origin: LOG.key.name, size: 7, root: sha256('root'), extensions }, log)
}

async function witnessed(extensions: readonly string[]): Promise<string> {
  const checkpoint = { origin: LOG.key.name, size: 7, root: sha256('root'), extensions }
  const at = unixSeconds(1_795_219_200)
  const line = formatSignatureLine(await cosign(formatCheckpoint(checkpoint), WITNESS, at))
  return (await note(extensions)) + line
}

const proofOf = (table: string, name: string, checkpoint: string, of = nodes): string =>
  formatStateProof({
    about: { table, name },
    proof: proveKey(of, of.root, mapKey(table, name)),
    checkpoint: Buffer.from(checkpoint),
  })

/** Proofs of what is in a state and what is not, and of neither. */
export async function stateVectors(): Promise<readonly StateVector[]> {
  const log = formatVerifierKey(LOG.key)
  const signed = await note([LINE])
  const vector = (
    what: string,
    [table, name]: readonly [string, string],
    proof: string,
    verdict: Pick<StateVector, 'value' | 'refused'>,
    policy = NONE,
  ): StateVector => ({ what, log, policy, table, name, proof, ...verdict })
  const valueOf = (table: string, name: string): string | null => {
    const row = rows.find((one) => one.table === table && one.name === name)
    return row ? Buffer.from(row.value).toString('hex') : null
  }
  const good = (what: string, table: string, name: string, checkpoint = signed, policy = NONE) =>
    vector(
      what,
      [table, name],
      proofOf(table, name, checkpoint),
      { value: valueOf(table, name) },
      policy,
    )
  const web = ['alias', 'shop/web'] as const
  const whole = proofOf(...web, signed)
  const bad = (what: string, proof: string, of: readonly [string, string] = web, policy = NONE) =>
    vector(what, of, proof, { refused: true }, policy)
  const [header, row, mapHeader, leaf, ...rest] = whole.split('\n')
  const steps = rest.slice(0, rest.indexOf(''))
  const after = rest.slice(rest.indexOf(''))
  const lines = (...some: readonly (string | undefined)[]): string => [...some, ...after].join('\n')
  const altered = leaf!.replace(/ \S+$/, ` ${base64(sha256('another'))}`)
  const absent = proofOf('alias', 'shop/cart', signed)
  const empty = new MemoryMapNodes()
  const nothing = await note([stateLine(empty.root.hash)])
  return [
    good('who has an alias', ...web),
    good('who has a name', 'name', 'spiffe://acme.example/shop/web'),
    good('the state of an entry', 'entry', UID),
    good('the state of a scope', 'scope', ROOT),
    good('that nobody has an alias', 'alias', 'shop/cart'),
    good('that nobody has a name of another table', 'name', 'shop/web'),
    good('beside other extension lines', ...web, await note(['before', LINE, 'after'])),
    good('with a quorum of witnesses', ...web, await witnessed([LINE]), WITNESSED),
    vector('that an empty state has nothing', web, proofOf(...web, nothing, empty), {
      value: null,
    }),
    bad('about another name than is asked', whole, ['alias', 'pay/api']),
    bad('about another table than is asked', whole, ['name', 'shop/web']),
    bad('another name in its second line', whole.replace('alias shop/web', 'alias pay/api'), [
      'alias',
      'pay/api',
    ]),
    bad('that nobody has an alias that somebody has', absent.replace('shop/cart', 'shop/web')),
    bad('of a state that was before', proofOf('alias', 'pay/api', signed, earlier), [
      'alias',
      'pay/api',
    ]),
    bad('an empty map in the place of a state', proofOf(...web, signed, empty)),
    bad('another value', lines(header, row, mapHeader, altered, ...steps)),
    bad('a step less', lines(header, row, mapHeader, leaf, ...steps.slice(1))),
    bad('a step more', lines(header, row, mapHeader, leaf, ...steps, `0 ${base64(sha256('x'))}`)),
    bad('steps downwards', lines(header, row, mapHeader, leaf, ...steps.toReversed())),
    bad(
      'a checkpoint of another state',
      proofOf(...web, await note([stateLine(earlier.root.hash)])),
    ),
    bad('a checkpoint without a state', proofOf(...web, await note([]))),
    bad('a checkpoint with two states', proofOf(...web, await note([LINE, LINE]))),
    bad('a state root of 31 octets', proofOf(...web, await note([shortened(LINE)]))),
    bad('a state root in another spelling', proofOf(...web, await note([`${LINE}=`]))),
    bad('two spaces in the state line', proofOf(...web, await note([LINE.replace(' ', '  ')]))),
    bad(
      'a state line that nobody signed',
      proofOf(...web, (await note([])).replace('\n\n', `\n${LINE}\n\n`)),
    ),
    bad('signed by another log', proofOf(...web, await note([LINE], logSigner('acme.example/x')))),
    bad('no witness where one is wanted', whole, web, WITNESSED),
    bad('another header', whole.replace('state-proof@v1', 'state-proof@v2')),
    bad('no row', lines(header, mapHeader, leaf, ...steps)),
    bad('a row of one word', lines(header, 'alias', mapHeader, leaf, ...steps)),
    bad('a row of three words', lines(header, `${row} x`, mapHeader, leaf, ...steps)),
    bad('two spaces in the row', lines(header, 'alias  shop/web', mapHeader, leaf, ...steps)),
    bad('a table in capitals', lines(header, 'Alias shop/web', mapHeader, leaf, ...steps), [
      'Alias',
      'shop/web',
    ]),
    bad('carriage returns', whole.replaceAll('\n', '\r\n')),
    bad('no empty line', whole.replace('\n\n', '\n')),
    bad('cut short', whole.slice(0, -1)),
    bad('nothing', ''),
  ]
}

function shortened(line: string): string {
  const root = Buffer.from(line.slice('state '.length), 'base64')
  return `state ${base64(root.subarray(1))}`
}

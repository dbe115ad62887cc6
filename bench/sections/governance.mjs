import { grantFor } from '../../dist/namespace/grant.js'
import { rememberedStandings } from '../../dist/namespace/remembered-standings.js'
import { permit } from '../../dist/namespace/permit/permit.js'
import { opened, unixNow } from '../capstan/authority.mjs'
import { filledHome } from '../capstan/filled-home.mjs'
import { accountName, CLUSTER, NAMESPACE } from '../capstan/namespace-document.mjs'
import { openedInstance } from '../capstan/opened-instance.mjs'
import { groupOf, Voter } from '../capstan/voter.mjs'
import { quantile } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'

const ENTRIES = {
  quick: [1000],
  default: [10_000],
  full: [10_000, 100_000, 1_000_000],
}
const ROUNDS = { quick: 20, default: 200 }
const VOTERS = 5
const CHILDREN = 200
/** Two segments above them, and an entry below: an alias has eight at most. */
const DEEP = Array(5).fill('in')
const flat = (name) => `${NAMESPACE}/${name}`
const deep = (name) => ['wide', 'c000', ...DEEP, name].join('/')

/**
 * What governing costs by the number of entries: grants, decisions, who allowed them, proofs, and a
 * change from its proposal to its effect through five voters, each durable; and the last of these in a
 * scope seven levels down, with two hundred beside it. In the bench's own process.
 */
export const governance = {
  name: 'governance',
  async run(context) {
    const { size, full, progress } = context
    const rounds = ROUNDS[size] ?? ROUNDS.default
    const rows = []
    for (const entries of context.entries ?? ENTRIES[full ? 'full' : size]) {
      const home = await filledHome(context, 'governance', entries)
      await compiled(home, entries, rounds)
      const instance = await openedInstance(home)
      try {
        rows.push({ entries, ...(await measured(instance, entries, rounds, progress)) })
      } finally {
        await instance[Symbol.asyncDispose]()
      }
    }
    return { governance: rows }
  },
  print: ({ governance: rows }) =>
    rows
      .map(({ entries, records, figures }) => {
        const head = `${String(entries)} entries, ${String(records)} records`
        const table = markdownTable(
          [
            ['what', ({ what }) => what],
            ['p50', ({ p50 }) => threeFigures(p50)],
            ['p99', ({ p99 }) => (p99 === undefined ? '-' : threeFigures(p99))],
            ['unit', ({ unit }) => unit],
          ],
          figures,
        )
        return `${head}\n\n${table}`
      })
      .join('\n\n'),
}

/**
 * Grants before any is measured: what runs is compiled, as in a server that has run for a minute. What
 * was read for them is forgotten with the instance.
 */
async function compiled(home, entries, rounds) {
  const instance = await openedInstance(home)
  const { state } = instance.index
  const spread = spreadOver(state, entries, rounds)
  const standings = rememberedStandings(4 * rounds * 20)
  for (const turn of [0, 1, 2, 3]) {
    for (const one of spread(turn)) opened(grantFor(state, one, unixNow(), standings))
  }
  await instance[Symbol.asyncDispose]()
}

/** Facts of `rounds * 20` entries: each is another one, also than those of any other `turn`. */
function spreadOver(state, entries, rounds) {
  const cluster = state.clusterByAlias(CLUSTER.alias).uid
  const facts = (name) => ({
    kind: 'k8s',
    cluster,
    namespace: NAMESPACE,
    serviceAccount: name,
    serviceAccountUid: 'u',
    checked: 'offline',
  })
  return (turn) =>
    Array.from({ length: rounds * 20 }, (_, at) =>
      facts(accountName(((turn * rounds * 20 + at) * 7919) % entries)),
    )
}

async function measured({ index, operations }, entries, rounds, progress) {
  const change = async (request) => opened(await index.change(request))
  await shaped(change)
  const figures = []
  const add = (what, unit, times) => {
    figures.push({ what, unit, p50: quantile(times, 0.5), p99: quantile(times, 0.99) })
    progress(`governance: ${what}`)
  }
  const { state } = index
  const records = state.size

  const spread = spreadOver(state, entries, rounds)
  const grants = spread(0)
  // As a server remembers them.
  const standings = rememberedStandings(4 * grants.length)
  const granted = (one) => opened(grantFor(state, one, unixNow(), standings))
  add('grant, an entry not asked for before', 'us', each(grants, granted).map(microseconds))
  add('grant, the same again', 'us', each(grants, granted).map(microseconds))
  for (const [where, name] of [
    ['flat', flat],
    ['deep', deep],
  ]) {
    const [caller, callee] = ['caller', 'callee'].map((each) => state.entryByAlias(name(each)).uid)
    const request = { caller, callee, port: 8080, at: unixNow() }
    if (!permit(state, request).allowed) throw new Error('decided otherwise')
    const many = Array.from({ length: rounds * 20 }, () => request)
    for (const one of many) permit(state, one)
    add(`permit, ${where}`, 'us', each(many, (one) => permit(state, one)).map(microseconds))
  }
  const asked = { caller: flat('caller'), callee: flat('callee'), port: 8080, headers: [] }
  add('why', 'ms', await eachOf(rounds, async () => opened(await operations.why(asked))))
  add(
    'proof that a record is in the log',
    'ms',
    await eachOf(rounds, async (round) =>
      opened(await operations.logProof((round * 7919) % records)),
    ),
  )
  add(
    'proof of an entry in the state',
    'ms',
    await eachOf(rounds, async () => opened(await operations.stateProof('alias', flat('callee')))),
  )
  add(
    'bundle of an entry',
    'ms',
    await eachOf(rounds, async () => opened(await operations.entryBundle(flat('callee')))),
  )

  const voters = Array.from({ length: VOTERS }, (_, at) => new Voter(`voter-${at}`))
  await agreed({ index, operations }, voters, {
    op: 'group.set',
    alias: '',
    group: groupOf(state, voters),
  })
  for (const [where, name] of [
    ['flat', flat],
    ['deep', deep],
  ]) {
    const times = await eachOf(rounds, async (round) => {
      const owner = { controller: `team-${round}` }
      await agreed({ index, operations }, voters, {
        op: 'entry.update',
        alias: name('callee'),
        owner,
      })
    })
    add(`proposal to effect, ${VOTERS} voters, ${where}`, 'ms', times)
  }
  return { records: state.size, figures }
}

/** Proposed, and approved by each as long as it waits: who votes asks what it would do, and says so. */
async function agreed({ index, operations }, voters, request) {
  const made = opened(await index.change(request))
  const proposal = opened(await index.proposal(made.proposal))
  for (const voter of voters) {
    const { digest } = opened(await operations.impact(made.proposal))
    const vote = voter.approves(proposal, digest)
    const { proposal: after } = opened(await index.submit([vote]))
    if (after.standing === 'committed') return
  }
  throw new Error('it did not pass')
}

/** The scopes, and two entries in each place of which one calls the other. */
async function shaped(change) {
  await change({ op: 'scope.create', alias: 'wide' })
  for (let child = 0; child < CHILDREN; child += 1) {
    await change({ op: 'scope.create', alias: `wide/c${String(child).padStart(3, '0')}` })
  }
  for (const depth of DEEP.keys()) {
    await change({
      op: 'scope.create',
      alias: ['wide', 'c000', ...DEEP.slice(0, depth + 1)].join('/'),
    })
  }
  const owner = { controller: 'bench' }
  for (const name of [flat, deep]) {
    for (const alias of [name('caller'), name('callee')]) {
      await change({ op: 'entry.create', alias, owner })
    }
    const rule = { id: 'calls', callers: [name('caller')], ports: [8080] }
    await change({ op: 'rule.attach', alias: name('callee'), rule })
  }
}

const microseconds = (ms) => ms * 1000

/** Milliseconds of each call. */
function each(items, call) {
  return items.map((item) => {
    const began = performance.now()
    call(item)
    return performance.now() - began
  })
}

/** The same of `count` calls, one after another. */
async function eachOf(count, call) {
  const times = []
  for (let round = 0; round < count; round += 1) {
    const began = performance.now()
    await call(round)
    times.push(performance.now() - began)
  }
  return times
}

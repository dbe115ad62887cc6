import { join } from 'node:path'
import { openIssuer } from '../../dist/ca/issuer.js'
import { planLeaf } from '../../dist/ca/plan-leaf.js'
import { canonicalize } from '../../dist/core/canonical-json.js'
import { VerifiedCsrCache } from '../../dist/csr/verified-csr-cache.js'
import { verifyCsr } from '../../dist/csr/verify-csr.js'
import { grantFor } from '../../dist/namespace/grant.js'
import { rememberedStandings } from '../../dist/namespace/remembered-standings.js'
import { IssuanceLogWriter } from '../../dist/store/sqlite/issuance-log-writer.js'
import { migrate } from '../../dist/store/sqlite/migrate.js'
import { openForWriting } from '../../dist/store/sqlite/open-database.js'
import { readToken } from '../../dist/tokenreview/unverified-token.js'
import { makeAuthority, newSerial, opened, unixNow } from '../capstan/authority.mjs'
import { accountName, linkerdName } from '../capstan/namespace-document.mjs'
import { makeCsr } from '../load/csr.mjs'
import { tokenMaker } from '../load/service-account-token.mjs'
import { ledgerEntry } from './ledger-entry.mjs'

/** As many different inputs as a stage sees in turn. */
const INPUTS = 1000
const GROUP = 128
const DAY_SECONDS = 86_400

/** `{name, run}`: a run does one or more of it and says how many. */
export async function stagesOf(instance, { tokenKey, accounts, folder }) {
  const proxies = makeProxies({ tokenKey, accounts })
  const authority = await makeAuthority()
  const leaf = leafStages(authority, opened(verifyCsr(proxies[0].csr)).spki)
  return [
    ...tokenStages(instance, proxies),
    ...csrStages(proxies),
    ...(await grantStages(instance, proxies)),
    ...(await leaf),
    ...ledgerStages(instance, authority),
    ...issuanceLogStages(folder, authority),
    ...(await wholeStages(instance, proxies)),
  ]
}

function makeProxies({ tokenKey, accounts }) {
  const token = tokenMaker(tokenKey)
  return Array.from({ length: INPUTS }, (_, at) => {
    const account = accountName(at % accounts)
    const identity = linkerdName(account)
    return { identity, token: token(account), csr: makeCsr(identity) }
  })
}

/** Calls with the inputs in turn. */
function inTurn(inputs, call) {
  let next = 0
  return async () => {
    await call(inputs[next++ % inputs.length])
    return 1
  }
}

const attest = async (instance, { token }) => {
  const unverified = opened(readToken(token))
  const [cluster] = instance.index.state.clusters.values()
  const attestor = instance.clusters.attestor(cluster.uid)
  return opened(await attestor.verify(unverified, unixNow(), new AbortController()))
}

const tokenStages = (instance, proxies) => [
  { name: 'token: parse', run: inTurn(proxies, ({ token }) => opened(readToken(token))) },
  {
    name: 'token: parse and verify offline (RS256)',
    run: inTurn(proxies, (proxy) => attest(instance, proxy)),
  },
]

function csrStages(proxies) {
  const cache = new VerifiedCsrCache(2 * INPUTS)
  for (const { csr } of proxies) cache.remember(csr, opened(cache.verify(csr)))
  return [
    {
      name: 'CSR: parse, import key, verify',
      run: inTurn(proxies, ({ csr }) => opened(verifyCsr(csr))),
    },
    { name: 'CSR: seen before', run: inTurn(proxies, ({ csr }) => opened(cache.verify(csr))) },
  ]
}

async function grantStages(instance, proxies) {
  const { state } = instance.index
  const facts = []
  for (const proxy of proxies) facts.push(await attest(instance, proxy))
  const remembered = rememberedStandings(2 * INPUTS)
  return [
    { name: 'grant', run: inTurn(facts, (fact) => opened(grantFor(state, fact, unixNow()))) },
    {
      name: 'grant: entry seen before',
      run: inTurn(facts, (fact) => opened(grantFor(state, fact, unixNow(), remembered))),
    },
    { name: 'evidence as canonical JSON', run: inTurn(facts, (fact) => canonicalize(fact)) },
  ]
}

async function leafStages({ certificates, signer, issuer }, spki) {
  const plan = planner(issuer, spki)
  const same = plan()
  // One plan makes one TBS, whose signature is known: what remains is everything but the signature.
  let signature
  const once = { ...signer, sign: (tbs) => (signature ??= signer.sign(tbs)) }
  const unsigned = opened(openIssuer(certificates, once))
  const tbs = new Uint8Array(600)
  return [
    { name: 'leaf: plan', run: inTurn([0], () => plan()) },
    {
      name: 'leaf: encode and check against the plan',
      run: inTurn([0], () => unsigned.signLeaf(same)),
    },
    { name: 'leaf: sign (P-256)', run: inTurn([0], () => signer.sign(tbs)) },
    { name: 'leaf: plan, encode, sign, check', run: inTurn([0], () => issuer.signLeaf(plan())) },
  ]
}

const planner = (issuer, spki) => () =>
  planLeaf({
    serial: newSerial(),
    spki,
    subjectUid: `e${'a'.repeat(31)}`,
    names: [
      { kind: 'dns', value: linkerdName('sa-1') },
      { kind: 'uri', value: 'spiffe://bench.example/shop/sa-1' },
    ],
    usages: ['serverAuth', 'clientAuth'],
    identity: '{"alias":"shop/sa-1"}',
    maxTtl: DAY_SECONDS,
    issuer,
    now: unixNow(),
  })

function ledgerStages(instance, { issuer }) {
  let number = 0
  return [1, 16, GROUP].map((group) => ({
    name: `ledger: durable append, ${group} at once`,
    async run() {
      const appends = Array.from({ length: group }, () =>
        instance.store.ledger.append(ledgerEntry({ issuer, now: unixNow(), number: number++ }), []),
      )
      for (const done of await Promise.all(appends)) opened(done)
      return group
    },
  }))
}

/**
 * What the issuance log adds to such an append: records, hashes, tree and tiles, by the code that does it,
 * in a transaction that is never committed: the commit is the ledger's.
 */
function issuanceLogStages(folder, { issuer }) {
  const database = openForWriting(join(folder, 'issuance-log.db'))
  migrate(database)
  database.exec('BEGIN')
  const log = new IssuanceLogWriter(database)
  const entries = Array.from({ length: INPUTS }, (_, number) =>
    ledgerEntry({ issuer, now: unixNow(), number }),
  )
  let next = 0
  return [1, 16, GROUP].map((group) => ({
    name: `issuance log, ${group} at once`,
    run() {
      log.begin()
      for (let count = 0; count < group; count += 1) {
        log.next()
        log.add(entries[next++ % INPUTS])
      }
      log.end()
      return group
    },
  }))
}

/** Everything but the transport, many at once. */
async function wholeStages(instance, proxies) {
  const issue = ({ identity, token, csr }) =>
    instance.issueLeaf({
      csr,
      evidence: { kind: 'kubernetes', token },
      identity,
      requestId: 'bench',
      caller: new AbortController(),
    })
  let next = 0
  const group = () => Array.from({ length: GROUP }, () => proxies[next++ % proxies.length])
  const all = async (asked) => {
    for (const done of await Promise.all(asked.map(issue))) opened(done)
    return asked.length
  }
  for (let seen = 0; seen < INPUTS; seen += GROUP) await all(group())
  return [{ name: `all of a renewal but the transport, ${GROUP} at once`, run: () => all(group()) }]
}

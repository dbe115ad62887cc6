import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openInstance } from '../../dist/compose/instance.js'
import { loadConfig } from '../../dist/config/load-config.js'
import { systemClock, systemRandom } from '../../dist/system.js'
import { opened } from '../capstan/authority.mjs'
import { CLUSTER, NAMESPACE, namespaceDocument } from '../capstan/namespace-document.mjs'
import { Capstan } from '../capstan/server.mjs'
import { makeTokenKey } from '../load/service-account-token.mjs'
import { median } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'
import { stagesOf } from './stage-list.mjs'

const ACCOUNTS = 1000
const ROUNDS = { quick: 3, default: 7 }
const ROUND_MS = { quick: 200, default: 500 }

/** What each step of one certificate costs, called one by one in this process, over a real data directory. */
export const stages = {
  name: 'stages',
  async run(context) {
    const folder = join(context.folder, 'stages')
    const { instance, tokenKey } = await openedInstance(folder)
    try {
      const list = await stagesOf(instance, { tokenKey, accounts: ACCOUNTS, folder })
      return { stages: await measured(list, context) }
    } finally {
      await instance[Symbol.asyncDispose]()
    }
  },
  print: ({ stages: rows }) =>
    markdownTable(
      [
        ['stage', ({ stage }) => stage],
        ['CPU us', ({ cpu_us }) => threeFigures(cpu_us)],
        ['of the limit', ({ share_of_limit }) => `${(100 * share_of_limit).toFixed(0)} %`],
      ],
      rows,
    ),
}

async function measured(list, { size, limit }) {
  const seen = list.map(() => [])
  for (const { run } of list) await cpuMicroseconds(run, ROUND_MS[size])
  for (let round = 0; round < ROUNDS[size]; round += 1) {
    limit.sample()
    for (const [at, { run }] of list.entries()) {
      seen[at].push(await cpuMicroseconds(run, ROUND_MS[size]))
    }
  }
  return list.map(({ name: stage }, at) => {
    const cpu_us = median(seen[at])
    return { stage, cpu_us, share_of_limit: cpu_us / limit.total }
  })
}

/** CPU time of all threads for each of what `run` did; it says how many that were. */
async function cpuMicroseconds(run, ms) {
  const before = process.cpuUsage()
  const end = performance.now() + ms
  let count = 0
  while (performance.now() < end) count += await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

async function openedInstance(home) {
  mkdirSync(home)
  const key = makeTokenKey()
  const jwks = join(home, 'jwks.json')
  writeFileSync(jwks, JSON.stringify(key.jwks))
  const capstan = await Capstan.founded(home)
  const how = { validation: 'offline', jwks: { file: jwks } }
  capstan.apply(namespaceDocument({ count: ACCOUNTS, how }))
  const text = readFileSync(capstan.config, 'utf8')
  const file = { path: capstan.config, text }
  const { config } = opened(loadConfig({ file, env: {}, cwd: home }))
  const instance = opened(
    await openInstance({
      config,
      env: {},
      clock: systemClock,
      random: systemRandom,
      version: 'bench',
      writer: 'thread',
      listeners: () => [],
      observer: { stage: () => undefined, issued: () => undefined },
    }),
  )
  const { issuer, audience } = CLUSTER
  return { instance, tokenKey: { pem: key.pem, issuer, audience, namespace: NAMESPACE } }
}

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { permit as decide } from '../../dist/namespace/permit/permit.js'
import { parseRoute } from '../../dist/namespace/rule/route.js'
import { systemClock } from '../../dist/system.js'
import { opened } from '../capstan/authority.mjs'
import { openedInstance } from '../capstan/opened-instance.mjs'
import { Capstan } from '../capstan/server.mjs'
import { median } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'

const RULES = [1, 100, 1000]
const ROUNDS = { quick: 3, default: 7 }
const CALLS = 20_000
/** Of which each is a scope: as deep as an alias may be. */
const DEPTH = 7

/**
 * What one decision costs on a live index, by the rules of the callee: of a caller that one of them
 * names, of a caller that all of them name with the right one last, and of one that none names.
 */
export const permit = {
  name: 'permit',
  async run(context) {
    const rows = []
    for (const rules of RULES) {
      const instance = await founded(join(context.folder, `permit-${rules}`))
      try {
        rows.push(...(await measured(instance.index, rules, ROUNDS[context.size] ?? 7)))
      } finally {
        await instance[Symbol.asyncDispose]()
      }
    }
    return { permit: rows }
  },
  print: ({ permit: rows }) =>
    markdownTable(
      [
        ['rules', ({ rules }) => rules],
        ['call', ({ call }) => call],
        ['CPU us', ({ cpu_us }) => threeFigures(cpu_us)],
      ],
      rows,
    ),
}

async function measured(index, rules, rounds) {
  const { state } = index
  const change = async (request) => opened(await index.change(request))
  const regions = ['calls', 'serves'].map((top) =>
    Array.from({ length: DEPTH }, (_, depth) => [top, ...Array(depth).fill('in')].join('/')),
  )
  for (const alias of regions.flat()) await change({ op: 'scope.create', alias })
  const [from, to] = regions.map((all) => all.at(-1))
  const owner = { controller: 'bench' }
  for (const alias of [`${from}/one`, `${from}/all`, `${from}/none`, `${to}/callee`]) {
    await change({ op: 'entry.create', alias, owner })
  }
  const callee = `${to}/callee`
  for (let number = 0; number < rules; number += 1) {
    const isLast = number === rules - 1
    const callers = [`${from}/all`, ...(isLast ? [`${from}/one`] : [])]
    const routes = [{ method: 'GET', path: { prefix: `/part-${isLast ? 'wanted' : number}` } }]
    const id = `r${String(number).padStart(4, '0')}`
    await change({ op: 'rule.attach', alias: callee, rule: { id, callers, ports: [8080], routes } })
  }
  const route = opened(parseRoute('GET /part-wanted/7'))
  const uid = (alias) => state.entryByAlias(alias).uid
  return ['one', 'all', 'none'].map((name) => {
    const at = systemClock.now()
    const request = { caller: uid(`${from}/${name}`), callee: uid(callee), port: 8080, route, at }
    if (decide(state, request).allowed !== (name !== 'none')) throw new Error('decided otherwise')
    const seen = Array.from({ length: rounds + 1 }, () => cpuMicroseconds(state, request))
    return { rules, call: `named by ${name}`, cpu_us: median(seen.slice(1)) }
  })
}

function cpuMicroseconds(state, request) {
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS; call += 1) decide(state, request)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

async function founded(home) {
  mkdirSync(home)
  await Capstan.founded(home)
  return openedInstance(home)
}

import { setTimeout as pause } from 'node:timers/promises'
import { ACCOUNTS, withCapstan } from '../rows/given-capstan.mjs'
import { warmUp } from '../rows/certify.mjs'
import { quantile } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'

const SECONDS = { quick: 2, default: 5 }
const TIMES = 3
/** For each renewal, so many who enrol: renewals alone are less than the server can do. */
const FIRSTS = 4
const POPULATION = 'held'
const WARM_UP = { quick: 2000, default: 6000 }
const UNLOADED = { count: 3000, inFlight: 16 }
const SATURATED = { count: 8000, inFlight: 128 }
/** Entries that will ask for their first certificate: more than are asked for in all. */
const NEWCOMERS = { quick: 30_000, default: 60_000 }
const THROTTLED = /^grpc-status 8$/
const LOOK_EVERY_MS = 100

/** Three times what it can do, offered whether or not it answers; and how it is a moment later. */
export const overload = {
  name: 'overload',
  run: (context) =>
    withCapstan(
      { ...context, name: 'overload', accounts: ACCOUNTS + NEWCOMERS[context.size] },
      async ({ capstan, load, tokenKey }) => {
        const common = { target: capstan.linkerd, tokenKey, population: POPULATION }
        const enrolled = { ...common, kind: 'certify-kept', accounts: ACCOUNTS, count: ACCOUNTS }
        await warmUp(load, enrolled)
        for (let done = 0; done < WARM_UP[context.size]; done += ACCOUNTS)
          await warmUp(load, enrolled)

        let nextFirst = ACCOUNTS
        const mixed = async (spec) => {
          await load.prepare({
            ...common,
            kind: 'certify-mixed',
            firsts: FIRSTS,
            nextFirst,
            ...spec,
          })
          nextFirst += Math.ceil((spec.count * FIRSTS) / (FIRSTS + 1))
          return load.run()
        }
        const unloaded = answered('unloaded', await mixed(UNLOADED))
        const { rate: canDo } = answered('saturated', await mixed(SATURATED))
        const perSecond = Math.round(canDo * TIMES)
        context.progress(
          `overload: it can do ${canDo.toFixed(0)}/s, now ${perSecond}/s are offered`,
        )

        const watch = watched(capstan)
        const count = perSecond * SECONDS[context.size]
        const run = await mixed({ count, inFlight: SATURATED.inFlight, perSecond })
        const seen = await watch.end()
        const after = answered('after it', await mixed(UNLOADED))
        return { overload: { can_do: canDo, unloaded, ...seen, ...outcomeOf(run), after } }
      },
    ),
  print: ({ overload: it }) =>
    [
      markdownTable(
        [
          ['who', ({ who }) => who],
          ['offered', ({ offered }) => offered],
          ['answered', ({ answered }) => answered],
          ['throttled', ({ throttled }) => throttled],
          ['otherwise failed', ({ otherwise }) => otherwise],
          ['p50 ms', ({ p50_ms }) => threeFigures(p50_ms)],
          ['p99 ms', ({ p99_ms }) => threeFigures(p99_ms)],
        ],
        it.callers,
      ),
      '',
      `It can do ${it.can_do.toFixed(0)}/s; ${it.offered.toFixed(0)}/s were offered, and ${it.answered_rate.toFixed(0)}/s answered with a certificate. ` +
        `Unloaded (16 in flight) p99 was ${threeFigures(it.unloaded.p99_ms)} ms, right after it ${threeFigures(it.after.p99_ms)} ms; ` +
        `the last answer came ${threeFigures(it.drain_ms)} ms after the last call.`,
      `RSS ${it.rss_before_mb.toFixed(0)} MB before, at most ${it.rss_most_mb.toFixed(0)} MB; ` +
        `/live answered ${it.probes} times, ${it.probes_failed} not, in ${threeFigures(it.probe_most_ms)} ms at the longest.`,
    ].join('\n'),
}

function answered(what, { wallMs, latencies, failures }) {
  if (failures.length > 0)
    throw new Error(`overload, ${what}: ${failures[0][1]} x ${failures[0][0]}`)
  return {
    rate: latencies.length / (wallMs / 1000),
    p50_ms: quantile(latencies, 0.5),
    p99_ms: quantile(latencies, 0.99),
  }
}

function outcomeOf({ latencies, failed, wallMs, drainMs, offered }) {
  const callersOf = (who, isOne) => {
    const each = Array.from(latencies.keys()).filter(isOne)
    const good = each.filter((at) => failed[at] === undefined).map((at) => latencies[at])
    const throttled = each.filter((at) => THROTTLED.test(failed[at] ?? '')).length
    return {
      who,
      offered: each.length,
      answered: good.length,
      throttled,
      otherwise: each.length - good.length - throttled,
      p50_ms: quantile(good, 0.5),
      p99_ms: quantile(good, 0.99),
    }
  }
  const callers = [
    callersOf('renew', (at) => at % (FIRSTS + 1) === 0),
    callersOf('enrol', (at) => at % (FIRSTS + 1) !== 0),
  ]
  const good = callers.reduce((sum, one) => sum + one.answered, 0)
  return { callers, offered, answered_rate: good / (wallMs / 1000), drain_ms: drainMs }
}

/** Looks at the server's memory, and asks whether it is alive, until `end`. */
function watched(capstan) {
  const rss = [capstan.usage().rss_mb]
  const took = []
  let failedProbes = 0
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      const start = performance.now()
      if (await capstan.isLive()) took.push(performance.now() - start)
      else failedProbes += 1
      rss.push(capstan.usage().rss_mb)
      await pause(LOOK_EVERY_MS)
    }
  })()
  return {
    async end() {
      isOver = true
      await looking
      return {
        rss_before_mb: rss[0],
        rss_most_mb: Math.max(...rss),
        probes: took.length,
        probes_failed: failedProbes,
        probe_most_ms: Math.max(...took),
      }
    },
  }
}

import { measureRow } from '../measure-row.mjs'
import { ACCOUNTS, withCapstan } from './given-capstan.mjs'

export const WARM_UP = { quick: 4000, default: 10_000 }
/** How many are measured, by what is in flight. */
export const REQUESTS = {
  quick: { 1: 1000, 16: 3000, 128: 6000 },
  default: { 1: 3000, 16: 10_000, 128: 20_000 },
}

/** A new CSR and a different pod's token every time. */
export const certifyFirst = {
  name: 'certify-first',
  run: (context) =>
    withCapstan({ ...context, name: 'certify-first' }, async ({ capstan, load, tokenKey }) => {
      const common = { target: capstan.linkerd, accounts: ACCOUNTS, tokenKey, kind: 'certify-kept' }
      await warmUp(load, { ...common, count: WARM_UP[context.size] }, context.workers)
      return eachConcurrency(context, REQUESTS, ({ count, inFlight }) =>
        measureRow({
          name: 'certify-first',
          load,
          spec: { ...common, count, inFlight },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

/** The same proxies again: the CSRs that they sent before, with fresh tokens. */
export const certifyRenew = {
  name: 'certify-renew',
  run: (context) =>
    withCapstan({ ...context, name: 'certify-renew' }, async ({ capstan, load, tokenKey }) => {
      const population = 'renewing'
      const common = { target: capstan.linkerd, accounts: ACCOUNTS, tokenKey, population }
      const largest = Math.max(...Object.values(REQUESTS[context.size]))
      await warmUp(load, { ...common, kind: 'certify-kept', count: largest }, context.workers)
      return eachConcurrency(context, REQUESTS, ({ count, inFlight }) =>
        measureRow({
          name: 'certify-renew',
          load,
          spec: { ...common, kind: 'certify-kept', count, inFlight },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

/**
 * Unmeasured: the engine compiles what is hot, and a population enrols. Each of several workers
 * remembers for itself: by the fourth round nearly every one of them has met every proxy.
 */
export async function warmUp(load, spec, workers = 1) {
  for (let round = 0; round < (workers === 1 ? 1 : 4); round += 1) {
    await load.prepare({ ...spec, inFlight: workers === 1 ? 16 : 32 * workers })
    const { failures } = await load.run()
    if (failures.length > 0) throw new Error(`warming up: ${failures[0][1]} x ${failures[0][0]}`)
  }
}

/**
 * One row after another, the limit sampled beside each. Of repeated measurements, the one with the
 * median CPU time stands.
 */
export async function eachConcurrency(context, requests, measure) {
  const { size, limit, concurrencies, repeat, report } = context
  const rows = []
  for (const inFlight of concurrencies) {
    const measured = []
    for (let round = 0; round < repeat; round += 1) {
      limit.sample()
      measured.push(
        await measure({ inFlight, count: requests[size][inFlight] ?? requests[size][16] }),
      )
      report(measured.at(-1))
    }
    measured.sort((a, b) => a.cpu_us - b.cpu_us)
    rows.push(measured[Math.floor(repeat / 2)])
  }
  return rows
}

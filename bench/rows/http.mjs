import { makeJoinTokens } from '../capstan/join-tokens.mjs'
import { measureRow } from '../measure-row.mjs'
import { eachConcurrency, REQUESTS, WARM_UP, warmUp } from './certify.mjs'
import { ACCOUNTS, withCapstan } from './given-capstan.mjs'

/** A join token traded for a certificate over the HTTP API, on kept connections. */
export const httpToken = {
  name: 'http-token',
  run: (context) =>
    withCapstan({ ...context, name: 'http-token' }, async ({ capstan, load }) => {
      const tokens = (count) => makeJoinTokens(capstan, { count, accounts: ACCOUNTS })
      const common = { target: capstan.http, kind: 'http-token' }
      const count = WARM_UP[context.size]
      await warmUp(load, { ...common, count, tokens: await tokens(count) })
      return eachConcurrency(context, REQUESTS, async ({ count, inFlight }) =>
        measureRow({
          name: 'http-token',
          load,
          spec: { ...common, count, inFlight, tokens: await tokens(count) },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

/** Machines renew by mutual TLS on connections that they keep, each time with a new key. */
export const httpRenew = {
  name: 'http-renew',
  run: (context) =>
    withCapstan({ ...context, name: 'http-renew' }, async ({ capstan, load }) => {
      const machines = (count) => makeJoinTokens(capstan, { count, accounts: ACCOUNTS })
      const common = { target: capstan.http, kind: 'http-renew' }
      const count = WARM_UP[context.size]
      await warmUp(load, { ...common, count, tokens: await machines(16) })
      return eachConcurrency(context, REQUESTS, async ({ count, inFlight }) =>
        measureRow({
          name: 'http-renew',
          load,
          spec: { ...common, count, inFlight, tokens: await machines(inFlight) },
          usage: () => capstan.usage(),
        }),
      )
    }),
}

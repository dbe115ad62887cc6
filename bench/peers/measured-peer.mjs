import { withLoad } from '../rows/given-capstan.mjs'
import { eachConcurrency, REQUESTS, warmUp } from '../rows/certify.mjs'
import { measureRow } from '../measure-row.mjs'

const WARM_UP = { quick: 1000, default: 3000 }

/** The rows of one peer, by the same load process and the same reckoning as Capstan's; what it fails is shown. */
export const measuredPeer = (context, { name, usage, common }) =>
  withLoad(async (load) => {
    await warmUp(load, { ...common, count: WARM_UP[context.size] })
    return eachConcurrency(context, REQUESTS, ({ count, inFlight }) =>
      measureRow({ name, load, spec: { ...common, count, inFlight, countFailures: true }, usage }),
    )
  })

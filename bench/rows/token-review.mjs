import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kubeWith, tokensOf, whatKubeLacks } from '../capstan/kube.mjs'
import { namespaceDocument } from '../capstan/namespace-document.mjs'
import { Capstan } from '../capstan/server.mjs'
import { usageOf } from '../machine/process-usage.mjs'
import { measureRow } from '../measure-row.mjs'
import { eachConcurrency, warmUp } from './certify.mjs'
import { serving, withLoad } from './given-capstan.mjs'

const NAME = 'certify-tokenreview'
const ACCOUNTS = { quick: 100, default: 500 }
const WARM_UP = { quick: 2000, default: 4000 }
const REQUESTS = {
  quick: { 1: 500, 16: 2000, 128: 3000 },
  default: { 1: 2000, 16: 6000, 128: 10_000 },
}

/** A first certificate, the token judged by a real API server, whose own CPU time is counted apart. */
export const certifyTokenReview = {
  name: NAME,
  async run(context) {
    const lacking = whatKubeLacks()
    if (lacking !== undefined && context.size === 'quick') {
      process.stderr.write(`${NAME} is left out: ${lacking}\n`)
      return []
    }
    const accounts = ACCOUNTS[context.size]
    const kube = await kubeWith(accounts)
    try {
      const capstan = await registered(context, kube, accounts)
      return await withLoad((load) =>
        serving(capstan, () => measured(context, { capstan, kube, load, accounts })),
      )
    } finally {
      await kube.stop()
    }
  },
}

async function registered({ folder, server }, kube, count) {
  const home = join(folder, NAME)
  mkdirSync(home)
  const capstan = await Capstan.founded(home, server)
  const how = { validation: 'online', tokenReview: { kubeconfig: kube.kubeconfig } }
  capstan.apply(namespaceDocument({ count, how }))
  return capstan
}

async function measured(context, { capstan, kube, load, accounts }) {
  const common = { target: capstan.linkerd, accounts, kind: 'certify-kept' }
  const count = WARM_UP[context.size]
  await warmUp(load, { ...common, count, tokens: await tokensOf(kube, { count, accounts }) })
  return eachConcurrency(context, REQUESTS, async ({ count, inFlight }) => {
    const tokens = await tokensOf(kube, { count, accounts })
    const apiServer = []
    const row = await measureRow({
      name: NAME,
      load,
      spec: { ...common, count, inFlight, tokens },
      usage() {
        apiServer.push(usageOf(kube.apiServerPid).cpu_us)
        return capstan.usage()
      },
    })
    return { ...row, apiserver_cpu_us: (apiServer[1] - apiServer[0]) / count }
  })
}

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { accountName, CLUSTER, NAMESPACE } from './namespace-document.mjs'

const IN_FLIGHT = 16
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'capstan-e2e')
const podOf = (account) => `${account}-0`

/** What is missing for a real API server at once, without minutes of building; undefined: nothing. */
export function whatKubeLacks() {
  if (spawnSync('etcd', ['--version']).error) return 'etcd is not on the PATH (etcd-server)'
  const { stdout } = spawnSync('ls', [cache], { encoding: 'utf8' })
  if (existsSync(cache) && stdout.includes('kube-apiserver-')) return undefined
  return 'kube-apiserver is not built yet (minutes, once: run without --quick)'
}

/** A real kube-apiserver with `accounts` service accounts, a pod of each. */
export async function kubeWith(accounts) {
  await import('../../test/support/typescript.mjs')
  const { KubeServer } = await import('../../test/support/kube-apiserver.ts')
  const kube = await KubeServer.started({ issuer: CLUSTER.issuer })
  await kube.createNamespace(NAMESPACE)
  await kube.createNode('node-1')
  await together(accounts, async (index) => {
    const account = accountName(index)
    await kube.createServiceAccount(NAMESPACE, account)
    await kube.createPod(NAMESPACE, podOf(account), account, 'node-1')
  })
  return kube
}

/** `count` tokens of pods, of the service accounts in turn, each made by the API server. */
export async function tokensOf(kube, { count, accounts }) {
  const tokens = []
  await together(count, async (index) => {
    const serviceAccount = accountName(index % accounts)
    tokens[index] = await kube.requestToken({
      namespace: NAMESPACE,
      serviceAccount,
      audience: CLUSTER.audience,
      pod: podOf(serviceAccount),
      expirationSeconds: 3600,
    })
  })
  return tokens
}

async function together(count, work) {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

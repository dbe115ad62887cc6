import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { InitOptions, InitReport } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { parseTrustDomain } from '../core/names.js'
import { ok, refuse, type Result } from '../core/result.js'
import { type Clock, type RandomBytes, toIso } from '../core/time.js'
import { sha256Hex } from '../core/uid.js'
import type { AuthorityRecord } from '../ca/ports.js'
import { Authority, type AuthorityView } from '../issuance/authority.js'
import { adoptAuthority, foundAuthority } from '../issuance/found-authority.js'
import { voterSigner } from '../keys/voter-signer.js'
import { indexLogName } from '../namespace/genesis.js'
import { LiveIndex } from '../namespace/live-index.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { openStore } from '../store/open-store.js'
import { readHierarchy } from './hierarchy-files.js'
import { readInstanceFile, writeInstanceFile } from './instance-file.js'
import { createLogKey, noteSigner } from './log-key.js'
import { makeKekFile, openVault } from './open-vault.js'

interface Ambient {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: RandomBytes
}

export const keysPath = (dataDir: string): string => join(dataDir, 'keys')
export const storePath = (dataDir: string): string => join(dataDir, 'capstan.db')

/** Founds a CA in an empty data directory. What is wrong with what it is given leaves nothing behind. */
export async function found(options: InitOptions, ambient: Ambient): Promise<Result<InitReport>> {
  const { config } = options
  const { dataDir } = config
  const trustDomain = parseTrustDomain(options.trustDomain)
  if (trustDomain === undefined) return refuse('config.malformed', 'not a trust domain')
  const brought = await readHierarchy(options)
  if (!brought.ok) return brought
  const taken = await refuseTaken(dataDir)
  if (!taken.ok) return taken

  makeDirectory(dataDir)
  using lock = lockDataDirectory(dataDir)
  if (!lock) return inUse(dataDir)
  const { clock, random, env } = ambient
  const isFresh = !existsSync(keysPath(dataDir))
  await makeKekFile({ config, env, random })
  const vault = await openVault({ config, env, random })
  if (!vault.ok) return vault

  const now = clock.now()
  const deps = { vault: vault.value, random, now, name: trustDomain }
  const records: Result<readonly AuthorityRecord[]> = brought.value
    ? await adoptAuthority(deps, brought.value)
    : ok(await foundAuthority(deps))
  if (!records.ok) {
    // Keys that were sealed on the way to a refusal belong to nothing.
    if (isFresh) rmSync(keysPath(dataDir), { recursive: true, force: true })
    return records
  }

  await using store = openStore({ path: storePath(dataDir), writer: 'inline' })
  await store.authorities.put(records.value)
  const authority = await Authority.open(store.authorities, vault.value)
  if (!authority.ok) return authority
  const voter = await vault.value.create('Ed25519', 'local voter')
  const logKey = await createLogKey(vault.value, 'index')
  const index = await LiveIndex.create(
    {
      store: store.index,
      voter: voterSigner(voter.signer),
      clock,
      random,
      // Nothing has been issued yet.
      issued: { freeze: () => Promise.resolve(undefined), thaw: () => undefined },
    },
    {
      trustDomain,
      controller: options.controller,
      log: noteSigner(indexLogName(trustDomain), logKey.signer).key,
    },
  )
  if (!index.ok) return index
  const issuanceKey = await createLogKey(vault.value, 'issuance')
  await writeInstanceFile(
    dataDir,
    {
      ...{ v: 1, trustDomain, voterKey: voter.ref, logKey: logKey.ref },
      ...{ issuanceKey: issuanceKey.ref, createdAt: now },
    },
    random,
  )
  const isRootHere = records.value.some(
    ({ role, keyRef }) => role === 'trust-anchor' && keyRef !== undefined,
  )
  const { kek } = config.keys
  const sealedUnder = { kind: kek.kind, where: 'path' in kek ? kek.path : kek.name }
  return ok({ ...reportOf(dataDir, index.value, authority.value, isRootHere), sealedUnder })
}

async function refuseTaken(dataDir: string): Promise<Result<undefined>> {
  if (await readInstanceFile(dataDir)) {
    return refuse('namespace.exists', `there is a CA in ${dataDir} already`, {
      wanted: 'a data directory without one',
      next: 'capstan status, or --data with another directory',
    })
  }
  if (!existsSync(storePath(dataDir))) return ok()
  return refuse('namespace.exists', `${dataDir} holds parts of a CA, and no instance.json`, {
    wanted: 'an empty data directory',
    next: `if founding it was interrupted: rm -r ${dataDir}`,
  })
}

function makeDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new DependencyError('data directory', `cannot make ${dataDir}`, error)
  }
}

export const notFounded = (dataDir: string): Result<never> =>
  refuse('namespace.unknown', `there is no CA in ${dataDir}`, {
    wanted: 'a data directory that capstan init has made',
    next: 'capstan init --trust-domain NAME',
  })

export const inUse = (dataDir: string): ReturnType<typeof refuse<'namespace.exists'>> =>
  refuse('namespace.exists', `another process uses ${dataDir}`, {
    wanted: 'to be the only one',
    next: 'stop the running server, or give it the command through its socket',
  })

function reportOf(
  dataDir: string,
  index: LiveIndex,
  authority: Authority,
  isRootHere: boolean,
): Omit<InitReport, 'sealedUnder'> {
  const [trustAnchor] = authority.trustAnchors
  const [issuer] = authority.issuers
  if (!trustAnchor || !issuer) throw new Error('founded without a trust anchor or an issuer')
  return {
    dataDir,
    trustDomain: index.state.trustDomain,
    indexId: index.state.index,
    trustAnchor: {
      ...named(trustAnchor),
      sha256: sha256Hex(trustAnchor.certificate),
      key: isRootHere ? 'here' : 'offline',
    },
    issuer: named(issuer),
  }
}

const named = ({ id, subject, notAfter }: AuthorityView) => ({
  id,
  subject,
  notAfter: toIso(notAfter),
})

import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyRef } from '../ca/ports.js'
import type { WitnessPlace, WitnessReport } from '../cli/world.js'
import { DependencyError } from '../core/dependency-error.js'
import { errorCode } from '../core/error-code.js'
import { ok, refuse, type Result } from '../core/result.js'
import { writeDurably } from '../keys/write-durably.js'
import { lockDataDirectory } from '../store/data-directory-lock.js'
import { createWitnessStore } from '../store/open-witness-store.js'
import { formatVerifierKey, isKeyName, signatureType } from '../tlog/verifier-key.js'
import type { NoteSigner } from '../tlog/ports.js'
import { inUse } from './found.js'
import { noteSigner } from './log-key.js'
import { makeKekFile, openVault, type VaultSource } from './open-vault.js'
import type { Ambient } from './serve.js'

/** `witness.json`: written last, so that its presence says that the key is there. */
interface WitnessFile {
  readonly v: 1
  /** What its cosignatures are under: `w1.example`. */
  readonly name: string
  readonly keyRef: KeyRef
}

const NAME = 'witness.json'

/** What it has cosigned. Made with the key, and never again: without it the key must not sign. */
export const WITNESS_MEMORY = 'witness.db'

/** Makes a witness: a folder with a sealed key and a name. */
export async function initWitness(
  place: WitnessPlace & { readonly name: string },
  ambient: Ambient,
): Promise<Result<WitnessReport>> {
  const { folder, kek, name } = place
  if (!isKeyName(name)) {
    return refuse('tlog.malformed', 'this is no name of a witness', {
      wanted: 'a name like a host name, without spaces and "+": w1.example',
      found: JSON.stringify(name.slice(0, 80)),
    })
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new DependencyError('witness folder', `cannot make ${folder}`, error)
  }
  using lock = lockDataDirectory(folder)
  if (!lock) return inUse(folder)
  // A second key beside the memory of the first would be a witness that forgets.
  if (await readWitnessFile(folder)) {
    return refuse('namespace.exists', `there is a witness in ${folder} already`, {
      wanted: 'a folder without one',
      next: 'capstan witness serve, or --data with another folder',
    })
  }
  const source = vaultSource(place, ambient)
  await makeKekFile(source)
  const vault = await openVault(source)
  if (!vault.ok) return vault
  const { ref, signer } = await vault.value.create('Ed25519', 'witness')
  const { key } = noteSigner(name, signer, signatureType.cosignature)
  const vkey = formatVerifierKey(key)
  const memory = createWitnessStore(join(folder, WITNESS_MEMORY), vkey)
  if (!memory.ok) return memory
  const file: WitnessFile = { v: 1, name, keyRef: ref }
  await writeDurably(folder, NAME, `${JSON.stringify(file, null, 2)}\n`, ambient.random)
  const sealedUnder = { kind: kek.kind, where: 'path' in kek ? kek.path : kek.name }
  return ok({ folder, name, key: vkey, sealedUnder })
}

/** The signer of the witness in a folder that this process has for itself. */
export async function openWitnessKey(
  place: WitnessPlace,
  ambient: Ambient,
): Promise<Result<NoteSigner>> {
  const file = await readWitnessFile(place.folder)
  if (!file) {
    return refuse('namespace.unknown', `there is no witness in ${place.folder}`, {
      wanted: 'a folder that capstan witness init has made',
      next: 'capstan witness init --name NAME',
    })
  }
  const vault = await openVault(vaultSource(place, ambient))
  if (!vault.ok) return vault
  const signer = await vault.value.open(file.keyRef)
  if (!signer) throw new DependencyError('keys', "the witness's key is gone")
  return ok(noteSigner(file.name, signer, signatureType.cosignature))
}

const vaultSource = ({ folder, kek }: WitnessPlace, { env, random }: Ambient): VaultSource => ({
  config: { dataDir: folder, keys: { kek } },
  env,
  random,
})

async function readWitnessFile(folder: string): Promise<WitnessFile | undefined> {
  const path = join(folder, NAME)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw new DependencyError('witness folder', `cannot read ${path}`, error)
  }
  const file = parse(text)
  if (file) return file
  throw new DependencyError('witness folder', `${path} is damaged, or from a newer version`)
}

function parse(text: string): WitnessFile | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof WitnessFile, unknown>> | null
    const isOurs =
      value?.v === 1 && typeof value.name === 'string' && typeof value.keyRef === 'string'
    return isOurs ? (value as WitnessFile) : undefined
  } catch {
    return undefined
  }
}

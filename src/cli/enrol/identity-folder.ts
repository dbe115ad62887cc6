import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { toIso, type RandomBytes, type UnixSeconds } from '../../core/time.js'
import { reasonOf } from '../../core/error-code.js'
import { JsonReader } from '../json-reader.js'
import { type Outcome, refused, usage } from '../problem.js'
import type { FolderOperations } from './folder-operations.js'

/** What the folder remembers about the certificate in it. */
export interface IdentityMeta {
  readonly alias: string
  readonly uid: string
  readonly serial: string
  readonly names: readonly string[]
  readonly notBefore: string
  readonly notAfter: string
  /** `https://host:port` of the Capstan that issued it, where renewals go. */
  readonly server: string
}

/** One consistent identity: the key belongs to the certificate. */
export interface StoredIdentity {
  readonly keyPem: string
  readonly certPem: string
  readonly bundlePem: string
  readonly meta: IdentityMeta
}

const FILES = ['key.pem', 'cert.pem', 'bundle.pem', 'meta.json'] as const
const VERSIONS = 'versions'
const CURRENT = 'current'

/**
 * A folder that holds one identity and changes it in one step:
 *
 *     key.pem -> current/key.pem      (cert.pem, bundle.pem and meta.json alike)
 *     current -> versions/<time>-<random>
 *
 * A new version is written completely beside the old one; then `current` is replaced by a rename.
 * Whoever opens `current` once and reads from there never sees a key without its certificate.
 */
export class IdentityFolder {
  readonly path: string
  private readonly disk: FolderOperations

  constructor(path: string, disk: FolderOperations) {
    this.path = path
    this.disk = disk
  }

  /** The identity that is there; undefined when there is none. Read from one version. */
  async read(): Promise<Outcome<StoredIdentity | undefined>> {
    const version = await realpath(join(this.path, CURRENT)).catch(() => undefined)
    if (version === undefined) return { ok: true, value: undefined }
    try {
      const [keyPem, certPem, bundlePem, meta] = await Promise.all(
        FILES.map((name) => readFile(join(version, name), 'utf8')),
      )
      return {
        ok: true,
        value: {
          keyPem: keyPem ?? '',
          certPem: certPem ?? '',
          bundlePem: bundlePem ?? '',
          meta: parseMeta(meta ?? ''),
        },
      }
    } catch (error) {
      return usage(`cannot read the identity in ${this.path}`, { found: reasonOf(error) })
    }
  }

  /** Refuses a folder with files that Capstan did not put there: they are never overwritten. */
  async checkOurs(): Promise<Outcome<undefined>> {
    for (const name of [CURRENT, ...FILES]) {
      const path = join(this.path, name)
      const found = await lstat(path).catch(() => undefined)
      if (found === undefined) continue
      if (found.isSymbolicLink() && isOurs(name, await readlink(path))) continue
      return refused({
        code: 'enrol.wrong-identity',
        detail: `${path} was not written by capstan; it is left alone`,
        wanted: 'an empty folder, or one that capstan cert get made',
        next: 'choose another folder with --out',
      })
    }
    return { ok: true, value: undefined }
  }

  /** Starts a version with its key, so that a disk that cannot hold it is known before anything is asked for. */
  async stage(
    keyPem: string,
    now: UnixSeconds,
    random: RandomBytes,
  ): Promise<Outcome<StagedIdentity>> {
    const stamp = toIso(now).replaceAll(/[-:]/g, '')
    const name = `${stamp}-${Buffer.from(random(6)).toString('hex')}`
    const path = join(this.path, VERSIONS, name)
    try {
      await this.disk.makeFolder(path)
      await this.disk.writeFile(join(path, 'key.pem'), keyPem, 0o600)
    } catch (error) {
      return usage(`cannot write to ${this.path}`, { found: reasonOf(error) })
    }
    return { ok: true, value: new StagedIdentity(this.path, name, this.disk) }
  }
}

/** A version that nobody sees yet. */
export class StagedIdentity {
  private readonly folder: string
  private readonly name: string
  private readonly disk: FolderOperations

  constructor(folder: string, name: string, disk: FolderOperations) {
    this.folder = folder
    this.name = name
    this.disk = disk
  }

  /** Completes the version and puts it in place of the old one. The one before is kept. */
  async publish(
    certPem: string,
    bundlePem: string,
    meta: IdentityMeta,
  ): Promise<Outcome<undefined>> {
    const version = join(this.folder, VERSIONS, this.name)
    const metaText = `${JSON.stringify(meta, null, 2)}\n`
    try {
      await this.disk.writeFile(join(version, 'cert.pem'), certPem, 0o644)
      await this.disk.writeFile(join(version, 'bundle.pem'), bundlePem, 0o644)
      await this.disk.writeFile(join(version, 'meta.json'), metaText, 0o644)
      const before = await this.shown()
      // The names that people configure come first: they may point at nothing for a moment, but
      // once `current` is there they are all right.
      for (const name of FILES) {
        const path = join(this.folder, name)
        const target = await readlink(path).catch(() => undefined)
        if (target === undefined) await this.point(join(CURRENT, name), path)
      }
      await this.point(join(VERSIONS, this.name), join(this.folder, CURRENT))
      await this.removeOthers([this.name, before ?? this.name])
      return { ok: true, value: undefined }
    } catch (error) {
      return usage(`cannot write to ${this.folder}`, { found: reasonOf(error) })
    }
  }

  /** Forgets the version, unless it is the one that is shown. */
  async discard(): Promise<void> {
    if ((await this.shown()) === this.name) return
    await this.disk.remove(join(this.folder, VERSIONS, this.name))
  }

  /** The version that `current` points at. */
  private async shown(): Promise<string | undefined> {
    const target = await readlink(join(this.folder, CURRENT)).catch(() => undefined)
    return target === undefined ? undefined : basename(target)
  }

  /** A symbolic link cannot be changed in place: a new one takes its name. */
  private async point(target: string, path: string): Promise<void> {
    const fresh = join(this.folder, VERSIONS, `${this.name}.${basename(path)}`)
    await this.disk.symlink(target, fresh)
    await this.disk.replace(fresh, path)
  }

  private async removeOthers(kept: readonly string[]): Promise<void> {
    const versions = join(this.folder, VERSIONS)
    for (const name of await readdir(versions)) {
      if (!kept.includes(name)) await this.disk.remove(join(versions, name))
    }
  }
}

const isOurs = (name: string, target: string): boolean =>
  name === CURRENT ? target.startsWith(`${VERSIONS}/`) : target === `${CURRENT}/${name}`

function parseMeta(text: string): IdentityMeta {
  const meta = new JsonReader(JSON.parse(text), 'meta.json', 'file')
  return {
    alias: meta.raw('alias'),
    uid: meta.raw('uid'),
    serial: meta.raw('serial'),
    names: meta.texts('names'),
    notBefore: meta.raw('notBefore'),
    notAfter: meta.raw('notAfter'),
    server: meta.raw('server'),
  }
}

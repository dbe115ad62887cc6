import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import * as harness from './harness.js'
import { pooledCrypto } from './key-pool.js'

/**
 * The modules of the copy, loaded once more: what they remember is forgotten with their world. It
 * costs what they do as they are loaded, and no process. Packages are loaded once for all worlds.
 */
export class World {
  private readonly modules = new Map<string, vm.Module>()

  /** Loads a module of the copy and all that it imports. */
  async import(path: string): Promise<unknown> {
    const module = this.moduleAt(path)
    if (module.status === 'unlinked') {
      await module.link((specifier, from) => this.find(specifier, from.identifier))
    }
    await module.evaluate()
    return module.namespace
  }

  private find(specifier: string, from: string): vm.Module | Promise<vm.Module> {
    return isRelative(specifier)
      ? this.moduleAt(resolve(dirname(from), specifier))
      : packageModule(specifier)
  }

  private moduleAt(path: string): vm.Module {
    const known = this.modules.get(path)
    if (known) return known
    const { code, cachedData } = sourceAt(path)
    const module = new vm.SourceTextModule(code, {
      identifier: path,
      ...(cachedData && { cachedData }),
      initializeImportMeta: (meta) => {
        const url = pathToFileURL(path).href
        Object.assign(meta, { url, filename: path, dirname: dirname(path) })
      },
      importModuleDynamically: async (specifier) => {
        if (isRelative(specifier)) {
          await this.import(resolve(dirname(path), specifier))
          return this.moduleAt(resolve(dirname(path), specifier))
        }
        return packageModule(specifier)
      },
    })
    this.modules.set(path, module)
    return module
  }
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.')

interface Source {
  readonly code: string
  /** None of what imports while it runs: what is cached knows nobody to ask for a module. */
  readonly cachedData: Buffer | undefined
}

/** Missing from the types of Node 20. */
const codeCacheOf = (module: vm.SourceTextModule): Buffer =>
  (module as vm.SourceTextModule & Pick<vm.Script, 'createCachedData'>).createCachedData()

const sources = new Map<string, Source>()

function sourceAt(path: string): Source {
  const known = sources.get(path)
  if (known) return known
  const code = readFileSync(path, 'utf8')
  const isLater = /\bimport\(/.test(code)
  const cachedData = isLater ? undefined : codeCacheOf(new vm.SourceTextModule(code))
  const source = { code, cachedData }
  sources.set(path, source)
  return source
}

type Exports = Readonly<Record<string, unknown>>

const replaced: ReadonlyMap<string, Exports> = new Map([
  ['@jest/globals', { ...harness }],
  ['node:crypto', pooledCrypto],
])

const packages = new Map<string, Promise<vm.Module>>()

function packageModule(specifier: string): Promise<vm.Module> {
  const made = packages.get(specifier) ?? makePackageModule(specifier)
  packages.set(specifier, made)
  return made
}

async function makePackageModule(specifier: string): Promise<vm.Module> {
  const all = replaced.get(specifier) ?? ((await import(specifier)) as Exports)
  const module = new vm.SyntheticModule(Object.keys(all), () => {
    for (const [name, value] of Object.entries(all)) module.setExport(name, value)
  })
  await module.link(() => Promise.reject(new Error('a package is linked already')))
  await module.evaluate()
  return module
}

import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { visible } from '../../core/visible.js'
import type { TokenKeyName } from '../../namespace/ports.js'
import { answerName, type Handle, type Pkcs11, type TokenInfo } from './binding.js'
import { CKF } from './constants.js'

/** A token in its slot. */
export interface Token {
  readonly pkcs11: Pkcs11
  readonly slot: Handle
  readonly label: string
  /** CKF_* of the token. */
  readonly flags: number
  /** Gives the module back. */
  close(): void
}

/** Loads the module into this process and finds the one token that the name is about. */
export function openToken(binding: () => Result<Pkcs11>, name: TokenKeyName): Result<Token> {
  const loaded = binding()
  if (!loaded.ok) return loaded
  const pkcs11 = loaded.value
  try {
    pkcs11.load(name.module)
  } catch {
    // What the loader says is not shown: it repeats pieces of the file.
    return noModule(name.module, 'it cannot be loaded as one')
  }
  try {
    pkcs11.C_Initialize()
  } catch (error) {
    quietly(() => pkcs11.close())
    return noModule(name.module, `C_Initialize answers ${answerName(error)}`)
  }
  const close = (): void => {
    quietly(() => pkcs11.C_Finalize())
    quietly(() => pkcs11.close())
  }
  try {
    const found = tokensOf(pkcs11).filter(({ info }) => isMeant(info, name))
    const [only, ...more] = found
    if (only && more.length === 0) {
      const { slot, info } = only
      return ok({ pkcs11, slot, label: bare(info.label), flags: info.flags, close })
    }
    const refusal = only ? several(found.map(({ info }) => info)) : none(tokensOf(pkcs11))
    close()
    return refusal
  } catch (error) {
    close()
    throw new DependencyError('token', `the module answers ${answerName(error)}`, error)
  }
}

interface Found {
  readonly slot: Handle
  readonly info: TokenInfo
}

const WITH_TOKEN = true

/** Tokens that are there and in use. One that is pulled out meanwhile is not. */
function tokensOf(pkcs11: Pkcs11): readonly Found[] {
  return pkcs11.C_GetSlotList(WITH_TOKEN).flatMap((slot) => {
    try {
      const info = pkcs11.C_GetTokenInfo(slot)
      return (info.flags & CKF.initialized) === 0 ? [] : [{ slot, info }]
    } catch {
      return []
    }
  })
}

function isMeant(info: TokenInfo, name: TokenKeyName): boolean {
  const pairs = [
    [name.token, info.label],
    [name.serial, info.serialNumber],
    [name.manufacturer, info.manufacturerID],
    [name.model, info.model],
  ] as const
  return pairs.every(([wanted, found]) => wanted === undefined || wanted === bare(found))
}

/** Without what fills it up. */
const bare = (text: string): string => text.replace(/[ \0]+$/, '')

const shown = ({ label, serialNumber }: TokenInfo): string =>
  `token=${visible(bare(label))} serial=${visible(bare(serialNumber))}`

const noModule = (path: string, found: string): Result<never> =>
  refuse('keys.pkcs11-unavailable', 'this is no PKCS#11 module', {
    wanted: 'the module of the maker of the token: module-path=/usr/lib/...so',
    found: `${path}: ${found}`,
  })

const none = (there: readonly Found[]): Result<never> =>
  refuse('keys.not-found', 'there is no such token', {
    found: there.map(({ info }) => shown(info)).join('; ') || 'no token at all',
    next: 'is it plugged in?',
  })

const several = (there: readonly TokenInfo[]): Result<never> =>
  refuse('keys.ambiguous', 'several tokens are called so', {
    wanted: 'one of them, by its serial number too: serial=',
    found: there.map(shown).join('; '),
  })

/** Something that is given back may be gone already. */
export function quietly(run: () => void): void {
  try {
    run()
  } catch {
    // Nothing is left to do with it.
  }
}

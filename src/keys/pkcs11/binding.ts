import { createRequire } from 'node:module'
import { refuse, ok, type Result } from '../../core/result.js'

/** A slot, a session or an object: only the module knows what is in it. */
export type Handle = Uint8Array

export interface Attribute {
  readonly type: number
  readonly value?: number | boolean | string | Buffer
}

export interface TokenInfo {
  /** Filled up with blanks, as all texts here. */
  readonly label: string
  readonly manufacturerID: string
  readonly model: string
  readonly serialNumber: string
  readonly flags: number
}

/**
 * What is used of the package `pkcs11js`: functions of PKCS#11 2.40 section 5, under their names there.
 * They throw where the module answers anything but CKR_OK; `code` of what is thrown is that answer.
 */
export interface Pkcs11 {
  /** Loads the module, a shared object, into this process. */
  load(path: string): void
  close(): void
  C_Initialize(): void
  C_Finalize(): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): TokenInfo
  C_GetMechanismList(slot: Handle): number[]
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, userType: number, pin?: string): void
  C_FindObjectsInit(session: Handle, template: Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: Attribute[],
  ): { readonly type: number; readonly value: Buffer }[]
  C_GenerateKeyPair(
    session: Handle,
    mechanism: { readonly mechanism: number },
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): { readonly privateKey: Handle; readonly publicKey: Handle }
  C_DestroyObject(session: Handle, object: Handle): void
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void
  /** The signature: the beginning of `output`. */
  C_Sign(session: Handle, input: Buffer, output: Buffer): Buffer
}

interface Package {
  readonly PKCS11: new () => Pkcs11
}

const require = createRequire(import.meta.url)
const installed = (): Package => require('pkcs11js') as Package

/**
 * A binding that has loaded nothing yet. The package is optional: it is compiled where it is installed,
 * and a machine without a compiler goes without.
 */
export function newPkcs11(find: () => Package = installed): Result<Pkcs11> {
  try {
    const { PKCS11 } = find()
    return ok(new PKCS11())
  } catch {
    return refuse('keys.pkcs11-unavailable', 'PKCS#11 tokens cannot be used on this machine', {
      wanted: 'the optional package pkcs11js, which is compiled where it is installed',
      next: 'install make and a C++ compiler, and Capstan again: npm install',
    })
  }
}

/** What the module answered: `CKR_PIN_INCORRECT` is 0xa0. 0 for what is no answer of a module. */
export function answerOf(error: unknown): number {
  const coded = typeof error === 'object' && error !== null && 'code' in error
  return coded && typeof error.code === 'number' ? error.code : 0
}

/** The name of that answer, never its text: `CKR_PIN_INCORRECT`. */
export function answerName(error: unknown): string {
  const name = error instanceof Error ? /^CKR_[A-Z0-9_]+/.exec(error.message)?.[0] : undefined
  return name ?? `0x${answerOf(error).toString(16)}`
}

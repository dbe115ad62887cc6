import { DependencyError } from '../../core/dependency-error.js'
import { ok, refuse, type Result } from '../../core/result.js'
import type { AskPin } from '../../namespace/ports.js'
import { answerName, answerOf, type Attribute, type Handle } from './binding.js'
import { CKA, CKF, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKO, CKR, CKU } from './constants.js'
import { quietly, type Token } from './token.js'

/** No more are looked for: one too many is enough to know. */
const MOST_FOUND = 2
/** Longer than any signature that is wanted: what does not fit is an error of the module. */
const SIGNATURE_ROOM = 1024

/** A session with a token, logged in where the token wants that. */
export class TokenSession {
  readonly #token: Token
  readonly #session: Handle
  /** Undefined, too, where the token has its own keys to type it on. */
  #pin: string | undefined
  #isClosed = false

  constructor(token: Token, use: 'sign' | 'make-keys') {
    const more = use === 'sign' ? 0 : CKF_RW_SESSION
    this.#token = token
    this.#session = answered('the token opens no session', () =>
      token.pkcs11.C_OpenSession(token.slot, CKF_SERIAL_SESSION | more),
    )
  }

  /** Tries one PIN, once, and none where the next wrong one would lock the token. */
  async login(ask: AskPin): Promise<Result<undefined>> {
    const { flags, label, pkcs11 } = this.#token
    if ((flags & CKF.loginRequired) === 0) return ok()
    if ((flags & CKF.pinLocked) !== 0) return pinIsLocked
    if ((flags & CKF.pinFinalTry) !== 0) return lastTry
    const pin = (flags & CKF.pinPad) === 0 ? await ask(label) : ok(undefined)
    if (!pin.ok) return pin
    try {
      pkcs11.C_Login(this.#session, CKU.user, pin.value)
    } catch (error) {
      const refusal = refusalOfLogin(answerOf(error))
      if (refusal) return refusal
      throw new DependencyError('token', `it lets nobody in: ${answerName(error)}`, error)
    }
    this.#pin = pin.value
    return ok()
  }

  /** Objects of a class with all these attributes: two of them where there are more. */
  find(kind: keyof typeof CKO, attributes: readonly Attribute[]): readonly Handle[] {
    const { pkcs11 } = this.#token
    return answered('the token does not say what it has', () => {
      pkcs11.C_FindObjectsInit(this.#session, [
        { type: CKA.class, value: CKO[kind] },
        ...attributes,
      ])
      try {
        return pkcs11.C_FindObjects(this.#session, MOST_FOUND)
      } finally {
        pkcs11.C_FindObjectsFinal(this.#session)
      }
    })
  }

  /** Undefined what the object does not have, and what the token does not tell. */
  attribute(object: Handle, type: number): Buffer | undefined {
    try {
      const [found] = this.#token.pkcs11.C_GetAttributeValue(this.#session, object, [{ type }])
      return found && Buffer.from(found.value)
    } catch {
      return undefined
    }
  }

  /** CK_BBOOL. */
  isSet(object: Handle, type: number): boolean {
    return this.attribute(object, type)?.[0] === 1
  }

  hasMechanisms(wanted: readonly number[]): boolean {
    const { pkcs11, slot } = this.#token
    const all = answered('the token does not say what it can do', () =>
      pkcs11.C_GetMechanismList(slot),
    )
    return wanted.every((one) => all.includes(one))
  }

  generate(
    mechanism: number,
    publicKey: readonly Attribute[],
    privateKey: readonly Attribute[],
  ): { readonly privateKey: Handle; readonly publicKey: Handle } {
    return answered('the token makes no key', () =>
      this.#token.pkcs11.C_GenerateKeyPair(
        this.#session,
        { mechanism },
        [...publicKey],
        [...privateKey],
      ),
    )
  }

  destroy(object: Handle): void {
    quietly(() => this.#token.pkcs11.C_DestroyObject(this.#session, object))
  }

  /** A key that wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE) is given it again. */
  sign(mechanism: number, key: Handle, input: Buffer): Buffer {
    const { pkcs11 } = this.#token
    const isAskedAgain = this.isSet(key, CKA.alwaysAuthenticate)
    return answered('the token does not sign', () => {
      pkcs11.C_SignInit(this.#session, { mechanism }, key)
      if (isAskedAgain) pkcs11.C_Login(this.#session, CKU.contextSpecific, this.#pin)
      return pkcs11.C_Sign(this.#session, input, Buffer.alloc(SIGNATURE_ROOM))
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pin = undefined
    quietly(() => this.#token.pkcs11.C_CloseSession(this.#session))
    this.#token.close()
  }
}

/** What the module does not do is the world's fault, and no answer about the key. */
function answered<T>(what: string, ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    throw new DependencyError('token', `${what}: ${answerName(error)}`, error)
  }
}

function refusalOfLogin(answer: number): Result<never> | undefined {
  switch (answer) {
    case CKR.pinIncorrect:
    case CKR.pinInvalid:
    case CKR.pinLenRange:
      return refuse('keys.wrong-pin', 'the token does not take this PIN', {
        next: 'it was tried once, and is not tried again: too many wrong ones lock the token',
      })
    case CKR.pinLocked:
      return pinIsLocked
    case CKR.pinExpired:
    case CKR.userPinNotInitialized:
      return refuse('keys.wrong-pin', 'the token has no PIN that is in use', {
        next: "set one, with the tool of the token's maker",
      })
    case CKR.functionCanceled:
      return refuse('keys.wrong-pin', 'no PIN was given at the token')
    default:
      return undefined
  }
}

const pinIsLocked = refuse('keys.wrong-pin', 'the PIN of this token is locked', {
  next: "unlock it, with the tool of the token's maker",
})

const lastTry = refuse('keys.wrong-pin', 'one more wrong PIN would lock this token', {
  wanted: 'a token whose last PIN was right',
  next: "log in once with the tool of the token's maker: that sets the count back",
})

import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import type { Attribute, Handle, Pkcs11, TokenInfo } from '../../src/keys/pkcs11/binding.js'
import { CKA, CKF, CKF_RW_SESSION, CKK, CKM, CKU } from '../../src/keys/pkcs11/constants.js'
import { answers, CKA_VALUE, isOf, madeOf, secretOf, ulong, type Values } from './token-objects.js'

interface Session {
  readonly flags: number
  /** What is being looked for. */
  wanted?: readonly Attribute[]
  /** What the next signature is made with. */
  signing?: { readonly key: Values; mayUse: boolean }
}

/**
 * A module with one P-256 key that answers as the standard says (PKCS#11 2.40 section 5), or as it is
 * told to. Its first token has all objects.
 */
export class ScriptedPkcs11 implements Pkcs11 {
  readonly called: string[] = []
  readonly logins: { readonly user: number; readonly pin: string | undefined }[] = []
  /** Flags of the sessions, in their order. */
  readonly opened: number[] = []
  readonly objects: Values[] = []
  readonly tokens: Partial<TokenInfo>[] = [{}]
  flags: number = CKF.initialized | CKF.loginRequired
  pin = '1234'
  mechanisms: readonly number[] = [CKM.ecKeyPairGen, CKM.ecdsa]
  /** What a call of this name throws. */
  readonly failing = new Map<string, Error>()
  /** What it answers instead of a signature. */
  signature = (signature: Buffer): Buffer => signature
  /** What it makes of the template of a private key. */
  template = (template: readonly Attribute[]): readonly Attribute[] => template
  readonly #sessions = new Map<number, Session>()
  #isInitialized = false
  #isLoggedIn = false

  constructor() {
    this.put(madeOf('P-256'), 'ann', [1])
  }

  get private(): Values {
    return this.objects[0] ?? new Map()
  }

  get public(): Values {
    return this.objects[1] ?? new Map()
  }

  /** Puts a pair of keys on the first token, with this label and id. */
  put(pair: readonly [Values, Values], label: string, id: readonly number[]): void {
    for (const values of pair) {
      values.set(CKA.label, Buffer.from(label)).set(CKA.id, Buffer.from(id))
      values.set(CKA.token, Buffer.from([1]))
      this.objects.push(values)
    }
  }

  /** Pulls out all tokens, and with them goes what was open. */
  pull(): void {
    this.tokens.length = 0
    this.#sessions.clear()
  }

  load(path: string): void {
    this.#call('load')
    if (path !== '/m.so') throw new Error(`${path}: invalid ELF header, CKR_OK`)
  }

  close = (): void => this.#call('close')

  C_Initialize(): void {
    this.#call('C_Initialize')
    if (this.#isInitialized) throw answers.alreadyInitialized
    this.#isInitialized = true
  }

  C_Finalize(): void {
    this.#call('C_Finalize')
    this.#isInitialized = this.#isLoggedIn = false
    this.#sessions.clear()
  }

  C_GetSlotList(): Handle[] {
    this.#call('C_GetSlotList')
    return this.tokens.map((_, at) => Buffer.from([at]))
  }

  C_GetTokenInfo([at = 0]: Handle): TokenInfo {
    this.#call('C_GetTokenInfo')
    const told = this.tokens[at] ?? {}
    return {
      label: (told.label ?? 'voter').padEnd(32, ' '),
      manufacturerID: (told.manufacturerID ?? 'm').padEnd(32, ' '),
      model: (told.model ?? 'x').padEnd(16, ' '),
      serialNumber: (told.serialNumber ?? '1').padEnd(16, ' '),
      flags: told.flags ?? this.flags,
    }
  }

  C_GetMechanismList(): number[] {
    this.#call('C_GetMechanismList')
    return [...this.mechanisms]
  }

  C_OpenSession(_slot: Handle, flags: number): Handle {
    this.#call('C_OpenSession')
    this.opened.push(flags)
    this.#sessions.set(this.opened.length, { flags })
    return Buffer.from([this.opened.length])
  }

  C_CloseSession(session: Handle): void {
    this.#call('C_CloseSession')
    this.#session(session)
    this.#sessions.delete(session[0] ?? 0)
    for (const values of this.objects) if (!isOf(values, CKA.token)) values.clear()
  }

  C_Login(session: Handle, user: number, pin?: string): void {
    const { signing } = this.#session(session)
    this.logins.push({ user, pin })
    this.#call('C_Login')
    const hasOwnKeys = (this.flags & CKF.pinPad) !== 0
    if (pin === undefined ? !hasOwnKeys : pin !== this.pin) throw answers.pinIncorrect
    if (user === CKU.user) this.#isLoggedIn = true
    else if (signing) signing.mayUse = true
    else throw answers.notInitialized
  }

  C_FindObjectsInit(session: Handle, template: Attribute[]): void {
    this.#call('C_FindObjectsInit')
    const open = this.#session(session)
    if (open.wanted) throw answers.operationActive
    open.wanted = template
  }

  C_FindObjects(session: Handle, most: number): Handle[] {
    this.#call('C_FindObjects')
    const { wanted } = this.#session(session)
    if (!wanted) throw answers.notInitialized
    const mayUse = this.#isLoggedIn || (this.flags & CKF.loginRequired) === 0
    const found = this.objects.flatMap((values, at) => {
      const isShown = mayUse || !isOf(values, CKA.private)
      const isMeant = wanted.every(({ type, value }) => {
        const octets = typeof value === 'number' ? ulong(value) : Buffer.from(value as Buffer)
        return values.get(type)?.equals(octets) === true
      })
      return isShown && isMeant ? [Buffer.from([at])] : []
    })
    return found.slice(0, most)
  }

  C_FindObjectsFinal(session: Handle): void {
    this.#call('C_FindObjectsFinal')
    delete this.#session(session).wanted
  }

  C_GetAttributeValue(
    session: Handle,
    [object = 0]: Handle,
    template: Attribute[],
  ): { type: number; value: Buffer }[] {
    this.#session(session)
    return template.map(({ type }) => {
      const value = type === CKA_VALUE ? undefined : this.objects[object]?.get(type)
      if (!value) throw answers.attributeTypeInvalid
      return { type, value }
    })
  }

  C_GenerateKeyPair(
    session: Handle,
    { mechanism }: { readonly mechanism: number },
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): { readonly privateKey: Handle; readonly publicKey: Handle } {
    this.#call('C_GenerateKeyPair')
    if ((this.#session(session).flags & CKF_RW_SESSION) === 0) throw answers.sessionReadOnly
    if (!this.mechanisms.includes(mechanism)) throw answers.mechanismInvalid
    const pair = madeOf(mechanism === CKM.ecKeyPairGen ? 'P-256' : 'Ed25519')
    const [mine, theirs] = pair
    const params = publicKey.find(({ type }) => type === CKA.ecParams)?.value
    if (!theirs.get(CKA.ecParams)?.equals(params as Buffer)) throw answers.templateIncomplete
    mine.delete(CKA.sign)
    put(mine, this.template(privateKey))
    put(theirs, publicKey)
    const isSafe = mine.get(CKA.extractable)?.[0] === 0 && isOf(mine, CKA.sensitive)
    mine.set(CKA.neverExtractable, Buffer.from([Number(isSafe)]))
    this.objects.push(mine, theirs)
    const at = this.objects.length
    return { privateKey: Buffer.from([at - 2]), publicKey: Buffer.from([at - 1]) }
  }

  C_DestroyObject(_session: Handle, [object = 0]: Handle): void {
    this.#call('C_DestroyObject')
    this.objects[object] = new Map()
  }

  C_SignInit(
    session: Handle,
    { mechanism }: { readonly mechanism: number },
    [object = 0]: Handle,
  ): void {
    this.#call('C_SignInit')
    const key = this.objects[object] ?? new Map<number, Buffer>()
    if (!isOf(key, CKA.sign)) throw answers.keyFunctionNotPermitted
    const isEc = key.get(CKA.keyType)?.[0] === CKK.ec
    if (mechanism !== (isEc ? CKM.ecdsa : CKM.eddsa)) throw answers.mechanismInvalid
    this.#session(session).signing = { key, mayUse: !isOf(key, CKA.alwaysAuthenticate) }
  }

  C_Sign(session: Handle, input: Buffer, output: Buffer): Buffer {
    this.#call('C_Sign')
    const open = this.#session(session)
    const { signing } = open
    delete open.signing
    if (!signing) throw answers.notInitialized
    if (!signing.mayUse) throw answers.userNotLoggedIn
    const secret = secretOf(signing.key)
    const isEc = signing.key.get(CKA.keyType)?.[0] === CKK.ec
    const good = isEc
      ? p256.sign(input, secret, { prehash: false, lowS: true })
      : ed25519.sign(input, secret)
    const said = this.signature(Buffer.from(good))
    if (said.length > output.length) throw answers.bufferTooSmall
    return said
  }

  #session(handle: Handle): Session {
    const session = this.#sessions.get(handle[0] ?? 0)
    if (!session) throw answers.sessionHandleInvalid
    return session
  }

  #call(name: string): void {
    this.called.push(name)
    const error = this.failing.get(name)
    if (error) throw error
  }
}

function put(values: Values, template: readonly Attribute[]): void {
  for (const { type, value } of template) {
    const octets = typeof value === 'boolean' ? Buffer.from([Number(value)]) : value
    if (Buffer.isBuffer(octets)) values.set(type, octets)
  }
}

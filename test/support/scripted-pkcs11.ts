import { p256 } from '@noble/curves/nist.js'
import type { Attribute, Handle, Pkcs11, TokenInfo } from '../../src/keys/pkcs11/binding.js'
import { CKA, CKF, CKO, CKR } from '../../src/keys/pkcs11/constants.js'
import { P256_PARAMS } from '../../src/keys/pkcs11/public-key.js'

/** What a module throws: its answer, under the name that `pkcs11js` gives it. */
export class Answered extends Error {
  readonly code: number

  constructor(name: string, code: number) {
    super(`${name}:${code}`)
    this.code = code
  }
}

const ulong = (value: number): Buffer => {
  const octets = Buffer.alloc(8)
  octets.writeUInt32LE(value)
  return octets
}

type Values = Map<number, Buffer>

/** A token with one P-256 key that answers as it is told to, well or badly. */
export class ScriptedPkcs11 implements Pkcs11 {
  readonly called: string[] = []
  readonly logins: { readonly user: number; readonly pin: string | undefined }[] = []
  readonly objects: Values[] = []
  readonly secret = p256.utils.randomSecretKey()
  flags: number = CKF.initialized | CKF.loginRequired
  /** What a call of this name throws. */
  readonly failing = new Map<string, Error>()
  /** What it answers instead of a signature. */
  signature = (signature: Buffer): Buffer => signature
  /** What it makes of the template of a private key. */
  template = (template: readonly Attribute[]): readonly Attribute[] => template
  #wanted: readonly Attribute[] = []

  constructor() {
    const point = p256.getPublicKey(this.secret, false)
    const both = [
      [CKA.label, Buffer.from('ann')],
      [CKA.id, Buffer.from([1])],
      [CKA.keyType, ulong(3)],
      [CKA.ecParams, P256_PARAMS],
    ] as const
    this.objects.push(new Map([...both, [CKA.class, ulong(CKO.privateKey)]]))
    this.objects.push(
      new Map([
        ...both,
        [CKA.class, ulong(CKO.publicKey)],
        [CKA.ecPoint, Buffer.concat([Buffer.from([4, 65]), point])],
      ]),
    )
  }

  get private(): Values {
    return this.objects[0] ?? new Map()
  }

  get public(): Values {
    return this.objects[1] ?? new Map()
  }

  load = (): void => this.#call('load')
  close = (): void => this.#call('close')
  C_Initialize = (): void => this.#call('C_Initialize')
  C_Finalize = (): void => this.#call('C_Finalize')
  C_CloseSession = (): void => this.#call('C_CloseSession')
  C_FindObjectsFinal = (): void => this.#call('C_FindObjectsFinal')
  C_SignInit = (): void => this.#call('C_SignInit')

  C_GetSlotList(): Handle[] {
    this.#call('C_GetSlotList')
    return [Buffer.from([0])]
  }

  C_GetTokenInfo(): TokenInfo {
    this.#call('C_GetTokenInfo')
    const { flags } = this
    const label = 'voter'.padEnd(32, ' ')
    return { label, manufacturerID: 'm ', model: 'x ', serialNumber: '1 ', flags }
  }

  C_GetMechanismList(): number[] {
    return [0x1040, 0x1041]
  }

  C_OpenSession(): Handle {
    this.#call('C_OpenSession')
    return Buffer.from([1])
  }

  C_Login(_session: Handle, user: number, pin?: string): void {
    this.logins.push({ user, pin })
    this.#call('C_Login')
    if (pin === 'wrong') throw new Answered('CKR_PIN_INCORRECT', CKR.pinIncorrect)
  }

  C_FindObjectsInit(_session: Handle, template: Attribute[]): void {
    this.#call('C_FindObjectsInit')
    this.#wanted = template
  }

  C_FindObjects(): Handle[] {
    this.#call('C_FindObjects')
    return this.objects.flatMap((values, at) => {
      const isMeant = this.#wanted.every(({ type, value }) => {
        const wanted = typeof value === 'number' ? ulong(value) : Buffer.from(value as Buffer)
        return values.get(type)?.equals(wanted) === true
      })
      return isMeant ? [Buffer.from([at])] : []
    })
  }

  C_GetAttributeValue(
    _session: Handle,
    [object = 0]: Handle,
    template: Attribute[],
  ): { type: number; value: Buffer }[] {
    return template.map(({ type }) => {
      const value = this.objects[object]?.get(type)
      if (!value) throw new Answered('CKR_ATTRIBUTE_TYPE_INVALID', 0x12)
      return { type, value }
    })
  }

  C_GenerateKeyPair(
    _session: Handle,
    _mechanism: object,
    publicKey: Attribute[],
    privateKey: Attribute[],
  ): { readonly privateKey: Handle; readonly publicKey: Handle } {
    this.#call('C_GenerateKeyPair')
    const [mine, theirs] = [new Map(this.private), new Map(this.public)]
    put(mine, this.template(privateKey))
    put(theirs, publicKey)
    const isSafe = mine.get(CKA.extractable)?.[0] === 0 && mine.get(CKA.sensitive)?.[0] === 1
    mine.set(CKA.neverExtractable, Buffer.from([Number(isSafe)]))
    this.objects.push(mine, theirs)
    const at = this.objects.length
    return { privateKey: Buffer.from([at - 2]), publicKey: Buffer.from([at - 1]) }
  }

  C_DestroyObject(_session: Handle, [object = 0]: Handle): void {
    this.#call('C_DestroyObject')
    this.objects[object] = new Map()
  }

  C_Sign(_session: Handle, input: Buffer): Buffer {
    this.#call('C_Sign')
    const signature = p256.sign(input, this.secret, { prehash: false, lowS: true })
    return this.signature(Buffer.from(signature))
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

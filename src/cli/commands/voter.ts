import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { reasonOf } from '../../core/error-code.js'
import type { Result } from '../../core/result.js'
import type { UnixSeconds } from '../../core/time.js'
import { type EnrolledRole, enrolmentBytes } from '../../namespace/enrolment.js'
import type { AskPin, TokenKey, TokenKeyName } from '../../namespace/ports.js'
import type { VoterAlgorithm, VoterKey } from '../../namespace/voter-key.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import { parseInstant } from '../screen/times.js'
import { pinFrom } from '../voting/token-pin.js'
import { isTokenUri, parseTokenUri } from '../voting/token-uri.js'
import { type EnrolledFile, enrolledBefore, keysOnce } from '../voting/voter-files.js'
import { keyOnToken, type OpenedKey } from '../voting/voter-key.js'
import { newVoterKey, openVoterKey, writeVoterKey } from '../voting/voter-key-file.js'
import { jsonOf } from './json-file.js'

/** Where a key is, and how it is opened. */
export const keyOptions: readonly OptionSpec[] = [
  {
    flags: '--key <file>',
    description: "the voter's private key: a file, or a pkcs11: URI of one on a token",
    need: 'required',
  },
  {
    flags: '--passphrase-file <file>',
    description: 'opens the key (default: CAPSTAN_VOTER_PASSPHRASE)',
  },
]

/** The key that `--key` names, opened. */
export async function keyOf(call: Invocation): Promise<Outcome<OpenedKey>> {
  const named = call.text('key') ?? ''
  if (isTokenUri(named))
    return onToken(call, named, (name, pin) => call.world.tokens.open(name, pin))
  const passphrase = await passphraseOf(call)
  if (!passphrase.ok) return passphrase
  return openVoterKey(call.path(named), passphrase.value)
}

/** What `act` does with the token of a URI; it is in use until the command ends. */
async function onToken(
  call: Invocation,
  uri: string,
  act: (name: TokenKeyName, pin: AskPin) => Promise<Result<TokenKey>>,
): Promise<Outcome<OpenedKey>> {
  if (call.has('passphraseFile')) {
    return usage('a token has a PIN, and no passphrase', { wanted: 'pin-source=file: in the URI' })
  }
  const parsed = parseTokenUri(uri)
  if (!parsed.ok) return refused(parsed.refusal)
  const { name, pinFile, module = call.world.env['CAPSTAN_PKCS11_MODULE'] } = parsed.value
  if (module === undefined || !isAbsolute(module)) {
    return usage('which PKCS#11 module talks to the token?', {
      wanted: 'module-path=/usr/lib/module.so in the URI, or CAPSTAN_PKCS11_MODULE',
    })
  }
  const key = await act({ ...name, module }, pinFrom(call.world, pinFile))
  if (!key.ok) return refused(key.refusal)
  call.atEnd(() => key.value.close())
  return { ok: true, value: keyOnToken(key.value) }
}

async function passphraseOf(call: Invocation): Promise<Outcome<string | undefined>> {
  const file = call.text('passphraseFile')
  if (file === undefined) {
    return { ok: true, value: call.world.env['CAPSTAN_VOTER_PASSPHRASE'] }
  }
  try {
    return { ok: true, value: (await readFile(call.path(file), 'utf8')).replace(/\r?\n$/, '') }
  } catch (error) {
    return usage(`cannot read ${file}`, { found: reasonOf(error) })
  }
}

async function keygen(call: Invocation): Promise<Outcome<Answer>> {
  const [file, uri] = [call.text('out'), call.text('key')]
  if ((file === undefined) === (uri === undefined)) {
    return usage('say where the key is to be', {
      wanted: "--out FILE, or --key 'pkcs11:token=LABEL;object=LABEL?module-path=...'",
    })
  }
  return file === undefined ? keygenOnToken(call, uri ?? '') : keygenInFile(call, file)
}

const algorithmOf = (call: Invocation): VoterAlgorithm =>
  call.text('alg') === 'es256' ? 'ES256' : 'Ed25519'

async function keygenOnToken(call: Invocation, uri: string): Promise<Outcome<Answer>> {
  if (!isTokenUri(uri)) {
    return usage('--key is a key on a token here', { wanted: 'a pkcs11: URI, or --out FILE' })
  }
  if (call.has('unencrypted')) return usage('--unencrypted is for a key in a file')
  const alg = algorithmOf(call)
  const key = await onToken(call, uri, (name, pin) => call.world.tokens.create(name, alg, pin))
  return key.ok ? shownKey(call, key.value, uri) : key
}

async function keygenInFile(call: Invocation, file: string): Promise<Outcome<Answer>> {
  const passphrase = await passphraseOf(call)
  if (!passphrase.ok) return passphrase
  if (passphrase.value === undefined && !call.has('unencrypted')) {
    return usage('a key without a passphrase is that of whoever reads the file', {
      wanted: '--passphrase-file FILE, CAPSTAN_VOTER_PASSPHRASE, or --unencrypted',
    })
  }
  const pem = newVoterKey(algorithmOf(call), passphrase.value)
  const written = await writeVoterKey(call.path(file), pem)
  if (!written.ok) return written
  const key = await openVoterKey(call.path(file), passphrase.value)
  return key.ok ? shownKey(call, key.value, file) : key
}

/** A key that was made at `where`: a file, or a URI. */
function shownKey(call: Invocation, key: OpenedKey, where: string): Outcome<Answer> {
  const { alg } = key
  const made = key.publicKey(call.world.clock.now())
  if (!made.ok) return made
  const { thumbprint } = made.value
  const quoted = isTokenUri(where) ? `'${where}'` : where
  return answer({ [isTokenUri(where) ? 'key' : 'file']: where, alg, thumbprint }, (look) =>
    renderFields(look, [
      ['key', where],
      ['algorithm', alg],
      ['thumbprint', thumbprint],
      ['next', `capstan voter enrol --key ${quoted} --id NAME --controller PERSON > NAME.json`],
    ]),
  )
}

const enrolledRoles = ['recovery', 'emergency'] as const

async function enrol(call: Invocation): Promise<Outcome<Answer>> {
  const key = await keyOf(call)
  if (!key.ok) return key
  const index = await indexOf(call)
  if (!index.ok) return index
  const now = call.world.clock.now()
  const made = key.value.publicKey(now)
  if (!made.ok) return made
  const until = untilOf(call, now)
  if (!until.ok) return until
  const role = enrolledRoles.find((one) => call.has(one)) ?? 'voter'
  const before = await enrolledPerson(call, { index: index.value, role })
  if (!before.ok) return before
  const { who, rest } = before.value
  const { id: voter, controller } = who
  const { thumbprint } = made.value
  const bytes = enrolmentBytes({ index: index.value, voter, controller, thumbprint, role })
  const proof = Buffer.from(await key.value.sign(bytes)).toString('base64url')
  const own: VoterKey = {
    ...made.value,
    ...(until.value !== undefined && { until: until.value }),
    proof,
  }
  // What is over signs nothing, and need not be carried on.
  const keys = who.keys.filter((one) => one.until === undefined || one.until > now)
  const enrolled = { id: voter, controller, keys: [...keys, own] }
  const once = keysOnce(enrolled, now)
  if (!once.ok) return once
  const person = { ...enrolled, ...rest }
  // Goes into a file, whether or not somebody looks at it.
  return answer(person, () => JSON.stringify(person, null, 2))
}

/** Whom the key is for: a new one, or the one in the file that `--add` names. */
async function enrolledPerson(
  call: Invocation,
  { index, role }: { readonly index: string; readonly role: EnrolledRole },
): Promise<Outcome<EnrolledFile>> {
  const [name, id, controller] = [call.text('add'), call.text('id'), call.text('controller')]
  if (name !== undefined) {
    const said = (['id', 'controller', 'weight'] as const).find((option) => call.has(option))
    if (said !== undefined) return usage(`${name} says it: leave out --${said}`)
    const text = await call.file(name)
    const file = text.ok ? jsonOf(text.value, name) : text
    return file.ok ? enrolledBefore(file.value, { index, role, name }) : file
  }
  if (id === undefined || controller === undefined) {
    return usage('whose key is it?', { wanted: '--id and --controller, or --add FILE' })
  }
  const weight = Number(call.text('weight') ?? '100')
  if (!Number.isInteger(weight) || weight < 1 || weight > 1000) {
    return usage('--weight is not a weight', { wanted: '1 to 1000' })
  }
  const rest = role === 'voter' ? { weight, status: 'active' } : {}
  return { ok: true, value: { who: { id, controller, keys: [] }, rest } }
}

function untilOf(call: Invocation, now: UnixSeconds): Outcome<UnixSeconds | undefined> {
  const text = call.text('until')
  if (text === undefined) return { ok: true, value: undefined }
  const until = parseInstant(text)
  if (until !== undefined && until > now) return { ok: true, value: until }
  return usage('--until is not a time to come', {
    wanted: '2027-01-01T00:00:00Z',
    found: JSON.stringify(text.slice(0, 40)),
  })
}

/** Enrolment is for one index, which a voter without a way to the server has to name. */
async function indexOf(call: Invocation): Promise<Outcome<string>> {
  const given = call.text('index')
  if (given !== undefined) {
    return /^[0-9a-f]{64}$/.test(given)
      ? { ok: true, value: given }
      : usage('--index is not an index id', { wanted: '64 hex digits: capstan status' })
  }
  const api = await call.operator()
  if (!api.ok) return api
  const status = await api.value.read('/v1/status')
  return status.ok ? { ok: true, value: status.value.object('index').raw('id') } : status
}

export const voterCommands: readonly CommandSpec[] = [
  {
    path: 'voter keygen',
    summary: 'a new key to vote with',
    details: [
      'The key is made here and stays here: PKCS#8 PEM, encrypted, for its owner alone; or on a token (PKCS#11), which it never leaves.',
      'A token is named by a URI (RFC 7512): token, serial, manufacturer or model, object (the label of the key) and id (its octets), module-path (else CAPSTAN_PKCS11_MODULE), and pin-source=file:/PATH, or you are asked for the PIN.',
    ],
    options: [
      { flags: '--out <file>', description: 'where to write it' },
      { flags: '--key <uri>', description: 'instead of a file: a pkcs11: URI of the key to be' },
      {
        flags: '--alg <algorithm>',
        description: 'Ed25519 unless said',
        choices: ['ed25519', 'es256'],
      },
      {
        flags: '--passphrase-file <file>',
        description: 'encrypts it (default: CAPSTAN_VOTER_PASSPHRASE)',
      },
      { flags: '--unencrypted', description: 'without a passphrase' },
    ],
    examples: [
      'capstan voter keygen --out ann.key --passphrase-file ann.pass',
      "capstan voter keygen --alg es256 --key 'pkcs11:token=ann;object=capstan?module-path=/usr/lib/softhsm/libsofthsm2.so'",
    ],
    run: keygen,
  },
  {
    path: 'voter enrol',
    summary: 'a voter for a group, with the proof that their key is in their hands',
    details: [
      'Prints a voter as `capstan group set --voter` takes it; with --recovery or --emergency, a holder as `--recovery` and `emergency.holders` do. Needs no server where --index is given.',
    ],
    options: [
      ...keyOptions,
      { flags: '--id <name>', description: 'the name of the voter in the group' },
      { flags: '--controller <person>', description: 'the person or organisation behind it' },
      {
        flags: '--add <file>',
        description: 'one more key for the voter of this file, instead of --id and --controller',
      },
      {
        flags: '--until <time>',
        description: 'from then on the key signs nothing that counts: 2027-01-01T00:00:00Z',
      },
      {
        flags: '--recovery',
        description: 'for a recovery set, instead of to vote: with a key that nobody votes with',
      },
      { flags: '--emergency', description: 'the same for emergency grants' },
      { flags: '--weight <number>', description: '1 to 1000 (default: 100)' },
      { flags: '--index <id>', description: 'the index (default: asks the server)' },
    ],
    examples: [
      'capstan voter enrol --key ann.key --id ann --controller ann@acme > ann.json',
      'capstan voter enrol --key laptop.key --add ann.json --until 2027-06-30T00:00:00Z > ann-both.json',
    ],
    run: enrol,
  },
]

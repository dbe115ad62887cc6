import { type Attack, edit, type Edit } from './attack.js'

const attacks = 'test/hostile/token-attacks.test.ts'
const claimsTest = 'test/tokenreview/token-claims.test.ts'
const jws = 'src/tokenreview/compact-jws.ts'
const claims = 'src/tokenreview/token-claims.ts'
const algorithms = 'src/tokenreview/signature-algorithm.ts'

/** The list of header parameters lets one more pass. */
const headerMayHold = (name: string): readonly Edit[] =>
  edit(jws, "new Set(['alg', 'kid', 'typ'])", `new Set(['alg', 'kid', 'typ', '${name}'])`)

const withoutHeaderList = edit(
  jws,
  'if (!Object.keys(header).every((name) => HEADER_PARAMETERS.has(name))) {',
  'if (false) {',
)
const withoutGrammar = edit(
  jws,
  '/^([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)$/',
  '/^([^.]+)\\.([^.]+)\\.?([^.]*)/',
)
const withoutCanonicalBase64 = edit(
  jws,
  'if (!ALPHABET.test(text)) return undefined',
  "return Buffer.from(text, 'base64url')",
)
const withoutSignatureForm = edit(
  jws,
  'if (!signatureFits(parameters.value.algorithm, signatureBytes)) {',
  'if (false) {',
)
const withoutAlgorithmList = edit(
  algorithms,
  "return typeof value === 'string' && Object.hasOwn(parametersOf, value)",
  'return true',
).concat(withoutSignatureForm)

const header = 'only the parameters that Kubernetes writes'
const algorithm = 'only the algorithms that Kubernetes signs with'
const strictJson = 'a strict JSON parser: every member once'
const withoutStrictJson = edit(
  'src/tokenreview/strict-json.ts',
  'return namesWritten(text) === namesKept(value) ? value : undefined',
  'return value',
)
const withoutKnownKey = edit(
  'src/tokenreview/review-offline.ts',
  "return refuse('token.unknown-key', \"signed with a key that is not one of the cluster's\")",
  'return ok(identity.value)',
)

interface Row {
  readonly id: string
  readonly name?: string
  readonly what: string
  readonly check: string
  readonly without: readonly Edit[]
  readonly file?: string
  readonly where?: string
  readonly written?: string
}

const rows: readonly Row[] = [
  {
    id: 'alg is "none"',
    written: 'alg is ${JSON.stringify(alg)}',
    what: 'a token that says it is not signed',
    check: algorithm,
    without: withoutAlgorithmList,
  },
  {
    id: 'alg is "nOnE"',
    written: 'alg is ${JSON.stringify(alg)}',
    what: 'the same in another spelling',
    check: algorithm,
    without: withoutAlgorithmList,
  },
  {
    id: 'alg is ["RS256"]',
    written: 'alg is ${JSON.stringify(alg)}',
    what: 'an algorithm that is no text',
    check: algorithm,
    without: withoutAlgorithmList,
  },
  {
    id: 'alg is a member of every object',
    what: 'an algorithm called "constructor"',
    check: 'own members of the table only',
    without: edit(algorithms, 'Object.hasOwn(parametersOf, value)', 'value in parametersOf'),
  },
  {
    id: 'CVE-2026-34950',
    name: 'HS256 is keyed with the public key as ',
    where: 'fast-jwt (CVE-2023-48223 before), node-jws (GHSA-869p-cjfg-cm3x)',
    what: 'HMAC keyed with the public key, as PEM, DER or JWK, with white space before it',
    check: algorithm,
    without: withoutAlgorithmList,
  },
  {
    id: 'CVE-2026-22817',
    name: 'is no token at all when its header names an algorithm whose signatures look otherwise',
    where: 'hono',
    what: 'a key was used with the algorithm of the header',
    check: 'the algorithm belongs to the key, and the header has to agree with it',
    without: edit(
      'src/tokenreview/review-offline.ts',
      'key.algorithm !== jws.algorithm',
      'key.algorithm === undefined',
    ).concat(withoutSignatureForm),
  },
  {
    id: 'the header brings its own key',
    what: '`jwk` in the header',
    check: header,
    without: headerMayHold('jwk'),
  },
  {
    id: 'the header says where its keys are',
    what: '`jku` in the header',
    check: header,
    without: headerMayHold('jku'),
  },
  {
    id: 'the header says where its certificate is',
    what: '`x5u` in the header',
    check: header,
    without: headerMayHold('x5u'),
  },
  {
    id: 'the header brings a certificate',
    what: '`x5c` in the header',
    check: header,
    without: headerMayHold('x5c'),
  },
  {
    id: 'something unknown is critical',
    what: '`crit` with what nobody here knows',
    check: header,
    without: headerMayHold('crit'),
  },
  {
    id: 'the payload is not encoded',
    what: '`b64: false`',
    check: header,
    without: withoutHeaderList,
  },
  {
    id: 'CVE-2024-28176',
    name: 'it is compressed',
    where: 'jose',
    what: 'a compressed token that grows when it is read',
    check: header,
    without: headerMayHold('zip'),
  },
  {
    id: 'it wraps another token',
    what: '`cty: JWT`',
    check: header,
    without: headerMayHold('cty'),
  },
  {
    id: 'typ is a logout token',
    what: 'a token of another type',
    check: 'no type, or JWT',
    without: edit(jws, "if (type !== undefined && type !== 'JWT')", "if (type === '')"),
  },
  {
    id: 'CVE-2022-36083',
    name: 'there are five parts, as of a JWE',
    where: 'jose',
    what: 'an encrypted token that costs much to open',
    check: 'three parts',
    without: withoutGrammar,
  },
  {
    id: 'it is JWS JSON serialization',
    what: 'a token in another serialization',
    check: 'three parts of base64url',
    without: edit(
      jws,
      "if (header === '') return malformed('not three base64url parts joined by dots')",
      'if (header === \'\') { const t = JSON.parse(token); return parseCompactJws([t.protected, t.payload, t.signature].join(".")) }',
    ),
  },
  {
    id: 'CVE-2025-30204, CVE-2025-66506',
    name: 'it holds 10 000 dots after a token',
    where: 'golang-jwt, fulcio',
    what: 'thousands of dots, each of which became a part',
    check: 'the expression ends with the text',
    without: withoutGrammar.concat(
      edit(jws, 'const MAX_LENGTH = 8192', 'const MAX_LENGTH = 81_920'),
    ),
  },
  {
    id: 'it is larger than 8 KiB',
    what: 'a token of any length',
    check: 'a length before anything else',
    without: edit(jws, 'const MAX_LENGTH = 8192', 'const MAX_LENGTH = 8_192_000'),
  },
  {
    id: 'the signature is padded',
    what: 'a second spelling of a signature: `==`',
    check: 'base64url without padding',
    without: withoutGrammar.concat(withoutCanonicalBase64),
  },
  {
    id: 'a space is in the signature',
    what: 'a second spelling of a signature: white space',
    check: 'base64url alone',
    without: withoutGrammar.concat(withoutCanonicalBase64),
  },
  {
    id: 'unused bits of the signature are set',
    what: 'a second spelling of a signature: bits that decode to nothing',
    check: 'the one spelling that encodes back',
    without: withoutCanonicalBase64,
  },
  {
    id: 'takes the n-s twin of an ES256 token for what it is',
    what: 'the other half of an ECDSA signature, which is good as well',
    check: "nothing is kept by a token's text: the twin says the same",
    without: edit(
      'src/tokenreview/review-token.ts',
      "return ok({ kind: 'k8s', cluster, ...identity.value, checked: asked.validation })",
      "return ok({ kind: 'k8s', cluster, ...identity.value, checked: asked.validation, by: token.jws.text } as never)",
    ),
  },
  {
    id: 'CVE-2022-21449',
    name: 'r and s are zero',
    where: 'Java',
    what: 'a signature of zeros verified under every key',
    check: 'r and s are not 0',
    without: edit(
      algorithms,
      'return !signature.subarray(0, scalar).every(isZero) && !signature.subarray(scalar).every(isZero)',
      'return isZero(0)',
    ),
  },
  {
    id: 'CVE-2022-23539',
    name: 'the RSA key has 1024 bits',
    where: 'jsonwebtoken',
    what: 'keys of a kind or size that is not fit for the algorithm',
    check: 'the size of a signature, and of the key',
    without: edit(algorithms, 'length >= RSA_SIGNATURE.shortest', 'length >= 64'),
  },
  {
    id: 'sub is named twice',
    what: 'two subjects, of which parsers take one or the other',
    check: strictJson,
    without: withoutStrictJson,
  },
  {
    id: 'the header names alg twice',
    what: 'two algorithms in one header',
    check: strictJson,
    without: withoutStrictJson.concat(withoutAlgorithmList),
  },
  {
    id: 'CVE-2025-30144',
    name: 'iss is an array',
    where: 'fast-jwt',
    what: 'an issuer that is one of a list',
    check: 'the issuer, exactly',
    file: claimsTest,
    without: edit(
      claims,
      "if (member(claims, 'iss') !== expected.issuer) {",
      "if (![member(claims, 'iss')].flat().includes(expected.issuer)) {",
    ),
  },
  {
    id: 'iss is another cluster with the same sub',
    what: 'the same service account of another cluster',
    check: 'the issuer, exactly',
    without: edit(claims, "if (member(claims, 'iss') !== expected.issuer) {", 'if (false) {'),
  },
  {
    id: 'CVE-2024-5798',
    name: 'aud holds ours as a substring',
    where: 'Vault',
    what: 'an audience that only resembles ours: a substring, a prefix, another case',
    check: 'an element of the audiences, exactly',
    file: claimsTest,
    without: edit(
      claims,
      '.includes(expected.audience)) {',
      '.some((one) => String(one).includes(expected.audience))) {',
    ),
  },
  {
    id: 'SPIRE 1.12.3',
    name: 'exp is missing',
    where: 'SPIRE',
    what: 'a token without an end was good for ever',
    check: 'exp, iat and nbf are there',
    file: claimsTest,
    without: edit(
      claims,
      "return malformed('exp, iat or nbf is missing or no instant')",
      'return ok()',
    ),
  },
  {
    id: 'exp is "',
    written: 'exp is ${JSON.stringify(exp)}',
    what: 'an end that is a text',
    check: 'an instant is a whole number in range',
    without: edit(
      claims,
      "typeof value === 'number' && Number.isInteger(value)",
      'Number.isInteger(Number(value))',
    ).concat(
      edit(
        claims,
        'return isInstant ? unixSeconds(value) : undefined',
        'return isInstant ? unixSeconds(Number(value)) : undefined',
      ),
    ),
  },
  {
    id: 'exp is past',
    what: 'a token of yesterday',
    check: 'now is before exp',
    without: edit(
      claims,
      "if (now >= plus(exp, leeway)) return refuse('token.expired', 'the token has expired')",
      '',
    ),
  },
  {
    id: 'nbf is in the future',
    what: 'a token of tomorrow',
    check: 'now is after nbf',
    without: edit(claims, 'if (plus(now, leeway) < nbf || ', 'if ('),
  },
  {
    id: 'iat is in the future',
    what: 'a token that will be made',
    check: 'now is after iat',
    without: edit(claims, ' || plus(now, leeway) < iat)', ')'),
  },
  {
    id: 'it is a legacy secret token',
    what: 'a token from a Secret, which never ends',
    check: 'the issuer, exactly; and a pod',
    without: edit(claims, "if (member(claims, 'iss') !== expected.issuer) {", 'if (false) {'),
  },
  {
    id: 'it lives for a year',
    what: 'a token that outlives every certificate',
    check: '24 hours at most',
    without: edit(claims, 'if (exp - iat > LONGEST_LIFE) {', 'if (false) {'),
  },
  {
    id: 'it is bound to nothing',
    what: 'a token that no pod holds',
    check: 'the pod in the claims',
    without: edit(
      claims,
      "if (!pod) return notBound('no pod in the kubernetes.io claim')",
      'if (!pod) return ok({ ...name })',
    ),
  },
  {
    id: 'kid is a path',
    what: 'a key name that is a path, SQL, a URL',
    check: 'a name in the published set, and nothing else',
    without: withoutKnownKey,
  },
  {
    id: 'kid is __proto__',
    what: 'a key name that every object has',
    check: 'keys are held in a Map',
    without: withoutKnownKey,
  },
  {
    id: "the signature is another token's",
    what: 'claims under a signature over others',
    check: 'the signature is over what was read',
    without: edit(
      algorithms,
      "return verify(hash, signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature)",
      'return true',
    ),
  },
  {
    id: 'linkerd-identity',
    name: 'audiences are absent: an authenticator that knows none',
    where: 'Kubernetes',
    what: 'an authenticator that knows no audiences ignores the one that it was asked for',
    check: 'our audience among those that the API server says it validated',
    file: 'test/tokenreview/review-online.test.ts',
    without: edit(
      'src/tokenreview/review-online.ts',
      'if (status.audiences?.includes(audience) !== true) {',
      'if (status.audiences?.includes(audience) === false) {',
    ),
  },
  {
    id: 'linkerd-identity',
    name: 'does not ask twice, nor without an audience, when the audience is refused',
    where: 'linkerd-identity',
    what: 'a token refused for its audience was tried again without one, so that the token of any pod was good',
    check: 'one question, with one audience',
    file: 'test/tokenreview/review-token.test.ts',
    without: edit(
      'src/tokenreview/review-token.ts',
      'const reviewed = readReview(answer.value, audience)',
      "if (answer.value.error?.includes('token audiences') === true) await queue.review(token, signal)\n  const reviewed = readReview(answer.value, audience)",
    ),
  },
]

/** Service account tokens, by what is wrong with them. */
export const tokenAttacks: readonly Attack[] = rows.map((row) => ({
  id: row.id,
  where: row.where ?? 'any JWT',
  what: row.what,
  proofs: [
    {
      file: row.file ?? attacks,
      name: row.name ?? row.id,
      ...(row.written === undefined ? {} : { written: row.written }),
      check: row.check,
      without: row.without,
    },
  ],
}))

/** Published CSRs whose verdict is not ours, and why. docs/vectors.md prints these. */
export interface CsrDifference {
  /** `collection/file` */
  readonly files: readonly string[]
  readonly why: string
}

/** Taken by cryptography 43, refused here. There is none the other way round. */
export const csrDifferences: readonly CsrDifference[] = [
  {
    files: [
      'mbed/server1-ms.req.sha256',
      'mbed/server1.csr',
      'mbed/server1.req.commas.sha256',
      'mbed/server1.req.sha224',
      'mbed/server1.req.sha256',
      'mbed/server1.req.sha256.ext',
      'mbed/server1.req.sha384',
      'mbed/server1.req.sha512',
      'mbed/test-ca-alt.csr',
      'mbed/test-ca.req.sha256',
      'mbed/test_csr_v3_keyUsage.csr.der',
      'mbed/test_csr_v3_nsCertType.csr.der',
      'mbed/test_csr_v3_subjectAltName.csr.der',
      'pyca/challenge-unstructured.pem',
      'pyca/challenge.pem',
      'pyca/rsa_sha256.der',
      'pyca/rsa_sha256.pem',
    ],
    why: 'an RSA key of 1024 or 2048 bits: a leaf carries none below 3072',
  },
  {
    files: [
      'mbed/server9.req.sha1',
      'mbed/server9.req.sha224',
      'mbed/server9.req.sha256',
      'mbed/server9.req.sha384',
      'mbed/server9.req.sha512',
    ],
    why: 'RSASSA-PSS, which Linkerd does not take, over an RSA key of 1024 bits',
  },
  {
    files: ['mbed/server5.req.sha224'],
    why: 'ECDSA with SHA-224, weaker than its key',
  },
  {
    files: ['mbed/test-ca2.req.sha256'],
    why: 'NULL parameters beside ecdsa-with-SHA256, which RFC 5758 section 3.2 forbids',
  },
  {
    files: ['mbed/test_csr_v3_all.csr.der'],
    why: 'its key usage asks for keyCertSign: no workload signs certificates',
  },
]

/** With the key policy set aside: form and signature alone, by all the algorithms that we read. */
export const csrAlgorithmDifferences: readonly CsrDifference[] = [
  {
    files: [
      'mbed/server9.req.sha1',
      'mbed/server9.req.sha224',
      'mbed/server9.req.sha256',
      'mbed/server9.req.sha384',
      'mbed/server9.req.sha512',
    ],
    why: 'RSASSA-PSS is not read at all',
  },
  {
    files: ['mbed/server1.req.sha224', 'mbed/server5.req.sha224'],
    why: 'SHA-224 is not read at all',
  },
  {
    files: [
      'mbed/server1.req.cert_type',
      'mbed/server1.req.cert_type_empty',
      'mbed/server1.req.key_usage',
      'mbed/server1.req.key_usage_empty',
      'mbed/server1.req.ku-ct',
      'mbed/server1.req.sha1',
      'mbed/server5.req.ku.sha1',
      'mbed/server5.req.sha1',
      'pyca/rsa_sha1.der',
      'pyca/rsa_sha1.pem',
      'pyca/san_rsa_sha1.der',
      'pyca/san_rsa_sha1.pem',
    ],
    why: 'a good SHA-1 signature, which cryptography does not look at; it is read here to name it in a hierarchy that is brought, and no CSR passes with it',
  },
]

/** Parser against parser: where parseCsr and Mbed TLS differ. */
export const mbedDifferences: Readonly<Record<string, string>> = {
  'X509 CSR ASN.1 (Unsupported non-critical extension, critical=false)':
    'DEFAULT FALSE written out is BER, not DER (X.690 section 11.5)',
  'X509 CSR ASN.1 (Unsupported critical extension accepted by callback, critical=true)':
    'no callback here speaks for an unknown critical extension',
  'X509 CSR ASN.1 (extensions: invalid extension type data)':
    'the octets are no OBJECT IDENTIFIER: the last arc does not end',
  'X509 CSR ASN.1 (extensions: invalid extension ns cert bitstream tag)':
    'nsCertType is not read here: an unknown extension is a wish, whatever it holds',
}

import { type Attack, edit } from './attack.js'

const csrTest = 'test/hostile/csr.test.ts'
const reader = 'src/core/der-reader.ts'
const extensions = 'src/ca/x509/extension-facts.ts'
const requested = 'src/csr/requested-extensions.ts'

/** SEQUENCE SIZE (1..MAX) taken for SIZE (0..MAX). */
const emptyLists = edit(
  extensions,
  '  do {\n    if (list.length',
  '  while (reader.more) {\n    if (list.length',
).concat(
  edit(
    extensions,
    '    list.push(element())\n  } while (reader.more)',
    '    list.push(element())\n  }',
  ),
)

/** Certificates and CSRs: how they are read, and whose they are. */
export const certificateAttacks: readonly Attack[] = [
  {
    id: 'CVE-2026-40097',
    where: 'step-ca',
    what: 'an empty list in a certificate was indexed, and the process ended',
    proofs: [
      {
        file: 'test/ca/certificate-facts.test.ts',
        name: 'an empty extended key usage',
        check: 'a list of at least one has at least one',
        without: emptyLists,
      },
      {
        file: 'test/ca/certificate-facts.test.ts',
        name: 'an empty list of names',
        check: 'a list of at least one has at least one',
        without: emptyLists,
      },
      {
        file: csrTest,
        name: 'a SAN of no names',
        check: 'a SAN has a name',
        without: edit(
          requested,
          '  do {\n    if (++count',
          '  while (names.more) {\n    if (++count',
        ).concat(
          edit(
            requested,
            '      found.others.push(kind)\n    }\n  } while (names.more)',
            '      found.others.push(kind)\n    }\n  }',
          ),
        ),
      },
      {
        file: csrTest,
        name: 'an empty RDN',
        check: 'a relative name has an attribute',
        without: edit(
          'src/csr/parse-csr.ts',
          '      do {\n        rdn.sequence(',
          '      while (rdn.more) {\n        rdn.sequence(',
        ).concat(
          edit(
            'src/csr/parse-csr.ts',
            '        })\n      } while (rdn.more)',
            '        })\n      }',
          ),
        ),
      },
    ],
  },
  {
    id: 'a well signed CSR is refused as malformed',
    where: '@peculiar/x509, pkijs, openssl',
    what: 'octets after a CSR, another version, doubled attributes, lengths in another form: parsers differ on them',
    proofs: [
      {
        file: csrTest,
        name: 'octets after it',
        check: 'every level is read to its end',
        without: edit(
          reader,
          "if (this.at !== this.limit) throw new DerError('octets left over')",
          '',
        ),
      },
      {
        file: csrTest,
        name: 'version 2',
        check: 'version 1, as 0',
        without: edit(
          'src/csr/parse-csr.ts',
          "if (info.smallInteger() !== 0) throw new DerError('not version 1')",
          'info.smallInteger()',
        ),
      },
      {
        file: csrTest,
        name: 'two extension requests',
        check: 'every attribute once',
        without: edit(
          'src/csr/parse-csr.ts',
          'if (seen.has(type)) throw new DerError(`attribute ${type} twice`)',
          '',
        ),
      },
      {
        file: csrTest,
        name: 'two values of one extension request',
        check: 'every attribute with one value',
        without: edit(
          reader,
          "if (this.at !== this.limit) throw new DerError('octets left over')",
          '',
        ),
      },
    ],
  },
  {
    id: 'x509-limbo',
    where: 'pkijs, and walks over X509Certificate',
    what: 'of published chains that must be refused, libraries take dozens, and some take for ever',
    proofs: [
      {
        file: 'test/architecture.test.ts',
        name: 'no library judges a certificate for the server',
        check: 'certificates of others are judged by our own reader, against pinned issuers',
        without: edit(
          'src/ca/verify-leaf.ts',
          "import type { KeyObject } from 'node:crypto'",
          "import { type KeyObject, X509Certificate } from 'node:crypto'\nvoid X509Certificate",
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-66031',
    where: 'node-forge, Go (CVE-2026-33818)',
    what: 'deep nesting overflowed the stack',
    proofs: [
      {
        file: 'test/core/der-reader.test.ts',
        name: 'reads 31 levels, and not 33',
        check: '32 levels at most',
        without: edit(reader, 'if (depth > MAX_DEPTH) throw', 'if (depth > 1_000_000) throw'),
      },
      {
        file: csrTest,
        name: 'as a tower of 100,000',
        check: '16 KiB at most',
        without: edit('src/csr/parse-csr.ts', 'if (der.length > MAX_CSR_BYTES) {', 'if (false) {'),
      },
    ],
  },
  {
    id: 'CVE-2025-66030',
    where: 'node-forge',
    what: 'an OID was equal to another modulo 2^32',
    proofs: [
      {
        file: csrTest,
        name: 'no name from an extension that is SAN modulo 2^32',
        check: 'arcs of any size are kept exactly',
        without: edit(
          'src/core/oid.ts',
          "dotted += dotted === '' ? firstArcs(large ?? arc) : `.${large ?? arc}`",
          "dotted += dotted === '' ? firstArcs(large ?? arc) : `.${BigInt(large ?? arc) % (2n ** 32n)}`",
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-12816',
    where: 'node-forge',
    what: 'two parts of a program read one structure differently',
    proofs: [
      {
        file: 'test/hostile/csr-mutations.test.ts',
        name: 'is refused, or is DER in which an independent parser sees the same names and key',
        check: 'lengths have one spelling',
        without: edit(
          reader,
          "if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new DerError('length not minimal')",
          '',
        ),
      },
    ],
  },
  {
    id: 'CVE-2021-44532',
    where: 'Node (CVE-2021-44531, CVE-2021-44533 too)',
    what: 'the names of a certificate were one line of text, and a name held the separator',
    proofs: [
      {
        file: csrTest,
        name: 'a list in one name',
        check: 'names are compared whole',
        without: edit(
          'src/csr/requested-names.ts',
          'name.kind === kind && name.value === value',
          'name.kind === kind && value.split(/, /).includes(name.value)',
        ),
      },
      {
        file: 'test/cli/enrol/cert-get.test.ts',
        name: 'a comma in the SPIFFE ID of another',
        check: "the client reads names from the octets, and compares every one with the answer's",
        without: edit(
          'src/cli/enrol/issued-identity.ts',
          'uris?.every((uri) =>',
          "leaf.subjectAltName?.split(', ').filter((text) => text.startsWith('URI:spiffe')).map((text) => text.slice(4)).every((uri) =>",
        ),
      },
    ],
  },
  {
    id: 'CVE-2023-30588',
    where: 'Node',
    what: 'the process ended over a certificate whose key cannot be read',
    proofs: [
      {
        file: 'test/hostile/endpoints.test.ts',
        name: 'is inspected, and nothing falls over',
        check: "a certificate's key is not imported to look at it",
        without: edit(
          'src/issuance/inspect.ts',
          'const ours = deps.verifyOurs(der)',
          "const { X509Certificate } = await import('node:crypto'); new X509Certificate(der).publicKey; const ours = deps.verifyOurs(der)",
        ),
      },
    ],
  },
  {
    id: 'CVE-2024-12401',
    where: 'cert-manager, Go (CVE-2022-24675, CVE-2025-61723)',
    what: 'PEM that takes minutes to find the end of',
    proofs: [
      {
        file: 'test/core/pem.test.ts',
        name: 'is done with a megabyte of BEGIN lines at the second one',
        check: 'one pass; a block holds base64 and nothing else',
        without: edit(
          'src/core/pem.ts',
          '    } else {\n      open.lines.push(line)',
          "    } else if (line.startsWith('-----BEGIN')) {\n      open.lines.length = 0\n    } else {\n      open.lines.push(line)",
        ).concat(
          edit(
            'src/core/pem.ts',
            'return open === undefined ? blocks : undefined',
            'return blocks',
          ),
        ),
      },
    ],
  },
  {
    id: 'SPIRE 1.14.2',
    where: 'x509pop',
    what: 'a huge key cost the server seconds',
    proofs: [
      {
        file: 'test/csr/key-policy.test.ts',
        name: 'RSA of 16384 bits',
        check: 'sizes before arithmetic',
        without: edit('src/csr/key-policy.ts', ' || bits > MAX_RSA_BITS', '').concat(
          edit(
            'src/csr/key-policy.ts',
            'const MAX_SPKI_BYTES = 2048',
            'const MAX_SPKI_BYTES = 65_536',
          ),
        ),
      },
    ],
  },
  {
    id: 'CVE-2017-15361',
    where: 'Infineon',
    what: 'keys that can be factored',
    proofs: [
      {
        file: 'test/csr/key-policy.test.ts',
        name: 'RSA with the mark of ROCA',
        check: 'the mark of that library',
        without: edit('src/csr/key-policy.ts', 'if (isWeakModulus(modulus))', 'if (false)'),
      },
    ],
  },
  {
    id: 'CVE-2024-2048',
    where: 'Vault, certificate auth',
    what: 'a certificate matched a trusted one by its name alone',
    proofs: [
      {
        file: 'test/ca/verify-leaf.test.ts',
        name: 'finds the issuer among several, those of the same name included',
        check: 'the signature decides, not the name',
        without: edit(
          'src/ca/verify-leaf.ts',
          'signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature),',
          'key !== undefined,',
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-6037',
    where: 'Vault, certificate auth',
    what: 'a certificate that is no CA was trusted to have issued others',
    proofs: [
      {
        file: 'test/hostile/endpoints.test.ts',
        name: 'one that a workload signed with the key of its own certificate is not ours',
        check: 'our issuers are pinned; no chain is built',
        without: edit(
          'src/ca/verify-leaf.ts',
          'signatureHolds(facts.signatureAlgorithm, key, facts.signedBytes, facts.signature),',
          'key !== undefined,',
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-49825',
    where: 'Teleport',
    what: 'a certificate of a CA was taken for one of a client',
    proofs: [
      {
        file: 'test/ca/verify-leaf.test.ts',
        name: 'takes no CA certificate for a leaf',
        check: 'no CA certificate is a leaf',
        without: edit('src/ca/verify-leaf.ts', 'if (facts.basicConstraints?.ca || ', 'if (').concat(
          edit(
            'src/ca/verify-leaf.ts',
            "if (facts.keyUsage?.includes('keyCertSign')) return undefined",
            '',
          ),
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-25793',
    where: 'Nebula',
    what: 'a revoked certificate came back with the other half of its ECDSA signature',
    proofs: [
      {
        file: 'test/scenario/renewal.test.ts',
        name: 'is refused with the other half of its ECDSA signature',
        check: 'the whole certificate is that of the ledger',
        without: edit(
          'src/issuance/renewal.ts',
          'if (!row || !sameBytes(row.certificate, certificate)) {',
          'if (!row) {',
        ),
      },
    ],
  },
  {
    id: 'CVE-2026-39388',
    where: 'OpenBao, certificate auth',
    what: 'a session was renewed with another certificate than it was made with',
    proofs: [
      {
        file: 'test/hostile/endpoints.test.ts',
        name: 'and a CSR for the names of another is refused',
        check: 'renewal is of the certificate of the connection, and grants its names only',
        without: edit(
          'src/issuance/issue-leaf.ts',
          'return asksOnlyFor(csr.requested, grant.names)',
          'return { ok: true, value: undefined }',
        ),
      },
      {
        file: 'test/scenario/renewal.test.ts',
        name: 'is refused once its binding is gone',
        check: 'the binding that the first certificate came by is still there',
        without: edit(
          'src/namespace/grant.ts',
          'if (facts.binding === null) return ok({ entry, binding: undefined })',
          'return ok({ entry, binding: undefined })',
        ),
      },
    ],
  },
  {
    id: 'CVE-2018-16875',
    where: 'Go, and RUSTSEC-2023-0052',
    what: 'chains that take hours to judge',
    proofs: [
      {
        file: 'test/ca/check-hierarchy.test.ts',
        name: 'more certificates than any chain',
        check: 'a chain is given in order and has six certificates at most; none is searched for',
        without: edit(
          'src/ca/check-hierarchy.ts',
          'if (certificates.length < 2 || certificates.length > MAX_CERTIFICATES) {',
          'if (certificates.length < 2) {',
        ),
      },
    ],
  },
  {
    id: 'CVE-2025-58187',
    where: 'Go, and four others of name constraints',
    what: 'name constraints were judged wrongly, or slowly',
    proofs: [
      {
        file: 'test/ca/check-hierarchy.test.ts',
        name: 'a permitted URI',
        check:
          'constraints are judged by verifiers, never here; those on which they differ are refused in a hierarchy',
        without: edit(
          'src/ca/hierarchy-faults.ts',
          "kind === 'uri' || kind === 'dirName'",
          "kind === 'dirName'",
        ),
      },
    ],
  },
  {
    id: 'CVE-2023-0665',
    where: 'Vault, PKI',
    what: 'a wrong default issuer could be set',
    proofs: [
      {
        file: 'test/scenario/founding.test.ts',
        name: 'a key of another certificate',
        check: 'a hierarchy is checked before anything is sealed',
        without: edit(
          'src/issuance/found-authority.ts',
          "return refuse('ca.bad-hierarchy', 'the key does not belong to the trust anchor', {",
          "void refuse('ca.bad-hierarchy', 'the key does not belong to the trust anchor', {",
        ),
      },
    ],
  },
]

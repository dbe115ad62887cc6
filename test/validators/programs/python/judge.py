"""pyca/cryptography as a judge: one job a line from standard input, one verdict a line to standard
output, after a first line with the version (see batch-program.ts)."""

import sys

import cryptography
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError


def judge(purpose: str, name: str, anchor: str, chain: str, crl: str) -> str | None:
    """Why not, or None."""
    try:
        root = certificate(anchor)
        leaf, *above = [certificate(text) for text in chain.split(",")]
        builder = PolicyBuilder().store(Store([root]))
        if purpose == "server":
            builder.build_server_verifier(x509.DNSName(name)).verify(leaf, above)
        else:
            builder.build_client_verifier().verify(leaf, above)
        return revoked(leaf, above[0], crl) if crl else None
    except (VerificationError, ValueError) as error:
        return str(error) or type(error).__name__


def revoked(leaf: x509.Certificate, issuer: x509.Certificate, crl: str) -> str | None:
    """The library parses and verifies lists; comparing is left to its callers."""
    listed = x509.load_der_x509_crl(bytes.fromhex(crl))
    if not listed.is_signature_valid(issuer.public_key()):
        return "the CRL's signature"
    if listed.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None:
        return "revoked"
    return None


def certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes.fromhex(text))


print(f"cryptography {cryptography.__version__}", flush=True)
for line in sys.stdin:
    reason = judge(*line.rstrip("\n").split("\t"))
    print("takes" if reason is None else "refuses\t" + " ".join(reason.split()), flush=True)

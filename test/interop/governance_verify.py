"""Verifies the vectors of statements, groups, logs and state proofs from docs/format-index-log.md, and those
of issuance records from docs/format-issuance-log.md; shares nothing with Capstan.

Usage: governance_verify.py FOLDER. Prints how many vectors were judged as they say, and each that was not.
"""

import json
import re
import sys
from pathlib import Path

from bundle_verify import canonical
from governed_log import audit
from statements import enrolled, object_of, parsed, signed_by, sound_group, statement
from statements import among, digest, either, matching, null, whole
from tlog_verify import (
    Refused,
    hash_of,
    judged,
    leaf_hash,
    map_key,
    map_proof,
    note,
    sha256,
    tlog_proof,
    tree_root,
    unbase64,
    verified_checkpoint,
    want,
)


# Statements


def signed_statement(vector, keys):
    found = statement(vector["envelope"], vector["kind"])
    # At no time: every key is one that may vote, and always in use.
    want(signed_by(found, [keys[name] for name in vector["signers"]]), "nobody of these has signed")
    return found


def statements(given):
    for vector in given["statements"]:
        good, found = judged(signed_statement, vector, given["keys"])
        same = good and (found["signed"].hex(), found["digest"]) == (vector["pae"], vector["digest"])
        if good and vector["kind"] == "proposal":
            same = same and proposal_id(found["digest"]) == vector["id"]
        yield f"{vector['kind']}, {vector['what']}", same if good else "refused" in vector
    for vector in given["enrolments"]:
        who = vector["key"], vector["index"], vector["voter"], vector["controller"]
        good, signed = judged(enrolled, *who)
        yield f"enrolment, {vector['what']}", (
            (signed.hex() == vector.get("signed")) if good else "refused" in vector
        )
    for vector in given["groups"]:
        good, _ = judged(sound_group, vector["index"], vector["group"])
        yield f"group, {vector['what']}", good == ("refused" not in vector)
    log = given["log"]
    good, found = judged(audit, log["records"])
    root = tree_root([leaf_hash(one["record"].encode()) for one in log["records"]]).hex()
    yield "the log", good and found == (log["index"], log["hashes"]) and root == log["root"]
    for vector in log["bad"]:
        good, _ = judged(audit, [*log["records"][: vector["from"]], *vector["records"]])
        yield f"log, {vector['what']}", not good


def proposal_id(hexadecimal):
    """`pr` and 40 characters of base32 (RFC 4648), in small letters."""
    bits = int(hexadecimal, 16) << 4
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "pr" + "".join(letters[bits >> (260 - 5 * at) & 31] for at in range(1, 41))


# State proofs


def state_proof(text, log, rules, table, name):
    head, found, rest = text.partition("\n\n")
    want(found, "no empty line")
    header, *lines = head.split("\n")
    want(header == "capstan/state-proof@v1" and lines, "another header")
    want(re.fullmatch("[a-z][a-z0-9-]{0,31} [!-~]{1,400}", lines[0]), "no table and name")
    want(lines[0] == f"{table} {name}", "about another row")
    verified_checkpoint(rest, log, rules)
    body, _ = note(rest)
    states = [line for line in body.split("\n")[3:] if line.startswith("state ")]
    want(len(states) == 1, "no state, or several")
    root = hash_of(states[0][len("state ") :])
    value = map_proof("\n".join([*lines[1:], ""]), root, map_key(table, name))
    if value is not None and table in ("alias", "name"):
        want(re.fullmatch(b"[se][a-z2-7]{31}", value), "no uid")
    return value


def state_proofs(vectors):
    for v in vectors:
        good, value = judged(state_proof, v["proof"], v["log"], v["policy"], v["table"], v["name"])
        meant = None if v.get("value") is None else bytes.fromhex(v["value"])
        yield f"state, {v['what']}", (
            ("value" in v and value == meant) if good else "refused" in v
        )


# Issuance

RECORD = object_of(
    {
        "attestation": digest,
        "binding": either(null, matching("b[a-z2-7]{12}")),
        "certificate": digest,
        "entry": either(null, matching("e[a-z2-7]{31}")),
        "notAfter": whole(),
        "policyDigest": either(null, digest),
        "rev": whole(),
        "serial": matching("[0-9a-f]{32}"),
        "size": either(null, whole()),
        "v": among(1),
    }
)


def issuance_record(octets):
    record = parsed(octets, 1024)
    RECORD(record)
    nobody = [record[name] for name in ("binding", "policyDigest", "size")] == [None] * 3
    if record["entry"] is None:
        want(nobody and record["rev"] == 0, "of nobody, and says more")
    else:
        some = record["policyDigest"] is not None and record["size"] is not None
        want(some and record["rev"] > 0, "of an entry, and says less")
    return record


def policy_digest(entry, scopes):
    digest_of = lambda value: sha256(canonical(value).encode()).hex()
    limits = [
        digest_of({"envelope": one["envelope"], "guards": one.get("guards", [])}) for one in scopes
    ]
    own = {"envelope": entry["envelope"], "rules": entry["rules"]}
    return digest_of({"entry": own, "scopes": limits})


def certificate_proof(text, log, certificate):
    lines = text.split("\n")
    want(len(lines) > 1 and lines[1].startswith("extra "), "no record")
    octets = unbase64(lines[1][len("extra ") :])
    record = issuance_record(octets)
    want(record["certificate"] == sha256(certificate).hex(), "the record of another certificate")
    tlog_proof(text, log, "quorum none\n", octets)


def issuance(given):
    for v in given["records"]:
        octets = v["record"].encode()
        good, _ = judged(issuance_record, octets)
        yield f"record, {v['what']}", (
            (leaf_hash(octets).hex() == v.get("leaf")) if good else "refused" in v
        )
    for v in given["policies"]:
        yield f"policy, {v['what']}", policy_digest(v["entry"], v["scopes"]) == v["digest"]
    for v in given["proofs"]:
        good, _ = judged(certificate_proof, v["proof"], v["log"], bytes.fromhex(v["certificate"]))
        yield f"certificate, {v['what']}", good == v["good"]


def main(folder):
    load = lambda name: json.loads((folder / f"{name}.json").read_text("utf-8"))
    judgements = [
        *statements(load("governance")),
        *state_proofs(load("state-proof")),
        *issuance(load("issuance")),
    ]
    wrong = [name for name, is_right in judgements if not is_right]
    print(json.dumps({"judged": len(judgements), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

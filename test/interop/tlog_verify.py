"""Verifies docs/format/vectors from docs/format-tlog.md alone; shares nothing with Capstan.

Usage: tlog_verify.py FOLDER. Prints how many vectors were judged as they say, and each that was not.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

import ed25519


class Refused(Exception):
    pass


def want(condition, what):
    if not condition:
        raise Refused(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Trees


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def split(size):
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def tree_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def root_by_path(index, size, leaf, path):
    """The recursion of RFC 6962 section 2.1.1, read backwards: the last hash is nearest the root."""
    if size == 1:
        want(not path, "a hash too many")
        return leaf
    want(path, "a hash too few")
    k = split(size)
    if index < k:
        return node_hash(root_by_path(index, k, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_path(index - k, size - k, leaf, path[:-1]))


def inclusion(size, root, index, leaf, path):
    want(0 <= index < size, "no such entry")
    want(all(len(h) == 32 for h in path), "no hash")
    want(root_by_path(index, size, leaf, path) == root, "another root")


def roots_by_proof(first, second, whole, first_root, proof):
    """SUBPROOF of RFC 6962 section 2.1.2, read backwards: both roots."""
    if first == second:
        if whole:
            want(not proof, "a hash too many")
            return first_root, first_root
        want(len(proof) == 1, "one hash at the end")
        return proof[0], proof[0]
    want(proof, "a hash too few")
    k = split(second)
    if first <= k:
        old, new = roots_by_proof(first, k, whole, first_root, proof[:-1])
        return old, node_hash(new, proof[-1])
    old, new = roots_by_proof(first - k, second - k, False, first_root, proof[:-1])
    return node_hash(proof[-1], old), node_hash(proof[-1], new)


def consistency(first, first_root, second, second_root, proof):
    want(0 < first <= second, "nothing is shown")
    want(all(len(h) == 32 for h in proof), "no hash")
    roots = roots_by_proof(first, second, True, first_root, proof)
    want(roots == (first_root, second_root), "another root")


# Tiles


def tile_path(path):
    match = re.fullmatch(
        r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", path
    )
    want(match, "no path")
    level, groups, width = match.groups()
    want(level == "entries" or int(level) <= 63, "no such level")
    want(not groups.startswith("x000"), "another spelling")
    want(width is None or int(width) < 256, "no partial tile")
    found = {"index": int(re.sub("[x/]", "", groups)), "width": int(width or 256)}
    want(found["index"] < 2**53, "too large")
    return found if level == "entries" else {"level": int(level), **found}


def bundle(octets, count):
    entries = []
    for _ in range(count):
        want(len(octets) >= 2, "cut short")
        size = int.from_bytes(octets[:2], "big")
        want(len(octets) >= 2 + size, "cut short")
        entries.append(octets[2 : 2 + size])
        octets = octets[2 + size :]
    want(not octets, "octets at the end")
    return entries


# Notes


def unbase64(text):
    try:
        octets = base64.b64decode(text.encode(), validate=True)
    except ValueError as error:
        raise Refused("no base64") from error
    want(base64.b64encode(octets).decode() == text, "another spelling")
    return octets


def hash_of(text):
    octets = unbase64(text)
    want(len(octets) == 32, "no hash")
    return octets


def decimal(text):
    want(re.fullmatch(r"0|[1-9][0-9]{0,15}", text, re.ASCII), "no number")
    want(int(text) < 2**53, "too large")
    return int(text)


SPACES = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def key_name(name):
    want(re.fullmatch(rf"[^{SPACES}+\x00-\x1f]+", name), "no key name")
    return name


def verifier_key(text):
    parts = text.split("+", 2)
    want(len(parts) == 3, "no verifier key")
    name, key_id, material = key_name(parts[0]), parts[1], unbase64(parts[2])
    want(len(material) == 33 and material[0] in (1, 4), "no key of a known type")
    want(key_id == sha256(name.encode(), b"\n", material)[:4].hex(), "the id of another key")
    want(ed25519.is_key(material[1:]), "no key of prime order")
    return {"name": name, "id": key_id, "type": material[0], "public": material[1:]}


def note(text):
    want(not re.search(r"[\x00-\x09\x0b-\x1f]", text), "a control character")
    at = text.rfind("\n\n")
    want(at >= 0 and text.endswith("\n"), "no signatures")
    lines = text[at + 2 : -1].split("\n")
    want(1 <= len(lines) <= 64, "no signatures, or too many")
    signatures = []
    for line in lines:
        parts = line.split(" ")
        want(len(parts) == 3 and parts[0] == "\u2014", "no signature line")
        octets = unbase64(parts[2])
        want(len(octets) >= 5, "no signature")
        signatures.append((key_name(parts[1]), octets[:4].hex(), octets[4:]))
    return text[: at + 1], signatures


def signers(text, signatures, keys):
    """The keys that have signed, each once. A bad signature of a known key refuses the note."""
    found = []
    for name, key_id, signature in signatures:
        for key in keys:
            if (key["name"], key["id"]) != (name, key_id):
                continue
            message = text.encode()
            if key["type"] == 4:
                want(len(signature) == 72, "no cosignature")
                time = int.from_bytes(signature[:8], "big")
                want(time < 2**53, "no time")
                message = b"cosignature/v1\ntime %d\n" % time + message
                signature = signature[8:]
            want(ed25519.verify(key["public"], message, signature), "a bad signature")
            if key not in found:
                found.append(key)
    want(found, "nobody who is known has signed")
    return found


def checkpoint(text):
    lines = text.split("\n")
    want(lines.pop() == "" and 3 <= len(lines) <= 19 and "" not in lines, "no checkpoint")
    return lines[0], decimal(lines[1]), hash_of(lines[2])


# Policies


def policy(text):
    want(text.endswith("\n"), "cut short")
    logs, witnesses, groups, quorum, members = [], {}, {}, [], set()
    known = []

    def new_key(vkey, kind):
        key = verifier_key(vkey)
        want(key["type"] == kind and key["public"] not in known, "no key for this")
        known.append(key["public"])
        return key

    def new_name(name):
        want(name != "none" and name not in witnesses and name not in groups, "no name for this")
        return name

    for line in text[:-1].split("\n"):
        line = line.strip(" \t")
        if line == "" or line.startswith("#"):
            continue
        keyword, *items = re.split("[ \t]+", line)
        if keyword == "log":
            want(1 <= len(items) <= 2, "no log")
            logs.append(new_key(items[0], 1))
        elif keyword == "witness":
            want(2 <= len(items) <= 3, "no witness")
            witnesses[new_name(items[0])] = new_key(items[1], 4)
        elif keyword == "group":
            want(len(items) >= 3, "no group")
            of = items[2:]
            for member in of:
                want(member in witnesses or member in groups, "no such member")
                want(member not in members, "a member already")
                members.add(member)
            count = {"all": len(of), "any": 1}.get(items[1])
            count = decimal(items[1]) if count is None else count
            want(1 <= count <= len(of), "no such threshold")
            groups[new_name(items[0])] = (count, of)
        else:
            want(keyword == "quorum" and len(items) == 1, "no such line")
            want(items[0] == "none" or items[0] in witnesses or items[0] in groups, "no such name")
            quorum.append(items[0])
    want(len(quorum) == 1, "one quorum")

    def reached(name, keys):
        if name in witnesses:
            return witnesses[name] in keys
        count, of = groups[name]
        return sum(reached(member, keys) for member in of) >= count

    return logs, list(witnesses.values()), lambda keys: quorum == ["none"] or reached(quorum[0], keys)


def verified_checkpoint(text, log, rules):
    logs, witnesses, is_quorum = policy(rules)
    key = verifier_key(log)
    want(not logs or key in logs, "a log that is not listed")
    body, signatures = note(text)
    origin, size, root = checkpoint(body)
    want(origin == key["name"], "another log")
    keys = signers(body, signatures, [key, *witnesses])
    want(key in keys, "the log has not signed")
    want(is_quorum(keys), "no quorum")
    want(size > 0 or root == sha256(b""), "no empty tree")
    return size, root


def tlog_proof(text, log, rules, entry):
    head, found, rest = text.partition("\n\n")
    want(found, "no empty line")
    lines = head.split("\n")
    want(lines.pop(0) == "c2sp.org/tlog-proof@v1", "another header")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:])
    want(lines and lines[0].startswith("index "), "no index")
    index = decimal(lines.pop(0)[6:])
    want(len(lines) <= 63, "too many hashes")
    path = [hash_of(line) for line in lines]
    size, root = verified_checkpoint(rest, log, rules)
    inclusion(size, root, index, leaf_hash(entry), path)


# Witness


def witness(request, log, recorded):
    key = verifier_key(log)
    try:
        head, found, rest = request.partition("\n\n")
        lines = head.split("\n")
        want(found and lines[0].startswith("old ") and len(lines) <= 64, "no request")
        old, proof = decimal(lines[0][4:]), [hash_of(line) for line in lines[1:]]
        body, signatures = note(rest)
        origin, size, root = checkpoint(body)
    except Refused:
        return 400, None
    if origin != key["name"]:
        return 404, None
    try:
        signers(body, signatures, [key])
    except Refused:
        return 403, None
    if old > size:
        return 400, None
    known, known_root = (recorded["size"], bytes.fromhex(recorded["root"])) if recorded else (0, None)
    if old != known:
        return 409, f"{known}\n"
    try:
        want(size > 0 or root == sha256(b""), "no empty tree")
        if known == 0:
            want(not proof, "a proof from nothing")
        else:
            consistency(known, known_root, size, root, proof)
    except Refused:
        return 422, None
    return 200, None


# The map


def map_key(table, name):
    return sha256(b"capstan/map/v1 key\n", table.encode(), b"\n", name.encode())


def map_leaf(key, value):
    return sha256(b"capstan/map/v1 leaf\n", key, value)


def map_inner(bit, left, right):
    return sha256(b"capstan/map/v1 inner\n", bytes([bit]), left, right)


def bit_of(key, bit):
    return key[bit // 8] >> (7 - bit % 8) & 1


def map_root(entries):
    if not entries:
        return sha256(b"capstan/map/v1 empty\n")
    if len(entries) == 1:
        return map_leaf(*entries[0])
    bit = next(n for n in range(256) if len({bit_of(key, n) for key, _ in entries}) == 2)
    sides = [[one for one in entries if bit_of(one[0], bit) == side] for side in (0, 1)]
    return map_inner(bit, map_root(sides[0]), map_root(sides[1]))


def map_proof(text, root, key):
    lines = text.split("\n")
    want(lines.pop() == "" and len(lines) >= 2, "cut short")
    want(lines[0] == "capstan/map-proof@v1", "another header")
    if lines[1] == "empty":
        want(len(lines) == 2 and root == sha256(b"capstan/map/v1 empty\n"), "not empty")
        return None
    parts = lines[1].split(" ")
    want(len(parts) == 3 and parts[0] == "leaf", "no leaf")
    found, value = hash_of(parts[1]), hash_of(parts[2])
    current, below = map_leaf(found, value), 256
    for line in lines[2:]:
        parts = line.split(" ")
        want(len(parts) == 2, "no step")
        bit, sibling = decimal(parts[0]), hash_of(parts[1])
        want(bit < below and bit_of(found, bit) == bit_of(key, bit), "not the way of the key")
        pair = (sibling, current) if bit_of(key, bit) else (current, sibling)
        current, below = map_inner(bit, *pair), bit
    want(current == root, "another root")
    return value if found == key else None


# Vectors


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def judged(call, *args):
    try:
        return True, call(*args)
    except Refused as refused:
        return False, str(refused)


def vectors(folder):
    """Each vector as (name, is it judged as it says)."""
    load = lambda name: json.loads((folder / f"tlog-{name}.json").read_text("utf-8"))
    tree = load("tree")
    for at, v in enumerate(tree["roots"]):
        root = tree_root([leaf_hash(entry) for entry in unhex(v["entries"])])
        yield f"root {at}", root.hex() == v["root"]
    for v in tree["inclusion"]:
        leaf = leaf_hash(bytes.fromhex(v["entry"]))
        good, _ = judged(
            inclusion, v["size"], bytes.fromhex(v["root"]), v["index"], leaf, unhex(v["path"])
        )
        yield f"inclusion, {v['what']}", good == v["good"]
    for v in tree["consistency"]:
        roots = bytes.fromhex(v["firstRoot"]), bytes.fromhex(v["secondRoot"])
        good, _ = judged(consistency, v["first"], roots[0], v["second"], roots[1], unhex(v["proof"]))
        yield f"consistency, {v['what']}", good == v["good"]
    tiles = load("tiles")
    for v in tiles["paths"]:
        good, found = judged(tile_path, v["path"])
        meant = {key: v[key] for key in v if key != "path"}
        yield f"path {v['path']}", (found == meant) if good else "refused" in v
    for v in tiles["bundles"]:
        good, found = judged(bundle, bytes.fromhex(v["octets"]), v["count"])
        yield f"bundle, {v['what']}", (found == unhex(v["entries"])) if good else "refused" in v
    for v in load("checkpoint"):
        good, found = judged(verified_checkpoint, v["note"], v["log"], v["policy"])
        meant = None if "refused" in v else (v["size"], bytes.fromhex(v["root"]))
        yield f"checkpoint, {v['what']}", (found == meant) if good else "refused" in v
    for v in load("proof"):
        good, _ = judged(tlog_proof, v["proof"], v["log"], v["policy"], bytes.fromhex(v["entry"]))
        yield f"proof, {v['what']}", good == v["good"]
    for v in load("witness"):
        found = witness(v["request"], v["log"], v["recorded"])
        yield f"witness, {v['what']}", found == (v["status"], v.get("answer"))
    trie = load("map")
    entries = [(map_key(v["table"], v["name"]), bytes.fromhex(v["value"])) for v in trie["entries"]]
    yield "map, empty root", map_root([]).hex() == trie["empty"]
    yield "map, root", map_root(entries).hex() == trie["root"]
    for v in trie["proofs"]:
        key = map_key(v["table"], v["name"])
        good, found = judged(map_proof, v["proof"], bytes.fromhex(v["root"]), key)
        if "refused" in v:
            yield f"map, {v['what']}", not good
        else:
            meant = v["value"] and bytes.fromhex(v["value"])
            yield f"map, {v['what']}", good and found == meant


def main():
    results = list(vectors(Path(sys.argv[1])))
    wrong = [name for name, as_said in results if not as_said]
    print(json.dumps({"judged": len(results), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

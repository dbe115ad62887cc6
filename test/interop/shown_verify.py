"""What voters are shown before they sign, and what a certificate says of itself: docs/format.md and
docs/format-issuance-log.md. Nothing of Capstan's source is used."""

import hashlib
import json
import re
import sys
from pathlib import Path

from bundle_verify import No, canonical, members, want

CLASSES = ("narrowing", "routine", "sensitive", "structural", "emergency")
OID = [1, 2, 840, 113556, 1, 8000, 2554, 57634, 11527, 42558, 18412, 41886, 6712626, 6574472]


# The impact


def is_text(value):
    want(isinstance(value, str))


def is_count(value):
    want(type(value) is int and value >= 0)


def texts(values):
    want(isinstance(values, list))
    for value in values:
        is_text(value)


def each(values, check):
    want(isinstance(values, list))
    for value in values:
        check(value)


def difference(one):
    members(one, "kind alias change fields")
    want(one["kind"] in ("scope", "entry", "cluster") and one["change"] in ("created", "changed"))
    is_text(one["alias"])
    texts(one["fields"])
    want(one["fields"] == sorted(one["fields"]))


def permission(one):
    members(one, "caller callee rule ports", "routes from until")
    texts([one["caller"], one["callee"], one["rule"]])
    each(one["ports"], lambda ends: want(len(ends) == 2 and ends[0] <= ends[1]))
    each(one.get("routes", []), lambda match: members(match, "path", "method headers"))
    is_count(one.get("from", 0))
    is_count(one.get("until", 0))


def entry(one):
    members(one, "alias certificates names wider narrower", "was")
    want(one["certificates"] in ("gained", "lost", "kept", "none"))
    members(one["names"], "gained lost")
    for listed in (one["names"]["gained"], one["names"]["lost"], one["wider"], one["narrower"]):
        texts(listed)


def backend(one):
    members(one, "entry", "port before after")
    is_text(one["entry"])
    want("before" in one or "after" in one)
    for name in ("port", "before", "after"):
        is_count(one.get(name, 0))


def split(one):
    members(one, "alias port backends")
    is_count(one["port"])
    each(one["backends"], backend)


def impact(text):
    """The digest that a vote names."""
    value = json.loads(text)
    members(value, "v proposal class objects permissions entries complete", "splits lookAlikes")
    want(value["v"] == 1 and type(value["v"]) is int and isinstance(value["complete"], bool))
    want(re.fullmatch("[0-9a-f]{64}", value["proposal"]) and value["class"] in CLASSES)
    each(value["objects"], difference)
    members(value["permissions"], "added removed")
    for listed in value["permissions"].values():
        each(listed, permission)
        places = [(one["caller"], one["callee"], one["rule"]) for one in listed]
        want(places == sorted(places))
    each(value["entries"], entry)
    for name, check in (
        ("splits", split),
        ("lookAlikes", lambda one: members(one, "alias resembles", "leadsTo")),
    ):
        want(value.get(name) != [])
        each(value.get(name, []), check)
    return hashlib.sha256(canonical(value).encode()).hexdigest()


# The identity extension


def element(octets, at, tag):
    """Content of the DER element there, and where it ends."""
    want(at + 2 <= len(octets) and octets[at] == tag)
    length, begins = octets[at + 1], at + 2
    if length >= 0x80:
        more = length & 0x7F
        length = int.from_bytes(octets[begins : begins + more], "big")
        begins += more
        want(more and length >= 0x80 and octets[begins - more] != 0)
    want(begins + length <= len(octets))
    return octets[begins : begins + length], begins + length


def arcs(octets):
    numbers, value = [], 0
    for octet in octets:
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return [first, numbers[0] - 40 * first, *numbers[1:]]


def identity(octets):
    found, at = [], 0
    while at < len(octets):
        one, at = element(octets, at, 0x30)
        kind, inside = element(one, 0, 0x06)
        if one[inside] == 0x01:
            _, inside = element(one, inside, 0x01)
        value, end = element(one, inside, 0x04)
        want(end == len(one))
        if arcs(kind) == OID:
            text, end = element(value, 0, 0x0C)
            want(end == len(value))
            found.append(text.decode("utf-8"))
    want(len(found) == 1)
    try:
        says = json.loads(found[0])
    except ValueError as error:
        raise No("no JSON") from error
    want(canonical(says) == found[0])
    return members(says, "alias binding head index policyDigest rev size uid")


def judged(call, *args):
    try:
        return call(*args)
    except No:
        return None


def vectors(folder):
    """Each as its name, what was found, and what it says; None is a refusal."""
    load = lambda name: json.loads((folder / f"{name}.json").read_text("utf-8"))
    for v in load("impact"):
        found = judged(impact, v["impact"])
        same = found == v["digest"]
        yield f"impact, {v['what']}", not same if "refused" in v else same
    for v in load("identity"):
        found = judged(identity, bytes.fromhex(v["extensions"]))
        yield f"identity, {v['what']}", found == v.get("identity")


def main():
    results = list(vectors(Path(sys.argv[1])))
    wrong = [name for name, as_said in results if not as_said]
    print(json.dumps({"judged": len(results), "wrong": wrong}))


if __name__ == "__main__":
    main()

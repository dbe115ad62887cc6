"""Signed statements of the index log (docs/format-index-log.md, "Envelopes"): form, digest, signature."""

import base64
import json
import re

import ed25519
import p256
from bundle_verify import No, canonical, pae
from tlog_verify import Refused, sha256, unbase64, want


def parsed(octets, limit=65_536):
    """The one spelling of a value."""
    want(len(octets) <= limit, "too large")
    try:
        text = octets.decode("utf-8")
        value = json.loads(text)
        same = canonical(value) == text
    except (ValueError, RecursionError, No) as error:
        raise Refused("not canonical") from error
    want(same and '"__proto__":' not in text, "not canonical")
    return value


# Shapes: what each member must be, and which may be missing


def object_of(required, **optional):
    def check(value):
        want(isinstance(value, dict), "no object")
        want(set(required) <= set(value) <= set(required) | set(optional), "other members")
        for name, member in value.items():
            (required.get(name) or optional[name])(member)

    return check


def matching(pattern, longest=2**16):
    def check(value):
        want(isinstance(value, str) and len(value) <= longest, "no text")
        want(re.fullmatch(pattern, value), "not of its form")

    return check


def whole(least=0, most=2**53 - 1):
    def check(value):
        want(isinstance(value, int) and not isinstance(value, bool), "no number")
        want(least <= value <= most, "a number too small or too large")

    return check


def among(*values):
    def check(value):
        want(type(value) is not bool and value in values, "none of these")

    return check


def list_of(item, least=0, most=2**16, unique=False):
    def check(value):
        want(isinstance(value, list) and least <= len(value) <= most, "no such list")
        for one in value:
            item(one)
        want(not unique or len({canonical(one) for one in value}) == len(value), "one twice")

    return check


def either(*checks):
    def check(value):
        for one in checks:
            try:
                return one(value)
            except Refused:
                continue
        raise Refused("none of these")

    return check


def text(longest):
    return matching(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+", longest)


null = among(None)
instant = whole(0, 253_402_300_799)
digest = matching("[0-9a-f]{64}")
uid = matching("[sec][a-z2-7]{31}")
voter_id = matching("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
revision = object_of({"uid": uid, "rev": whole()})
base = object_of({"rev": whole(), "head": digest})
author = object_of({"kind": among("voter", "proposer"), "id": voter_id})
nonce = matching("[0-9a-f]{32}")
table = lambda value: want(isinstance(value, dict), "no object")

OPERATIONS = """
    scope.create scope.suspend scope.reactivate scope.retire entry.create entry.suspend entry.reactivate
    entry.retire entry.update entry.rename binding.add binding.remove envelope.set group.set
    cluster.register cluster.update cluster.remove rule.attach rule.replace rule.detach split.set
    split.clear guard.set guard.clear brake.lift voter.reinstate emergency.ratify changes
""".split()

GENESIS = object_of(
    {
        "v": among(1),
        "trustDomain": text(253),
        "group": table,
        "envelope": table,
        "created": instant,
        "nonce": text(64),
    },
    log=text(1200),
)
PROPOSAL = object_of(
    {
        "v": among(1),
        "index": text(64),
        "op": among(*OPERATIONS),
        "subject": object_of({"alias": matching("(?s:.*)", 200)}, uid=text(32)),
        "body": table,
        "base": either(null, base),
        "scope": revision,
        "author": author,
        "created": instant,
        "expires": instant,
        "nonce": nonce,
    },
    reads=list_of(revision, most=64),
    reason=text(500),
    ticket=text(200),
)
VOTE = object_of(
    {
        "_type": among("https://in-toto.io/Statement/v1"),
        "predicateType": among("urn:capstan:vote:v1"),
        "subject": list_of(
            object_of({"name": text(42), "digest": object_of({"sha256": digest})}), 1, 1
        ),
        "predicate": object_of(
            {
                "index": text(64),
                "scope": revision,
                "slot": object_of({"id": matching("(?s:.*)", 206), "rev": whole()}),
                "voter": voter_id,
                "decision": among("approve", "reject", "abstain"),
                "seq": whole(1, 1_000_000),
                "cast": instant,
                "log": object_of({"size": whole(), "head": digest}),
            },
            issuedUntil=either(null, instant),
            impact=digest,
        ),
    }
)
BRAKE = object_of(
    {
        "v": among(1),
        "index": text(64),
        "subject": object_of({"alias": matching("[a-z0-9/-]*", 200), "uid": uid}),
        "base": base,
        "scope": revision,
        "voters": list_of(voter_id, 1, 32, unique=True),
        "ttl": whole(60, 86_400),
        "created": instant,
        "expires": instant,
        "nonce": nonce,
    },
    rule=voter_id,
    voter=voter_id,
    reason=text(500),
    ticket=text(200),
)
WITHDRAWAL = object_of(
    {"v": among(1), "index": text(64), "proposal": digest, "author": author, "at": instant}
)
CALL = object_of(
    {"caller": uid, "ports": list_of(list_of(whole(1, 65_535), 2, 2), 1), "proto": among("http", "grpc", "opaque")},
    routes=list_of(table, 1),
)
EMERGENCY = object_of(
    {
        "v": among(1),
        "index": text(64),
        "scope": revision,
        "grant": voter_id,
        "act": among("allow", "reactivate"),
        "subject": object_of({"alias": matching("[a-z0-9/-]*", 200), "uid": uid}),
        "base": base,
        "ttl": whole(60, 14_400),
        "by": list_of(voter_id, 1, 64, unique=True),
        "reason": text(500),
        "created": instant,
        "expires": instant,
        "nonce": nonce,
    },
    call=CALL,
    drill=lambda value: want(value is True, "no drill"),
    ticket=text(200),
)
OF_SCOPE = {
    "v": among(1),
    "index": text(64),
    "subject": object_of({"alias": matching("[a-z0-9/-]*", 200), "uid": uid}),
    "from": whole(1),
    "created": instant,
    "expires": instant,
    "nonce": nonce,
}
RECOVERY = object_of(
    {**OF_SCOPE, "base": base, "group": table, "holders": list_of(voter_id, 1, 32, unique=True)},
    reason=text(500),
    ticket=text(200),
)
CANCELLATION = object_of(
    {**OF_SCOPE, "recovery": digest, "voters": list_of(voter_id, 1, 32, unique=True)},
    reason=text(500),
    ticket=text(200),
)
KINDS = {
    "genesis": ("application/vnd.capstan.genesis.v1+json", GENESIS),
    "proposal": ("application/vnd.capstan.proposal.v1+json", PROPOSAL),
    "vote": ("application/vnd.in-toto+json", VOTE),
    "brake": ("application/vnd.capstan.brake.v1+json", BRAKE),
    "withdrawal": ("application/vnd.capstan.withdrawal.v1+json", WITHDRAWAL),
    "emergency": ("application/vnd.capstan.emergency.v1+json", EMERGENCY),
    "recovery": ("application/vnd.capstan.recovery.v1+json", RECOVERY),
    "cancellation": ("application/vnd.capstan.recovery-cancellation.v1+json", CANCELLATION),
}


# Envelopes


def opened(envelope):
    """Type, statement, what is signed, its digest, and the one signature."""
    value = parsed(envelope.encode("utf-8", "surrogatepass"))
    sig = object_of({"sig": matching("(?s:.*)")})
    shape = {"payload": matching("(?s:.*)"), "payloadType": matching("(?s:.*)")}
    object_of({**shape, "signatures": list_of(sig, 1, 1)})(value)
    payload = unbase64(value["payload"])
    signed = pae(value["payloadType"], payload)
    return {
        "type": value["payloadType"],
        "payload": payload,
        "signed": signed,
        "digest": sha256(signed).hex(),
        "signature": unbase64(value["signatures"][0]["sig"]),
    }


def statement(envelope, kind):
    found = opened(envelope)
    payload_type, shape = KINDS[kind]
    want(found["type"] == payload_type, "another kind")
    says = parsed(found["payload"])
    shape(says)
    return {**found, "says": says}


# Keys


def base64url(value):
    want(re.fullmatch("[A-Za-z0-9_-]*", value), "no base64url")
    octets = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    want(base64.urlsafe_b64encode(octets).decode().rstrip("=") == value, "another spelling")
    return octets


def coordinates(key):
    """Of a key that may vote, with its own thumbprint and algorithm."""
    jwk = key["jwk"]
    want(key["thumbprint"] == thumbprint(jwk), "the thumbprint of another key")
    if jwk["kty"] == "OKP":
        want(key["alg"] == "Ed25519" and jwk["crv"] == "Ed25519", "another algorithm")
        point = base64url(jwk["x"])
        want(ed25519.is_key(point), "no key of prime order")
        return (point,)
    want(key["alg"] == "ES256" and jwk["crv"] == "P-256", "another algorithm")
    found = tuple(base64url(jwk[name]) for name in ("x", "y"))
    want(all(len(one) == 32 for one in found), "no point")
    return found


def thumbprint(jwk):
    """RFC 7638: the members are the required ones alone."""
    digest_of = sha256(canonical(jwk).encode())
    return base64.urlsafe_b64encode(digest_of).decode().rstrip("=")


def is_signature(key, signed, signature):
    point = coordinates(key)
    if len(signature) != 64:
        return False
    verify = ed25519.verify if len(point) == 1 else p256.verify
    return verify(*point, signed, signature)


def signed_by(found, keys, *times):
    """By one of these keys, which was in use at all these times."""
    used = [
        key for key in keys if all(key["from"] <= at < key.get("until", 2**53) for at in times)
    ]
    return any(is_signature(key, found["signed"], found["signature"]) for key in used)


ENROLMENT = "application/vnd.capstan.enrolment.v1+json"


def enrolled(key, index, voter, controller, role=None):
    """The octets that the key has signed: that its holder votes for this voter in this index."""
    says = {"controller": controller, "index": index, "thumbprint": key["thumbprint"], "v": 1, "voter": voter}
    says |= {"role": role} if role else {}
    signed = pae(ENROLMENT, canonical(says).encode())
    want("proof" in key, "no proof")
    want(is_signature(key, signed, base64url(key["proof"])), "no proof of this")
    return signed


# Groups

CLASSES = ("narrowing", "routine", "sensitive", "structural", "emergency")
GRANTING = ("routine", "sensitive", "structural")


def sound_group(index, group, known=()):
    """The group of several who may decide; keys in `known` were proved before."""
    everyone = group["voters"] + group.get("proposers", [])
    ids = [one["id"] for one in everyone]
    want(len(set(ids)) == len(ids), "one id twice")
    prints = []
    for one in everyone:
        for key in one["keys"]:
            coordinates(key)
            want(key["thumbprint"] not in prints, "one key twice")
            prints.append(key["thumbprint"])
            if (one["id"], one["controller"], key["thumbprint"]) not in known:
                enrolled(key, index, one["id"], one["controller"])
    active = [one for one in group["voters"] if one["status"] == "active"]
    want(active, "nobody could vote")
    total = sum(one["weight"] for one in active)
    people = {}
    for one in active:
        people[one["controller"]] = people.get(one["controller"], 0) + one["weight"]
    threshold, controllers = group["threshold"], group["minControllers"]
    want(all(1 <= threshold[name] <= total for name in CLASSES), "a threshold out of reach")
    want(all(1 <= controllers[name] <= len(people) for name in CLASSES), "too many people")
    want(threshold["structural"] >= threshold["sensitive"] >= threshold["routine"], "less for more")
    want(all(2 * threshold[name] > total for name in GRANTING), "two halves")
    alone = any(weight >= threshold[name] for weight in people.values() for name in GRANTING)
    want(alone == group["solo"], "one who decides alone, unsaid, or said and untrue")
    want(group["solo"] or controllers["structural"] >= 2, "one person could change it")
    lossy = total - max(one["weight"] for one in active) < threshold["routine"]
    want(not lossy or group["solo"] or group.get("acceptsSinglePointOfLoss"), "the loss of one")
    timelock = group.get("timelock", {})
    want(not (group["solo"] and any(timelock.values())), "a timelock of one")
    want(all(value <= 2_592_000 for value in timelock.values()), "a timelock too long")
    want(not any(timelock.get(name) for name in ("narrowing", "emergency")), "a timelock on less")
    want("brake" not in group or threshold["emergency"] <= threshold["routine"], "no brake of so many")
    for role in ("recovery", "emergency"):
        for one in group.get(role, {}).get("holders", []):
            want(one["id"] not in ids, "one id twice")
            ids.append(one["id"])
            for key in one["keys"]:
                coordinates(key)
                want(key["thumbprint"] not in prints, "one key twice")
                prints.append(key["thumbprint"])
                if (one["id"], one["controller"], key["thumbprint"]) not in known:
                    enrolled(key, index, one["id"], one["controller"], role)

"""Verifies the bundles of docs/format/vectors from docs/format-bundle.md; shares nothing with Capstan.

Usage: bundle_verify.py FOLDER. Prints how many vectors were judged as they say, and each that was not.
"""

import base64
import functools
import json
import re
import sys
from pathlib import Path

import ed25519
import p256
from tlog_verify import (
    Refused,
    checkpoint,
    hash_of,
    inclusion,
    leaf_hash,
    map_key,
    map_proof,
    note,
    policy,
    sha256,
    signers,
    unbase64,
    verifier_key,
)

MAX_OCTETS = 2_097_152
TOLERANCE = 120


class No(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def want(condition, code="bundle.not-proved"):
    if not condition:
        raise No(code)


# Canonical JSON (RFC 8785, without floats)


def canonical(value, depth=0):
    want(depth <= 32, "bundle.malformed")
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        want(abs(value) < 2**53, "bundle.malformed")
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\u007f", "\x7f")
    if isinstance(value, list):
        return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    want(isinstance(value, dict), "bundle.malformed")
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key], depth + 1)}" for key in keys) + "}"


def octets(value):
    return canonical(value).encode()


def parse(text):
    want(len(text.encode()) <= MAX_OCTETS and text.endswith("\n"), "bundle.malformed")
    try:
        value = json.loads(text[:-1])
        same = canonical(value) == text[:-1]
    except (ValueError, RecursionError) as error:
        raise No("bundle.malformed") from error
    want(same, "bundle.malformed")
    return value


# Members: required ones, and ones that may be there


def members(value, required, optional=""):
    want(isinstance(value, dict), "bundle.malformed")
    required, optional = required.split(), optional.split()
    have = set(value)
    want(set(required) <= have <= set(required + optional), "bundle.malformed")
    return value


def shown_object(value, state, optional):
    members(value, "state proof commits")
    members(value["state"], state, optional)
    want(value["commits"], "bundle.malformed")
    stated = {}
    for commit in value["commits"]:
        members(commit, "record path", "envelopes opened")
        if "part" in commit["record"] and "envelopes" not in commit:
            # What was proposed together is stated once.
            want(commit["record"]["prop"] in stated, "bundle.malformed")
            commit.update(stated[commit["record"]["prop"]])
        want("envelopes" in commit, "bundle.malformed")
        stated.setdefault(
            commit["record"]["prop"],
            {name: commit[name] for name in ("envelopes", "opened") if name in commit},
        )
        commit_record(commit["record"])
        if "opened" in commit:
            members(commit["opened"], "record path")
            deliberation_record(commit["opened"]["record"])


def commit_record(record):
    names = "v seq ts epoch kind subject rev prev chain prop votes class group before after"
    members(record, names, "part issuedUntil")
    kinds = ("genesis", "commit", "evidence", "brake", "emergency", *RECOVERY_KINDS)
    want(record["kind"] in kinds, "bundle.malformed")


def deliberation_record(record):
    members(record, "v seq ts epoch kind subject chain prop says")
    want(record["kind"] in ("open", "vote", "withdrawal", "drill"), "bundle.malformed")


RECOVERY_KINDS = ("recovery-start", "recovery-cancel", "recovery-finish")
SCOPE = "kind uid alias state rev envelope group createdAt", "guards brake recovery"
ENTRY = (
    "kind uid alias state rev owner envelope bindings rules labels createdAt",
    "splits validUntil drainUntil brake emergency held heldUntil",
)


def shaped(bundle):
    members(bundle, "v index checkpoint last entry alias root above", "elsewhere")
    want(bundle["v"] == 1, "bundle.malformed")
    members(bundle["last"], "record path")
    last = bundle["last"]["record"]
    (deliberation_record if "says" in last else commit_record)(last)
    shown_object(bundle["entry"], *ENTRY)
    shown_object(bundle["root"], *SCOPE)
    for one in bundle["above"]:
        members(one, "alias proof", "scope")
        if "scope" in one:
            shown_object(one["scope"], *SCOPE)
    want("elsewhere" not in bundle or 1 <= len(bundle["elsewhere"]) <= 64, "bundle.malformed")
    for one in bundle.get("elsewhere", []):
        shown_object(one, *SCOPE)


# DSSE


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def opened(envelope):
    members(envelope, "payload payloadType signatures")
    payload = proved(unbase64, envelope["payload"])
    signed = pae(envelope["payloadType"], payload)
    [signature] = envelope["signatures"]
    return {
        "type": envelope["payloadType"],
        "says": json.loads(payload),
        "canonical": canonical(json.loads(payload)).encode() == payload,
        "signed": signed,
        "digest": sha256(signed).hex(),
        "signature": proved(unbase64, signature["sig"]),
    }


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@functools.cache
def verifies(alg, x, y, signed, signature):
    if alg == "Ed25519":
        return ed25519.verify(base64url(x), signed, signature)
    return p256.verify(base64url(x), base64url(y), signed, signature)


def is_signed_by(keys, envelope, at):
    def holds(key):
        if not (key["from"] <= at < key.get("until", 2**53)):
            return False
        jwk = key["jwk"]
        return verifies(key["alg"], jwk["x"], jwk.get("y"), envelope["signed"], envelope["signature"])

    return len(envelope["signature"]) == 64 and any(holds(key) for key in keys)


# What a checkpoint proves


def proved(call, *args):
    try:
        return call(*args)
    except Refused as refused:
        raise No("bundle.not-proved") from refused


def named_log_key(says):
    """The key of the log that a genesis names."""
    want("log" in says, "bundle.no-log-key")
    try:
        key = verifier_key(says["log"])
    except (Refused, ValueError, TypeError) as error:
        raise No("bundle.no-log-key") from error
    want(key["type"] == 1 and key["name"] == f"{says['trustDomain']}/index", "bundle.no-log-key")
    return says["log"]


def with_log_key(trust, envelope):
    """Where no key is said: that of the genesis, whose digest is the id of the index."""
    if "key" in trust:
        return trust
    try:
        found = opened(envelope)
    except (No, Refused, TypeError, KeyError, ValueError) as error:
        raise No("bundle.no-log-key") from error
    want(found["digest"] == trust["index"], "bundle.no-log-key")
    return {**trust, "key": named_log_key(found["says"])}


def read_head(checkpoint_note, trust):
    """Size, root and state that the checkpoint signs; when each witness saw it, and who is a quorum."""
    key = verifier_key(trust["key"])
    quorum, witnesses, is_quorum = False, [], lambda _: True
    if "policy" in trust:
        logs, witnesses, is_quorum = policy(trust["policy"])
        want(not logs or key in logs, "tlog.unknown-log")
        quorum = not any(line.split() == ["quorum", "none"] for line in trust["policy"].split("\n"))
    text, signatures = note(checkpoint_note)
    origin, size, root = checkpoint(text)
    want(origin == key["name"], "tlog.unknown-log")
    try:
        found = signers(text, signatures, [key, *witnesses])
    except Refused as refused:
        known = str(refused) != "nobody who is known has signed"
        raise No("tlog.bad-signature" if known else "tlog.unknown-key") from refused
    want(key in found, "tlog.unknown-key")
    want(is_quorum(found), "tlog.no-quorum")
    states = [line[6:] for line in text.split("\n")[3:] if line.startswith("state ")]
    want(len(states) < 2, "tlog.malformed")
    want(len(states) == 1)
    state = proved(hash_of, states[0])
    head = {"origin": origin, "size": size, "root": root, "state": state}
    latest = {}
    for name, key_id, signature in signatures:
        for at, witness in enumerate(witnesses):
            if (name, key_id) == (witness["name"], witness["id"]):
                latest[at] = max(latest.get(at, 0), int.from_bytes(signature[:8], "big"))
    times = [(time, witnesses[at]) for at, time in latest.items()]
    return head, (times, is_quorum) if quorum else None


def head_time(seen, trust, last):
    """The latest time that a quorum stands for; where none is wanted, that of the last record."""
    if seen is None:
        return last
    times, is_quorum = seen
    # Of times that have come, where that is a quorum.
    come = [(t, w) for t, w in times if t <= trust["now"] + TOLERANCE]
    if is_quorum([w for _, w in come]):
        times = come
    return max(t for t, _ in times if is_quorum([w for u, w in times if u >= t]))


def head_of(bundle, trust):
    first = bundle["root"]["commits"][0]["envelopes"]
    key = with_log_key(trust, first[0] if first else None)
    head, seen = read_head(bundle["checkpoint"], key)
    want(bundle["last"]["record"]["seq"] == head["size"] - 1)
    in_log(head, bundle["last"])
    as_of = head_time(seen, trust, bundle["last"]["record"]["ts"])
    if "maxAge" in trust:
        fresh = trust["now"] <= as_of + trust["maxAge"] and as_of <= trust["now"] + TOLERANCE
        want(fresh, "bundle.stale")
    return {**head, "asOf": as_of}


def in_log(head, shown):
    path = [proved(hash_of, text) for text in shown["path"]]
    record = octets(shown["record"])
    want(len(record) <= 8192)
    proved(inclusion, head["size"], head["root"], shown["record"]["seq"], leaf_hash(record), path)


def in_state(head, shown):
    state = shown["state"]
    value = proved(map_proof, shown["proof"], head["state"], map_key(state["kind"], state["uid"]))
    want(value == sha256(octets(state)))


def holder(head, alias, proof):
    value = proved(map_proof, proof, head["state"], map_key("alias", alias))
    if value is None:
        return None
    uid = value.decode("latin-1")
    want(re.fullmatch("[sec][a-z2-7]{31}", uid))
    return uid


def uid_of(letter, digest):
    return letter + base64.b32encode(digest).decode().lower()[:31]


def scopes_above(head, bundle):
    root, above = bundle["root"], bundle["above"]
    want(root["state"]["alias"] == "")
    want(root["state"]["uid"] == uid_of("s", sha256(bytes.fromhex(bundle["index"]))))
    in_state(head, root)
    parts = bundle["entry"]["state"]["alias"].split("/")[:-1]
    names = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    want([one["alias"] for one in above] == names)
    scopes = [root]
    for one in above:
        uid = holder(head, one["alias"], one["proof"])
        scope = one.get("scope")
        is_scope = uid is not None and uid.startswith("s")
        want((scope["state"]["uid"] if scope else None) == (uid if is_scope else None))
        if scope:
            want(scope["state"]["alias"] == one["alias"])
            in_state(head, scope)
            scopes.append(scope)
    return scopes


# Commits


def record_hash(record):
    return leaf_hash(octets(record)).hex()


def commits_of(context, shown):
    """Every change that is shown, counted by the groups that there are now."""
    are_shown(context, shown)
    marks = []
    for place, commit in enumerate(shown["commits"]):
        sets_group = one_commit(context, shown, place, marks)
        of_a_group_then(context["scopes"], commit["record"], sets_group)
    is_made(shown)
    as_it_says(shown, marks)


def are_shown(context, shown):
    rev, seq = 0, -1
    for commit in shown["commits"]:
        record = commit["record"]
        want(record["subject"]["uid"] == shown["state"]["uid"] and record["rev"] > rev)
        want(record["seq"] > seq)
        rev, seq = record["rev"], record["seq"]
        in_log(context["head"], commit)


def in_order_of_time(bundle, objects):
    """No record is of a time before that of one which the log has before it."""
    commits = [commit for shown in objects for commit in shown["commits"]]
    opened_by = [commit["opened"] for commit in commits if "opened" in commit]
    records = [one["record"] for one in (*commits, *opened_by, bundle["last"])]
    records.sort(key=lambda record: record["seq"])
    want(all(one["ts"] <= other["ts"] for one, other in zip(records, records[1:])))


def is_made(shown):
    state, last = shown["state"], shown["commits"][-1]["record"]
    want(last["rev"] == state["rev"] and last["subject"]["alias"] == state["alias"])
    want(last["after"] == sha256(octets(state)).hex())


def as_it_says(shown, marks):
    if shown["state"]["kind"] == "scope":
        as_recovered(shown["state"], shown["commits"])
    else:
        uses_are_shown(shown["state"], marks)


def one_commit(context, shown, place, marks):
    """One change, as far as it is known who could decide about it. Did it set a group?"""
    state, commit = shown["state"], shown["commits"][place]
    record = commit["record"]
    envelopes = [opened(envelope) for envelope in commit["envelopes"]]
    if record["kind"] == "genesis":
        want([one["digest"] for one in envelopes] == [record["prop"]] == [context["index"]])
        [voter] = envelopes[0]["says"]["group"]["voters"]
        want(is_signed_by(voter["keys"], envelopes[0], envelopes[0]["says"]["created"]))
    elif record["kind"] == "evidence":
        want([one["digest"] for one in envelopes[:2]] == record["votes"])
        want(len(envelopes) >= 2)
        evidence(context, record, *envelopes)
    elif record["kind"] == "emergency":
        emergency(context, record, envelopes)
        marks.append(as_granted(state, record, envelopes[0]["says"]))
    elif record["kind"] in RECOVERY_KINDS:
        recovery(context, record, envelopes, shown["commits"][:place])
    elif record["kind"] == "brake":
        until = brake(context, record, envelopes)
        if record["rev"] == state["rev"]:
            want(brake_on(state, envelopes[0]["says"]) == {"until": until})
    else:
        want([one["digest"] for one in envelopes] == [record["prop"], *record["votes"]])
        decision(context, commit, envelopes)
        if state["kind"] == "entry":
            as_voted(state, commit, envelopes[0]["says"])
        return envelopes[0]["says"]["op"] == "group.set"
    return record["kind"] == "recovery-finish"


def of_a_group_then(scopes, record, sets_group):
    """The group that decided is not later than the one there is, nor earlier without a record since."""
    for scope in scopes:
        if scope["state"]["uid"] != record["group"]["uid"]:
            continue
        now, then = (scope["state"]["group"] or {"rev": 0})["rev"], record["group"]["rev"]
        if seq_of(scope) > record["seq"]:
            want(then <= now)
        elif seq_of(scope) == record["seq"] and sets_group:
            want(then == now - 1)
        else:
            want(then == now)


def predicate_of(envelope):
    want(envelope["type"] == "application/vnd.in-toto+json" and envelope["canonical"])
    says = envelope["says"]
    want(says["predicateType"] == "urn:capstan:vote:v1")
    [about] = says["subject"]
    return about["digest"]["sha256"], says["predicate"]


def slots_of(change):
    """What only one proposal may change; of several changes, what each of them finds."""
    if change["op"] == "changes":
        return set().union(*(slots_of(one) for one in change["body"]["changes"]))
    subject, base = change["subject"], change["base"]
    if base and "after" in base:
        return set()
    if base and "uid" in subject:
        return {(subject["uid"], base["rev"])}
    return {("cluster" if change["op"] == "cluster.register" else "alias", subject["alias"])}


def contradict(first, second, asked):
    (about, a), (other, b) = predicate_of(first), predicate_of(second)
    if about == other:
        want(a["seq"] == b["seq"] and a["decision"] != b["decision"] and not asked)
        return
    want(a["decision"] == b["decision"] == "approve")
    if a["slot"] == b["slot"] and not a["slot"]["id"].startswith("changes:"):
        want(not asked)
        return
    want([one["digest"] for one in asked] == [about, other])
    for said, one in zip((a, b), asked):
        want(one["type"] == "application/vnd.capstan.proposal.v1+json" and one["canonical"])
        proposal = one["says"]
        want(proposal["index"] == said["index"] and proposal["scope"] == said["scope"])
        want(slot_of(proposal) == said["slot"])
    want(slots_of(asked[0]["says"]) & slots_of(asked[1]["says"]))


def evidence(context, record, first, second, *asked):
    envelopes = [first, second]
    contradict(first, second, asked)
    (_, a), (_, b) = (predicate_of(one) for one in envelopes)
    want(a["voter"] == b["voter"] and a["index"] == b["index"] == context["index"])
    for scope in context["scopes"]:
        group = scope["state"]["group"]
        if scope["state"]["uid"] == record["subject"]["uid"] and group["rev"] == record["group"]["rev"]:
            [voter] = [one for one in group["voters"] if one["id"] == a["voter"]]
            if "then" in context:
                want(voter["status"] == "active" and not group["solo"])
                want(a["scope"] == b["scope"] == record["group"])
                want(all(is_signed_by(voter["keys"], one, record["ts"]) for one in envelopes))
            else:
                want(voter["status"] == "suspended")
            want(all(is_signed_by(voter["keys"], one, one["says"]["predicate"]["cast"]) for one in envelopes))


CLOCK_TOLERANCE = 120
SIGNED_WITHIN = 86400
SOLO_BRAKE = {"ttl": 86400}


def is_of_this_time(says, at, longest):
    created, expires = says["created"], says["expires"]
    return created - CLOCK_TOLERANCE <= at <= expires and 0 <= expires - created <= longest


def brake(context, record, envelopes):
    """Until when the brake is on; refused unless those who signed it could."""
    says = envelopes[0]["says"]
    want(envelopes[0]["type"] == "application/vnd.capstan.brake.v1+json")
    want(all(one["canonical"] and one["digest"] == record["prop"] for one in envelopes))
    want(len(envelopes) == len(says["voters"]) == len(set(says["voters"])))
    want(record["votes"] == [] and record["class"] == "emergency")
    want(says["index"] == context["index"] and says["subject"]["uid"] == record["subject"]["uid"])
    want(says["base"] == {"rev": record["rev"] - 1, "head": record["prev"]})
    want(says["scope"] == record["group"])
    want(is_of_this_time(says, record["ts"], SIGNED_WITHIN))
    scopes = context["scopes"]
    if "then" in context:
        op = "voter.reinstate" if "voter" in says else "entry.suspend"
        is_responsible(scopes, op, record["subject"], record)
    until = record["ts"] + says["ttl"]
    deciders = [one for one in scopes if one["state"]["uid"] == record["group"]["uid"]]
    if not deciders or (deciders[0]["state"]["group"] or {}).get("rev") != record["group"]["rev"]:
        return until
    group = deciders[0]["state"]["group"]
    want("brake" in group or group["solo"])
    want(says["ttl"] <= group.get("brake", SOLO_BRAKE)["ttl"])
    since = seq_of(deciders[0]) >= record["seq"]
    behind = []
    for name in says["voters"]:
        [voter] = [one for one in group["voters"] if one["id"] == name] or [None]
        want(voter is not None)
        signs = lambda one: all(is_signed_by(voter["keys"], one, t) for t in (says["created"], record["ts"]))
        want(any(signs(one) for one in envelopes))
        if since or may_act(voter, record["ts"]):
            behind.append(voter)
    needs = wanted(scopes, group, record, {says["subject"]["alias"]})
    enough = sum(voter["weight"] for voter in behind) >= needs["minThreshold"]
    people = {voter["controller"] for voter in behind}
    want(enough and len(people) >= needs["minControllers"], "bundle.no-quorum")
    return until


def emergency(context, record, envelopes):
    """The use of a grant: about this entry, by whom it names."""
    says = envelopes[0]["says"]
    want(envelopes[0]["type"] == "application/vnd.capstan.emergency.v1+json")
    want(all(one["canonical"] and one["digest"] == record["prop"] for one in envelopes))
    want(len(envelopes) == len(says["by"]) == len(set(says["by"])) and record["votes"] == [])
    want(record["class"] == "emergency" and "drill" not in says)
    want(says["index"] == context["index"] and says["subject"] == record["subject"])
    want(says["base"] == {"rev": record["rev"] - 1, "head": record["prev"]})
    want(says["scope"] == record["group"])
    want(is_of_this_time(says, record["ts"], SIGNED_WITHIN))
    if "then" in context:
        is_responsible(context["scopes"], "entry.reactivate", record["subject"], record)
    deciders = [one for one in context["scopes"] if one["state"]["uid"] == record["group"]["uid"]]
    if not deciders or (deciders[0]["state"]["group"] or {}).get("rev") != record["group"]["rev"]:
        return
    group = deciders[0]["state"]["group"]
    given = group.get("emergency", {"grants": []})
    grants = [one for one in given["grants"] if one["name"] == says["grant"]]
    want(len(grants) == 1)
    [grant] = grants
    alias = says["subject"]["alias"]
    want(grant["under"] == "" or f"{alias}/".startswith(f"{grant['under']}/"))
    want(says["act"] in grant["acts"] and says["ttl"] <= grant["longest"])
    want((says["act"] == "allow") == ("call" in says))
    people = set()
    since = seq_of(deciders[0]) > record["seq"]
    for name in says["by"]:
        voters = [one for one in group["voters"] if one["id"] == name]
        found = voters or [one for one in given.get("holders", []) if one["id"] == name]
        want(len(found) == 1 and name in grant["who"])
        want(signed_then(found[0]["keys"], envelopes, record["ts"]))
        if not voters or since or may_act(voters[0], record["ts"]):
            people.add(found[0]["controller"])
    want(len(people) >= grant["threshold"], "bundle.no-quorum")


def as_granted(state, record, says):
    """What the grant gave is what was signed, where it is still there: of which revision, and the mark."""
    mark = {"grant": says["grant"], "until": record["ts"] + says["ttl"]}
    if says["act"] == "reactivate":
        want(record["rev"] < state["rev"] or state.get("emergency") == mark)
        return None, mark
    want(record["rev"] < state["rev"] or "heldUntil" not in state)
    found = [one for one in state["rules"] if one["rev"] == record["rev"]]
    want(found or record["rev"] < state["rev"])
    for rule in found:
        call = says["call"]
        terms = {name: rule[name] for name in ("ports", "proto", "routes") if name in rule}
        want(rule.get("emergency") == mark and rule["until"] == mark["until"])
        want(rule["callers"] == [call["caller"]] and "from" not in rule and rule["effect"] == "allow")
        want(terms == {name: call[name] for name in call if name != "caller"})
    return record["rev"], mark


def uses_are_shown(state, marks):
    """Nothing says that it came by a grant whose use is not among the commits."""
    want("emergency" not in state or "held" not in state)
    want("emergency" not in state or (None, state["emergency"]) in marks)
    for rule in state["rules"]:
        want("emergency" not in rule or (rule["rev"], rule["emergency"]) in marks)


FINISH_WITHIN = 7 * 86400
LONGEST_SIGNING = 7 * 86400
DELAYS = (64 * 3600, 30 * 86400)


def recovery(context, record, envelopes, earlier):
    """A step of a recovery: by whom it names, about this scope, and in its time."""
    says = envelopes[0]["says"]
    cancels = record["kind"] == "recovery-cancel"
    kind = "recovery-cancellation" if cancels else "recovery"
    want(envelopes[0]["type"] == f"application/vnd.capstan.{kind}.v1+json")
    want(all(one["canonical"] and one["digest"] == record["prop"] for one in envelopes))
    names = says["voters"] if cancels else says["holders"]
    want(len(envelopes) == len(names) == len(set(names)) and record["votes"] == [])
    want(record["class"] == ("emergency" if cancels else "structural"))
    want(record["group"] == {"uid": record["subject"]["uid"], "rev": says["from"]})
    want(says["index"] == context["index"] and says["subject"] == record["subject"])
    if record["kind"] != "recovery-finish":
        want(is_of_this_time(says, record["ts"], LONGEST_SIGNING))
    if record["kind"] == "recovery-start":
        want(says["base"] == {"rev": record["rev"] - 1, "head": record["prev"]})
    found = [one for one in context["scopes"] if one["state"]["uid"] == record["subject"]["uid"]]
    want(len(found) == 1)
    [scope] = found
    group = scope["state"]["group"] or {}
    if cancels:
        starts = [one["record"] for one in earlier if one["record"]["kind"] == "recovery-start"]
        want(starts and starts[-1]["prop"] == says["recovery"])
        if group.get("rev") == says["from"]:
            cancelled_by(group, record, envelopes, seq_of(scope) > record["seq"])
        return
    begun = record
    if record["kind"] == "recovery-finish":
        begun = start_of(record, earlier)
    steps = [one["record"] for one in scope["commits"]]
    made = any((one["kind"], one["prop"]) == ("recovery-finish", record["prop"]) for one in steps)
    if group.get("rev") != says["from"] + (1 if made else 0):
        return
    want("recovery" in group)
    chosen = group["recovery"]
    if record["kind"] == "recovery-finish":
        due = begun["ts"] + chosen["delay"]
        want(due <= record["ts"] < due + FINISH_WITHIN)
    for name in names:
        holders = [one for one in chosen["holders"] if one["id"] == name]
        want(len(holders) == 1 and signed_then(holders[0]["keys"], envelopes, begun["ts"]))
    want(len(names) >= chosen["threshold"], "bundle.no-quorum")


def signed_then(keys, envelopes, at):
    created = envelopes[0]["says"]["created"]
    return any(is_signed_by(keys, one, created) and is_signed_by(keys, one, at) for one in envelopes)


def start_of(finish, earlier):
    """Back to the start, from record to record of the scope, without a no between."""
    record = finish
    for commit in reversed(earlier):
        one = commit["record"]
        want(record_hash(one) == record["prev"])
        if one["kind"] == "recovery-start":
            want(one["prop"] == finish["prop"])
            return one
        want(one["kind"] not in RECOVERY_KINDS)
        if one["kind"] == "commit":
            change, _ = part_of(opened(commit["envelopes"][0])["says"], one["prop"], one)
            want(change["op"] != "group.set")
        record = one
    raise No("bundle.not-proved")


def cancelled_by(group, record, envelopes, since):
    behind = []
    for name in envelopes[0]["says"]["voters"]:
        voters = [one for one in group["voters"] if one["id"] == name]
        want(len(voters) == 1 and (since or voters[0]["status"] == "active"))
        want(signed_then(voters[0]["keys"], envelopes, record["ts"]))
        behind.append(voters[0])
    if "brake" in group or group["solo"]:
        enough = sum(voter["weight"] for voter in behind) >= group["threshold"]["emergency"]
        people = {voter["controller"] for voter in behind}
        want(enough and len(people) >= group["minControllers"]["emergency"], "bundle.no-quorum")


def group_after(record):
    return record["group"]["rev"] + (1 if record["kind"] == "recovery-finish" else 0)


def as_recovered(state, commits):
    """What the scope says of its latest recovery is what the records say that are shown."""
    steps = [one for one in commits if one["record"]["kind"] in RECOVERY_KINDS]
    mark, group = state.get("recovery"), state["group"]
    latest = max((group_after(one["record"]) for one in steps), default=0)
    if mark is None:
        want(not steps or (group is not None and latest < group["rev"]))
        return
    want(group is not None and "recovery" in group and latest <= group["rev"])
    is_sound(group)
    starts = [at for at, one in enumerate(steps) if one["record"]["kind"] == "recovery-start"]
    want(starts and len(steps) - starts[-1] <= 2)
    start, end = steps[starts[-1]], (steps[starts[-1] + 1 :] or [None])[0]
    begun, says = start["record"], opened(start["envelopes"][0])["says"]
    expected = {
        "statement": begun["prop"],
        "record": begun["seq"],
        "from": says["from"],
        "holders": says["holders"],
        "since": begun["ts"],
        "due": begun["ts"] + group["recovery"]["delay"],
    }
    if end and end["record"]["kind"] == "recovery-cancel":
        want("cancelled" in mark)
        expected["cancelled"] = {"at": end["record"]["ts"], "again": mark["cancelled"]["again"]}
    if end and end["record"]["kind"] == "recovery-finish":
        expected["finished"] = end["record"]["ts"]
    want(expected == mark)
    if "finished" not in mark:
        want(group["rev"] == says["from"])
        return
    want(group["rev"] == says["from"] + 1)
    suspended = [one["id"] for one in says["group"]["voters"] if one["status"] != "active"]
    want(all(one["status"] != "active" for one in group["voters"] if one["id"] in suspended))
    terms = {name: value for name, value in group.items() if name not in ("rev", "recovery")}
    want(bare(terms) == bare(says["group"]))
    since = commits[[one["record"]["seq"] for one in commits].index(begun["seq"]) :]
    for commit in since:
        if commit["record"]["kind"] == "evidence":
            keeps_suspended(group, [opened(one) for one in commit["envelopes"][:2]])


def keeps_suspended(group, votes):
    """Whoever has a key that signed one of two votes against each other may not vote."""
    for voter in group["voters"]:
        ever = [{**key, "from": 0, "until": 2**53} for key in voter["keys"]]
        want(voter["status"] == "suspended" or not any(is_signed_by(ever, one, 0) for one in votes))


def is_sound(group):
    """No set is smaller, or quicker, than one that voters may name."""
    chosen = group["recovery"]
    holders = chosen["holders"]
    want(len({one["controller"] for one in holders}) == len(holders))
    least = max(len(holders) // 2 + 1, 1 if group["solo"] else 2)
    want(least <= chosen["threshold"] <= len(holders))
    want(DELAYS[0] <= chosen["delay"] <= DELAYS[1], "bundle.malformed")


def bare(group):
    voters = [
        {**{name: value for name, value in one.items() if name != "brake"}, "status": "active"}
        for one in group["voters"]
    ]
    return {**group, "voters": voters}


def brake_on(state, says):
    if "rule" in says:
        return next((one.get("brake") for one in state["rules"] if one["id"] == says["rule"]), None)
    if "voter" in says:
        voters = state["group"]["voters"]
        return next((one.get("brake") for one in voters if one["id"] == says["voter"]), None)
    return state.get("brake")


def may_act(voter, at):
    return voter["status"] == "active" and at >= voter.get("brake", {"until": 0})["until"]


def seq_of(scope):
    return scope["commits"][-1]["record"]["seq"]


def wanted(scopes, group, record, places):
    """What the group wants for the class, and what guards above want of it."""
    grave = record["class"]
    needs = {"minThreshold": group["threshold"][grave], "minControllers": group["minControllers"][grave]}
    for scope in scopes:
        alias = scope["state"]["alias"]
        is_above = any(alias == "" or place.startswith(f"{alias}/") for place in places - {""})
        if is_above and seq_of(scope) <= record["seq"]:
            for guard in scope["state"].get("guards", []):
                if guard["effect"] in needs:
                    least = guard["least"].get(grave, 0)
                    needs[guard["effect"]] = max(needs[guard["effect"]], least)
    return needs


def part_of(proposal, digest, record):
    """Operation, subject, base and uid of the change that the record made."""
    want((proposal["op"] == "changes") == ("part" in record))
    if "part" in record:
        change = proposal["body"]["changes"][record["part"]]
        text = f"capstan:part\n{proposal['index']}\n{proposal['nonce']}\n{record['part']}"
        created = sha256(text.encode())
    else:
        change, created = proposal, sha256(bytes.fromhex(digest))
    letter = {"scope.create": "s", "cluster.register": "c"}.get(change["op"], "e")
    return change, change["subject"].get("uid", uid_of(letter, created))


def decision(context, commit, envelopes):
    record, index = commit["record"], context["index"]
    statement, *votes = envelopes
    want(statement["type"] == "application/vnd.capstan.proposal.v1+json" and statement["canonical"])
    proposal = statement["says"]
    change, uid = part_of(proposal, statement["digest"], record)
    base = change["base"]
    if base is None:
        want(record["rev"] == 1 and record["prev"] is None)
    elif "after" in base:
        want(record["rev"] > 1 and record["prev"] is not None)
    else:
        want(record["rev"] == base["rev"] + 1 and record["prev"] == base["head"])
    alias = change["body"]["to"] if change["op"] == "entry.rename" else change["subject"]["alias"]
    want(proposal["index"] == index and uid == record["subject"]["uid"])
    want(alias == record["subject"]["alias"] and proposal["scope"] == record["group"])
    want(record["class"] in CLASSES[change["op"]])
    approved = approvals(context, commit, proposal, votes)
    count = recount_then if "then" in context else recount
    count(context, commit, statement, approved)


CLASSES = {
    **dict.fromkeys(
        (
            "scope.suspend",
            "scope.retire",
            "entry.suspend",
            "entry.retire",
            "binding.remove",
            "rule.detach",
            "cluster.remove",
        ),
        ("narrowing",),
    ),
    **dict.fromkeys(
        (
            "entry.create",
            "entry.reactivate",
            "entry.rename",
            "binding.add",
            "rule.attach",
            "voter.reinstate",
            "emergency.ratify",
        ),
        ("sensitive",),
    ),
    **dict.fromkeys(
        (
            "scope.create",
            "scope.reactivate",
            "group.set",
            "guard.clear",
            "cluster.register",
            "cluster.update",
        ),
        ("structural",),
    ),
    "envelope.set": ("narrowing", "sensitive", "structural"),
    "rule.replace": ("narrowing", "sensitive"),
    "guard.set": ("narrowing", "structural"),
    "brake.lift": ("sensitive", "structural"),
    "entry.update": ("routine", "sensitive"),
    "split.set": ("routine", "sensitive"),
    "split.clear": ("routine",),
}


def slot_of(proposal):
    if proposal["op"] == "changes":
        return {"id": f"changes:{proposal['nonce']}", "rev": 0}
    subject = proposal["subject"]
    rev = proposal["base"]["rev"] if proposal["base"] else 0
    return {"id": subject.get("uid", f"alias:{subject['alias']}"), "rev": rev}


def approvals(context, commit, proposal, votes):
    record = commit["record"]
    if "opened" in commit:
        opening = commit["opened"]["record"]
        want(opening["kind"] == "open" and opening["prop"] == opening["says"] == record["prop"])
        want(opening["seq"] < record["seq"])
        in_log(context["head"], commit["opened"])
        log = {"size": opening["seq"] + 1, "head": record_hash(opening)}
    else:
        log = {"size": record["seq"], "head": record["chain"]}
    found = {}
    for vote in votes:
        about, predicate = predicate_of(vote)
        want(about == record["prop"] and predicate["decision"] == "approve")
        want(predicate["index"] == context["index"] and predicate["scope"] == proposal["scope"])
        want(predicate["slot"] == slot_of(proposal) and predicate["log"] == log)
        until = {} if "opened" in commit else record
        want(("issuedUntil" in predicate) == ("issuedUntil" in until))
        want(predicate.get("issuedUntil") == until.get("issuedUntil"))
        want(predicate["voter"] not in found)
        found[predicate["voter"]] = vote
    return found


def times_of_vote(commit, proposal, vote):
    """When its key was in use: it names the opening, and so was made after it."""
    cast, ts = vote["says"]["predicate"]["cast"], commit["record"]["ts"]
    if "opened" not in commit:
        return cast, ts
    want(proposal["created"] <= cast <= ts + CLOCK_TOLERANCE)
    return cast, max(cast, commit["opened"]["record"]["ts"])


def recount(context, commit, statement, approved):
    record, proposal = commit["record"], statement["says"]
    scopes = context["scopes"]
    deciders = [one for one in scopes if one["state"]["uid"] == record["group"]["uid"]]
    if not deciders or (deciders[0]["state"]["group"] or {}).get("rev") != record["group"]["rev"]:
        return
    [decider] = deciders
    group = decider["state"]["group"]
    want("opened" in commit or group["solo"])

    def authors(one):
        among = "voters" if proposal["author"]["kind"] == "voter" else "proposers"
        return [who for who in (one or {}).get(among, []) if who["id"] == proposal["author"]["id"]]

    for author in authors(group)[:1]:
        want(is_signed_by(author["keys"], statement, proposal["created"]))
    above = authors(group) + [who for scope in scopes for who in authors(scope["state"]["group"])]
    since = seq_of(decider) > record["seq"]
    counted = []
    for voter in group["voters"]:
        vote = approved.get(voter["id"])
        if vote is None:
            continue
        want(is_signed_at(voter["keys"], vote, times_of_vote(commit, proposal, vote)))
        if since or may_act(voter, record["ts"]):
            counted.append(voter)
    grave = record["class"]
    places = {proposal["subject"]["alias"], record["subject"]["alias"]}
    needs = wanted(scopes, group, record, places)
    controllers = {voter["controller"] for voter in counted}
    enough = sum(voter["weight"] for voter in counted) >= needs["minThreshold"]
    enough = enough and len(controllers) >= needs["minControllers"]
    if grave in ("sensitive", "structural") and not group["solo"]:
        enough = enough and controllers - {above[0]["controller"] if above else ""}
    want(enough, "bundle.no-quorum")


def as_voted(state, commit, proposal):
    """A rule that this change made is what was proposed, in normal form as it always is."""
    record = commit["record"]
    change, _ = part_of(proposal, record["prop"], record)
    if change["op"] not in ("rule.attach", "rule.replace"):
        return
    voted = change["body"]["rule"]
    found = [rule for rule in state["rules"] if rule["id"] == voted["id"]]
    if found and found[0]["rev"] == record["rev"]:
        unbraked = {name: value for name, value in found[0].items() if name != "brake"}
        want(unbraked == {**voted, "rev": record["rev"]})
    else:
        want(record["rev"] < state["rev"])


def changes_in(shown):
    """What was proposed of each change of an object that voters, or one, made: oldest first."""
    for commit in shown["commits"]:
        record = commit["record"]
        if record["kind"] == "commit":
            yield part_of(opened(commit["envelopes"][0])["says"], record["prop"], record)[0]


def split_of(body):
    """In normal form: a port that is the split's own is left out, and backends are in order."""
    split = body["split"]
    refs = [dict(ref) for ref in split["backendRefs"]]
    for ref in refs:
        if ref.get("port") == split["port"]:
            del ref["port"]
    refs.sort(key=lambda ref: (ref["entry"], ref.get("port", 0)))
    return {"port": split["port"], "backendRefs": refs}


def splits_shown(entry):
    """Of each port the split that the last change which is shown left; None where it took it away."""
    shown = {}
    for change in changes_in(entry):
        if change["op"] == "split.set":
            shown[change["body"]["split"]["port"]] = split_of(change["body"])
        if change["op"] == "split.clear":
            shown[change["body"]["port"]] = None
    return shown


def each_once(state):
    """Rules by id and splits by port: a second of a name would be one that nobody looks for."""
    ids = [rule["id"] for rule in state["rules"]]
    ports = [split["port"] for split in state.get("splits", [])]
    for names in (ids, ports):
        want(all(one < other for one, other in zip(names, names[1:])))


def splits_as_voted(entry):
    found = {split["port"]: split for split in entry["state"].get("splits", [])}
    want(all(found.get(port) == split for port, split in splits_shown(entry).items()))


def splits_shown_to_be_made(entry, told):
    made = {}
    for record, change in records_of_changes(entry):
        if change["op"] == "split.set":
            made[change["body"]["split"]["port"]] = record["rev"] not in told
        if change["op"] == "split.clear":
            made[change["body"]["port"]] = False
    return all(made.get(split["port"], False) for split in entry["state"].get("splits", []))


# Of which class a change is: by what a rule or a split was before it


def records_of_changes(shown):
    commits = [one["record"] for one in shown["commits"] if one["record"]["kind"] == "commit"]
    return zip(commits, changes_in(shown))


def told_by_the_log(entry, any_class):
    """Revisions of which the log alone says that they are of no graver class; no other is graver than it says."""
    rules, splits, told = {}, {}, set()
    changes = {record["rev"]: change for record, change in records_of_changes(entry)}
    for commit in entry["commits"]:
        record = commit["record"]
        if record["kind"] == "emergency":
            says = opened(commit["envelopes"][0])["says"]
            if "call" in says:
                call = {name: value for name, value in says["call"].items() if name != "caller"}
                until = record["ts"] + says["ttl"]
                rules[f"emergency-{record['seq']}"] = {**call, "callers": [says["call"]["caller"]], "until": until}
        if record["kind"] != "commit":
            continue
        change = changes[record["rev"]]
        op, body = change["op"], change["body"]
        classes = CLASSES[op]
        is_known = True
        if len(classes) > 1 and record["class"] == classes[0] and op != "brake.lift":
            within = is_within(rules, splits, op, body)
            want(within is not False)
            is_known = within or record["seq"] in any_class
        if not is_known:
            told.add(record["rev"])
        if op.startswith("rule."):
            name = body["rule"] if op == "rule.detach" else body["rule"]["id"]
            rules.pop(name, None)
            if op != "rule.detach" and is_known:
                rules[name] = body["rule"]
        if op.startswith("split."):
            port = body["port"] if op == "split.clear" else body["split"]["port"]
            splits.pop(port, None)
            if op == "split.set" and is_known:
                splits[port] = split_of(body)
    return told


def is_within(rules, splits, op, body):
    """Is it no more than what was before? None where that is not shown."""
    if op == "rule.replace":
        before = rules.get(body["rule"]["id"])
        return before and is_narrower(body["rule"], before)
    if op == "split.set":
        before = splits.get(body["split"]["port"])
        return before and backends(split_of(body)) <= backends(before)
    if op == "entry.update":
        return False if "owner" in body else None if "validUntil" in body else True
    return None


def backends(split):
    return {(ref["entry"], ref.get("port")) for ref in split["backendRefs"]}


def is_narrower(rule, before):
    def caller(one):
        if isinstance(one, str):
            return one in before["callers"]
        regions = [other["subtree"] for other in before["callers"] if isinstance(other, dict)]
        return any(is_at_or_below(one["subtree"], region) for region in regions)

    def route(one):
        return any(covers_route(other, one) for other in before["routes"])

    ports = all(any(x[0] <= y[0] and y[1] <= x[1] for x in before["ports"]) for y in rule["ports"])
    routes = "routes" not in before or ("routes" in rule and all(route(one) for one in rule["routes"]))
    times = before.get("from", 0) <= rule.get("from", 0)
    times = times and rule.get("until", 2**53) <= before.get("until", 2**53)
    callers = all(caller(one) for one in rule["callers"])
    return callers and ports and routes and times and rule["proto"] == before["proto"]


def is_at_or_below(alias, region):
    return region in ("", alias) or alias.startswith(f"{region}/")


def covers_route(outer, inner):
    if "method" in outer and outer["method"] != inner.get("method"):
        return False
    if not all(one in inner.get("headers", []) for one in outer.get("headers", [])):
        return False
    path = inner["path"].get("exact", inner["path"].get("prefix"))
    if "prefix" in outer["path"]:
        prefix = outer["path"]["prefix"]
        return prefix in ("/", path) or path.startswith(f"{prefix}/")
    return outer["path"] == inner["path"]


# The walk from the genesis: what each record finds, and what it leaves


def has_lineage(scopes):
    return all(scope["commits"][0]["record"]["rev"] == 1 for scope in scopes)


def walk(context, entry, scopes):
    """Every change that is shown, counted by the groups that there were."""
    objects = [entry, *scopes]
    keeps_its_name(entry)
    for shown in scopes:
        is_unbroken(shown)
    for shown in objects:
        are_shown(context, shown)
        is_made(shown)
    steps = []
    for shown in objects:
        for place, commit in enumerate(shown["commits"]):
            asked = commit.get("opened", commit)["record"]
            steps.append((asked["seq"], 0, shown, place))
            steps.append((commit["record"]["seq"], 1, shown, place))
    states, done, openings = {}, {}, {}
    marks = {id(shown): [] for shown in objects}

    def then():
        return [{"state": state, "commits": done[uid]} for uid, state in states.items()]

    for _, made, shown, place in sorted(steps, key=lambda one: one[:2]):
        commit = shown["commits"][place]
        if not made:
            openings[id(commit)] = opening(then(), commit)
            continue
        record = commit["record"]
        want((record["kind"] == "genesis") == (states == {}))
        asked = openings[id(commit)]
        one_commit({**context, "scopes": then(), "then": asked}, shown, place, marks[id(shown)])
        if shown["state"]["kind"] == "scope":
            uid = shown["state"]["uid"]
            states[uid] = left_by(then(), states.get(uid), record, commit)
            done.setdefault(uid, []).append(commit)
    want(all(states[shown["state"]["uid"]] == shown["state"] for shown in scopes))
    for shown in objects:
        as_it_says(shown, marks[id(shown)])


def is_shown_to_be_made(rule, shown, told):
    if "emergency" in rule:
        return True
    for record, change in records_of_changes(shown):
        if record["rev"] == rule["rev"] and change["op"] in ("rule.attach", "rule.replace"):
            return change["body"]["rule"]["id"] == rule["id"] and record["rev"] not in told
    return False


def is_unbroken(shown):
    before = None
    for place, commit in enumerate(shown["commits"]):
        record = commit["record"]
        want(record["rev"] == place + 1 and record["prev"] == before)
        before = record_hash(record)


def keeps_its_name(shown):
    before = None
    for commit in shown["commits"]:
        alias = commit["record"]["subject"]["alias"]
        first = opened(commit["envelopes"][0])
        says = first["says"] if first["type"].endswith(".proposal.v1+json") else {}
        change = part_of(says, commit["record"]["prop"], commit["record"])[0] if says else {}
        came_from = change["subject"]["alias"] if change.get("op") == "entry.rename" else alias
        want(before in (None, came_from))
        before = alias


def alive(scopes):
    return [one for one in scopes if one["state"]["state"] != "retired"]


def scope_over(scopes, alias):
    """The nearest scope above an alias."""
    over = [one for one in alive(scopes) if f"{alias}/".startswith(f"{one['state']['alias']}/")]
    over = [one for one in over if one["state"]["alias"] not in ("", alias)]
    root = [one for one in scopes if one["state"]["alias"] == ""]
    return max(over, key=lambda one: len(one["state"]["alias"]), default=root[0])


def decides_above(scopes, alias):
    scope = scope_over(scopes, alias)
    while not (scope["state"]["group"] and scope["state"]["state"] == "active"):
        want(scope["state"]["alias"] != "")
        scope = scope_over(scopes, scope["state"]["alias"])
    return scope["state"]


OF_GROUP = ("voter.reinstate", "emergency.ratify")


def responsible(scopes, op, subject, named=None):
    if op in ("group.set", "changes", *OF_GROUP):
        for one in scopes:
            state = one["state"]
            if state["uid"] == subject.get("uid") and state["group"] and state["state"] == "active":
                if named is None or named["uid"] == state["uid"] or op in OF_GROUP:
                    return state
    return decides_above(scopes, subject["alias"])


def is_responsible(scopes, op, subject, record, named=None):
    state = responsible(scopes, op, subject, named)
    want({"uid": state["uid"], "rev": state["group"]["rev"]} == record["group"])
    return state["group"]


def second_of(scopes, proposal):
    """Another group whose consent it needs: uid (none of one that would be) and group."""
    if proposal["op"] == "group.set":
        own = [one["state"] for one in scopes if one["state"]["uid"] == proposal["subject"]["uid"]]
        want(own)
        if own[0]["group"] and proposal["scope"]["uid"] != own[0]["uid"]:
            return None
        return None, group_set(own[0]["group"], proposal["body"]["group"])
    if proposal["op"] == "entry.rename":
        state = decides_above(scopes, proposal["body"]["to"])
        if state["uid"] != proposal["scope"]["uid"]:
            return state["uid"], state["group"]
    return None


def opening(scopes, commit):
    """Who proposed it, and who was asked beside those who decide."""
    first = opened(commit["envelopes"][0])
    if not first["type"].endswith(".proposal.v1+json") or not scopes:
        return None, None
    proposal = first["says"]
    at = commit.get("opened", commit)["record"]["ts"]
    second = second_of(scopes, proposal)
    asked = (second[0], second[1]["rev"]) if second and second[0] else None
    return author_of(scopes, proposal, at), asked


def author_of(scopes, proposal, at):
    kind, name = proposal["author"]["kind"], proposal["author"]["id"]

    def among(group):
        if kind == "voter":
            found = [one for one in group["voters"] if may_act(one, at)]
        else:
            found = group.get("proposers", [])
        return [one for one in found if one["id"] == name]

    groups = [responsible(scopes, proposal["op"], proposal["subject"], proposal["scope"])["group"]]
    alias = proposal["subject"]["alias"]
    while True:
        state = scope_over(scopes, alias)["state"]
        groups.append(state["group"])
        if state["alias"] == "":
            break
        alias = state["alias"]
    found = [one for group in groups if group for one in among(group)]
    return found[0] if found else None


def places_of(change):
    if change["op"] == "changes":
        return set().union(*(places_of(one) for one in change["body"]["changes"]))
    alias = change["subject"]["alias"]
    return {alias, change["body"]["to"]} if change["op"] == "entry.rename" else {alias}


def recount_then(context, commit, statement, approved):
    record, proposal, scopes = commit["record"], statement["says"], context["scopes"]
    group = is_responsible(scopes, proposal["op"], proposal["subject"], record, proposal["scope"])
    author, asked = context["then"]
    at = commit.get("opened", commit)["record"]["ts"]
    want(author and is_signed_at(author["keys"], statement, (proposal["created"], at)))
    second = second_of(scopes, proposal)
    by_voter = proposal["author"]["kind"] == "voter"
    want("opened" in commit or (group["solo"] and second is None and by_voter))
    want(asked == ((second[0], second[1]["rev"]) if second and second[0] else None))
    sides = [group, second[1]] if second else [group]
    behind = [[] for _ in sides]
    for name, vote in approved.items():
        times = times_of_vote(commit, proposal, vote)
        heard = False
        for side, voters in zip(sides, behind):
            for voter in side["voters"]:
                if voter["id"] == name and is_signed_at(voter["keys"], vote, times):
                    voters.append(voter)
                    heard = True
        want(heard)

    def carries(own):
        grave = gravest(proposal, own)
        for side, voters in zip(sides, behind):
            voters = [one for one in voters if may_act(one, record["ts"])]
            needs = wanted(alive(scopes), side, {**record, "class": grave}, places_of(proposal))
            people = {one["controller"] for one in voters}
            enough = sum(one["weight"] for one in voters) >= needs["minThreshold"]
            enough = enough and len(people) >= needs["minControllers"]
            if grave in ("sensitive", "structural") and not side["solo"]:
                enough = enough and people - {author["controller"]}
            if not enough:
                return False
        return True

    want(carries(record["class"]), "bundle.no-quorum")
    change, _ = part_of(proposal, record["prop"], record)
    if carries(max(CLASSES[change["op"]], key=GRAVER.index)):
        context["any class"].add(record["seq"])


GRAVER = ("narrowing", "routine", "sensitive", "structural")


def gravest(proposal, own):
    """Several changes take what the gravest takes: each is as grave as its operation is at the least."""
    least = [own]
    if proposal["op"] == "changes":
        least += [CLASSES[one["op"]][0] for one in proposal["body"]["changes"]]
    return max(least, key=GRAVER.index)


def is_signed_at(keys, envelope, times):
    used = [key for key in keys if all(key["from"] <= at < key.get("until", 2**53) for at in times)]
    return is_signed_by(used, envelope, times[0])


def thumbprints(voter):
    return {key["thumbprint"] for key in voter["keys"]}


def group_set(before, terms):
    """Whoever keeps a key keeps the longest brake on it; the revision is one more."""
    voters = []
    for voter in terms["voters"]:
        was = [one for one in (before or {"voters": []})["voters"] if thumbprints(one) & thumbprints(voter)]
        brakes = [one["brake"] for one in was if "brake" in one]
        longest = max(brakes, key=lambda one: one["until"], default=None)
        voters.append({**voter, "brake": longest} if longest else voter)
    return {**terms, "voters": voters, "rev": (before or {"rev": 0})["rev"] + 1}


def left_by(scopes, before, record, commit):
    """The scope as the record leaves it: the digests of it before and after are the record's."""
    envelopes = [opened(one) for one in commit["envelopes"]]
    says = envelopes[0]["says"]
    if record["kind"] == "genesis":
        uid, group, envelope = record["subject"]["uid"], says["group"], says["envelope"]
        state = new_scope(uid, "", envelope, group, says["created"])
    elif record["kind"] == "commit":
        change, uid = part_of(says, record["prop"], record)
        if change["op"] == "scope.create":
            want(before is None)
            alias, envelope = change["subject"]["alias"], change["body"]["envelope"]
            state = new_scope(uid, alias, envelope, None, record["ts"])
        else:
            want(before is not None)
            want(before["uid"] == change["subject"]["uid"] and before["state"] != "retired")
            state = {**changed(before, change, record), "rev": before["rev"] + 1}
    else:
        want(before is not None)
        state = {**stepped(scopes, before, record, says), "rev": before["rev"] + 1}
    digest = None if before is None else sha256(octets(before)).hex()
    want(record["before"] == digest and record["after"] == sha256(octets(state)).hex())
    want(record["rev"] == state["rev"] and record["subject"] == {"uid": state["uid"], "alias": state["alias"]})
    return state


def new_scope(uid, alias, envelope, group, at):
    return {
        "kind": "scope",
        "uid": uid,
        "alias": alias,
        "state": "active",
        "rev": 1,
        "envelope": envelope,
        "group": group,
        "createdAt": at,
    }


def bare_of(state, *names):
    return {name: value for name, value in state.items() if name not in names}


def changed(state, change, record):
    op, body = change["op"], change["body"]
    if op == "group.set":
        return {**bare_of(state, "recovery"), "group": group_set(state["group"], body["group"])}
    if op == "envelope.set":
        return {**state, "envelope": body["envelope"]}
    if op in ("guard.set", "guard.clear"):
        return guarded(state, op, body["guard"], record)
    if op == "voter.reinstate":
        return with_voter(state, body["voter"], lambda one: bare_of(one, "brake"))
    if op == "brake.lift":
        want("brake" in state and body == {})
        return bare_of(state, "brake")
    if op == "scope.suspend":
        return {**bare_of(state, "brake"), "state": "suspended"}
    if op == "scope.reactivate":
        return {**state, "state": "active"}
    if op == "scope.retire":
        return {**state, "state": "retired"}
    want(op == "emergency.ratify")
    return state


def guarded(state, op, guard, record):
    name = guard if op == "guard.clear" else guard["id"]
    guards = state.get("guards", [])
    was = [one for one in guards if one["id"] == name]
    others = [one for one in guards if one["id"] != name]
    if op == "guard.clear":
        want(was)
        return {**bare_of(state, "guards"), **({"guards": others} if others else {})}
    quorum = ("minThreshold", "minControllers")
    if guard["effect"] in quorum:
        least = was[0]["least"] if was and was[0]["effect"] in quorum else {}
        hinders = any(guard["least"].get(one, 0) > least.get(one, 0) for one in ("narrowing", "emergency"))
        tighter = all(guard["least"].get(one, 0) >= value for one, value in least.items())
        same = not was or was[0]["effect"] == guard["effect"]
        narrows = same and tighter and not hinders
        want(record["class"] == ("narrowing" if narrows else "structural"))
    elif was and was[0]["effect"] != guard["effect"]:
        want(record["class"] == "structural")
    return {**state, "guards": sorted([*others, guard], key=lambda one: one["id"])}


def with_voter(state, name, change):
    voters = [change(one) if one["id"] == name else one for one in state["group"]["voters"]]
    return {**state, "group": {**state["group"], "voters": voters}}


def stepped(scopes, state, record, says):
    """Evidence, a brake, or a step of a recovery."""
    at = record["ts"]
    if record["kind"] == "evidence":
        want(record["class"] == "narrowing" and record["prop"] == record["votes"][0])
        return with_voter(state, says["predicate"]["voter"], lambda one: {**one, "status": "suspended"})
    if record["kind"] == "brake":
        mark = {"until": at + says["ttl"]}
        if "voter" in says:
            return with_voter(state, says["voter"], lambda one: {**one, "brake": mark})
        want("rule" not in says and state["alias"] != "" and state["state"] == "active")
        return {**state, "brake": mark}
    chosen = state["group"]["recovery"]
    mark = state.get("recovery")
    if mark:
        is_open = not ({"cancelled", "finished"} & set(mark)) and at < mark["due"] + FINISH_WITHIN
    if record["kind"] == "recovery-start":
        want(not mark or (not is_open and at >= mark.get("cancelled", {"again": 0})["again"]))
        begun = {"statement": record["prop"], "record": record["seq"], "from": says["from"]}
        times = {"since": at, "due": at + chosen["delay"]}
        return {**state, "recovery": {**begun, "holders": says["holders"], **times}}
    want(mark and is_open)
    if record["kind"] == "recovery-cancel":
        want(mark["statement"] == says["recovery"])
        over = [one["state"] for one in alive(scopes) if is_over(one["state"]["alias"], state["alias"])]
        groups = [one["group"] for one in [state, *over] if one["group"]]
        longest = max(one.get("timelock", {}).get("structural", 0) for one in groups)
        cancelled = {"at": at, "again": at + 604800 + longest}
        return {**state, "recovery": {**mark, "cancelled": cancelled}}
    want(mark["statement"] == record["prop"])
    group = group_set(state["group"], {**says["group"], "recovery": chosen})
    suspended = [one for one in state["group"]["voters"] if one["status"] == "suspended"]
    kept = set().union(*(thumbprints(one) for one in suspended))
    voters = [{**one, "status": "suspended"} if thumbprints(one) & kept else one for one in group["voters"]]
    return {**state, "group": {**group, "voters": voters}, "recovery": {**mark, "finished": at}}


def is_over(scope, alias):
    return alias != "" and scope != alias and (scope == "" or alias.startswith(f"{scope}/"))


def verify(text, trust):
    return shown_entry(text, trust)["entry"]["uid"]


def shown_entry(text, trust):
    """The entry, the scopes above it from the root down, and the checkpoint they are proved against."""
    bundle = parse(text)
    shaped(bundle)
    want(bundle["index"] == trust["index"], "bundle.wrong-index")
    head = head_of(bundle, trust)
    entry = bundle["entry"]
    in_state(head, entry)
    want(holder(head, entry["state"]["alias"], bundle["alias"]) == entry["state"]["uid"])
    each_once(entry["state"])
    scopes = scopes_above(head, bundle)
    context = {"head": head, "index": bundle["index"], "scopes": scopes, "any class": set()}
    elsewhere = bundle.get("elsewhere", [])
    known = {scope["state"]["uid"] for scope in scopes}
    for scope in elsewhere:
        want(scope["state"]["uid"] not in known)
        known.add(scope["state"]["uid"])
        in_state(head, scope)
    in_order_of_time(bundle, [entry, *scopes, *elsewhere])
    if has_lineage([*scopes, *elsewhere]):
        walk(context, entry, [*scopes, *elsewhere])
        told = told_by_the_log(entry, context["any class"])
        splits_as_voted(entry)
        made = all(is_shown_to_be_made(rule, entry, told) for rule in entry["state"]["rules"])
        made = made and splits_shown_to_be_made(entry, told)
        want(made or trust.get("trustLog", False), "bundle.not-counted")
    else:
        want(trust.get("trustLog", False), "bundle.not-counted")
        for shown in [entry, *scopes]:
            commits_of(context, shown)
        told_by_the_log(entry, set())
        splits_as_voted(entry)
    return {
        **head,
        "index": bundle["index"],
        "entry": entry["state"],
        "scopes": [scope["state"] for scope in scopes],
        "maxAge": trust.get("maxAge"),
        "bundle": bundle,
    }


def main(folder):
    given = json.loads((folder / "bundle-verify.json").read_text("utf-8"))
    judged, wrong = 0, []
    for vector in given["vectors"]:
        whole = given["bundles"][vector["bundle"]]
        at, drop = vector["at"], vector["drop"]
        try:
            found = verify(whole[:at] + vector["put"] + whole[at + drop :], vector["trust"])
        except No as refused:
            found = refused.code
        judged += 1
        if found != vector.get("entry", vector.get("refused")):
            wrong.append(f"{vector['what']}: {found}")
    print(json.dumps({"judged": judged, "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

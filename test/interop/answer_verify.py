"""Answers with their bundles, as docs/format-proof.md says them. Nothing of Capstan's source is used."""

import json
import re
import sys
from pathlib import Path

from bundle_verify import (
    TOLERANCE,
    No,
    canonical,
    members,
    opened,
    part_of,
    record_hash,
    shown_entry,
    want,
)
from decide import decide, of_one_log, route_of

MOST = 4_259_840
MALFORMED = "bundle.malformed"
OPERATIONS = """
binding.add binding.remove brake.lift changes cluster.register cluster.remove cluster.update
emergency.ratify entry.create entry.reactivate entry.rename entry.retire entry.suspend entry.update
envelope.set group.set guard.clear guard.set rule.attach rule.detach rule.replace scope.create
scope.reactivate scope.retire scope.suspend split.clear split.set voter.reinstate
""".split()


def is_alias(value):
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return isinstance(value, str) and re.fullmatch(f"{label}(/{label})*", value)


def is_count(value, least, most):
    return type(value) is int and least <= value <= most


def read(text):
    want(len(text.encode()) <= MOST and text.endswith("\n"), MALFORMED)
    try:
        answer = json.loads(text[:-1])
    except ValueError as error:
        raise No(MALFORMED) from error
    want(canonical(answer, -1) == text[:-1], MALFORMED)
    members(answer, "v question bundles")
    question, bundles = answer["question"], answer["bundles"]
    want(answer["v"] == 1 and isinstance(bundles, list) and 1 <= len(bundles) <= 2, MALFORMED)
    want(isinstance(question, dict), MALFORMED)
    if question.get("ask") == "permit":
        members(question, "ask at caller callee port", "route headers")
        want(is_alias(question["caller"]) and is_alias(question["callee"]), MALFORMED)
        want(is_count(question["port"], 1, 65535) and is_count(question["at"], 0, 2**53), MALFORMED)
        want(len(question.get("route", "")) <= 4096, MALFORMED)
        fields = question.get("headers", ["x"])
        want(1 <= len(fields) <= 64 and all(len(one) <= 400 for one in fields), MALFORMED)
    else:
        want(question.get("ask") in ("log", "authority"), MALFORMED)
        members(question, "ask alias", "op" if question["ask"] == "authority" else "")
        want(is_alias(question["alias"]), MALFORMED)
        want(question.get("op", "changes") in OPERATIONS, MALFORMED)
    return question, bundles


def permit(question, caller, callee, now):
    same = (caller["entry"]["alias"], callee["entry"]["alias"])
    want(same == (question["caller"], question["callee"]))
    want(caller["size"] == callee["size"] and caller["root"] == callee["root"])
    at = question["at"]
    for side in (caller, callee):
        want(at >= side["bundle"]["last"]["record"]["ts"])
    want(at <= now + TOLERANCE, "bundle.stale")
    want("route" in question or "headers" not in question)
    asked = {}
    if "route" in question:
        parts = question["route"].split(" ")
        want(len(parts) == 2, "namespace.malformed")
        asked["route"] = {"method": parts[0], "path": parts[1]}
        fields = []
        for text in question.get("headers", []):
            name, colon, value = text.partition(":")
            want(colon, "namespace.malformed")
            fields.append((name, value.strip(" ")))
        asked["headers"] = fields
    route = route_of(asked)
    of_one_log(caller, callee, at)
    return decide(caller, callee, question["port"], route, at)


def log(question, entry):
    want(entry["entry"]["alias"] == question["alias"])
    before, operations = None, []
    for place, commit in enumerate(entry["bundle"]["entry"]["commits"]):
        record = commit["record"]
        want(record["rev"] == place + 1 and record["prev"] == before)
        before = record_hash(record)
        proposal = opened(commit["envelopes"][0])
        change, _ = part_of(proposal["says"], proposal["digest"], record)
        operations.append(change["op"])
    return {"ops": operations}


def authority(question, entry):
    want(entry["entry"]["alias"] == question["alias"])
    deciding = [one for one in entry["scopes"] if one["state"] == "active" and one["group"]]
    return {"scope": deciding[-1]["alias"], "group": deciding[-1]["group"]["rev"]}


def answered(text, trust):
    question, bundles = read(text)
    want(len(bundles) == (2 if question["ask"] == "permit" else 1))
    entries = [shown_entry(canonical(bundle) + "\n", trust) for bundle in bundles]
    if question["ask"] == "permit":
        return permit(question, *entries, trust["now"])
    return (log if question["ask"] == "log" else authority)(question, *entries)


def main(folder):
    given = json.loads((folder / "bundle-answer.json").read_text("utf-8"))
    wrong = []
    for vector in given["vectors"]:
        whole = given["files"][vector["file"]]
        at, drop = vector["at"], vector["drop"]
        try:
            found = answered(whole[:at] + vector["put"] + whole[at + drop :], vector["trust"])
        except No as refused:
            found = refused.code
        if found != vector.get("answer", vector.get("refused")):
            wrong.append(f"{vector['what']}: {json.dumps(found)}")
    print(json.dumps({"judged": len(given["vectors"]), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

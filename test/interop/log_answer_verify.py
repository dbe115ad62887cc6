"""Verifies answers with their log (docs/format-proof.md, "The file with the log"); shares nothing with Capstan.

What it does of "Verification": 1 to 6, the fold too, as far as operations_log.py knows logs: one group, no
quorum guards. It reckons no answer: of step 7 it says only which question the file is about.

Usage: log_answer_verify.py FOLDER. Prints how many vectors were judged as they say, and each that was not.
"""

import calendar
import json
import re
import sys
import time
from pathlib import Path

from bundle_verify import No, head_time, read_head, with_log_key
from operations_log import OperationsLog
from statements import OPERATIONS, among, list_of, matching, object_of, parsed, text, whole
from tlog_verify import Refused, leaf_hash, tree_root, unbase64

TOLERANCE = 120
HEADER, LINE = 262_144, 4_194_304
REFUSED = (Refused, No, KeyError, TypeError, ValueError, AttributeError, IndexError)

LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
RESERVED = "(?!(?:.*/)?(?:ns|sa|spire|entry|serviceaccount|identity|svc)(?:/|$))"
ALIAS = f"{RESERVED}{LABEL}(?:/{LABEL}){{0,7}}"
TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"


def want(condition, code="bundle.not-proved"):
    if not condition:
        raise No(code)


def instant(value):
    """A time that there is, in its one spelling."""
    matching(TIME)(value)
    shape = "%Y-%m-%dT%H:%M:%SZ"
    at = calendar.timegm(time.strptime(value, shape))
    want(time.strftime(shape, time.gmtime(at)) == value, "bundle.malformed")


def moment(value):
    matching("[1-9][0-9]{0,14}")(value) if "T" not in value else instant(value)


alias, region = matching(ALIAS, 200), matching(f"(?:{ALIAS})?", 200)
limit, label = whole(1, 1_000_000), matching(LABEL)
call = {"caller": alias, "callee": alias, "port": whole(1, 65_535)}
of_call = {"moment": moment, "route": text(4096), "headers": list_of(text(400), 1, 64)}
at_moment = {"moment": moment}
QUESTIONS = {
    "reach": ({"alias": alias, "limit": limit}, at_moment),
    "callers": ({"alias": alias, "limit": limit}, at_moment),
    "permit": (call, of_call),
    "why": (call, of_call),
    "authority": ({"alias": region}, {"moment": moment, "op": among(*OPERATIONS)}),
    "log": ({"alias": region}, at_moment),
    "diff": ({"from": moment, "to": moment, "scope": region}, {}),
    "impact": ({"proposal": matching("pr[a-z2-7]{40}")}, at_moment),
    "inbox": ({}, {"voter": label, **at_moment}),
    "resilience": ({"scope": region, "without": list_of(label, most=32)}, at_moment),
    "exceptions": ({"limit": limit}, {"since": instant, **at_moment}),
    "votes": (
        {"voter": label, "limit": limit, "which": among("all", "decisive")},
        {"since": instant, **at_moment},
    ),
    "changes": (
        {"under": region, "format": among("csv", "json")},
        {"since": instant, "until": instant, **at_moment},
    ),
    "ends": ({"under": region, "ahead": whole(1, 3650), "limit": limit}, at_moment),
    "cedar": ({}, at_moment),
}


def header_of(line):
    want(len(line) < HEADER, "bundle.malformed")
    header = parsed(line, HEADER)
    note = matching("(?s:.*)", 65_536)
    shape = {"v": among(1), "index": matching("[0-9a-f]{64}"), "checkpoint": note, "question": lambda _: None}
    object_of(shape)(header)
    question = header["question"]
    required, optional = QUESTIONS[question["ask"]]
    common = {"ask": among(*QUESTIONS), "at": whole(0, 253_402_300_799)}
    object_of({**common, **required}, **optional)(question)
    return header


def record_of(line):
    """The octets of a record, and its envelopes."""
    want(len(line) <= LINE, "bundle.malformed")
    record, *envelopes = [unbase64(part) for part in line.decode("latin-1").split(" ")]
    want(0 < len(record) <= 8192 and len(envelopes) <= 65, "bundle.malformed")
    want(all(0 < len(one) <= 65_536 for one in envelopes), "bundle.malformed")
    return record, envelopes


def as_code(code, call, *args):
    """What it refuses is refused by this code, where it has none of its own."""
    try:
        return call(*args)
    except No:
        raise
    except REFUSED as error:
        raise No(code) from error


def verify(octets, trust):
    """How many records the log has, and what was asked."""
    want(octets.endswith(b"\n"), "bundle.malformed")
    first, *lines = octets[:-1].split(b"\n")
    header = as_code("bundle.malformed", header_of, first)
    want(header["index"] == trust["index"], "bundle.wrong-index")
    named = with_log_key(trust, None if "key" in trust else genesis_of(lines))
    head, times = as_code("tlog.malformed", read_head, header["checkpoint"], named)
    records = [as_code("bundle.malformed", record_of, line) for line in lines]
    want(len(records) == head["size"], "bundle.malformed")
    want(tree_root([leaf_hash(record) for record, _ in records]) == head["root"])
    last = as_code("bundle.not-proved", json.loads, records[-1][0])["ts"]
    as_of = head_time(times, trust, last)
    if "maxAge" in trust:
        fresh = trust["now"] <= as_of + trust["maxAge"] and as_of <= trust["now"] + TOLERANCE
        want(fresh, "bundle.stale")
    at = header["question"]["at"]
    want(at >= last)
    want(at <= trust["now"] + TOLERANCE, "bundle.stale")
    log = as_code("bundle.not-proved", folded, records)
    want(log.index == trust["index"], "bundle.wrong-index")
    want(log.state.root() == head["state"])
    return len(records), header["question"]["ask"]


def genesis_of(lines):
    want(lines, "bundle.no-log-key")
    _, envelopes = as_code("bundle.malformed", record_of, lines[0])
    want(envelopes, "bundle.no-log-key")
    return json.loads(envelopes[0])


def folded(records):
    genesis = json.loads(unbase64(json.loads(records[0][1][0])["payload"]))
    log = OperationsLog(genesis["trustDomain"])
    for record, envelopes in records:
        log.read({"record": record.decode(), "envelopes": [one.decode() for one in envelopes]})
    want(log.unfinished is None)
    return log


def main(folder):
    given = json.loads((folder / "log-answer.json").read_text("utf-8"))
    wrong = []
    for vector in given["vectors"]:
        file, at, drop = given["files"][vector["file"]], vector["at"], vector["drop"]
        try:
            found, _ = verify((file[:at] + vector["put"] + file[at + drop :]).encode(), vector["trust"])
        except No as refused:
            found = refused.code
        if found != vector.get("size", vector.get("refused")):
            wrong.append(f"{vector['what']}: {found}")
    print(json.dumps({"judged": len(given["vectors"]), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

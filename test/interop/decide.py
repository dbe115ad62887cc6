"""Whether a call is allowed, from two bundles, as docs/format.md says it. Nothing of Capstan's source is used."""

import json
import re
import sys
from pathlib import Path

from bundle_verify import No, TOLERANCE, shown_entry, want

MALFORMED = "namespace.malformed"
TOKEN = r"[!#$%&'*+\-.^_`|~0-9a-z]{1,64}"
ACTIVE = "active"


# The route


def is_path(path):
    if not re.fullmatch(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]{0,1023}", path):
        return False
    octets, at = bytearray(), 0
    while at < len(path):
        if path[at] != "%":
            octets.append(ord(path[at]))
            at += 1
            continue
        digits = path[at + 1 : at + 3]
        if not re.fullmatch("[0-9A-F]{2}", digits):
            return False
        octet = int(digits, 16)
        if octet < 0x20 or octet == 0x7F or re.fullmatch(r"[/\\%A-Za-z0-9\-._~]", chr(octet)):
            return False
        octets.append(octet)
        at += 3
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    *before, last = path[1:].split("/")
    names = [segment.split(";")[0] for segment in [*before, *([last] if last else [])]]
    return all(name not in ("", ".", "..") for name in names)


def route_of(asked):
    """None where nothing is known but the connection."""
    if "route" not in asked:
        return None
    method, path = asked["route"]["method"], asked["route"]["path"]
    want(re.fullmatch("[A-Z]|[A-Z][A-Z-]{0,18}[A-Z]", method), MALFORMED)
    want(is_path(path), MALFORMED)
    fields = {}
    for spelled, value in asked.get("headers", []):
        name = spelled.lower()
        want(re.fullmatch(TOKEN, name) and name not in fields, MALFORMED)
        want(re.fullmatch("[ -~]{0,256}", value) and value == value.strip(" "), MALFORMED)
        fields[name] = value
    want(len(fields) <= 64, MALFORMED)
    return method, path, fields


# The conditions


def is_in(region, alias):
    return region in ("", alias) or alias.startswith(f"{region}/")


def has_port(ranges, port):
    return any(first <= port <= last for first, last in ranges)


def over(mark, at):
    """A mark that is not there has ended."""
    return mark is None or mark["until"] <= at


def not_active(side, at):
    entry = side["entry"]
    state = entry["state"]
    if state == "suspended" and not over(entry.get("emergency"), at):
        state = ACTIVE
    if entry.get("validUntil", at + 1) <= at or not over(entry.get("brake"), at):
        state = "suspended"
    if state != ACTIVE:
        return entry
    for scope in side["scopes"]:
        if scope["state"] != ACTIVE or not over(scope.get("brake"), at):
            return scope
    return None


def names(rule, caller):
    """How near: None where it does not name the caller."""
    near = []
    for one in rule["callers"]:
        if one == caller["uid"]:
            near.append(1000)
        elif isinstance(one, dict) and is_in(one["subtree"], caller["alias"]):
            near.append(len(one["subtree"]))
    return max(near, default=None)


def matches(match, route):
    method, path, fields = route
    (kind, text), = match["path"].items()
    if kind == "exact":
        fits = path == text
    else:
        fits = text in ("/", path) or path.startswith(f"{text}/")
    wanted = match.get("headers", [])
    return (
        match.get("method", method) == method
        and fits
        and all(fields.get(one["name"]) == one["value"] for one in wanted)
    )


def has_route(rule, route):
    if "routes" not in rule:
        return True
    return route is not None and any(matches(match, route) for match in rule["routes"])


def ceilings(side):
    return [*side["scopes"], side["entry"]]


def first(objects, fails):
    return next((one for one in objects if fails(one)), None)


def lacks_region(field, alias):
    return lambda one: not any(is_in(region, alias) for region in one["envelope"].get(field, []))


def guards(side):
    return [(scope, guard) for scope in side["scopes"] for guard in scope.get("guards", [])]


def forbids(guard, caller, callee, port):
    return (
        guard["effect"] == "forbid"
        and any(is_in(one, caller["alias"]) for one in guard.get("callers", [""]))
        and any(is_in(one, callee["alias"]) for one in guard.get("callees", [""]))
        and has_port(guard.get("ports", [[port, port]]), port)
    )


def denied(condition, by, guard=None):
    said = {"allowed": False, "condition": condition, "by": {"kind": by["kind"], "alias": by["alias"]}}
    return {**said, "guard": guard["id"]} if guard else said


def decide(calls, accepts, port, route, at):
    caller, callee = calls["entry"], accepts["entry"]
    for side in (accepts, calls):
        found = not_active(side, at)
        if found:
            return denied("inactive", found)
    naming = [
        (names(rule, caller), rule)
        for rule in callee["rules"]
        if names(rule, caller) is not None
        and rule.get("from", 0) <= at < rule.get("until", at + 1)
        and over(rule.get("brake"), at)
    ]
    of_port = [one for one in naming if has_port(one[1]["ports"], port)]
    matching = [one for one in of_port if has_route(one[1], route)]
    if not matching:
        return denied("route" if of_port else "port" if naming else "no-rule", callee)
    found = first(ceilings(calls), lacks_region("mayCall", callee["alias"]))
    if found:
        return denied("may-call", found)
    found = first(ceilings(accepts), lacks_region("mayAccept", caller["alias"]))
    if found:
        return denied("may-accept", found)
    bounds = [*ceilings(accepts), *ceilings(calls)]
    found = first(bounds, lambda one: not has_port(one["envelope"].get("ports", []), port))
    if found:
        return denied("port", found)
    for scope, guard in [*guards(accepts), *guards(calls)]:
        if forbids(guard, caller, callee, port):
            return denied("guard", scope, guard)
    wanting = [one for one in guards(accepts) if one[1]["effect"] == "requireRoutes"]
    if wanting:
        matching = [one for one in matching if "routes" in one[1]]
        if not matching:
            return denied("guard", *wanting[0])
    nearest = max(near for near, _ in matching)
    rule = next(rule for near, rule in matching if near == nearest)
    return {"allowed": True, "rule": {"id": rule["id"], "rev": rule["rev"]}}


def of_one_log(calls, accepts, at):
    """Two verified bundles that may be put together, at that time."""
    same = calls["index"] == accepts["index"] and calls["origin"] == accepts["origin"]
    want(same, "bundle.wrong-index")
    one_size = calls["size"] == accepts["size"]
    want(not one_size or calls["root"] == accepts["root"], "tlog.inconsistent")
    for side in (accepts, calls):
        if side["maxAge"] is not None:
            fresh = at <= side["asOf"] + side["maxAge"] and side["asOf"] <= at + TOLERANCE
            want(fresh, "bundle.stale")


def judged(given, asked, known):
    try:
        route = route_of(asked)
        sides = []
        for name, index in ((asked["caller"], asked.get("callerIndex")), (asked["callee"], None)):
            trust = {**given["trust"], "now": asked["at"]}
            for option in ("maxAge", "trustLog"):
                if option in asked:
                    trust[option] = asked[option]
            trust["index"] = index or trust["index"]
            # The bundle's own verification looks at its age too: once for each time and trust.
            key = (name, json.dumps(trust) if "maxAge" in trust else None)
            if key not in known:
                known[key] = shown_entry(given["bundles"][name], trust)
            sides.append(known[key])
        of_one_log(*sides, asked["at"])
        return decide(*sides, asked["port"], route, asked["at"])
    except No as refused:
        return {"refused": refused.code}


def main(folder):
    given = json.loads((folder / "decision.json").read_text("utf-8"))
    wrong, known = [], {}
    for vector in given["vectors"]:
        said = {
            name: vector[name]
            for name in ("refused", "allowed", "rule", "condition", "by", "guard")
            if name in vector
        }
        found = judged(given, vector, known)
        if found != said:
            wrong.append(f"{vector['what']}: {json.dumps(found)}")
    print(json.dumps({"judged": len(given["vectors"]), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What each operation makes of its subject (docs/format.md, "Operations"), and the rows of the state map."""

from bundle_verify import canonical, group_set
from tlog_verify import map_key, map_root, sha256, want

FIRST_DRAIN, SKEW = 25 * 3600, 3600
SETS = ("attestors", "keyAlgs", "usages", "sanKinds", "federate", "capabilities")
REGIONS = ("names", "mayCall", "mayAccept")


def without(state, *names):
    return {name: value for name, value in state.items() if name not in names}


def with_some(state, name, value):
    """With a list, which is absent where it is empty."""
    return {**without(state, name), **({name: value} if value else {})}


def is_under(alias, region):
    return region in ("", alias) or alias.startswith(f"{region}/")


# Normal forms


def top_regions(regions):
    distinct = sorted(set(regions))
    covered = lambda one: any(other != one and is_under(one, other) for other in distinct)
    return [one for one in distinct if not covered(one)]


def merged_ports(ranges):
    merged = []
    for low, high in sorted(ranges):
        want(low <= high, "no ports")
        if merged and low <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return merged


def normal_envelope(envelope):
    made = dict(envelope)
    for name in SETS:
        if name in made:
            made[name] = sorted(set(made[name]))
    for name in REGIONS:
        if name in made:
            made[name] = top_regions(made[name])
    if isinstance(made.get("clusters"), list):
        made["clusters"] = sorted(set(made["clusters"]))
    if "ports" in made:
        made["ports"] = merged_ports(made["ports"])
    return made


def distinct(items):
    return [one for _, one in sorted({canonical(one): one for one in items}.items())]


def normal_route(route):
    path = route["path"]
    if len(path.get("prefix", "")) > 1 and path["prefix"].endswith("/"):
        path = {"prefix": path["prefix"][:-1]}
    headers = [{**one, "name": one["name"].lower()} for one in route.get("headers", [])]
    return with_some({**route, "path": path}, "headers", distinct(headers))


def normal_rule(rule):
    uids = sorted({one for one in rule["callers"] if isinstance(one, str)})
    subtrees = top_regions([one["subtree"] for one in rule["callers"] if isinstance(one, dict)])
    callers = [*uids, *({"subtree": one} for one in subtrees)]
    made = {**rule, "callers": callers, "ports": merged_ports(rule["ports"])}
    if "routes" in rule:
        made["routes"] = distinct([normal_route(one) for one in rule["routes"]])
    return made


def normal_split(split):
    refs = []
    for ref in split["backendRefs"]:
        refs.append(without(ref, "port") if ref.get("port") == split["port"] else ref)
    want(any(ref["weight"] > 0 for ref in refs), "a split that leads nowhere")
    refs.sort(key=lambda ref: (ref["entry"], ref.get("port", 0)))
    return {**split, "backendRefs": refs}


def normal_guard(guard):
    made = dict(guard)
    for name in ("callers", "callees"):
        if name in made:
            made[name] = top_regions(made[name])
    if "ports" in made:
        made["ports"] = merged_ports(made["ports"])
    return made


# Ceilings


def met(mine, theirs):
    both = {}
    for name in mine.keys() & theirs.keys():
        a, b = mine[name], theirs[name]
        if name in SETS:
            both[name] = [one for one in a if one in b]
        elif name in REGIONS:
            lower = [x for x in a for y in b if is_under(x, y)] + [y for x in a for y in b if is_under(y, x)]
            both[name] = top_regions(lower)
        elif name == "clusters":
            both[name] = b if a == "*" else a if b == "*" else [one for one in a if one in b]
        elif name == "ports":
            pairs = [[max(x[0], y[0]), min(x[1], y[1])] for x in a for y in b]
            both[name] = merged_ports([one for one in pairs if one[0] <= one[1]])
        elif name == "allowUnauthenticated":
            both[name] = a and b
        else:
            both[name] = min(a, b)
    return both


def within(asked, ceiling):
    both = met(normal_envelope(asked), ceiling)
    for name, value in normal_envelope(asked).items():
        nothing = value in (0, False) or value == []
        want(both.get(name) == value or (name not in both and nothing), f"wider: {name}")


def limits(scope):
    """A scope's envelope, and what guards of it take from certificates."""
    ttls = [one["maxTtl"] for one in scope.get("guards", []) if one["effect"] == "maxTtl"]
    envelope = scope["envelope"]
    return {**envelope, "maxTtl": min([envelope["maxTtl"], *ttls])} if "maxTtl" in envelope else envelope


class Objects:
    """Every object as it is, and the names that they gave up."""

    def __init__(self, trust_domain):
        self.trust_domain = trust_domain
        self.by_uid, self.kept_free = {}, {}

    def copy(self):
        made = Objects(self.trust_domain)
        made.by_uid, made.kept_free = dict(self.by_uid), dict(self.kept_free)
        return made

    def of(self, kind):
        return [one for one in self.by_uid.values() if one["kind"] == kind]

    def above(self, alias):
        """Scopes over an alias, from the root."""
        over = lambda one: one["alias"] == "" or (one["alias"] != alias and is_under(alias, one["alias"]))
        found = [one for one in self.of("scope") if one["state"] != "retired" and over(one)]
        return sorted(found, key=lambda one: len(one["alias"]))

    def ceiling(self, alias):
        first, *rest = self.above(alias)
        found = limits(first)
        for one in rest:
            found = met(found, limits(one))
        return found

    # Names

    def names(self, entry):
        """What it is projected to (docs/format.md, "Names")."""
        parts = entry["alias"].split("/")
        dns = ".".join([*reversed(parts), "entry.identity", self.trust_domain])
        found = [f"spiffe://{self.trust_domain}/{entry['alias']}", *([dns] if len(dns) <= 253 else [])]
        for binding in entry["bindings"]:
            if binding["kind"] != "k8s" or "." in binding["serviceAccount"]:
                continue
            cluster = self.by_uid[binding["cluster"]]
            region = f"{cluster['controlPlaneNamespace']}.{cluster['identityTrustDomain']}"
            who = f"{binding['serviceAccount']}.{binding['namespace']}"
            name = f"{who}.serviceaccount.identity.{region}"
            if len(name) <= 253 and name not in found:
                found.append(name)
        return found

    def keys(self, entry):
        """All that is one entry's at a time."""
        found = [("alias", entry["alias"]), *(("name", one) for one in self.names(entry))]
        for one in entry["bindings"]:
            if one["kind"] == "k8s":
                found.append(("k8s", one["cluster"], one["namespace"], one["serviceAccount"]))
            if one["kind"] == "edge":
                found.append(("edge", one["attestor"], one["device"]))
        return found

    def is_free(self, entry, at):
        mine = set(self.keys(entry))
        for other in self.of("entry"):
            if other["uid"] != entry["uid"] and other["state"] != "retiring":
                want(not mine & set(self.keys(other)), "a name that another has")
        for key in mine:
            uid, until = self.kept_free.get(key, (entry["uid"], 0))
            want(uid == entry["uid"] or at >= until, "a name in quarantine")

    def gives_up(self, entry, after, record):
        """Names that it has no longer are nobody's for a while; until when."""
        issued, at = record.get("issuedUntil"), record["ts"]
        until = at if issued is None else max(issued + SKEW, at + FIRST_DRAIN)
        kept = set(self.keys(after)) if after else set()
        for key in set(self.keys(entry)) - kept:
            self.kept_free[key] = (entry["uid"], until)
        return until

    # The state map

    def rows(self):
        found = {}
        for one in self.by_uid.values():
            found[one["kind"], one["uid"]] = sha256(canonical(one).encode()).hex()
            if one["kind"] == "scope" and one["alias"] != "" and one["state"] != "retired":
                found["alias", one["alias"]] = one["uid"].encode().hex()
            if one["kind"] == "entry" and one["state"] != "retiring":
                for name in self.names(one):
                    found["name", name] = one["uid"].encode().hex()
                found["alias", one["alias"]] = one["uid"].encode().hex()
        return found

    def root(self):
        return map_root([(map_key(*key), bytes.fromhex(value)) for key, value in self.rows().items()])

    # Operations

    def put(self, state):
        self.by_uid[state["uid"]] = state

    def after(self, record, op, subject, body, created):
        """The subject once it is changed; `created` is the uid of what is new."""
        if op in ("scope.create", "entry.create", "cluster.register"):
            return self.made(record, op, subject["alias"], body, created)
        before = self.by_uid[subject["uid"]]
        part = op.partition(".")[0]
        kinds = {"guard": "scope", "group": "scope", "voter": "scope", "emergency": "scope"}
        kinds |= {"binding": "entry", "rule": "entry", "split": "entry"}
        if part not in ("brake", "envelope"):
            want(before["kind"] == kinds.get(part, part), "another kind of object")
        want(before["state"] not in ("retired", "retiring"), "what is over")
        next_one = {**before, "rev": before["rev"] + 1}
        return getattr(self, op.replace(".", "_"))(next_one, body, record)

    def made(self, record, op, alias, body, uid):
        at = record["ts"]
        common = {"uid": uid, "alias": alias, "state": "active", "rev": 1, "createdAt": at}
        if op == "cluster.register":
            active = [one for one in self.of("cluster") if one["state"] == "active"]
            want(alias not in [one["alias"] for one in active], "an alias that another has")
            self.can_be_told(body["cluster"], uid)
            return {**body["cluster"], **common, "kind": "cluster"}
        want(alias and all(part and part == part.lower() for part in alias.split("/")), "no alias")
        scopes = [one for one in self.of("scope") if one["state"] != "retired"]
        want(alias not in [one["alias"] for one in scopes], "an alias that another has")
        self.is_open_above(alias, at)
        within(body["envelope"], self.ceiling(alias))
        common |= {"envelope": normal_envelope(body["envelope"])}
        if op == "scope.create":
            live = [one for one in self.of("entry") if one["state"] != "retiring"]
            want(alias not in [one["alias"] for one in live], "an alias that another has")
            return {**common, "kind": "scope", "group": None}
        said = {name: body[name] for name in ("owner", "bindings", "labels", "validUntil") if name in body}
        entry = {**common, **said, "kind": "entry", "rules": []}
        self.fits(entry, at)
        return entry

    def is_open_above(self, alias, at):
        for one in self.above(alias):
            want(one["state"] == "active", "a scope above is suspended")
            want(at >= one.get("brake", {"until": 0})["until"], "a brake is on a scope above")

    def fits(self, entry, at):
        for one in entry["bindings"]:
            want(one["id"] == binding_id(one), "a binding that is not what its id says")
        self.is_free(entry, at)

    def can_be_told(self, facts, uid):
        names = ("issuer", "identityTrustDomain", "controlPlaneNamespace")
        for other in self.of("cluster"):
            if other["uid"] != uid and other["state"] == "active":
                want(any(other[name] != facts[name] for name in names), "tokens alike")

    def cluster_update(self, cluster, body, record):
        del record
        self.can_be_told(body["cluster"], cluster["uid"])
        kept = {name: cluster[name] for name in ("kind", "uid", "alias", "rev", "createdAt")}
        return {**body["cluster"], **kept, "state": "active"}

    def cluster_remove(self, cluster, body, record):
        del body, record
        for entry in self.of("entry"):
            bound = any(one.get("cluster") == cluster["uid"] for one in entry["bindings"])
            want(not bound or entry["state"] == "retiring", "an entry is bound to it")
        return {**cluster, "state": "retired"}

    def scope_suspend(self, scope, body, record):
        del body, record
        want(scope["state"] == "active", "suspended already")
        return {**without(scope, "brake"), "state": "suspended"}

    def scope_reactivate(self, scope, body, record):
        del body, record
        want(scope["state"] == "suspended", "active already")
        return {**scope, "state": "active"}

    def scope_retire(self, scope, body, record):
        del body, record
        others = [one for one in self.by_uid.values() if one["kind"] != "cluster"]
        for one in others:
            below = one["alias"] != scope["alias"] and is_under(one["alias"], scope["alias"])
            want(not below or one["state"] in ("retired", "retiring"), "something is below it")
        return {**scope, "state": "retired"}

    def entry_suspend(self, entry, body, record):
        del body
        at = record["ts"]
        let_go = at < entry.get("emergency", {"until": 0})["until"]
        want(entry["state"] == "active" or let_go, "suspended already")
        braked = at < entry.get("brake", {"until": 0})["until"]
        held = entry.get("held") or (braked and self.is_granted_above(entry))
        return {**without(entry, "brake", "emergency"), "state": "suspended", **({"held": True} if held else {})}

    def is_granted_above(self, entry):
        return any((one["group"] or {}).get("emergency") for one in self.above(entry["alias"]))

    def entry_reactivate(self, entry, body, record):
        del body
        want(entry["state"] == "suspended", "active already")
        want(record["ts"] < entry.get("validUntil", 2**53), "its lifetime is over")
        return {**without(entry, "held", "emergency"), "state": "active"}

    def entry_retire(self, entry, body, record):
        del body
        until = self.gives_up(entry, None, record)
        return {**without(entry, "brake", "emergency"), "state": "retiring", "drainUntil": until}

    def entry_update(self, entry, body, record):
        del record
        said = {name: body[name] for name in body if body[name] is not None}
        return {**(without(entry, "validUntil") if "validUntil" in body else entry), **said}

    def entry_rename(self, entry, body, record):
        after = {**entry, "alias": body["to"]}
        scopes = [one["alias"] for one in self.of("scope") if one["state"] != "retired"]
        want(body["to"] not in scopes, "an alias that another has")
        self.is_open_above(body["to"], record["ts"])
        within(entry["envelope"], self.ceiling(body["to"]))
        self.is_free(after, record["ts"])
        self.gives_up(entry, after, record)
        return after

    def binding_add(self, entry, body, record):
        bindings = sorted([*entry["bindings"], body["binding"]], key=lambda one: one["id"])
        want(len({one["id"] for one in bindings}) == len(bindings), "a binding twice")
        after = {**entry, "bindings": bindings}
        self.fits(after, record["ts"])
        return after

    def binding_remove(self, entry, body, record):
        bindings = [one for one in entry["bindings"] if one["id"] != body["binding"]]
        want(len(bindings) < len(entry["bindings"]), "no such binding")
        after = {**entry, "bindings": bindings}
        self.gives_up(entry, after, record)
        return after

    def envelope_set(self, state, body, record):
        del record
        envelope = normal_envelope(body["envelope"])
        if state["alias"] != "":
            asked = {name: value for name, value in envelope.items() if state["envelope"].get(name) != value}
            within(asked, self.ceiling(state["alias"]))
        return {**state, "envelope": envelope}

    def group_set(self, scope, body, record):
        del record
        return {**without(scope, "recovery"), "group": group_set(scope["group"], body["group"])}

    def rule_attach(self, entry, body, record):
        del record
        ids = [one["id"] for one in entry["rules"]]
        want(body["rule"]["id"] not in ids, "an id that another has")
        return self.with_rule(entry, body["rule"], {})

    def rule_replace(self, entry, body, record):
        del record
        [before] = [one for one in entry["rules"] if one["id"] == body["rule"]["id"]] or [None]
        want(before is not None, "no such rule")
        return self.with_rule(entry, body["rule"], before)

    def with_rule(self, entry, rule, before):
        made = normal_rule(rule)
        known = [one for one in before.get("callers", []) if isinstance(one, str)]
        for caller in made["callers"]:
            if isinstance(caller, str):
                there = self.by_uid.get(caller, {"state": "retiring"})["state"] != "retiring"
                want(caller in known or there, "a caller that is nobody")
        stays = {"brake": before["brake"]} if "brake" in before else {}
        others = [one for one in entry["rules"] if one["id"] != rule["id"]]
        rules = [*others, {**made, **stays, "rev": entry["rev"]}]
        return {**entry, "rules": sorted(rules, key=lambda one: one["id"])}

    def rule_detach(self, entry, body, record):
        rules = [one for one in entry["rules"] if one["id"] != body["rule"]]
        want(len(rules) < len(entry["rules"]), "no such rule")
        [gone] = [one for one in entry["rules"] if one["id"] == body["rule"]]
        until = gone.get("brake", {"until": 0})["until"]
        held = {}
        if record["ts"] < until and self.is_granted_above(entry):
            held = {"heldUntil": max(until, entry.get("heldUntil", 0))}
        return {**entry, "rules": rules, **held}

    def split_set(self, entry, body, record):
        del record
        split = normal_split(body["split"])
        others = [one for one in entry.get("splits", []) if one["port"] != split["port"]]
        return with_some(entry, "splits", sorted([*others, split], key=lambda one: one["port"]))

    def split_clear(self, entry, body, record):
        del record
        before = entry.get("splits", [])
        left = [one for one in before if one["port"] != body["port"]]
        want(len(left) < len(before), "no such split")
        return with_some(entry, "splits", left)

    def guard_set(self, scope, body, record):
        del record
        guard = normal_guard(body["guard"])
        others = [one for one in scope.get("guards", []) if one["id"] != guard["id"]]
        return with_some(scope, "guards", sorted([*others, guard], key=lambda one: one["id"]))

    def guard_clear(self, scope, body, record):
        del record
        before = scope.get("guards", [])
        left = [one for one in before if one["id"] != body["guard"]]
        want(len(left) < len(before), "no such guard")
        return with_some(scope, "guards", left)

    def brake_lift(self, state, body, record):
        if "rule" not in body:
            return lifted(state, record["ts"])
        want(body["rule"] in [one["id"] for one in state["rules"]], "no such rule")
        rules = [lifted(one, record["ts"]) if one["id"] == body["rule"] else one for one in state["rules"]]
        return {**state, "rules": rules}

    def voter_reinstate(self, scope, body, record):
        group = scope["group"]
        want(body["voter"] in [one["id"] for one in group["voters"]], "no such voter")
        lift = lambda one: lifted(one, record["ts"]) if one["id"] == body["voter"] else one
        return {**scope, "group": {**group, "voters": [lift(one) for one in group["voters"]]}}

    def emergency_ratify(self, scope, body, record):
        del body, record
        return scope


def lifted(braked, at):
    want(at < braked.get("brake", {"until": 0})["until"], "no brake")
    return without(braked, "brake")


def binding_id(binding):
    digest = sha256(canonical(without(binding, "id")).encode())
    bits, letters = int.from_bytes(digest[:8], "big"), "abcdefghijklmnopqrstuvwxyz234567"
    return "b" + "".join(letters[bits >> (59 - 5 * at) & 31] for at in range(12))

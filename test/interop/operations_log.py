"""A log with every operation and every kind of record, read from its first (docs/format-index-log.md,
docs/format.md). It knows one group, that of the root; quorum guards and scopes with voters of their own it
does not."""

from bundle_verify import group_set, part_of, slot_of
from governed_log import TOLERANCE, Log
from objects import Objects, normal_envelope, normal_guard, normal_rule, within, without
from statements import signed_by, sound_group, statement
from tlog_verify import Refused, want

DAY, WEEK = 86_400, 604_800
GRAVER = ("narrowing", "routine", "sensitive", "structural")
ALWAYS = {
    "narrowing": "scope.suspend scope.retire entry.suspend entry.retire binding.remove rule.detach cluster.remove",
    "routine": "split.clear",
    "sensitive": """entry.create entry.reactivate entry.rename binding.add rule.attach voter.reinstate
        emergency.ratify""",
    "structural": """scope.create scope.reactivate group.set guard.clear cluster.register cluster.update""",
}
# What groups do about themselves, below a suspended scope too.
LET_BELOW = ("group.set", "voter.reinstate", "emergency.ratify", "cluster.update")
ALWAYS = {op: name for name, operations in ALWAYS.items() for op in operations.split()}


def is_narrower(rule, before):
    """Callers, ports and times of which each is within what was: as far as the vectors go."""
    callers = all(one in before["callers"] for one in rule["callers"])
    ports = all(any(x[0] <= y[0] and y[1] <= x[1] for x in before["ports"]) for y in rule["ports"])
    same = rule["proto"] == before["proto"] and rule.get("routes") == before.get("routes")
    times = before.get("from", 0) <= rule.get("from", 0)
    return callers and ports and same and times and rule.get("until", 2**53) <= before.get("until", 2**53)


def is_tighter(guard, before):
    if before is None or before["effect"] != guard["effect"]:
        return before is None
    if guard["effect"] == "maxTtl":
        return guard["maxTtl"] <= before["maxTtl"]
    return guard["effect"] == "requireRoutes"


class OperationsLog(Log):
    def __init__(self, trust_domain):
        super().__init__()
        self.state = Objects(trust_domain)
        # One set of objects, by two names.
        self.objects = self.state.by_uid
        self.uses, self.drilled, self.braked, self.unfinished = {}, None, {}, None

    def read(self, written):
        is_next = '"kind":"commit"' in written["record"] and str(self.unfinished) in written["record"]
        want(self.unfinished is None or is_next, "changes that are not all made")
        super().read(written)

    # Changes

    def class_of(self, change, after):
        op, body, before = change["op"], change["body"], self.objects.get(after["uid"])
        if op in ALWAYS:
            return ALWAYS[op]
        if op == "brake.lift":
            return "structural" if after["kind"] == "scope" and "rule" not in body else "sensitive"
        if op == "envelope.set":
            try:
                within(body["envelope"], before["envelope"])
            except Refused:
                return "sensitive" if after["kind"] == "entry" else "structural"
            return "narrowing"
        if op == "rule.replace":
            [rule] = [one for one in before["rules"] if one["id"] == body["rule"]["id"]]
            return "narrowing" if is_narrower(normal_rule(body["rule"]), rule) else "sensitive"
        if op == "guard.set":
            was = [one for one in before.get("guards", []) if one["id"] == body["guard"]["id"]]
            least = body["guard"].get("least", {})
            hinders = "narrowing" in least or "emergency" in least
            tighter = is_tighter(normal_guard(body["guard"]), was[0] if was else None)
            return "narrowing" if tighter and not hinders else "structural"
        if op == "split.set":
            port = body["split"]["port"]
            was = [one for one in before.get("splits", []) if one["port"] == port]
            known = {(ref["entry"], ref.get("port", port)) for one in was for ref in one["backendRefs"]}
            refs = {(ref["entry"], ref.get("port", port)) for ref in body["split"]["backendRefs"]}
            return "routine" if was and refs <= known else "sensitive"
        want(op == "entry.update", "an operation that nobody knows")
        longer = "validUntil" in before and after.get("validUntil", 2**53) > before["validUntil"]
        return "sensitive" if "owner" in body or longer else "routine"

    def effect(self, record, proposal, digest):
        change, uid = part_of(proposal, digest, record)
        return self.one(self.state, record, change, uid)

    def one(self, state, record, change, uid):
        op, body = change["op"], change["body"]
        if op == "group.set":
            sound_group(self.index, body["group"], self.known())
        if op == "emergency.ratify":
            use = self.uses.get(body["use"])
            want(use is not None and not use["ratified"], "no use, or ratified already")
            want(record["ts"] < use["at"] + DAY, "too late")
            if state is self.state:
                use["ratified"] = True
        want(uid not in state.by_uid or "uid" in change["subject"], "a uid that was used")
        after = state.after(record, op, change["subject"], body, uid)
        if op not in LET_BELOW and self.class_of(change, {**after, "uid": uid}) != "narrowing":
            self.is_active_above(state, change["subject"]["alias"])
        return after

    def is_active_above(self, state, alias):
        want(all(one["state"] == "active" for one in state.above(alias)), "a scope above is suspended")

    def known(self):
        """Whose keys the group before had."""
        group = self.group()
        every = [*group["voters"], *group.get("proposers", [])]
        for role in ("recovery", "emergency"):
            every += group.get(role, {}).get("holders", [])
        return {(one["id"], one["controller"], key["thumbprint"]) for one in every for key in one["keys"]}

    def tried(self, record, proposal, digest):
        """What would be changed, one after the other, as it is when it is opened; the gravest class."""
        state, classes = self.state.copy(), []
        single = proposal["op"] != "changes"
        numbers = [None] if single else range(len(proposal["body"]["changes"]))
        made = []
        for number in numbers:
            one = {"ts": record["ts"], **({} if single else {"part": number})}
            change, uid = part_of(proposal, digest, one)
            before = state.by_uid.get(change["subject"].get("uid", uid))
            if not single:
                self.is_base(change["base"], before, made)
            after = self.one(state, one, change, uid)
            classes.append(self.class_of(change, {**after, "uid": uid}))
            state.put(after)
            made.append(uid)
        return max(classes, key=GRAVER.index)

    def is_base(self, base, before, made):
        if base is None:
            want(before is None, "another base")
        elif "after" in base:
            want(before and base["after"] < len(made) and made[base["after"]] == before["uid"], "another base")
        else:
            now = {"rev": before["rev"], "head": self.heads[before["uid"]]}
            want(base == now, "another base")

    # Proposals

    def group(self):
        return self.objects[self.root]["group"]

    def read_open(self, record, envelopes, hashed):
        [envelope] = self.exactly(envelopes, 1)
        found = statement(envelope, "proposal")
        proposal = found["says"]
        want(600 <= proposal["expires"] - proposal["created"] <= 30 * DAY, "waits too short or too long")
        super().read_open(record, envelopes, hashed)
        self.asked[found["digest"]]["class"] = self.tried(record, proposal, found["digest"])

    def read_vote(self, record, envelopes, hashed):
        self.now = record["ts"]
        super().read_vote(record, envelopes, hashed)
        asked = self.asked[record["prop"]]
        no = {name for name, vote in asked["votes"].items() if vote["decision"] == "reject"}
        left = [one for one in self.group()["voters"] if one["status"] == "active" and one["id"] not in no]
        if sum(one["weight"] for one in left) < self.group()["threshold"][asked["class"]]:
            asked["over"] = True

    def grave(self, asked):
        return asked["class"]

    def carried_in(self, group, asked, grave):
        voters = [one for one in group["voters"] if self.now >= one.get("brake", {"until": 0})["until"]]
        return Log.carried_in({**group, "voters": voters}, asked, grave)

    def read_withdrawal(self, record, envelopes, hashed):
        del hashed
        [envelope] = self.exactly(envelopes, 1)
        found = statement(envelope, "withdrawal")
        says, asked = found["says"], self.asked.get(record["prop"])
        want(asked is not None and not asked["over"], "nothing that waits")
        want(says["index"] == self.index and says["proposal"] == record["prop"], "another proposal")
        author = asked["proposal"]["author"]
        want(says["author"] == author, "another author")
        among = self.group()["voters" if author["kind"] == "voter" else "proposers"]
        [who] = [one for one in among if one["id"] == author["id"]]
        want(signed_by(found, who["keys"], says["at"], record["ts"]), "not signed")
        want(record["says"] == found["digest"], "another statement")
        want(record["subject"] == asked["proposal"]["subject"], "another subject")
        asked["over"] = True

    def as_voted(self, record, hashed):
        asked = self.asked.get(record["prop"])
        want(asked is not None and not asked["over"], "nothing that waits")
        proposal, self.now = asked["proposal"], record["ts"]
        want(record["group"] == proposal["scope"], "another group")
        self.is_of_group(proposal["scope"])
        want(asked["passed"] is not None and self.carried(asked, asked["class"]), "without the votes")
        wait = self.group().get("timelock", {}).get(asked["class"], 0)
        want(record["ts"] >= asked["passed"] + wait, "before its time")
        approving = [one for one in asked["votes"].values() if one["decision"] == "approve"]
        digests = [one["digest"] for one in sorted(approving, key=lambda one: one["voter"])]
        want(record["votes"] == digests, "other votes")
        done = asked.setdefault("done", [])
        want(record.get("part", 0) == len(done), "another of them first")
        change, _ = part_of(proposal, record["prop"], record)
        if proposal["op"] == "changes":
            uid = part_of(proposal, record["prop"], record)[1]
            self.is_base(change["base"], self.objects.get(uid), done)
        after = self.effect(record, proposal, record["prop"])
        want(record["class"] == self.class_of(change, after), "another class")
        self.changed(record, after, record["prop"], hashed)
        done.append(after["uid"])
        all_of = len(proposal["body"]["changes"]) if proposal["op"] == "changes" else 1
        self.unfinished = record["prop"] if len(done) < all_of else None
        asked["over"] = len(done) == all_of

    # At once

    def signed_together(self, kind, envelopes, among, ids_of, record):
        """One statement, in the envelopes of all whom it names, each by a key in use then and now."""
        found = [statement(envelope, kind) for envelope in envelopes]
        want(found and len({one["digest"] for one in found}) == 1, "other octets")
        says, digest = found[0]["says"], found[0]["digest"]
        ids = says[ids_of]
        want(ids == sorted(ids) and len(ids) == len(found), "others")
        want(says["index"] == self.index, "another index")
        want(says["created"] - TOLERANCE <= record["ts"] <= says["expires"], "another time")
        by = [one for name in ids for one in among if one["id"] == name]
        want(len(by) == len(ids), "somebody who may not")
        for one in by:
            signs = [signed_by(each, one["keys"], says["created"], record["ts"]) for each in found]
            want(any(signs), "not signed")
        want(record["prop"] == digest, "another statement")
        return says, by

    def free_voters(self, at):
        free = lambda one: one["status"] == "active" and at >= one.get("brake", {"until": 0})["until"]
        return [one for one in self.group()["voters"] if free(one)]

    def about(self, says):
        before = self.objects[says["subject"]["uid"]]
        base = {"rev": before["rev"], "head": self.heads[before["uid"]]}
        want(says["base"] == base and says["subject"]["alias"] == before["alias"], "another base")
        return before, {**before, "rev": before["rev"] + 1}

    def read_brake(self, record, envelopes, hashed):
        at = record["ts"]
        says, by = self.signed_together("brake", envelopes, self.free_voters(at), "voters", record)
        before, after = self.about(says)
        self.is_of_group(says["scope"])
        group = self.group()
        want(sum(one["weight"] for one in by) >= group["threshold"]["emergency"], "too few")
        want(says["ttl"] <= group["brake"]["ttl"], "too long")
        for one in by:
            used = [then for then in self.braked.setdefault(one["id"], []) if then > at - WEEK]
            want(len(used) < group["brake"]["perWeek"], "too often")
            self.braked[one["id"]].append(at)
        mark = {"brake": {"until": at + says["ttl"]}}
        put_on = lambda name: lambda one: {**one, **mark} if one["id"] == name else one
        free = lambda one: at >= one.get("brake", {"until": 0})["until"]
        if "rule" in says:
            want([one for one in before["rules"] if one["id"] == says["rule"] and free(one)], "no such rule")
            after["rules"] = [put_on(says["rule"])(one) for one in before["rules"]]
        elif "voter" in says:
            voters = [put_on(says["voter"])(one) for one in group["voters"]]
            want([one for one in self.free_voters(at) if one["id"] == says["voter"]], "no such voter")
            after["group"] = {**group, "voters": voters}
        else:
            want(before["state"] == "active" and before["alias"] != "" and free(before), "not active")
            after |= mark
        self.at_once_by(record, says["scope"], "emergency")
        self.changed(record, after, record["prop"], hashed)

    def at_once_by(self, record, scope, grave):
        want(record["class"] == grave and record["votes"] == [], "another class")
        want(record["group"] == scope, "another group")

    def granted(self, record, envelopes):
        at, group = record["ts"], self.group()
        grants = group["emergency"]
        everyone = [*self.free_voters(at), *grants.get("holders", [])]
        says, by = self.signed_together("emergency", envelopes, everyone, "by", record)
        self.is_of_group(says["scope"])
        [grant] = [one for one in grants["grants"] if one["name"] == says["grant"]]
        before, after = self.about(says)
        want(all(one["id"] in grant["who"] for one in by), "somebody whom it does not name")
        want(len({one["controller"] for one in by}) >= grant["threshold"], "too few")
        want(says["act"] in grant["acts"] and says["ttl"] <= grant["longest"], "not of the grant")
        under = grant["under"]
        want(before["alias"] == under or before["alias"].startswith(f"{under}/"), "of another region")
        uses = list(self.uses.values())
        want(len(uses) < grant["uses"], "used up")
        want(all(one["ratified"] or at < one["at"] + DAY for one in uses), "one that nobody ratified")
        want(all(at >= one["until"] + grant["coolDown"] for one in uses), "too soon")
        brakes = [before, *before["rules"]]
        want(all(at >= one.get("brake", {"until": 0})["until"] for one in brakes), "a brake is on it")
        return says, before, after

    def read_drill(self, record, envelopes, hashed):
        del hashed
        says, before, _ = self.granted(record, envelopes)
        want(says.get("drill") is True, "no drill")
        if says["act"] == "allow":
            self.is_active_above(self.state, before["alias"])
        want(self.drilled is None or record["ts"] >= self.drilled + DAY, "drilled today")
        want(record["says"] == record["prop"] and record["subject"] == says["subject"], "another subject")
        self.drilled = record["ts"]

    def read_emergency(self, record, envelopes, hashed):
        says, before, after = self.granted(record, envelopes)
        want("drill" not in says, "a drill")
        self.is_active_above(self.state, before["alias"])
        at, until = record["ts"], record["ts"] + says["ttl"]
        mark = {"emergency": {"grant": says["grant"], "until": until}}
        if says["act"] == "allow":
            want(at >= before.get("heldUntil", 0), "a brake was on a rule that went")
            call = without(says["call"], "caller")
            facts = {"id": f"emergency-{self.size}", "effect": "allow", "callers": [says["call"]["caller"]]}
            rule = {**normal_rule({**facts, **call, "until": until}), "rev": after["rev"], **mark}
            going = lambda one: at >= one.get("emergency", {"until": 2**53})["until"]
            rules = [one for one in before["rules"] if not going(one)]
            after["rules"] = sorted([*rules, rule], key=lambda one: one["id"])
            after = without(after, "heldUntil")
        else:
            want(before["state"] == "suspended" and "held" not in before, "not suspended, or held")
            after |= mark
        self.at_once_by(record, says["scope"], "emergency")
        self.changed(record, after, record["prop"], hashed)
        self.uses[record["seq"]] = {"at": at, "until": until, "ratified": False}

    # Recovery

    def read_recovery_start(self, record, envelopes, hashed):
        at, chosen = record["ts"], self.group()["recovery"]
        says, by = self.signed_together("recovery", envelopes, chosen["holders"], "holders", record)
        want(len(by) >= chosen["threshold"], "too few")
        before, after = self.about(says)
        want(says["from"] == self.group()["rev"], "another group")
        was = before.get("recovery")
        want(not was or not self.is_open(was, at), "one is open")
        want(not was or at >= was.get("cancelled", {"again": 0})["again"], "too soon")
        sound_group(self.index, says["group"], self.known())
        begun = {"statement": record["prop"], "record": record["seq"], "from": says["from"]}
        times = {"since": at, "due": at + chosen["delay"]}
        after["recovery"] = {**begun, "holders": says["holders"], **times}
        self.at_once_by(record, {"uid": self.root, "rev": self.group()["rev"]}, "structural")
        self.changed(record, after, record["prop"], hashed)
        self.started = says

    @staticmethod
    def is_open(mark, at):
        return not {"cancelled", "finished"} & set(mark) and at < mark["due"] + WEEK

    def read_recovery_cancel(self, record, envelopes, hashed):
        at, group = record["ts"], self.group()
        active = [one for one in group["voters"] if one["status"] == "active"]
        says, by = self.signed_together("cancellation", envelopes, active, "voters", record)
        before = self.objects[self.root]
        mark = before["recovery"]
        want(self.is_open(mark, at) and mark["statement"] == says["recovery"], "another recovery")
        want(sum(one["weight"] for one in by) >= group["threshold"]["emergency"], "too few")
        again = at + WEEK + group.get("timelock", {}).get("structural", 0)
        after = {**before, "rev": before["rev"] + 1}
        after["recovery"] = {**mark, "cancelled": {"at": at, "again": again}}
        self.at_once_by(record, {"uid": self.root, "rev": group["rev"]}, "emergency")
        self.changed(record, after, record["prop"], hashed)

    def read_recovery_finish(self, record, envelopes, hashed):
        at, group = record["ts"], self.group()
        before = self.objects[self.root]
        mark, chosen = before["recovery"], group["recovery"]
        want(mark["statement"] == record["prop"] and self.is_open(mark, at), "no such recovery")
        want(mark["due"] <= at < mark["due"] + WEEK, "before its time, or after it")
        then = {**record, "ts": mark["since"]}
        says, _ = self.signed_together("recovery", envelopes, chosen["holders"], "holders", then)
        made = group_set(group, {**says["group"], "recovery": chosen})
        print_of = lambda one: {key["thumbprint"] for key in one["keys"]}
        suspended = [print_of(one) for one in group["voters"] if one["status"] == "suspended"]
        keeps = lambda one: any(print_of(one) & them for them in suspended)
        voters = [{**one, "status": "suspended"} if keeps(one) else one for one in made["voters"]]
        after = {**before, "rev": before["rev"] + 1, "group": {**made, "voters": voters}}
        after["recovery"] = {**mark, "finished": at}
        self.at_once_by(record, {"uid": self.root, "rev": group["rev"]}, "structural")
        self.changed(record, after, record["prop"], hashed)

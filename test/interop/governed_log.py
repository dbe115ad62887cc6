"""A log of decisions, read from its first record (docs/format-index-log.md, "What reading checks")."""

from bundle_verify import canonical, named_log_key, slot_of, uid_of
from statements import parsed, signed_by, sound_group, statement
from tlog_verify import Refused, leaf_hash, sha256, want

TOLERANCE = 120
COMMIT = "after before chain class epoch group kind prev prop rev seq subject ts v votes".split()
ABOUT = "chain epoch kind prop says seq subject ts v".split()

# Operations whose class is the same whatever they change; of others it follows from before and after.
CLASS_OF = {
    "entry.create": "sensitive",
    "rule.attach": "sensitive",
    "scope.create": "structural",
    "group.set": "structural",
    "entry.suspend": "narrowing",
}


def state_digest(state):
    return sha256(canonical(state).encode()).hex()


class Log:
    def __init__(self):
        self.index = None
        self.size, self.head, self.at = 0, None, 0
        self.objects, self.heads, self.asked = {}, {}, {}

    def read(self, written):
        octets = written["record"].encode("utf-8", "surrogatepass")
        record = parsed(octets, 8192)
        want(isinstance(record, dict), "no record")
        about = ("open", "vote", "withdrawal", "drill")
        names = ABOUT if record.get("kind") in about else COMMIT
        want(set(names) <= set(record) <= {*names, "part", "issuedUntil"}, "other members")
        want(record["v"] == 1 and record["epoch"] == 1, "another version or term")
        want(record["seq"] == self.size and record["chain"] == self.head, "not the next record")
        want(record["ts"] >= self.at, "time that goes back")
        want((record["kind"] == "genesis") == (self.size == 0), "a genesis in another place")
        hashed = leaf_hash(octets).hex()
        reader = getattr(self, f"read_{record['kind'].replace('-', '_')}", None)
        want(reader is not None, "another kind of record")
        reader(record, written["envelopes"], hashed)
        self.size, self.head, self.at = self.size + 1, hashed, record["ts"]

    # What changes an object

    def changed(self, record, state, digest, hashed):
        """The record says exactly this state, and what was before."""
        uid = state["uid"]
        before = self.objects.get(uid)
        want(record["subject"] == {"uid": uid, "alias": state["alias"]}, "another subject")
        want(record["rev"] == state["rev"] == (before or {"rev": 0})["rev"] + 1, "another revision")
        want(record["prev"] == self.heads.get(uid), "another record before it")
        want(record["before"] == (state_digest(before) if before else None), "another state before")
        want(record["after"] == state_digest(state), "another state after")
        want(record["prop"] == digest, "another statement")
        self.objects[uid], self.heads[uid] = state, hashed
        for asked in self.asked.values():
            base = asked["proposal"]["base"]
            if asked["proposal"]["subject"].get("uid") == uid and base["rev"] < state["rev"]:
                asked["over"] = True

    def read_genesis(self, record, envelopes, hashed):
        [envelope] = self.exactly(envelopes, 1)
        found = statement(envelope, "genesis")
        says = found["says"]
        if "log" in says:
            named_log_key(says)
        [voter] = says["group"]["voters"]
        want(signed_by(found, voter["keys"], says["created"]), "not signed")
        self.index = found["digest"]
        uid = uid_of("s", sha256(bytes.fromhex(self.index)))
        root = {"kind": "scope", "uid": uid, "alias": "", "state": "active", "rev": 1}
        root |= {"envelope": says["envelope"], "group": says["group"], "createdAt": says["created"]}
        want(record["ts"] == says["created"], "another time")
        want(record["class"] == "structural" and record["votes"] == [], "another class")
        want(record["group"] == {"uid": uid, "rev": 1}, "another group")
        self.changed(record, root, found["digest"], hashed)
        self.root = uid

    @staticmethod
    def exactly(envelopes, number):
        want(len(envelopes) == number, "another number of envelopes")
        return envelopes

    def group(self):
        return self.objects[self.root]["group"]

    def is_of_group(self, scope):
        want(scope == {"uid": self.root, "rev": self.group()["rev"]}, "another group")

    def read_commit(self, record, envelopes, hashed):
        if envelopes:
            self.at_once(record, envelopes, hashed)
        else:
            self.as_voted(record, hashed)

    def at_once(self, record, envelopes, hashed):
        """One voter alone: proposal and vote are beside the record."""
        proposing, voting = self.exactly(envelopes, 2)
        found, vote = statement(proposing, "proposal"), statement(voting, "vote")
        proposal, says = found["says"], vote["says"]["predicate"]
        self.may_be_open(record, proposal)
        want(self.group()["solo"], "one who decides for several")
        [voter] = self.group()["voters"]
        want(proposal["author"] == {"kind": "voter", "id": voter["id"]}, "another author")
        want(signed_by(found, voter["keys"], record["ts"]), "not signed")
        want(signed_by(vote, voter["keys"], record["ts"]), "not signed")
        self.is_about(vote, found["digest"], proposal)
        want(says["log"] == {"size": record["seq"], "head": record["chain"]}, "another log")
        want(says["decision"] == "approve" and record["votes"] == [vote["digest"]], "no approval")
        want(record["ts"] == max(says["cast"], self.at), "another time")
        want(record["group"] == proposal["scope"], "another group")
        after = self.effect(record, proposal, found["digest"])
        want(record["class"] == self.class_of(proposal, after), "another class")
        self.changed(record, after, found["digest"], hashed)

    def class_of(self, proposal, after):
        del after
        return CLASS_OF[proposal["op"]]

    def as_voted(self, record, hashed):
        asked = self.asked.get(record["prop"])
        want(asked is not None and not asked["over"], "nothing that waits")
        proposal = asked["proposal"]
        want(record["group"] == proposal["scope"], "another group")
        want(record["class"] == CLASS_OF[proposal["op"]], "another class")
        want(self.carried(asked, record["class"]), "without the votes")
        wait = self.group().get("timelock", {}).get(record["class"], 0)
        want(record["ts"] >= asked["passed"] + wait, "before its time")
        approving = sorted(
            (vote for vote in asked["votes"].values() if vote["decision"] == "approve"),
            key=lambda vote: vote["voter"],
        )
        want(record["votes"] == [vote["digest"] for vote in approving], "other votes")
        asked["over"] = True
        self.changed(record, self.effect(record, proposal, record["prop"]), record["prop"], hashed)

    def effect(self, record, proposal, digest):
        """What the object is after the change."""
        op, body, subject = proposal["op"], proposal["body"], proposal["subject"]
        if op in ("entry.create", "scope.create"):
            kind = op.partition(".")[0]
            uid = uid_of(kind[0], sha256(bytes.fromhex(digest)))
            made = {"kind": kind, "uid": uid, "alias": subject["alias"], "state": "active", "rev": 1}
            made |= {"envelope": body["envelope"], "createdAt": record["ts"]}
            if kind == "scope":
                return made | {"group": None}
            return made | {"rules": [], **{name: body[name] for name in ("owner", "bindings", "labels")}}
        before = self.objects[subject["uid"]]
        after = {**before, "rev": before["rev"] + 1}
        if op == "entry.suspend":
            return {name: after[name] for name in after if name != "brake"} | {"state": "suspended"}
        if op == "rule.attach":
            rules = [*before["rules"], {**body["rule"], "rev": after["rev"]}]
            return after | {"rules": sorted(rules, key=lambda rule: rule["id"])}
        want(op == "group.set", "an operation that these vectors do not have")
        old = before["group"]
        everyone = old["voters"] + old.get("proposers", [])
        known = {
            (one["id"], one["controller"], key["thumbprint"]) for one in everyone for key in one["keys"]
        }
        sound_group(self.index, body["group"], known)
        return after | {"group": {**body["group"], "rev": old["rev"] + 1}}

    # What is said about proposals

    def may_be_open(self, record, proposal):
        want(proposal["index"] == self.index, "another index")
        want(proposal["created"] - TOLERANCE <= record["ts"] <= proposal["expires"], "another time")
        uid = proposal["subject"].get("uid")
        before = self.objects.get(uid)
        want((uid is None) == (proposal["base"] is None) == (before is None), "another base")
        if before:
            base = {"rev": before["rev"], "head": self.heads[uid]}
            want(proposal["base"] == base, "another base")
            want(proposal["subject"]["alias"] == before["alias"], "another alias")
        for read in proposal.get("reads", []):
            want(self.objects[read["uid"]]["rev"] == read["rev"], "made in view of something else")
        self.is_of_group(proposal["scope"])

    def is_about(self, vote, digest, proposal):
        [about] = vote["says"]["subject"]
        says = vote["says"]["predicate"]
        want(about["digest"]["sha256"] == digest, "about something else")
        want(says["index"] == self.index and says["scope"] == proposal["scope"], "of another group")
        want(says["slot"] == slot_of(proposal), "for something else")

    def read_open(self, record, envelopes, hashed):
        [envelope] = self.exactly(envelopes, 1)
        found = statement(envelope, "proposal")
        proposal = found["says"]
        self.may_be_open(record, proposal)
        author = proposal["author"]
        among = self.group()["voters" if author["kind"] == "voter" else "proposers"]
        [who] = [one for one in among if one["id"] == author["id"]] or [None]
        want(who is not None, "nobody who may propose")
        want(signed_by(found, who["keys"], proposal["created"], record["ts"]), "not signed")
        want(record["prop"] == record["says"] == found["digest"], "another statement")
        want(record["subject"] == proposal["subject"], "another subject")
        want(found["digest"] not in self.asked, "a proposal twice")
        opening = {"seq": record["seq"], "head": hashed, "by": who["controller"]}
        self.asked[found["digest"]] = {
            **{"proposal": proposal, "opening": opening, "votes": {}},
            **{"passed": None, "over": False},
        }

    def read_vote(self, record, envelopes, hashed):
        del hashed
        [envelope] = self.exactly(envelopes, 1)
        vote = statement(envelope, "vote")
        asked = self.asked.get(record["prop"])
        want(asked is not None and not asked["over"], "nothing that waits")
        want(record["says"] == vote["digest"], "another statement")
        proposal, says = asked["proposal"], vote["says"]["predicate"]
        want(record["subject"] == proposal["subject"], "another subject")
        self.is_about(vote, record["prop"], proposal)
        opening = asked["opening"]
        want(says["log"] == {"size": opening["seq"] + 1, "head": opening["head"]}, "another log")
        want("issuedUntil" not in says, "what only one voter alone says")
        want(proposal["created"] <= says["cast"] <= record["ts"] + TOLERANCE, "another time")
        want(record["ts"] <= proposal["expires"] or asked["passed"] is not None, "too late")
        sides = [self.group()]
        if proposal["op"] == "group.set":
            sides.append(proposal["body"]["group"])
        known = [one for side in sides for one in side["voters"] if one["id"] == says["voter"]]
        signing = [one for one in known if one["status"] == "active"]
        signing = [one for one in signing if signed_by(vote, one["keys"], says["cast"], record["ts"])]
        want(signing, "not a vote of whom it names")
        before = asked["votes"].get(says["voter"])
        want(before is None or says["seq"] > before["seq"], "a vote twice")
        asked["votes"][says["voter"]] = {
            **{"voter": says["voter"], "seq": says["seq"], "decision": says["decision"]},
            "digest": vote["digest"],
        }
        if asked["passed"] is None and self.carried(asked, self.grave(asked)):
            asked["passed"] = record["ts"]

    def grave(self, asked):
        return CLASS_OF[asked["proposal"]["op"]]

    def carried(self, asked, grave):
        sides = [self.group()]
        if asked["proposal"]["op"] == "group.set":
            sides.append(asked["proposal"]["body"]["group"])
        return all(self.carried_in(side, asked, grave) for side in sides)

    @staticmethod
    def carried_in(group, asked, grave):
        says = {name: vote["decision"] for name, vote in asked["votes"].items()}
        yes = [
            one
            for one in group["voters"]
            if one["status"] == "active" and says.get(one["id"]) == "approve"
        ]
        people = {one["controller"] for one in yes}
        enough = sum(one["weight"] for one in yes) >= group["threshold"][grave]
        if grave in ("sensitive", "structural") and not group["solo"]:
            enough = enough and people - {asked["opening"]["by"]} != set()
        return enough and len(people) >= group["minControllers"][grave]

    # At once

    def read_brake(self, record, envelopes, hashed):
        found = [statement(envelope, "brake") for envelope in envelopes]
        says = found[0]["says"]
        want(len({one["digest"] for one in found}) == 1, "other octets")
        want(len(found) == len(says["voters"]) and sorted(says["voters"]) == says["voters"], "others")
        want(says["index"] == self.index, "another index")
        want(says["created"] - TOLERANCE <= record["ts"] <= says["expires"], "another time")
        uid = says["subject"]["uid"]
        before = self.objects.get(uid)
        want(before is not None and before["state"] == "active" and "brake" not in before, "not active")
        want(says["base"] == {"rev": before["rev"], "head": self.heads[uid]}, "another base")
        self.is_of_group(says["scope"])
        group = self.group()
        by = [one for one in group["voters"] if one["id"] in says["voters"] and one["status"] == "active"]
        want(len(by) == len(found), "somebody who may not")
        for one in by:
            signs = [signed_by(each, one["keys"], says["created"], record["ts"]) for each in found]
            want(any(signs), "not signed")
        want(sum(one["weight"] for one in by) >= group["threshold"]["emergency"], "too few")
        want(says["ttl"] <= group["brake"]["ttl"], "too long")
        want(record["class"] == "emergency" and record["votes"] == [], "another class")
        want(record["group"] == says["scope"], "another group")
        brake = {"until": record["ts"] + says["ttl"]}
        after = {**before, "rev": before["rev"] + 1, "brake": brake}
        self.changed(record, after, found[0]["digest"], hashed)

    def read_evidence(self, record, envelopes, hashed):
        first, second = (statement(envelope, "vote") for envelope in self.exactly(envelopes, 2))
        a, b = (one["says"]["predicate"] for one in (first, second))
        digests = [one["says"]["subject"][0]["digest"]["sha256"] for one in (first, second)]
        for one, digest in zip((first, second), digests):
            asked = self.asked.get(digest)
            want(asked is not None and not asked["over"], "about nothing that waits")
            self.is_about(one, digest, asked["proposal"])
        want(a["voter"] == b["voter"], "votes of two")
        want(digests[0] == digests[1], "evidence that these vectors do not have")
        want(a["seq"] == b["seq"] and a["decision"] != b["decision"], "no contradiction")
        before = self.objects[self.root]
        group = before["group"]
        [voter] = [one for one in group["voters"] if one["id"] == a["voter"]]
        for one in (first, second):
            cast = one["says"]["predicate"]["cast"]
            want(signed_by(one, voter["keys"], cast, record["ts"]), "not signed")
        voters = [
            {**one, "status": "suspended"} if one is voter else one for one in group["voters"]
        ]
        want(record["class"] == "narrowing", "another class")
        want(record["votes"] == [first["digest"], second["digest"]], "other votes")
        want(record["group"] == {"uid": self.root, "rev": group["rev"]}, "another group")
        after = {**before, "rev": before["rev"] + 1, "group": {**group, "voters": voters}}
        self.changed(record, after, first["digest"], hashed)


def audit(records):
    """Reads them all; the index id, and the leaf hashes of the records."""
    log, hashes = Log(), []
    for record in records:
        try:
            log.read(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refused(f"not of its form: {error!r}") from error
        hashes.append(log.head)
    return log.index, hashes

"""Verifies docs/format/vectors/operations.json from docs/format.md and docs/format-index-log.md; shares
nothing with Capstan.

Usage: operations_verify.py FOLDER. Prints how many vectors were judged as they say, and each that was not.
"""

import copy
import json
import sys
from pathlib import Path

from bundle_verify import No, canonical
from operations_log import OperationsLog
from statements import opened
from tlog_verify import Refused, leaf_hash, map_key, map_root, sha256, tree_root

REFUSED = (Refused, No, KeyError, TypeError, ValueError, AttributeError, IndexError)


class Judged:
    """What is compared with a record, one by one: the first that differs is named."""

    def __init__(self, log):
        self.log, self.rows, self.leaves = log, {}, []

    def wrong_of(self, vector):
        try:
            self.log.read(vector)
        except REFUSED as error:
            return f"refused: {error!r}"
        self.leaves.append(leaf_hash(vector["record"].encode()))
        if self.leaves[-1].hex() != vector["hash"] or self.log.head != vector["hash"]:
            return "another hash"
        if [opened(one)["digest"] for one in vector["envelopes"]] != vector["digests"]:
            return "other digests"
        record = json.loads(vector["record"])
        if ("after" in record) != ("object" in vector):
            return "an object, or none"
        if "object" in vector:
            after = self.log.objects[record["subject"]["uid"]]
            octets = canonical(vector["object"]).encode()
            if after != vector["object"] or sha256(octets).hex() != record["after"]:
                return "another object"
        return self.wrong_in_state(vector)

    def wrong_in_state(self, vector):
        for table, name, value in vector["rows"]:
            if value is None:
                del self.rows[table, name]
            else:
                self.rows[table, name] = value
        if self.rows != self.log.state.rows():
            return "other rows"
        entries = [(map_key(*key), bytes.fromhex(value)) for key, value in self.rows.items()]
        if map_root(entries).hex() != vector["state"]:
            return "another state root"
        return None if tree_root(self.leaves).hex() == vector["tree"] else "another tree"


def twin_wrong(before, twin):
    """Its last record is refused, and those before it are not."""
    log = copy.deepcopy(before)
    # The objects are one by two names.
    log.objects = log.state.by_uid
    for written in twin["records"][:-1]:
        log.read(written)
    try:
        log.read(twin["records"][-1])
    except REFUSED:
        return None
    return "taken"


def main(folder):
    given = json.loads((folder / "operations.json").read_text("utf-8"))
    judged = Judged(OperationsLog(given["trustDomain"]))
    before, wrong = [], []
    for vector in given["records"]:
        before.append(copy.deepcopy(judged.log))
        said = judged.wrong_of(vector)
        if said:
            wrong.append(f"record {json.loads(vector['record'])['seq']}, {vector['of']}: {said}")
    if judged.log.index != given["index"]:
        wrong.append("another index")
    for twin in given["bad"]:
        said = twin_wrong(before[twin["from"]], twin)
        if said:
            wrong.append(f"{twin['of']}, {twin['what']}: {said}")
    print(json.dumps({"judged": len(given["records"]) + len(given["bad"]), "wrong": wrong}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

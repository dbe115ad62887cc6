"""Reads the folder of one mirrored log from docs/mirrors.md and docs/format-tlog.md alone.

Usage: mirror_verify.py FOLDER KEY. Prints what it is of, as JSON; ends with 1 where anything is wrong.
"""

import json
import sys
from pathlib import Path

from statements import opened, parsed
from tlog_verify import Refused, bundle, leaf_hash, node_hash, tree_root, unbase64
from tlog_verify import verified_checkpoint, want

WIDTH = 256
POLICY = "quorum none\n"


def name_of(index, width):
    groups = ["%03d" % (index % 1000)]
    while index >= 1000:
        index //= 1000
        groups.insert(0, "x%03d" % (index % 1000))
    return "/".join(groups) + ("" if width == WIDTH else f".p/{width}")


def hashes_in(octets, width):
    want(len(octets) == 32 * width, "a tile of another width")
    return [octets[at : at + 32] for at in range(0, len(octets), 32)]


def full_root(hashes):
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def rows(count):
    """Index and width of the tiles of a level with so many hashes."""
    for index in range((count + WIDTH - 1) // WIDTH):
        yield index, min(WIDTH, count - index * WIDTH)


def records_of(folder, index, width):
    """By their place in the bundle; those that are gone are left out."""
    path = folder / "tile/entries" / name_of(index, width)
    if path.exists():
        return dict(enumerate(bundle(path.read_bytes(), width)))
    found = {}
    for line in (folder / "left" / name_of(index, width)).read_text().splitlines():
        seq, text = line.split(" ")
        found[int(seq) - index * WIDTH] = unbase64(text)
    return found


def envelopes_are_named(folder, index, width, records):
    lines = (folder / "envelopes" / name_of(index, width)).read_text().split("\n")
    want(lines.pop() == "" and len(lines) == width, "a line for each record")
    for at, line in enumerate(lines):
        record = parsed(records[at], 8192)
        named = {record["prop"], record.get("says"), *record.get("votes", [])}
        for text in line.split(" ") if line else []:
            want(opened(unbase64(text).decode())["digest"] in named, "another envelope")


def verify(folder, key):
    size, root = verified_checkpoint((folder / "checkpoint").read_text(), key, POLICY)
    leaves, held = [], 0
    for index, width in rows(size):
        row = hashes_in((folder / "tile/0" / name_of(index, width)).read_bytes(), width)
        records = records_of(folder, index, width)
        for at, record in records.items():
            want(leaf_hash(record) == row[at], f"another record {index * WIDTH + at}")
        if (folder / "envelopes").exists():
            envelopes_are_named(folder, index, width, records)
        leaves += row
        held += len(records)
    want(tree_root(leaves) == root, "another root")
    level, below = 1, leaves
    while len(below) >= WIDTH:
        full = len(below) // WIDTH
        above = [full_root(below[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        kept = []
        for index, width in rows(full):
            path = folder / "tile" / str(level) / name_of(index, width)
            kept += hashes_in(path.read_bytes(), width)
        want(kept == above, f"other tiles of level {level}")
        level, below = level + 1, above
    return {"size": size, "root": root.hex(), "records": held}


if __name__ == "__main__":
    try:
        print(json.dumps(verify(Path(sys.argv[1]), sys.argv[2])))
    except (Refused, OSError, ValueError, KeyError) as error:
        print(f"refused: {error}", file=sys.stderr)
        sys.exit(1)

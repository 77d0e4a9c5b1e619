#!/usr/bin/env python3
"""Holds the suite against both decoders, more closely than a command line allows.

    check_suite.py [--status PROGRAM]

The reference decoder must find the latents, pixels and metadata of every valid file, and refuse every invalid one with the status
and at the offset that it expects; so must libnic, if PROGRAM, the build's conformance_status, is given (its latents and
pixels are left to run). Exits with 77
where NumPy is absent.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys

try:
    import numpy  # noqa: F401
except ImportError:
    print("check_suite: skipped: there is no NumPy (Debian: python3-numpy)")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "reference"))
import nicref  # noqa: E402


def check_valid(case, models):
    expected = json.loads((case / "test.json").read_text())
    nicref.MAX_SIDE = 1 << 20 if case.parent.name == "uncommon" else 65535
    described = nicref.describe(nicref.decode((case / "input.nic").read_bytes(), models.find, nicref.Dump(),
                                              scale=expected.get("scale", 1)))
    different = [name for name, value in described.items() if value != expected[name]]
    return f"other {', '.join(different)}" if different else None


def judge(expect, status, offset):
    """expect.json's statuses are in the order of likelihood; its offset, where it is not null, is that of the file."""
    if status not in expect["status"]:
        return f"{status} instead of {expect['status'][0]}"
    if expect["offset"] is not None and offset != expect["offset"]:
        return f"offset {offset} instead of {expect['offset']}"
    return None


def check_refused(case, expect, models):
    nicref.MAX_SIDE = 65535
    try:
        own = nicref.Models([case]) if (case / "model.nicm").exists() else models
        nicref.decode((case / "input.nic").read_bytes(), own.find, nicref.Dump(), scale=expect.get("scale", 1))
    except nicref.Refused as refused:
        return judge(expect, refused.status, refused.offset)
    return "accepted"


def check_refused_by_libnic(program, cases):
    """Failures of libnic, by case."""
    shipped = sorted((HERE / "models").glob("*.nicm"))
    plain = [case for case in cases if not (case / "model.nicm").exists()]
    calls = [(shipped, plain)] + [([case / "model.nicm"], [case]) for case in cases if (case / "model.nicm").exists()]
    failures = {}
    for packages, files in calls:
        scales = {json.loads((case / "expect.json").read_text()).get("scale", 1) for case in files}
        assert len(scales) == 1
        words = [program, "--scale", str(*scales), *map(str, packages), "--", *(str(case / "input.nic") for case in files)]
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        for case, line in zip(files, lines, strict=True):
            status, offset, _ = line.split(" ", 2)
            expect = json.loads((case / "expect.json").read_text())
            failures[case] = judge(expect, status, None if offset == "-" else int(offset))
    return failures


def hash_metadata(text):
    """{kind: SHA-256 or "refused"} of a line of conformance_status."""
    kinds = dict(word.split("=") for word in text.split())
    return {kind: "refused" if content == "NIC_MALFORMED" else hashlib.sha256(bytes.fromhex(content)).hexdigest()
            for kind, content in kinds.items()}


def check_metadata_of_libnic(program, cases):
    """Failures of libnic, by case."""
    words = [program, "--metadata", *(str(case / "input.nic") for case in cases)]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    nothing = hashlib.sha256(b"").hexdigest()  # libnic makes no difference between that and an absent element
    failures = {}
    for case, line in zip(cases, lines, strict=True):
        expected = json.loads((case / "test.json").read_text()).get("metadata", {})
        expected = {kind: content for kind, content in expected.items() if content != nothing}
        failures[case] = None if hash_metadata(line) == expected else f"other metadata: {line[:60]}"
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--status", help="the build's conformance_status")
    arguments = parser.parse_args()
    models = nicref.Models([HERE / "models"])
    failed = []
    valid = sorted((HERE / "valid").iterdir()) + sorted((HERE / "uncommon").iterdir())
    invalid = sorted((HERE / "invalid").iterdir())
    for case in valid:
        failed.append((case, check_valid(case, models), "nicref"))
    for case in invalid:
        failed.append((case, check_refused(case, json.loads((case / "expect.json").read_text()), models), "nicref"))
    if arguments.status:
        failed += [(case, failure, "libnic") for case, failure in check_refused_by_libnic(arguments.status, invalid).items()]
        # Sides beyond the default limits are not read at all.
        plain = [case for case in valid if case.parent.name == "valid"]
        failed += [(case, failure, "libnic") for case, failure in check_metadata_of_libnic(arguments.status, plain).items()]
    failed = [f"{decoder}: {case.parent.name}/{case.name}: {failure}" for case, failure, decoder in failed if failure]
    for line in failed:
        print("check_suite:", line)
    print(f"check_suite: {len(valid)} valid, {len(invalid)} invalid, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

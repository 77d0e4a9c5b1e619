#!/usr/bin/env python3
"""Decodes the frozen files (frozen/README.md) and compares the hashes of the pixels.

    frozen_check.py --nicdec PROGRAM

Fails where a frozen file or a released package was changed or is gone, where other pixels come out, and where a package
in models/ has no frozen files.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import frozen

MODELS = frozen.ROOT / "models"


def check_set(folder, fields, nicdec, packages):
    """What is wrong with a set, and how many of its files were decoded."""
    wrong = []
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"set.json"}
    listed = {name: entry["sha256"] for name, entry in fields["files"].items()}
    listed.update({"models/" + name: sha256 for name, sha256 in fields["models"].items()})
    wrong += [f"{name}: is not in set.json" for name in sorted(there - set(listed))]
    for name, sha256 in sorted(listed.items()):
        if name not in there or frozen.digest((folder / name).read_bytes()) != sha256:
            wrong.append(f"{name}: was changed or is gone")
    if fields["package_sha256"] and fields["package_sha256"] not in packages:
        if fields["released"]:
            wrong.append("its package is released and has gone from models/")
        return wrong, 0
    models = folder / "models" if fields["models"] else MODELS
    for name, entry in sorted(fields["files"].items()):
        try:
            pixels = frozen.decode(nicdec, models, folder / name, entry["grey"])
        except (OSError, subprocess.CalledProcessError) as failure:
            wrong.append(f"{name}: {failure}")
            continue
        if pixels != entry["pixels_sha256"]:
            wrong.append(f"{name}: decodes to other pixels")
    return wrong, len(fields["files"])


def main():
    parser = argparse.ArgumentParser(description="Decodes the frozen files.")
    parser.add_argument("--nicdec", required=True)
    arguments = parser.parse_args()
    packages = {frozen.digest(path.read_bytes()): path.name for path in MODELS.glob("*.nicm")}
    failures = 0
    for path in sorted(frozen.FROZEN.glob("*/set.json")):
        fields = json.loads(path.read_text())
        wrong, decoded = check_set(path.parent, fields, arguments.nicdec, packages)
        packages.pop(fields["package_sha256"], None)
        print(f"{path.parent.name}: {decoded} files decoded, {len(wrong)} faults")
        for fault in wrong:
            print(f"  {fault}")
        failures += len(wrong)
    for name in packages.values():
        print(f"models/{name}: has no frozen files; conformance/freeze makes them")
    return 1 if failures or packages else 0


if __name__ == "__main__":
    sys.exit(main())

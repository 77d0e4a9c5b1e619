#!/usr/bin/env python3
"""Fields have the same names in the tables of format-spec/, in libnic and in the reference decoder.

Every name in a table's column `field` must be a word in both; and so must every other name that stands in code type, in
the singular or the plural. The stages of nicref.py's --dump are those that conformance.md tells of.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DOCUMENTS = ("container.md", "elements.md", "entropy.md", "codec.md", "integer-networks.md", "model-package.md", "model-sections.md")
NAME = re.compile(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)*)`")
# Names of other things than fields.
OTHERS = {"libnic", "nic_limits", "notes", "optional", "vpmaddwd"}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def fields_of(text):
    """The names in the columns that are headed `field`."""
    column = None
    for line in text.splitlines():
        if not line.startswith("|"):
            column = None
        elif column is None:
            column = cells(line).index("field") if "field" in cells(line) else -1
        elif column >= 0:
            yield from NAME.findall(cells(line)[column])


def faults_of_stages(reference):
    """What --dump prints is what conformance.md says."""
    printed = set(re.findall(r'dump\.\w+\("([a-z-]+)"', reference))
    section = (ROOT / "format-spec" / "conformance.md").read_text().partition("stage of `--dump`")[2]
    rows = [cells(line)[0] for line in section.splitlines() if line.startswith("| `")]
    told = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
    return [f"conformance.md: stage {stage} is printed or told of, not both" for stage in sorted(printed ^ told)]


def main():
    texts = {name: (ROOT / "format-spec" / name).read_text() for name in DOCUMENTS}
    fields = {field: name for name, text in texts.items() for field in fields_of(text)}
    code = "\n".join(path.read_text() for pattern in ("*.h", "*.cc") for path in sorted((ROOT / "libnic").rglob(pattern)))
    reference = (HERE / "reference" / "nicref.py").read_text()
    faults = []
    for field, document in sorted(fields.items()):
        for where, text in (("libnic", code), ("nicref.py", reference)):
            if not re.search(rf"\b{field}_?\b", text):
                faults.append(f"{document}: {field} does not occur in {where}")
    for document, text in texts.items():
        for name in sorted(set(NAME.findall(text)) - OTHERS - set(fields)):
            if not re.search(rf"\b{name}s?_?\b", code) or not re.search(rf"\b{name}s?\b", reference):
                faults.append(f"{document}: {name} does not occur in libnic and nicref.py both")
    faults += faults_of_stages(reference)
    for fault in faults:
        print("names_check:", fault)
    print(f"names_check: {len(fields)} fields, {len(faults)} faults")
    return 1 if faults or len(fields) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())

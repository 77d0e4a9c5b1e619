#!/usr/bin/env python3
"""Holds requirements.md against the specification and the suite.

    requirements_check.py [--missing]

Every MUST and every "MAY refuse" of format-spec/ (each sentence, and each entry of a list or table that such a sentence begins) must have a row
in requirements.md, in the words of the specification; every row must name cases that are there, or tests, and every
invalid case must be named by a row. --missing prints the rows that are missing, to be filled in.
"""

import argparse
import fnmatch
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
GROUPS = ("valid", "uncommon", "invalid")
DEMAND = re.compile(r"\bMUST\b|\bMAY refuse\b")


def plain(text):
    """Words alone: links and emphasis go, bars would end a table's cell."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"[*|]", " ", text).split())


def blocks(text):
    """(section, kind, text) of each paragraph, list entry and table row; code is left out."""
    section, paragraph, kind, code = "", [], "paragraph", False

    def flush():
        whole, paragraph[:] = " ".join(paragraph), []
        return [(section, kind, whole)] if whole.strip() else []

    for line in text.splitlines():
        entry = re.match(r"(?:-|\d+\.) +(.*)", line)
        if line.startswith("```"):
            code = not code
        elif code or line.startswith("    "):
            continue
        elif heading := re.match(r"#+ (?:([\d.]+) )?", line):
            yield from flush()
            section = (heading[1] or "").rstrip(".")
        elif not line.strip():
            yield from flush()
            kind = "paragraph"
        elif line.startswith("|"):
            yield from flush()
            kind = "row"
            if not re.match(r"\|[ |:-]+\|$", line):
                paragraph.append(line)
        elif entry:
            yield from flush()
            kind = "entry"
            paragraph.append(entry[1])
        else:
            paragraph.append(line)
    yield from flush()


def sentences(text):
    return re.split(r"(?<=[^.][.;]) +(?=[A-Z`\[*])", text)


def demands(text):
    """(section, demand) in the order of a document."""
    opening = None  # a sentence with MUST that a list or table goes on with
    head = False    # whether a table's head comes next
    for section, kind, block in blocks(text):
        if kind == "paragraph":
            found = [each for each in sentences(block) if DEMAND.search(each)]
            last = sentences(block)[-1]
            opening = last if DEMAND.search(last) and not last.rstrip().endswith(".") else None
            if found and "the following" in found[0]:
                opening = found[0]
            head = True
            yield from ((section, plain(each)) for each in found if each != opening)
        elif opening:
            if kind == "row" and head:
                head = False
                continue
            item = block.strip("| ").split(" | ")[0] if kind == "row" else block
            yield section, plain(opening + " - " + item).rstrip(";,.")
        elif kind == "row":
            for cell in block.split(" | "):
                if DEMAND.search(cell):
                    yield section, plain(block.strip("| ").split(" | ")[0] + ": " + cell)
        elif DEMAND.search(block):
            for each in sentences(block):
                if DEMAND.search(each):
                    yield section, plain(each)


def specified():
    found = []
    for path in sorted((ROOT / "format-spec").glob("*.md")):
        found += [(f"{path.name} {section}".strip(), demand) for section, demand in demands(path.read_text())]
    return found


def table():
    """{(place, demand): what shows it} as requirements.md has them."""
    rows, place = {}, ""
    for line in (HERE / "requirements.md").read_text().splitlines():
        if line.startswith("## "):
            place = line[3:]
        elif line.startswith("| ") and not line.startswith(("| the demand", "| ---")):
            demand, shown, _ = line[2:].split(" | ", 1)[0], line.rstrip(" |").split(" | ")[-1], None
            rows[place, demand] = shown
    return rows


def faults_of(shown, cases, named):
    """What is wrong with a row's last cell; notes the cases that it names."""
    things = re.findall(r"`([^`]+)`(?: (\"[^\"]+\"))?", shown)
    if not things:
        yield "names no case and no test"
    for name, quoted in things:
        if name.split("/")[0] in GROUPS:
            matching = fnmatch.filter(cases, name)
            named.update(matching)
            if not matching:
                yield f"no case {name}"
        elif not (ROOT / name).is_file():
            yield f"no file {name}"
        elif quoted and quoted.strip('"') not in (ROOT / name).read_text():
            yield f"{name} has no {quoted}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--missing", action="store_true")
    arguments = parser.parse_args()
    demanded, rows = specified(), table()
    # Without their numbers, which change.
    cases = [f"{group}/{case.name[4:]}" for group in GROUPS for case in (HERE / group).iterdir()]
    if arguments.missing:
        place = None
        for where, demand in demanded:
            if (where, demand) not in rows:
                print(*([f"\n## {where}\n"] if where != place else []), f"| {demand} | |", sep="\n")
                place = where
        return 0
    faults = [f"{where}: has no row in requirements.md: {demand}" for where, demand in demanded if (where, demand) not in rows]
    named = set()
    for (where, demand), shown in rows.items():
        if (where, demand) not in demanded:
            faults.append(f"{where}: is in requirements.md, not in the specification: {demand}")
        faults += [f"{where}: {fault}: {demand}" for fault in faults_of(shown, cases, named)]
    faults += [f"{case}: no demand names it" for case in sorted(set(cases) - named) if case.startswith("invalid/")]
    for fault in faults:
        print("requirements_check:", fault)
    print(f"requirements_check: {len(demanded)} demands, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Makes fuzz/seeds/ again from the conformance suite: small files of every kind, a few kilobytes for each target."""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
SUITE = HERE.parent / "conformance"
sys.path.insert(0, str(SUITE))
import writing  # noqa: E402
from writing import nicref  # noqa: E402

SMALL = 700  # bytes


def write(target, name, data):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def small_files(group, topics):
    for case in sorted((SUITE / group).iterdir()):
        if "deblocking" in case.name:  # of other models, but otherwise as the files before
            continue
        data = (case / "input.nic").read_bytes()
        if len(data) <= SMALL and any(topic in case.name for topic in topics) and not (case / "model.nicm").exists():
            yield case.name, data


def with_deblocking(data):
    """The file with another lowest bit of model_digest: the targets then decode it with the model that has deblocking."""
    place = nicref.read_header(data).size - 7  # model_digest, gain, interpolation, check
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]


def deblocking_section():
    """Of any three levels: the number that the small model has."""
    package = nicref.Package((SUITE / "models" / "deblocking-factor-16.nicm").read_bytes())
    return package.unpack(nicref.DEBLOCKING)


def main():
    shutil.rmtree(HERE / "seeds", ignore_errors=True)
    for name, data in small_files("valid", ["size-", "slices", "lanes", "grey", "gain", "metadata", "symbols", "alpha", "content", "cicp", "icc"]):
        write("container", name, data)
        if "model" not in name and "level" not in name:
            write("decode", name, data)
            write("region", name, bytes([0, 3, 0, 5, 0, 20, 0, 9]) + data)
    for name, data in small_files("valid", ["size-1x1", "size-130", "grey", "lanes", "minor", "cicp", "gain-map"]):
        size = nicref.read_header(data).size
        write("header", name, data[:size])
        write("info", name, data)
    for name, data in small_files("invalid", ["payload-size", "element", "slice-size", "cut", "limit", "cicp", "icc"]):
        write("container", name, data)
        write("info", name, data)
    for name, data in small_files("invalid", ["varint", "width", "height", "flags", "version", "check"]):
        write("header", name, data[:32])
    for name, data in small_files("invalid", ["slice-", "hyper", "escape"]):
        write("decode", name, data)
    for name, data in small_files("valid", ["size-127x129", "grey-slices", "gain-map-slices"]):
        write("decode", name + "-deblocking", with_deblocking(data))
        write("region", name + "-deblocking", bytes([0, 3, 0, 5, 0, 20, 0, 9]) + with_deblocking(data))
    tiny = (SUITE / "models" / "tiny.nicm").read_bytes()
    write("package", "tiny-package", b"\x03" + tiny)
    write("package", "tiny-package-mended", b"\x02" + tiny)
    write("package", "tiny-decoder", b"\0" + nicref.Package(tiny).unpack(nicref.DECODER))
    previews = (SUITE / "models" / "preview-one-scale.nicm").read_bytes()
    write("package", "preview-package", b"\x03" + previews)
    write("package", "preview-section", b"\x05" + nicref.Package(previews).unpack(nicref.PREVIEW))
    deblocking = (SUITE / "models" / "deblocking-extreme-bits-0.nicm").read_bytes()
    write("package", "deblocking-package", b"\x03" + deblocking)
    write("package", "deblocking-section", b"\x09" + deblocking_section())
    for case in sorted((SUITE / "invalid").iterdir()):
        package = case / "model.nicm"
        if "pass" in case.name and package.exists() and package.stat().st_size < 4000 and "model-" in case.name:
            write("package", case.name, b"\0" + nicref.Package(package.read_bytes()).unpack(nicref.DECODER))
    for number, numbers in enumerate(((0, 1, 0, 0, 0, 0, 255, 254, 0, 0, 1, 0, 6, 9, 40, 90, 40, 9, 3),
                                      (0, 2, 1, 0, 1, 0, 0, 0, 0, 1, 0, 2, 7, 7, 0, 9, 0, 3, 8, 0, 3, 1, 2, 3),
                                      (0, 1, 1, 0, 2, 127, 240, 0, 0, 1, 0, 2, 5, 6))):
        write("table", f"table-{number}", bytes(numbers) + bytes(range(100, 140)))
    for name, data in small_files("valid", ["size-17x15", "lanes", "symbols-escapes"]):
        header = nicref.read_header(data)
        piece = nicref.read_slices(data, header, nicref.read_elements(data, header)[-1])[0]
        for pattern in (0, 1, 3, 9):
            write("slice", f"{name}-{pattern}", bytes([header.lanes_log2, pattern, 1, 2 * pattern + 1]) + piece.stream)
            write("rans", f"{name}-{pattern}", bytes([header.lanes_log2, 0, 90, pattern]) + piece.stream)
    for number in range(6):
        write("round_trip", f"picture-{number}", bytes([0, 20 * number, 0, 17 + 9 * number, number, 0, number, 0, number, number]) +
              bytes((i * i * (number + 1)) % 256 for i in range(60)))
        write("graph", f"seed-{number}", bytes([number]))
        write("slice", f"latents-{number}", bytes([number, number, 7 - number, 2 * number, 3, number % 2, 0]) +
              bytes((i * i * (number + 3)) % 256 for i in range(40)))
        write("kernel", f"operation-{number}", bytes([9 + 7 * number, 176, 180, 176, 180, number, 11, 0, 1, number, 180, 176]) +
              bytes((i * (number + 5)) % 256 for i in range(50)))
    total = sum(path.stat().st_size for path in (HERE / "seeds").rglob("*") if path.is_file())
    print(f"make_seeds: {total} bytes")


if __name__ == "__main__":
    main()

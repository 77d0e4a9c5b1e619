#!/usr/bin/env python3
"""Decodes random valid files with the reference decoder and compares with what libnic made of them.

    cross_check.py --generate PROGRAM [--count N] [--seed S] [--keep FOLDER]

Compares the latents of every slice, the pixels of all scales, and the output of every model's analysis, byte for byte. Exits with 77
where NumPy is absent.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("cross_check: skipped: there is no NumPy (Debian: python3-numpy)")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "reference"))
import nicref  # noqa: E402
from pnm import read_pnm  # noqa: E402


def read_ppm(path):
    width, height, samples = read_pnm(path.read_bytes())
    return np.frombuffer(samples, np.uint8).reshape(height, width, 3)


def all_samples(result):
    samples = result.pixels
    if result.alpha is not None:
        samples = np.dstack((samples, result.alpha))
    return nicref.sample_bytes(samples)


def check_file(path, model):
    """What differs, or None."""
    result = nicref.decode(path.read_bytes(), lambda model_id, digest: model, nicref.Dump())
    latents = b"".join(nicref.as_bytes(z) + nicref.as_bytes(y) for z, y in result.slices)
    if latents != path.with_suffix(".latents").read_bytes():
        return "latents"
    if all_samples(result) != path.with_suffix(".pixels").read_bytes():
        return "pixels"
    for scale in (8, 16):
        smaller = nicref.decode(path.read_bytes(), lambda model_id, digest: model, nicref.Dump(), scale=scale)
        if all_samples(smaller) != path.with_suffix(f".pixels-{scale}").read_bytes():
            return f"pixels of 1/{scale}"
    return None


def check_model(path, counts):
    package = nicref.Package(path.read_bytes())
    model = nicref.load_model(package)
    nicref.read_encoder_section(package.unpack(nicref.ENCODER), model)
    for graph in [model.hyper_synthesis, model.synthesis, model.analysis] + [p.context for p in model.passes]:
        for node in graph.nodes:
            name = nicref.OPERATION_NAMES[node.operation]
            counts[name] = counts.get(name, 0) + 1
    analysed = nicref.as_bytes(nicref.analyse(model, read_ppm(path.with_suffix(".ppm"))))
    return model, analysed == path.with_suffix(".analysed").read_bytes()


def check_folder(folder):
    """The number of files, and the names of those that differ."""
    files, different, counts = 0, [], {}
    for package in sorted(folder.glob("*.nicm")):
        model, same = check_model(package, counts)
        if not same:
            different.append(f"{package.name}: analysis")
        for path in sorted(folder.glob(package.stem + "-*.nic")):
            files += 1
            try:
                difference = check_file(path, model)
            except nicref.Refused as refused:
                difference = str(refused)
            if difference:
                different.append(f"{path.name}: {difference}")
    print("cross_check: nodes:", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return files, different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--generate", required=True)
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a folder for the files, which stay there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        subprocess.run([arguments.generate, str(arguments.count), str(arguments.seed), str(folder)], check=True)
        files, different = check_folder(folder)
    for line in different:
        print("cross_check: differs:", line)
    print(f"cross_check: {files} files, {len(different)} differences")
    return 1 if different or files != arguments.count else 0


if __name__ == "__main__":
    sys.exit(main())

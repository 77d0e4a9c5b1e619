#!/usr/bin/env python3
"""Encodes small pictures with nicenc and the models that ship, and decodes them with nicdec and the reference decoder.

    shipped_check.py --nicenc PROGRAM --nicdec PROGRAM --models FOLDER

The pixels must be the same. Exits with 77 where NumPy or the models are absent.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("shipped_check: skipped: there is no NumPy (Debian: python3-numpy)")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "reference"))
import nicref  # noqa: E402
from pnm import read_pnm  # noqa: E402

CASES = ((61, 47, 3, 10), (64, 64, 3, 75), (97, 33, 1, 50), (130, 70, 3, 100), (1, 1, 3, 0))  # width, height, channels, q


def make_picture(width, height, channels):
    """Slopes, an edge and noise, the same on every machine."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.RandomState(width).randint(0, 24, (height, width, channels))
    slope = (2 * x + y)[:, :, None] * np.arange(1, channels + 1) // 2
    return np.clip(slope + 90 * ((x > width // 2) ^ (y > height // 3))[:, :, None] + noise, 0, 255).astype(np.uint8)


def read_picture(path):
    width, height, samples = read_pnm(path.read_bytes())
    return np.frombuffer(samples, np.uint8).reshape(height, width, -1)


def check(arguments, model, models, folder, case):
    width, height, channels, quality = case
    name = "picture.ppm" if channels == 3 else "picture.pgm"
    nicref.write_pnm(folder / name, make_picture(width, height, channels))
    subprocess.run([arguments.nicenc, "--quiet", "-m", model, "-q", str(quality), folder / name, folder / "file.nic"], check=True)
    subprocess.run([arguments.nicdec, "--quiet", "-m", model, folder / "file.nic", folder / ("back-" + name)], check=True)
    result = nicref.decode((folder / "file.nic").read_bytes(), models.find, nicref.Dump())
    return np.array_equal(result.pixels, read_picture(folder / ("back-" + name)))


def main():
    parser = argparse.ArgumentParser()
    for name in ("nicenc", "nicdec", "models"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    packages = sorted(pathlib.Path(arguments.models).glob("*.nicm"))
    if not packages:
        print("shipped_check: skipped: no models")
        return 77
    failures = 0
    for package in packages:
        models = nicref.Models([package])
        with tempfile.TemporaryDirectory() as folder:
            for case in CASES:
                same = check(arguments, package, models, pathlib.Path(folder), case)
                failures += not same
                print(f"shipped_check: {package.name}: {case}: {'the same pixels' if same else 'OTHER PIXELS'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""What freeze and frozen_check.py share."""

import hashlib
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FROZEN = ROOT / "conformance" / "frozen"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def decode(nicdec, models, path, grey):
    """The SHA-256 of the PNM file without its head, as nicdec decodes it."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / ("out.pgm" if grey else "out.ppm")
        subprocess.run([nicdec, "--quiet", str(path), str(output)], check=True,
                       env={**os.environ, "NIC_MODEL_PATH": str(models)})
        return digest(output.read_bytes().split(b"\n", 3)[3])

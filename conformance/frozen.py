"""What freeze and frozen_check.py share."""

import hashlib
import os
import pathlib
import subprocess
import tempfile

from pnm import read_pnm

ROOT = pathlib.Path(__file__).resolve().parent.parent
FROZEN = ROOT / "conformance" / "frozen"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def decode(nicdec, models, path, grey):
    """The SHA-256 of the samples as nicdec decodes them."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / ("out.pgm" if grey else "out.ppm")
        subprocess.run([nicdec, "--quiet", str(path), str(output)], check=True,
                       env={**os.environ, "NIC_MODEL_PATH": str(models)})
        return digest(read_pnm(output.read_bytes())[2])

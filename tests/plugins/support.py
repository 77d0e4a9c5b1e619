"""What the plug-ins' tests share: a folder, the tools, and a way to skip."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.environ["NIC_SOURCE"]
BIN = os.environ["NIC_BIN"]
PICTURE = os.path.join(SOURCE, "samples", "kodim23.png")
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def run(*command, status=0, environment=None):
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if result.returncode != status:
        raise AssertionError(f"{command}: exit status {result.returncode}, not {status}: {result.stderr}")
    return result


def folder():
    return tempfile.TemporaryDirectory(prefix="nic-plugins-")


def encode(source, target, *options):
    run(os.path.join(BIN, "nicenc"), "--quiet", *options, source, target)


def decode(source, target, *options):
    run(os.path.join(BIN, "nicdec"), "--quiet", *options, source, target)


def register_pixbuf_loader(folder):
    """Makes the loader known to gdk-pixbuf, below `folder`; returns the environment that programs need for it."""
    loader = os.environ.get("NIC_PIXBUF_LOADER")
    if not loader:
        skip("gdk-pixbuf was not found when nic was built")
    query = shutil.which("gdk-pixbuf-query-loaders") or next(
        iter(glob.glob("/usr/lib/*/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders")), None
    )
    if not shutil.which("update-mime-database"):
        skip("shared-mime-info is not installed")
    if not query:
        skip("gdk-pixbuf's programs are not installed")
    cache = os.path.join(folder, "loaders.cache")
    with open(cache, "w") as file:
        listed = run(query, loader).stdout
        assert '"image/x-nic"' in listed, listed
        file.write(listed)
        # The others write what the thumbnailer makes, and are often compiled in.
        file.write(run(query).stdout)
    # gdk-pixbuf asks the MIME database what a file is.
    packages = os.path.join(folder, "data", "mime", "packages")
    os.makedirs(packages)
    shutil.copy(os.path.join(SOURCE, "packaging", "desktop", "nic.xml"), packages)
    run("update-mime-database", os.path.join(folder, "data", "mime"))
    return {"GDK_PIXBUF_MODULE_FILE": cache, "XDG_DATA_HOME": os.path.join(folder, "data")}


def read_png(path):
    """(width, height, channels, samples) of an 8-bit PNG without palette or interlacing."""
    import struct
    import zlib

    with open(path, "rb") as file:
        data = file.read()
    place, packed, header = 8, b"", None
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        content = data[place + 8 : place + 8 + size]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", content)
        if kind == b"IDAT":
            packed += content
        place += 12 + size
    width, height, depth, colour = header[:4]
    assert depth == 8 and header[6] == 0, header
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    stride = width * channels
    raw, before, samples = zlib.decompress(packed), bytearray(stride), bytearray()
    for y in range(height):
        kind = raw[y * (stride + 1)]
        row = bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            left = row[x - channels] if x >= channels else 0
            corner = before[x - channels] if x >= channels else 0
            up = before[x]
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + up) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
                row[x] = (row[x] + (left if a <= b and a <= c else up if b <= c else corner)) & 255
        samples += row
        before = row
    return width, height, channels, bytes(samples)

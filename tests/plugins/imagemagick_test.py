"""ImageMagick's convert with the delegates file: both ways, and what it says of a broken file."""

import os
import shutil

import support

if not shutil.which("convert"):
    support.skip("ImageMagick is not installed")

ENVIRONMENT = {
    "MAGICK_CONFIGURE_PATH": os.path.join(support.SOURCE, "plugins", "imagemagick"),
    "PATH": support.BIN + os.pathsep + os.environ["PATH"],
}

with support.folder() as folder:
    nic, png, wanted, half = (os.path.join(folder, name) for name in ("a b.nic", "a.png", "wanted.png", "half.nic"))
    support.encode(support.PICTURE, nic)
    support.decode(nic, wanted)
    support.run("convert", nic, "-depth", "8", "-define", "png:color-type=2", png, environment=ENVIRONMENT)
    assert support.read_png(png) == support.read_png(wanted)
    support.run("convert", support.PICTURE, "-resize", "50%", half, environment=ENVIRONMENT)
    support.decode(half, png)
    assert support.read_png(png)[:2] == (384, 256)
    with open(nic, "r+b") as file:
        file.truncate(1000)
    result = support.run("convert", nic, png, status=1, environment=ENVIRONMENT)
    assert result.stderr
print("passed")

"""The gdk-pixbuf loader in gdk-pixbuf-thumbnailer: registered by its query program, same pixels as nicdec."""

import os
import shutil

import support

if not shutil.which("gdk-pixbuf-thumbnailer"):
    support.skip("gdk-pixbuf's programs are not installed")

with support.folder() as folder:
    environment = support.register_pixbuf_loader(folder)
    nic, wanted, shown = (os.path.join(folder, name) for name in ("a.nic", "wanted.png", "shown.png"))
    support.encode(support.PICTURE, nic)
    support.decode(nic, wanted)
    # As large as the picture: the samples themselves.
    support.run("gdk-pixbuf-thumbnailer", "--size", "768", nic, shown, environment=environment)
    assert support.read_png(shown) == support.read_png(wanted)
    support.run("gdk-pixbuf-thumbnailer", "--size", "128", nic, shown, environment=environment)
    assert support.read_png(shown)[:2] == (128, 85)
    # Small ones are decoded small: at these sizes nothing is left to fit.
    for size, scale in (("96", "1/8"), ("48", "1/16")):
        support.decode(nic, wanted, "--scale", scale)
        support.run("gdk-pixbuf-thumbnailer", "--size", size, nic, shown, environment=environment)
        assert support.read_png(shown) == support.read_png(wanted), scale
    support.run("gdk-pixbuf-thumbnailer", "--size", "40", nic, shown, environment=environment)
    assert support.read_png(shown)[:2] == (40, 27)
    support.encode(os.path.join(support.SOURCE, "tests", "golden", "data", "colour.jpg"), nic)  # of no even number of squares
    support.run("gdk-pixbuf-thumbnailer", "--size", "2", nic, shown, environment=environment)
    assert max(support.read_png(shown)[:2]) == 2
    support.encode(support.PICTURE, nic)

    with open(nic, "r+b") as file:
        file.truncate(5000)
    os.remove(shown)
    result = support.run("gdk-pixbuf-thumbnailer", "--size", "128", nic, shown, status=1, environment=environment)
    assert "nic: " in result.stderr, result.stderr
    assert not os.path.exists(shown)
print("passed")

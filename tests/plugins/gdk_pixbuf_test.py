"""The gdk-pixbuf loader in gdk-pixbuf-thumbnailer: registered by its query program, same pixels as nicdec."""

import glob
import os
import shutil

import support

loader = os.environ.get("NIC_PIXBUF_LOADER")
if not loader:
    support.skip("gdk-pixbuf was not found when nic was built")
query = shutil.which("gdk-pixbuf-query-loaders") or next(
    iter(glob.glob("/usr/lib/*/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders")), None
)
if not shutil.which("update-mime-database"):
    support.skip("shared-mime-info is not installed")
if not query or not shutil.which("gdk-pixbuf-thumbnailer"):
    support.skip("gdk-pixbuf's programs are not installed")

with support.folder() as folder:
    cache = os.path.join(folder, "loaders.cache")
    with open(cache, "w") as file:
        listed = support.run(query, loader).stdout
        assert '"image/x-nic"' in listed, listed
        file.write(listed)
        # The others write what the thumbnailer makes, and are often compiled in.
        file.write(support.run(query).stdout)
    # gdk-pixbuf asks the MIME database what a file is.
    packages = os.path.join(folder, "data", "mime", "packages")
    os.makedirs(packages)
    shutil.copy(os.path.join(support.SOURCE, "packaging", "desktop", "nic.xml"), packages)
    support.run("update-mime-database", os.path.join(folder, "data", "mime"))
    environment = {"GDK_PIXBUF_MODULE_FILE": cache, "XDG_DATA_HOME": os.path.join(folder, "data")}

    nic, wanted, shown = (os.path.join(folder, name) for name in ("a.nic", "wanted.png", "shown.png"))
    support.encode(support.PICTURE, nic)
    support.decode(nic, wanted)
    # As large as the picture: the samples themselves.
    support.run("gdk-pixbuf-thumbnailer", "--size", "768", nic, shown, environment=environment)
    assert support.read_png(shown) == support.read_png(wanted)
    support.run("gdk-pixbuf-thumbnailer", "--size", "128", nic, shown, environment=environment)
    assert support.read_png(shown)[:2] == (128, 85)

    with open(nic, "r+b") as file:
        file.truncate(5000)
    os.remove(shown)
    result = support.run("gdk-pixbuf-thumbnailer", "--size", "128", nic, shown, status=1, environment=environment)
    assert "nic: " in result.stderr, result.stderr
    assert not os.path.exists(shown)
print("passed")

"""The Pillow plug-in with Debian's Pillow: same pixels as nicdec, files that nicdec reads, metadata, errors."""

import io
import os
import sys

import support

sys.path.insert(0, os.path.join(support.SOURCE, "plugins", "pillow"))
try:
    from PIL import Image, ImageChops
except ImportError:
    support.skip("Pillow is not installed")
import nic_pillow  # noqa: E402,F401


def check_reading(folder):
    nic, png = os.path.join(folder, "a.nic"), os.path.join(folder, "a.png")
    support.encode(support.PICTURE, nic, "--quality", "50")
    support.decode(nic, png)
    with Image.open(nic) as picture:
        assert picture.format == "NIC" and picture.mode == "RGB" and picture.size == (768, 512)
        with Image.open(png) as wanted:
            assert picture.tobytes() == wanted.tobytes()
        assert picture.get_format_mimetype() == "image/x-nic"
    # Out of memory, and cut down as a thumbnail.
    with open(nic, "rb") as file:
        data = file.read()
    picture = Image.open(io.BytesIO(data))
    picture.thumbnail((96, 96))
    assert picture.size == (96, 64)
    # What a thumbnail needs can be decoded smaller: the same as nicdec's, and close to the whole picture's thumbnail.
    for scale, size in ((8, (96, 64)), (16, (48, 32))):
        picture = Image.open(io.BytesIO(data))
        assert picture.draft(None, size) == ("RGB", (0, 0) + size) and picture.size == size
        support.decode(nic, png, "--scale", f"1/{scale}")
        with Image.open(png) as wanted:
            assert picture.tobytes() == wanted.tobytes()
    for wanted in ((97, 64), (96, 65), (768, 512), None):
        picture = Image.open(io.BytesIO(data))
        assert picture.draft(None, wanted) is None and picture.size == (768, 512)
    small, whole = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(data))
    small.thumbnail((40, 40))
    whole.load()
    whole.thumbnail((40, 40))
    assert small.size == whole.size == (40, 27)
    differences = ImageChops.difference(small, whole).histogram()
    assert sum(count * (level % 256) for level, count in enumerate(differences)) / (3 * 40 * 27) < 3


def check_writing(folder):
    original = Image.open(support.PICTURE).crop((0, 0, 150, 100))
    alpha = Image.linear_gradient("L").resize(original.size)
    pictures = {"RGB": original, "L": original.convert("L")}
    pictures["RGBA"] = original.copy()
    pictures["RGBA"].putalpha(alpha)
    pictures["LA"] = pictures["RGBA"].convert("LA")
    for mode, picture in pictures.items():
        path = os.path.join(folder, f"{mode}.nic")
        picture.save(path, quality=90)
        png = os.path.join(folder, f"{mode}.png")
        support.decode(path, png)
        with Image.open(path) as back, Image.open(png) as wanted:
            assert back.mode == wanted.mode == mode, (mode, back.mode)
            assert back.tobytes() == wanted.tobytes()
            if "A" in mode:
                assert back.getchannel("A").tobytes() == alpha.tobytes()
            grey, before = back.convert("L").tobytes(), picture.convert("L").tobytes()
            error = sum((a - b) ** 2 for a, b in zip(grey, before)) / len(grey)
            assert error < 60, (mode, error)
    sizes = []
    for quality in (10, 90):
        buffer = io.BytesIO()
        original.save(buffer, "NIC", quality=quality)
        sizes.append(len(buffer.getvalue()))
    assert sizes[0] * 2 < sizes[1], sizes
    buffer = io.BytesIO()
    Image.open(support.PICTURE).save(buffer, "NIC", target_size=20000, effort=1)
    assert 19500 < len(buffer.getvalue()) <= 20000, len(buffer.getvalue())


def check_metadata(folder):
    path = os.path.join(folder, "m.nic")
    picture = Image.new("RGB", (40, 30), (200, 100, 50))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    picture.save(path, exif=exif, xmp=b"<x:xmpmeta/>", cicp=bytes((12, 13, 0, 1)))
    with Image.open(path) as back:
        assert back.getexif()[0x0112] == 6 and back.getexif()[0x010E] == "a description"
        assert back.info["xmp"] == b"<x:xmpmeta/>"
        assert back.info["cicp"] == bytes((12, 13, 0, 1))
        copy = io.BytesIO()
        back.save(copy, "NIC")
    assert Image.open(copy).getexif()[0x0112] == 6


def expect(kind, action):
    try:
        action()
    except kind as error:
        assert str(error), "no message"
    else:
        raise AssertionError(f"no {kind.__name__}")


def check_errors(folder):
    nic = os.path.join(folder, "e.nic")
    support.encode(support.PICTURE, nic)
    with open(nic, "rb") as file:
        data = file.read()
    expect(OSError, lambda: Image.open(io.BytesIO(data[: len(data) // 2])).load())
    expect(OSError, lambda: Image.open(io.BytesIO(data[:12])))
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 255
    expect(OSError, lambda: Image.open(io.BytesIO(bytes(damaged))).load())
    picture = Image.new("RGB", (8, 8))
    expect(OSError, lambda: picture.convert("CMYK").save(os.path.join(folder, "c.nic")))
    expect(ValueError, lambda: picture.save(os.path.join(folder, "q.nic"), quality=200))
    expect(ValueError, lambda: picture.save(os.path.join(folder, "q.nic"), quality=50, target_bpp=1))


with support.folder() as folder:
    check_reading(folder)
    check_writing(folder)
    check_metadata(folder)
    check_errors(folder)
print("passed")

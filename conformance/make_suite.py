#!/usr/bin/env python3
"""Makes the conformance suite again, from nothing but conformance_make and this file:

    make_suite.py PROGRAM     PROGRAM is the build's bin/conformance_make

Writes models/, valid/, uncommon/, invalid/ and the table in CASES.md beside itself. What valid files decode to is
computed by the reference decoder; cross_check.py and run hold libnic against it.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np

import tiny_model
import writing
from writing import (Section, little, nicref, raw_step, stored_frame, symbol_step, varint, write_decoder_section,
                     write_element, write_header, write_latents, write_deblocking_section, write_package, write_preview_section, write_slice,
                     write_stream)

HERE = pathlib.Path(__file__).resolve().parent
LICENCE = "as the project's source code"


# -- Valid files ----------------------------------------------------------------------------------------------------

# What a topic is about, by how it begins; the first that fits.
SENTENCES = (
    ("size-", "container.md 3; codec.md 3"), ("side-", "container.md 3; codec.md 8"), ("grey", "container.md 3.3; codec.md 7"),
    ("lanes-", "container.md 3.3; entropy.md 3"), ("slices-", "container.md 3.4, 5; codec.md 3"),
    ("minor-", "container.md 3.2"), ("gain-map-", "elements.md 2; codec.md 5"), ("gain-", "container.md 3.4; codec.md 5"),
    ("metadata-", "container.md 4"), ("content-cicp", "elements.md 4"), ("content-", "elements.md 3"), ("alpha-", "elements.md 1"),
    ("symbols-", "entropy.md 2.2, 2.3; codec.md 4.4"), ("model-", "model-sections.md; codec.md 4 to 6"),
    ("scale-", "codec.md 10"), ("preview-", "model-package.md 3; codec.md 10"),
    ("deblocking-", "model-sections.md 7.2; codec.md 6.1"), ("depth-16-alpha-", "elements.md 1"), ("depth-16", "container.md 3.3; codec.md 7"))


def sentence_of(topic):
    return next(sentence for start, sentence in SENTENCES if topic.startswith(start))


def describe_valid(folder, models):
    title, model, scale = (folder / "recipe.txt").read_text().splitlines()
    (folder / "recipe.txt").unlink()
    data = (folder / "input.nic").read_bytes()
    nicref.MAX_SIDE = 1 << 20  # for uncommon/
    result = nicref.decode(data, models.find, nicref.Dump(), scale=int(scale))
    header = result.header
    features = ["grey" if header.channels == 1 else "rgb", *(["16 bits"] if header.bit_depth == 16 else []), f"lanes {header.lanes}", f"slices {len(result.slices)}"]
    features += [f"element {kind:#04x}" for kind in sorted({element[0] for element in result.elements[:-1]})]
    return {
        "title": title, "sentence": sentence_of(folder.name[4:]), "features": features, "model": model,
        **({} if scale == "1" else {"scale": int(scale)}),
        "header": {name: value for name, value in vars(header).items() if name != "size"},
        **nicref.describe(result),
        "licence": LICENCE, "recipe": "conformance_make (conformance/make.cc)",
    }


# -- Invalid files --------------------------------------------------------------------------------------------------

class Base:
    """A valid file taken apart."""

    def __init__(self, name, models):
        self.data = (HERE / "valid" / name / "input.nic").read_bytes()
        self.header = nicref.read_header(self.data)
        self.elements = nicref.read_elements(self.data, self.header)
        self.slices = nicref.read_slices(self.data, self.header, self.elements[-1])
        self.model = models.find(self.header.model_id, self.header.model_digest)
        self.coded = [write_slice(s.check, s.hyper_size, s.stream) for s in self.slices]

    def write_header(self, **changes):
        h = self.header
        fields = dict(flags=h.channels_code | h.bit_depth_code << 2 | h.lanes_log2 << 4, width=varint(h.width), height=varint(h.height),
                      model_id=varint(h.model_id), model_digest=h.model_digest,
                      gain=h.gain_level << 4 | h.slice_side_code, interpolation=h.interpolation)
        return write_header(**{**fields, **changes})

    def latents(self):
        return write_element(1, write_latents(self.coded))

    def with_header(self, **changes):
        return self.write_header(**changes) + self.latents()

    def with_elements(self, elements):
        return self.write_header() + elements + self.latents()

    def with_slice(self, number, piece):
        coded = self.coded[:number] + [piece] + self.coded[number + 1:]
        return self.write_header() + write_element(1, write_latents(coded))

    def steps_of_slice(self, number):
        """The steps that decode the slice's hyper-latents, and all of its steps."""
        piece, recorded = self.slices[number], []
        stream = writing.RecordingStream(piece.stream, self.header.lanes, 0)
        original, nicref.Stream = nicref.Stream, lambda *arguments: recorded.append(stream) or stream
        try:
            h = self.header
            height, width = (-(-n // self.model.latent_factor) for n in (h.height, h.width))
            z, _ = nicref.decode_slice(self.model, h, piece, height, width, number, nicref.Dump())
        finally:
            nicref.Stream = original
        count, symbols = 0, 0
        while symbols <= z.size and count < len(stream.steps):
            symbols += stream.steps[count][3] != "raw"
            count += 1
        return count - 1 if symbols > z.size else count, stream.steps


def header_cases(b, c):
    data = b.data
    check_at = b.header.size - 2
    for size, where in ((0, "an empty file"), (1, "one byte"), (7, "within the signature"), (8, "behind the signature"),
                        (9, "before flags"), (10, "before width"), (check_at, "before check"),
                        (check_at + 1, "within check")):
        c.add(f"header-cut-{size}", f"The bytes end: {where}", "container.md 6", "NIC_TRUNCATED", size, data[:size])
    for topic, title, start in (
            ("text", "A text", b"hello, world\n" * 9), ("jpeg", "A JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + data),
            ("png", "A PNG", b"\x89PNG\r\n\x1a\n" + data[8:]), ("package", "A model package", b"\x8aNIM\r\n\x1a\n" + data[8:]),
            ("7-bit", "Bit 7 of all bytes lost", bytes(byte & 127 for byte in data)),
            ("line-ends", "CR LF turned into LF", data.replace(b"\r\n", b"\n"))):
        c.add(f"signature-{topic}", title, "container.md 3.1", "NIC_NOT_NIC", 0, start)
    for major in (0, 2, 15):
        c.add(f"version-{major}", f"version_major {major}", "container.md 3.2", "NIC_UNSUPPORTED_VERSION", 8,
              b.with_header(version=major << 4))
    for name, flags in (("channels_code-2", 2), ("channels_code-3", 3), ("bit_depth_code-2-16", 10), ("bit_depth_code-2", 9),
                        ("bit_depth_code-3", 13), ("lanes_log2-3", 0x31), ("flags-bit-6", 0x41), ("flags-bit-7", 0x81)):
        c.add(name.replace("_", "-"), f"A reserved value of flags: {name}", "container.md 3.3", "NIC_UNSUPPORTED_FEATURE",
              9, b.with_header(flags=flags))
    c.add("width-0", "A width of 0", "container.md 3", "NIC_MALFORMED", 10, b.with_header(width=b"\0"))
    c.add("height-0", "A height of 0", "container.md 3", "NIC_MALFORMED", 11, b.with_header(height=b"\0"))
    for field, offset in (("width", 10), ("height", 11), ("model_id", 12)):
        for topic, bad in (("long", b"\xa8\0"), ("large", b"\xff\xff\xff\xff\x1f"), ("endless", b"\xff" * 6)):
            c.add(f"{field.replace('_', '-')}-{topic}", f"The varint {field} is too {topic}", "container.md 2",
                  "NIC_MALFORMED", offset, b.with_header(**{field: bad}))
    for at, name in ((9, "flags"), (10, "width"), (14, "model_digest"), (17, "gain"), (check_at, "check")):
        damaged = bytearray(data)
        damaged[at] ^= 4
        c.add(f"damaged-{name.replace('_', '-')}", f"A bit of {name} is wrong", "container.md 3.5", "NIC_HEADER_DAMAGED",
              check_at, bytes(damaged))
    swapped = data[:check_at] + data[check_at + 1:check_at + 2] + data[check_at:check_at + 1] + data[check_at + 2:]
    c.add("check-swapped", "The bytes of check in the wrong order", "container.md 3.5", "NIC_HEADER_DAMAGED", check_at, swapped)


def rate_and_model_cases(b, c):
    c.add("level-above", "A gain_level that the model does not have", "codec.md 2", "NIC_MALFORMED", None,
          b.with_header(gain=0x34))
    c.add("level-15", "gain_level 15 of a model with 3 levels", "codec.md 2", "NIC_MALFORMED", None,
          b.with_header(gain=0xF4))
    c.add("interpolation-above", "Interpolation above the highest level", "codec.md 2", "NIC_MALFORMED", None,
          b.with_header(gain=0x24, interpolation=1))
    c.add("model-missing", "A model that nobody has", "codec.md 2", "NIC_MODEL_MISSING", None,
          b.with_header(model_id=varint(777)))
    c.add("model-mismatch", "Another digest of a known model", "codec.md 2", "NIC_MODEL_MISMATCH", None,
          b.with_header(model_digest=b.header.model_digest ^ 1))
    for topic, width, height, status in (("side", 2**32 - 1, 2**32 - 1, "NIC_LIMIT_SIDE"), ("side-wide", 65536, 1, "NIC_LIMIT_SIDE"),
                                         ("pixels", 65535, 65535, "NIC_LIMIT_PIXELS")):
        c.add(f"limit-{topic}", f"{width} x {height} pixels in a small file", "codec.md 8", status, None,
              b.with_header(width=varint(width), height=varint(height)))


def element_cases(b, c):
    start = b.header.size
    cut = b.with_elements(write_element(0x85, b"application"))
    c.add("elements-none", "Nothing behind the header", "container.md 6", "NIC_TRUNCATED", start, b.data[:start])
    c.add("element-cut-type", "The bytes end behind element_type", "container.md 6", "NIC_TRUNCATED", start + 1, b.data[:start + 1])
    c.add("element-cut-payload", "The bytes end in the payload of metadata", "container.md 6", "NIC_TRUNCATED", start + 6, cut[:start + 6])
    c.add("latents-missing", "Metadata alone", "container.md 4", "NIC_TRUNCATED", start + 13, cut[:start + 13])
    for kind in (0x00, 0x04, 0x40, 0x7F):
        c.add(f"element-{kind:02x}", f"An element of the reserved type {kind:#04x}", "container.md 4",
              "NIC_UNSUPPORTED_FEATURE", start, b.with_elements(write_element(kind, b"abc")))
    for kind in (0x81, 0x82, 0x83, 0x84):
        twice = write_element(kind, b"abc") * 2
        c.add(f"element-{kind:02x}-twice", f"Two elements of the type {kind:#04x}", "container.md 4", "NIC_MALFORMED",
              start + 5, b.with_elements(twice))
    for topic, size in (("long", b"\x83\0"), ("large", b"\xff" * 9 + b"\x02"), ("endless", b"\xff" * 11),
                        ("beyond", b"\xff" * 9 + b"\x01")):
        c.add(f"payload-size-{topic}", f"A payload_size that is too {topic}" if topic != "beyond" else "A payload that ends beyond any file",
              "container.md 2, 4", "NIC_MALFORMED", start + 1, b.with_elements(write_element(0x85, b"abc", size)))
    c.add("behind-latents", "A byte behind the latents", "container.md 4", "NIC_MALFORMED", len(b.data), b.data + b"\0")
    c.add("latents-twice", "Latents twice", "container.md 4", "NIC_MALFORMED", len(b.data), b.data + b.latents())
    c.add("metadata-limit", "More metadata than the limit", "container.md 4", "NIC_LIMIT_METADATA", start,
          b.with_elements(write_element(0x85, b"abc", varint((64 << 20) + 1))))
    c.add("metadata-count", "4097 elements", "container.md 4", "NIC_LIMIT_METADATA", start + 2 * 4096,
          b.with_elements(b"\x90\0" * 4097))


def alpha_cases(b, c):
    start = b.header.size + 2  # one byte of payload_size, as all are short
    rows = bytes([0] + [255] * b.header.width) * b.header.height
    for topic, title, payload, offset in (
            ("empty", "Alpha without a payload", b"", 0), ("flags", "A reserved flag of alpha", b"\x04" + stored_frame(rows), 0),
            ("none", "Alpha without a frame", b"\0", 1), ("size", "A frame of another size", b"\0" + stored_frame(rows + b"\0"), 1),
            ("filter", "A filter of 5", b"\0" + stored_frame(rows[:-41] + b"\5" + rows[-40:]), 1),
            ("two", "Two frames", b"\0" + stored_frame(rows) + stored_frame(b""), 1),
            ("damaged", "A frame that is none", b"\0" + bytes(30), 1)):
        data = b.with_elements(write_element(2, payload))
        at = start + len(varint(len(payload))) - 1 + offset
        c.add(f"alpha-{topic}", title, "elements.md 1", "NIC_MALFORMED", at, data, alpha=True)
    twice = write_element(2, b"\0" + stored_frame(rows))
    c.add("alpha-twice", "Alpha twice", "container.md 4", "NIC_MALFORMED", b.header.size + len(twice), b.with_elements(twice * 2))


def gain_map_cases(b, c):
    positions = -(-b.header.width // b.model.latent_factor) * -(-b.header.height // b.model.latent_factor)
    good = b"\x20" + stored_frame(bytes(positions))
    for topic, title, payload, offset in (
            ("empty", "A gain map without a payload", b"", 0), ("unit", "A unit of 0", b"\0" + good[1:], 0),
            ("none", "A gain map without a frame", b"\x20", 1),
            ("size", "A frame of one position more", b"\x20" + stored_frame(bytes(positions + 1)), 1),
            ("two", "Two frames in a gain map", good + stored_frame(b""), 1),
            ("damaged", "A frame in a gain map that is none", b"\x20" + bytes(30), 1)):
        data = b.with_elements(write_element(3, payload))
        c.add(f"gain-map-{topic}", title, "elements.md 2", "NIC_MALFORMED", b.header.size + 2 + offset, data)
    c.add("gain-map-twice", "A gain map twice", "container.md 4", "NIC_MALFORMED",
          b.header.size + len(write_element(3, good)), b.with_elements(write_element(3, good) * 2))


def deep_alpha_cases(b, c):
    rows = bytes(1 + 2 * b.header.width) * b.header.height
    for topic, title, flags, frame, offset in (
            ("in-8-bits", "Alpha of 16 bits in a picture of 8 bits", 0x01, rows, 0),
            ("size", "Alpha of 16 bits with rows for 8 bits", 0x05, bytes(1 + b.header.width) * b.header.height, 1)):
        element = write_element(2, b"\2" + stored_frame(frame))
        at = b.header.size + 1 + len(varint(len(frame))) + offset
        c.add(f"alpha-deep-{topic}", title, "elements.md 1", "NIC_MALFORMED", at,
              b.write_header(flags=flags) + element + b.latents(), alpha=True)


def latents_cases(one, many, four, c):
    start = one.header.size
    for size in (0, 1, 8):
        c.add(f"latents-{size}", f"Latents of {size} bytes", "container.md 5", "NIC_MALFORMED", start + 1,
              one.write_header() + write_element(1, bytes(size)))
    c.add("latents-lanes-4", "Latents too short for four lanes", "container.md 5", "NIC_MALFORMED", four.header.size + 1,
          four.write_header() + write_element(1, bytes(20)))
    header = many.write_header()
    payload_size = len(many.latents()) - len(write_latents(many.coded)) - 1
    first = len(header) + 1 + payload_size
    c.add("slices-too-many", "Fewer bytes than the slices need", "container.md 5", "NIC_MALFORMED", len(header) + 1,
          header + write_element(1, bytes(60)))
    sizes = [len(piece) for piece in many.coded]

    def index(changed):
        return b"".join(n if isinstance(n, bytes) else varint(n) for n in changed)

    payload = sum(sizes) + len(index(sizes))
    for topic, title, changed, offset in (
            ("small", "A slice_size below the least", [8] + sizes[1:], first),
            ("zero", "A slice_size of 0", [0] + sizes[1:], first),
            ("beyond", "A slice_size beyond the payload", [payload + 100] + sizes[1:], first),
            ("varint", "A slice_size that is longer than needed", [b"\x8a\0"] + sizes[1:], first),
            ("sum-less", "Sizes that leave a byte over", sizes[:-1] + [sizes[-1] - 1], first),
            ("sum-more", "Sizes that are a byte too much", sizes[:-1] + [sizes[-1] + 1], first)):
        built = header + write_element(1, write_latents(many.coded, index(changed)))
        # The length of the payload's own size may change with the index.
        offset += (len(varint(len(write_latents(many.coded, index(changed))))) - payload_size)
        c.add(f"slice-size-{topic}", title, "container.md 5", "NIC_MALFORMED", offset, built)
    data = many.data
    for topic, title, size in (("index", "within the index", first + 2), ("slice-0", "within slice 0", many.slices[0].offset + 9),
                               ("slice-3", "within slice 3", many.slices[3].offset + 3), ("last", "before the last byte", len(data) - 1)):
        c.add(f"cut-{topic}", f"The bytes end {title}", "container.md 6", "NIC_TRUNCATED", size, data[:size])


def slice_cases(b, many, c):
    piece = b.slices[0]
    stream_at = piece.stream_offset

    def add(topic, title, section, changed, offset=None):
        c.add(f"slice-{topic}", title, section, "NIC_SLICE_DAMAGED", offset, changed)

    for bit in (0, 31):
        add(f"check-{bit}", f"Bit {bit} of the slice's check", "codec.md 4.5",
            b.with_slice(0, write_slice(piece.check ^ 1 << bit, piece.hyper_size, piece.stream)), piece.offset)
    for topic, size in (("less", piece.hyper_size - 1), ("more", piece.hyper_size + 1), ("zero", 0), ("three", 3),
                        ("beyond", len(piece.stream) + 1), ("varint", b"\xff" * 9 + b"\x7f")):
        coded = write_slice(piece.check, size, piece.stream)
        add(f"hyper-size-{topic}", f"A wrong hyper_size ({topic})", "container.md 5, codec.md 4.2", b.with_slice(0, coded))
    low = little(nicref.STATE_LOW - 1, 4) + piece.stream[4:]
    add("state-low", "A state below 2^24", "entropy.md 3.1", b.with_slice(0, write_slice(piece.check, piece.hyper_size, low)))
    add("state-zero", "A state of 0", "entropy.md 3.1",
        b.with_slice(0, write_slice(piece.check, piece.hyper_size, bytes(4) + piece.stream[4:])))
    add("byte-over", "A byte too many in the stream", "entropy.md 3.4",
        b.with_slice(0, write_slice(piece.check, piece.hyper_size, piece.stream + b"\0")))
    add("byte-missing", "A byte too few in the stream", "entropy.md 3.2",
        b.with_slice(0, write_slice(piece.check, piece.hyper_size, piece.stream[:-1])))
    for place in (0, 3, 5, len(piece.stream) // 2, len(piece.stream) - 1):
        damaged = bytearray(piece.stream)
        damaged[place] ^= 16
        add(f"bit-{place}", f"A wrong bit in byte {place} of the stream", "codec.md 4.5",
            b.with_slice(0, write_slice(piece.check, piece.hyper_size, bytes(damaged))))
    steps_cases(b, piece, add)
    exchanged = [many.coded[2], many.coded[1], many.coded[0]] + many.coded[3:]
    c.add("slices-exchanged", "Two slices of different sizes in each other's place", "codec.md 4.5", "NIC_SLICE_DAMAGED", None,
          many.write_header() + write_element(1, write_latents(exchanged)))
    c.add("lanes-wrong", "Two lanes in place of one", "codec.md 4", "NIC_SLICE_DAMAGED", None, b.with_header(flags=0x11))
    c.add("width-wrong", "A position more than was coded", "codec.md 4.4", "NIC_SLICE_DAMAGED", None,
          b.with_header(width=varint(b.header.width + 16)))
    c.add("height-wrong", "Fewer positions than were coded", "codec.md 4.4", "NIC_SLICE_DAMAGED", None,
          b.with_header(height=varint(b.header.height - 16)))
    del stream_at


def steps_cases(b, piece, add):
    """Streams that are sound by themselves and hold what they must not."""
    head, steps = b.steps_of_slice(0)
    again, hyper_size = write_stream(steps, 1, head)
    assert again == piece.stream and hyper_size == piece.hyper_size

    def add_steps(topic, title, section, changed, changed_head):
        stream, size = write_stream(changed, 1, changed_head)
        add(topic, title, section, b.with_slice(0, write_slice(piece.check, size, stream)))

    table = b.model.hyper_tables[0]
    first_value = 1
    while steps[first_value][3] == "raw":
        first_value += 1
    rest = steps[first_value:]
    distance = 32767 - table.first - table.symbols + 1
    bits = (distance + 1).bit_length() - 1
    for topic, title, below, far in (("escape-above", "An escape to 32768", 0, distance),
                                     ("escape-below", "An escape to -32769", 1, table.first + 32768)):
        bits = (far + 1).bit_length() - 1
        escape = [symbol_step(0, table, table.symbols), raw_step(0, bits << 1 | below, 5), raw_step(0, far + 1 - (1 << bits), bits)]
        add_steps(topic, title, "entropy.md 3.3", escape + rest, head - first_value + 3)
    far = b.model.hyper_synthesis.inputs[0].high + 1 - table.first - table.symbols
    bits = (far + 1).bit_length() - 1
    escape = [symbol_step(0, table, table.symbols), raw_step(0, bits << 1, 5), raw_step(0, far + 1 - (1 << bits), bits)]
    add_steps("hyper-latent-range", "A hyper-latent outside the model's range", "codec.md 4.2", escape + rest, head - first_value + 3)
    add_steps("value-over", "A value too many", "codec.md 4.5", steps + [symbol_step(0, table, 0)], head)
    add_steps("value-missing", "The last value missing", "codec.md 4.4", steps[:-1], head)
    other = [s for s in range(len(steps)) if steps[s][3] != "raw" and s >= head]
    at = other[len(other) // 2]
    lane, start, frequency, _ = steps[at]
    swapped = next(t for t in b.model.scale_tables if start in t.starts[:-1] and
                   t.starts[t.starts.index(start) + 1] - start == frequency)
    entry = swapped.starts.index(start)
    changed = steps[:at] + [symbol_step(lane, swapped, entry - 1 if entry else 1)] + steps[at + 1:]
    add_steps("other-latent", "A sound stream of other latents", "codec.md 4.5", changed, head)


# -- Invalid models -------------------------------------------------------------------------------------------------

def write_tiny_package(sections, **changes):
    return write_package(sections, model_id=tiny_model.MODEL_ID, **{"name": b"tiny", **changes})


def with_digest(b, digest):
    return b.with_header(model_id=varint(tiny_model.MODEL_ID), model_digest=digest & 0xFFFFFF)


def package_cases(b, raw, c):
    def add(topic, title, section, status, package, digest):
        c.add(f"package-{topic}", title, section, status, None, with_digest(b, digest), {"model.nicm": package})

    whole, digest = write_tiny_package([Section(1, raw)])
    malformed = ("NIC_MODEL_MALFORMED", "NIC_MODEL_MISSING")
    unsupported = ("NIC_UNSUPPORTED_FEATURE", "NIC_MODEL_MISSING")
    version = ("NIC_UNSUPPORTED_VERSION", "NIC_MODEL_MISSING")

    def changed(**changes):
        section = Section(1, raw)
        for name, value in changes.items():
            setattr(section, name, value)
        return write_tiny_package([section])

    add("signature", "Another signature", "model-package.md 2", malformed, b"\x8aNIC" + whole[4:], digest)
    add("version", "version_major 2", "model-package.md 2", version, write_tiny_package([Section(1, raw)], version=0x20)[0], digest)
    for size in (5, 9, 20, 40, len(whole) - 1):
        add(f"cut-{size if size < 100 else 'last'}", f"Cut off behind {size} bytes", "model-package.md 4", malformed, whole[:size], digest)
    add("name-empty", "A name_size of 0", "model-package.md 2", malformed, *write_tiny_package([Section(1, raw)], name=b""))
    add("name-long", "A name of 65 characters", "model-package.md 2", malformed, *write_tiny_package([Section(1, raw)], name=b"n" * 65))
    add("name-control", "A name with a control character", "model-package.md 2", malformed, *write_tiny_package([Section(1, raw)], name=b"a\tb"))
    add("directory-check", "A wrong directory_check", "model-package.md 3", malformed, write_tiny_package([Section(1, raw)], directory_check=1)[0], digest)
    add("sections-65", "65 sections", "model-package.md 3", malformed, *write_tiny_package([Section(n + 1, b"", 1) for n in range(65)]))
    add("sections-order", "Sections out of order", "model-package.md 3", malformed, *write_tiny_package([Section(3, b"x", 1), Section(1, raw)]))
    add("sections-twice", "A section twice", "model-package.md 3", malformed, *write_tiny_package([Section(1, raw), Section(1, raw)]))
    add("flags-reserved", "A reserved flag", "model-package.md 3", unsupported, *write_tiny_package([Section(1, raw, 2)]))
    add("section-unknown", "A section that is unknown and not optional", "model-package.md 3", unsupported, *write_tiny_package([Section(1, raw), Section(9, b"x")]))
    add("bytes-behind", "A byte behind the last frame", "model-package.md 4", malformed, *write_tiny_package([Section(1, raw)], behind=b"\0"))
    add("no-decoder", "No decoder section", "model-sections.md", malformed, *write_tiny_package([Section(3, b"notes", 1)]))
    add("raw-size", "raw_size is not the frame's", "model-package.md 4", malformed, *changed(raw_size=len(raw) + 1))
    add("section-check", "A wrong section_check", "model-package.md 4", malformed, *changed(check=1))
    add("frame-two", "Two frames", "model-package.md 4", malformed, *changed(frame=stored_frame(raw) + stored_frame(b"")))
    skippable = b"\x50\x2a\x4d\x18" + little(3, 4) + b"abc"
    add("frame-skippable", "A skippable frame behind the frame", "model-package.md 4", malformed, *changed(frame=stored_frame(raw) + skippable))
    add("frame-damaged", "A frame that is none", "model-package.md 4", malformed, *changed(frame=b"\0" * 40))
    add("raw-size-huge", "A section of more than the limit", "model-package.md 3", ("NIC_LIMIT_MEMORY", "NIC_MODEL_MISSING"), *changed(raw_size=1 << 40))
    add("section-cut", "A section that ends within a field", "model-sections.md 1", "NIC_MODEL_MALFORMED", *write_tiny_package([Section(1, raw[:-1])]))
    add("section-over", "A byte behind the last field of a section", "model-sections.md 1", "NIC_MODEL_MALFORMED", *write_tiny_package([Section(1, raw + b"\0")]))


def section_flag_cases(b, raw, c):
    def add(topic, title, *sections):
        package, digest = write_tiny_package(sections)
        malformed = ("NIC_MODEL_MALFORMED", "NIC_MODEL_MISSING")
        c.add(f"package-{topic}", title, "model-package.md 3", malformed, None, with_digest(b, digest), {"model.nicm": package})

    add("decoder-optional", "A decoder section that is optional", Section(1, raw, 1))
    add("encoder-required", "An encoder section that is not optional", Section(1, raw), Section(2, b"x"))
    add("notes-required", "Notes that are not optional", Section(1, raw), Section(3, b"x"))
    add("preview-required", "A preview section that is not optional", Section(1, raw), Section(4, b"x"))


def model_cases(b, c):
    def add(topic, title, section, change, status="NIC_MODEL_MALFORMED"):
        model = tiny_model.make_tiny_model()
        change(model)
        package, digest = write_tiny_package([Section(1, write_decoder_section(model))])
        c.add(f"model-{topic}", title, section, status, None, with_digest(b, digest), {"model.nicm": package})

    def set_number(name, value):
        return lambda m: setattr(m, name, value)

    for name, value in (("latent_channels", 0), ("latent_factor", 12), ("hyper_factor", 3), ("hyper_factor", 0),
                        ("latent_bits", 9), ("latent_low", 1), ("latent_high", -1), ("output_bits", 8)):
        add(f"{name.replace('_', '-')}-{value}".replace("--", "-minus-"), f"{name} {value}", "model-sections.md 2", set_number(name, value))
    add("first-coded-scale", "first_coded_scale above scales", "model-sections.md 2", set_number("first_coded_scale", tiny_model.SCALES + 1))

    def gain(value):
        def change(m):
            m.inverse_gain[0][0] = value
        return change

    add("gain-low", "A gain below the lowest", "model-sections.md 2", gain(-17 * 4096 - 1))
    add("gain-high", "A gain above the highest", "model-sections.md 2", gain(14 * 4096 + 1))

    def table(change_table, which=0):
        return lambda m: change_table(m.scale_tables[which])

    def shift_starts(t):
        t.starts[-1] -= 1

    def zero_frequency(t):
        t.starts[1] = 0

    add("table-sum", "Frequencies that do not come to 65536", "entropy.md 2.1", table(shift_starts))
    add("table-zero", "A frequency of 0", "entropy.md 2.1", table(zero_frequency))
    add("table-first", "An alphabet beyond 16 bits", "entropy.md 2.1", table(lambda t: setattr(t, "first", 32767)))
    add("table-low-bits", "low_bits 9", "entropy.md 2.1", table(lambda t: setattr(t, "low_bits", 9)))
    add("table-alphabet-low-bits", "An alphabet beyond 16 bits with its low bits", "entropy.md 2.1",
        lambda m: (setattr(m.scale_tables[0], "first", 200), setattr(m.scale_tables[0], "low_bits", 8)))

    def coded(phase, pass_number, value):
        def change(m):
            m.passes[pass_number].coded[phase] = value
        return change

    add("pass-missing", "A channel that no pass codes", "model-sections.md 3", coded(0, 0, (0, 1)))
    add("pass-twice", "A channel that two passes code", "model-sections.md 3", coded(0, 1, (1, 2)))
    add("pass-beyond", "A range beyond the channels", "model-sections.md 3", coded(0, 0, (0, 3)))
    add("pass-order", "A range whose end is before its beginning", "model-sections.md 3", coded(0, 1, (2, 1)))
    node_cases(b, add)


def node_cases(b, add):
    def node(number, **changes):
        def change(m):
            for name, value in changes.items():
                setattr(m.synthesis.nodes[number], name, value)
        return change

    def entry(name, value, number=0, index=0):
        def change(m):
            getattr(m.synthesis.nodes[number], name).reshape(-1)[index] = value
        return change

    # synthesis: 0 convolution 1x1, 1 shuffle 2, 2 depthwise 3x3 leaky, 3 convolution 3x3, 4 shuffle 8
    where = "integer-networks.md 6"
    add("operation-0", "Operation 0", where, node(1, operation=0))
    add("operation-10", "Operation 10", where, node(1, operation=10))
    add("activation-4", "Activation 4", where, node(2, activation=4))
    add("slope-shift-0", "A leaky activation without slope_shift", where, node(2, slope_shift=0))
    add("slope-shift-16", "slope_shift 16", where, node(2, slope_shift=16))
    add("slope-shift-unused", "slope_shift without its activation", where, node(0, slope_shift=1))
    add("kernel-unused", "A kernel of a shuffle", where, node(1, kernel=3))
    add("stride-3", "stride 3", where, node(0, stride=3))
    add("stride-both", "A graph that grows and shrinks", where, node(0, stride=2))
    add("factor-1", "A shuffle by 1", where, node(1, factor=1))
    add("factor-unused", "A factor of a convolution", where, node(0, factor=2))
    add("left-shift-unused", "left_shift_a of a convolution", where, node(0, left_shift_a=1))
    add("clamp-order", "low above high", where, node(0, low=5, high=4))
    add("clamp-of-copy", "A shuffle with a clamp narrower than its operand", where, node(1, high=100))
    add("operand-later", "An operand that does not precede the node", where, node(1, a=9))
    add("operand-none", "No operand", where, node(1, a=-1))
    add("operand-unused", "A second operand of a shuffle", where, node(1, b=1))
    add("weight-lowest", "A weight of -32768", where, entry("weight", -32768))
    add("shift-32", "shift 32", where, entry("shift", 32))
    add("output-none", "An output that is no tensor", where, lambda m: m.synthesis.outputs.__setitem__(0, 6))
    add("output-size", "An output of another size", "model-sections.md 8", lambda m: m.synthesis.outputs.__setitem__(0, 1))
    add("inputs-0", "A graph without inputs", where, lambda m: m.synthesis.inputs.clear())
    add("input-order", "An input with low above high", where, lambda m: setattr(m.synthesis.inputs[0], "high", -32768))
    add("input-range", "An input of a context narrower than what it is given", "model-sections.md 8",
        lambda m: setattr(m.passes[0].context.inputs[0], "high", 0))
    add("latents-range", "An input of a context narrower than the latents", "model-sections.md 8",
        lambda m: setattr(m.passes[1].context.inputs[0], "low", -4095))
    add("scale-range", "A scale index that reaches `scales`", "model-sections.md 8",
        lambda m: setattr(m.passes[0].context.nodes[-1], "high", tiny_model.SCALES))
    add("hyper-range", "An input range of hyper_synthesis without 0", "model-sections.md 8",
        lambda m: setattr(m.hyper_synthesis.inputs[0], "low", 1))

    def unsafe(m):
        m.synthesis.nodes[3].weight[0] = 32767

    def edge(extra):
        def change(m):
            first = m.synthesis.nodes[0]
            magnitude = max(-m.synthesis.inputs[0].low, m.synthesis.inputs[0].high)
            total = int(abs(first.weight[0]).sum()) * magnitude + (1 << int(first.shift[0]) >> 1)
            first.bias[0] = (1 << 31) - 1 - total + extra
        return change

    add("unsafe-weights", "Weights whose sum may overflow", "integer-networks.md 5.2", unsafe, "NIC_MODEL_UNSAFE")
    add("unsafe-by-one", "A sum that may reach exactly 2^31", "integer-networks.md 5.2", edge(1), "NIC_MODEL_UNSAFE")
    add("unsafe-bias", "A bias of -2^31", "integer-networks.md 5.2", entry("bias", -2**31), "NIC_MODEL_UNSAFE")


def graph_cases(b, c):
    def add(topic, title, section, change):
        model = tiny_model.make_tiny_model()
        change(model)
        package, digest = write_tiny_package([Section(1, write_decoder_section(model))])
        c.add(f"model-{topic}", title, section, "NIC_MODEL_MALFORMED", None, with_digest(b, digest), {"model.nicm": package})

    def behind(operation, a, channels, **fields):
        """A change that puts a node behind those of synthesis, which nothing depends on and which is judged all the same."""
        return lambda m: tiny_model.append(m.synthesis, operation, a, channels, -4000, 4000, judged=False, **fields)

    def grow_beyond(m):
        """Up by 16, by 16, by 2."""
        graph, numbers, a = m.synthesis, tiny_model.Numbers(2), 0
        for factor in (16, 16, 2):
            a = tiny_model.convolve(graph, numbers, nicref.CONVOLUTION, a, factor * factor, 1, -4000, 4000, 9)
            a = tiny_model.append(graph, nicref.SHUFFLE, a, 1, -4000, 4000, judged=factor == 16, factor=factor)

    def swap_contexts(m):
        m.passes[0].context, m.passes[1].context = m.passes[1].context, m.passes[0].context

    def set_hyper_channels(m):
        m.hyper_channels, m.hyper_tables = 2, m.hyper_tables * 2

    one = [1]  # the shift of a sum
    # Tensors of synthesis: 0 the input, 2 channels; 1 of 8; 2 and 3 of 2, twice as high and wide; 4 of 48; 5 the output.
    where = "integer-networks.md 6"
    add("channels", "Channels that a shuffle does not give", where, behind(nicref.SHUFFLE, 1, 3, factor=2))
    add("channels-sum", "A sum of 2 and 8 channels", where, behind(nicref.ADD, 0, 2, b=1, shift=one))
    add("operand-missing", "A sum of one operand", where, behind(nicref.ADD, 0, 2, shift=one))
    add("operand-size", "A sum of two sizes", where, behind(nicref.ADD, 0, 2, b=2, shift=one))
    add("up-512", "A graph that grows by 512", where, grow_beyond)
    add("outputs-differ", "Outputs of two sizes", where, lambda m: m.synthesis.outputs.append(0))
    add("nodes-0", "A graph without nodes", where, lambda m: m.synthesis.nodes.clear())
    where = "model-sections.md 8"
    add("hyper-channels", "hyper_synthesis of fewer inputs than hyper_channels", where, set_hyper_channels)
    add("context-inputs", "Contexts in each other's place", where, swap_contexts)
    add("context-outputs", "A context of one output", where, lambda m: m.passes[0].context.outputs.pop())


def preview_cases(b, raw, c):
    """Sections `preview` that are refused where a smaller picture is asked for."""
    def add(topic, title, section, preview, status="NIC_MODEL_MALFORMED", **changes):
        part = Section(4, preview, 1)
        for name, value in changes.items():
            setattr(part, name, value)
        package, digest = write_tiny_package([Section(1, raw), part])
        c.add(f"preview-{topic}", title, section, status, None, with_digest(b, digest), {"model.nicm": package}, scale=8)

    def graph(change=None, nodes=True):
        made = tiny_model.make_preview(nodes)
        if change:
            change(made)
        return made

    def write(*previews):
        return write_preview_section(previews)

    good = write((8, graph()))
    where, demand = "model-sections.md 7.1", "model-sections.md 8"
    add("none", "A section without previews", where, write())
    add("three", "A section with three previews", where, write((8, graph()), (16, graph()), (16, graph())))
    add("scale-0", "A scale of 0", where, write((0, graph())))
    add("scale-4", "A scale of 4", where, write((4, graph())))
    add("scale-17", "A scale of 17", where, write((17, graph())))
    add("scale-twice", "A scale twice", where, write((8, graph()), (8, graph())))
    add("scale-order", "Scales that fall", where, write((16, graph()), (8, graph())))
    add("other-size", "A graph of 1/8 for 1/16", demand, write((16, graph())))
    add("other-channels", "A graph that gives out latents", demand, write((8, graph(nodes=False))))
    add("cut", "A section that ends within a field", "model-sections.md 1", good[:-1])
    add("over", "A byte behind the last field", "model-sections.md 1", good + b"\0")
    add("weight-lowest", "A weight of -32768", "integer-networks.md 6",
        write((8, graph(lambda g: g.nodes[0].weight.reshape(-1).__setitem__(0, -32768)))))
    add("unsafe", "Weights whose sum may overflow", "integer-networks.md 5.2",
        write((8, graph(lambda g: g.nodes[0].weight.fill(32767)))), "NIC_MODEL_UNSAFE")
    add("section-check", "A wrong section_check", "model-package.md 4", good, check=1)
    add("frame-damaged", "A frame that is none", "model-package.md 4", good, frame=b"\0" * 40)
    add("unshuffle", "A preview with an unshuffle", demand, write((16, tiny_model.make_unshuffled_preview())))


class DeblockingCases:
    """Sections `deblocking` that are refused: those of the tiny model with something wrong."""

    def __init__(self, b, raw, c):
        self.base, self.raw, self.cases = b, raw, c

    def add(self, topic, title, where, section, status="NIC_MODEL_MALFORMED", previews=None, **changes):
        """With previews, refused also where only those are asked for."""
        sections = [Section(1, self.raw), *([Section(4, previews, 1)] if previews else []), Section(5, section)]
        for name, value in changes.items():
            setattr(sections[-1], name, value)
        package, digest = write_tiny_package(sections)
        self.cases.add(f"deblocking-{topic}", title, where, status, None, with_digest(self.base, digest),
                       {"model.nicm": package}, scale=8 if previews else 1)

    def add_changed(self, topic, title, where, change, status="NIC_MODEL_MALFORMED", previews=None):
        made = tiny_model.make_deblocking()
        change(made)
        self.add(topic, title, where, write_deblocking_section(made), status, previews)


def deblocking_cases(b, raw, c):
    cases = DeblockingCases(b, raw, c)
    deblocking_field_cases(cases)
    deblocking_value_cases(cases)
    good = write_deblocking_section(tiny_model.make_deblocking())
    cases.add("optional", "A deblocking section that is optional", "model-package.md 3", good,
              ("NIC_MODEL_MALFORMED", "NIC_MODEL_MISSING"), flags=1)
    cases.add("section-check", "A wrong section_check", "model-package.md 4", good, check=1)
    cases.add("frame-damaged", "A frame that is none", "model-package.md 4", good, frame=b"\0" * 40)


def deblocking_field_cases(cases):
    """Sections of fields that end too early, or do not end."""
    made = tiny_model.make_deblocking()
    good, where = write_deblocking_section(made), "model-sections.md 1"
    activity, step = 2 * len(made.activity), 2 * len(made.step)
    for size, field in ((0, "activities"), (activity, "activity"), (activity + 1, "steps"), (activity + step + 1, "step"),
                        (activity + step + 2, "filter-bits"), (activity + step + 3, "filter-none"), (len(good) - 1, "filter")):
        cases.add(f"cut-{field}", f"A section that ends before the end of {field}", where, good[:size])
    cases.add("over", "A byte behind the last field", where, good + b"\0")
    cases.add("activities-long", "A varint that is longer than needed", where, b"\x82\0" + good[1:])
    made.filter = made.filter[:-1]
    cases.add("levels-fewer", "Filters for a level fewer than the model's", where, write_deblocking_section(made))
    made.filter = np.zeros((4, *made.filter.shape[1:]))
    cases.add("levels-more", "Filters for a level more than the model's", where, write_deblocking_section(made))


def deblocking_value_cases(cases):
    """Fields that are out of their range, by themselves or together."""
    where = "model-sections.md 7.2"

    def thresholds(field, values):
        def change(d):
            classes = {"activity": len(d.activity) + 1, "step": len(d.step) + 1, field: len(values) + 1}
            setattr(d, field, np.array(values))
            d.filter = np.zeros((3, 2, classes["activity"], classes["step"], 4, 8))
        return change

    def row(weights, index=-1):
        return lambda d: d.filter.reshape(-1, 8).__setitem__(index, weights)

    for field, number in (("activity", "activities"), ("step", "steps")):
        cases.add_changed(f"{number}-8", f"8 thresholds in {field}", where, thresholds(field, range(10, 18)))
        for topic, title, values in (
                ("falls", "Thresholds that fall", [5, 9, 8]), ("twice", "A threshold twice", [5, 9, 9]),
                ("negative", "A threshold of -1", [-1, 9]), ("above", "A threshold of 32768", [9, 32768])):
            cases.add_changed(f"{field}-{topic}", f"{title}, in {field}", where, thresholds(field, values))
    cases.add_changed("filter-bits-16", "filter_bits 16", where, lambda d: setattr(d, "filter_bits", 16))
    cases.add_changed("weight-lowest", "A weight of -32768", where, row([0, 0, -32768, 0, 0, 0, 0, 0]))
    cases.add_changed("weight-lowest-unsafe", "A weight of -32768 in a row that sums up to more than 65535", where,
                      row([-32768, 32767, 1, 0, 0, 0, 0, 0]))
    unsafe = "NIC_MODEL_UNSAFE"
    cases.add_changed("unsafe-by-one", "A row whose weights sum up to 65536", where, row([8192, -8192] * 4), unsafe)
    cases.add_changed("unsafe-first", "The first row has the largest weights", where, row([32767] * 8, 0), unsafe)
    cases.add_changed("unsafe-previews", "A smaller picture of a model whose deblocking is unsafe", "model-sections.md 8",
                      row([-32767] * 8), unsafe, write_preview_section([(8, tiny_model.make_preview())]))


class Cases:
    """Collects cases into numbered folders, each with expect.json."""

    def __init__(self, folder):
        self.folder, self.number, self.rows = folder, 0, []

    def add(self, topic, title, sentence, status, offset, data, others=None, alpha=False, scale=1):
        self.number += 1
        place = self.folder / f"{self.number:03}-{topic}"
        place.mkdir(parents=True)
        (place / "input.nic").write_bytes(data)
        for name, content in (others or {}).items():
            (place / name).write_bytes(content)
        statuses = [status] if isinstance(status, str) else list(status)
        expect = {"title": title, "sentence": sentence, "status": statuses,
                  "exit_status": sorted({nicref.EXIT_STATUS[each] for each in statuses}), "offset": offset, "licence": LICENCE,
                  "recipe": "make_suite.py"}
        if alpha:
            expect["alpha"] = True  # only a reader that gives out alpha need refuse it
        if scale != 1:
            expect["scale"] = scale  # the file is refused where a picture so many times smaller is asked for
        (place / "expect.json").write_text(json.dumps(expect, indent=1) + "\n")
        self.rows.append((place.name, title, sentence, statuses[0]))


def write_table_of_cases(valid, cases):
    lines = ["# Cases of the conformance suite", "",
             "Written by `make_suite.py`. What the files are, and how to use them, is in [README.md](README.md).", "",
             "## Valid", "", "| case | what it tests | sentence | features | model |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {name} | {test['title']} | {test['sentence']} | {', '.join(test['features'])} | {test['model']} |"
              for name, test in valid]
    lines += ["", "## Invalid", "", "| case | what is wrong | sentence | status |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {title} | {sentence} | `{status}` |" for name, title, sentence, status in cases.rows]
    (HERE / "CASES.md").write_text("\n".join(lines) + "\n")


def main():
    for group in ("valid", "uncommon", "invalid"):
        shutil.rmtree(HERE / group, ignore_errors=True)
    tiny = write_decoder_section(tiny_model.make_tiny_model())
    (HERE / "models" / "tiny.nicm").write_bytes(write_tiny_package([Section(1, tiny)])[0])
    bad = write_package([Section(1, tiny), Section(4, b"\0", 1)], model_id=tiny_model.MODEL_ID + 1, name=b"tiny-bad-preview")[0]
    (HERE / "models" / "tiny-bad-preview.nicm").write_bytes(bad)
    subprocess.run([sys.argv[1], str(HERE)], check=True)
    models = nicref.Models([HERE / "models"])
    valid = []
    for folder in sorted((HERE / "valid").iterdir()) + sorted((HERE / "uncommon").iterdir()):
        test = describe_valid(folder, models)
        (folder / "test.json").write_text(json.dumps(test, indent=1) + "\n")
        valid.append((f"{folder.parent.name}/{folder.name}", test))
    nicref.MAX_SIDE = 65535

    cases = Cases(HERE / "invalid")
    names = {folder.name[4:]: folder.name for folder in (HERE / "valid").iterdir()}
    one, many, four = (Base(names[topic], models) for topic in ("minor-1", "slices-six", "lanes-4-one-position"))
    header_cases(one, cases)
    rate_and_model_cases(one, cases)
    element_cases(one, cases)
    alpha_cases(one, cases)
    latents_cases(one, many, four, cases)
    slice_cases(one, many, cases)
    package_cases(one, tiny, cases)
    model_cases(one, cases)
    gain_map_cases(one, cases)
    deep_alpha_cases(one, cases)
    graph_cases(one, cases)
    preview_cases(one, tiny, cases)
    section_flag_cases(one, tiny, cases)
    deblocking_cases(one, tiny, cases)
    write_table_of_cases(valid, cases)
    print(f"make_suite: {len(valid)} valid, {len(cases.rows)} invalid")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The reference decoder of the nic format: from .nic and .nicm bytes to a picture.

Written from format-spec/ in the order and with the names of its documents, to be read beside them. It is made for
clearness and exactness, not for speed: a picture of 64 x 64 pixels takes seconds at most. Needs Python 3.11, NumPy, and
for zstd one of the modules zstandard or zstd, or the program zstd.

    nicref.py [--model FILE_OR_FOLDER]... [--scale 1/8|1/16] [--dump STAGE]... INPUT.nic [OUTPUT.ppm]

All arithmetic is on Python's integers and on int64 arrays: what the specification proves to fit 32 bits fits these.
"""

import argparse
import bisect
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import numpy as np


# -- Statuses -------------------------------------------------------------------------------------------------------

class Refused(Exception):
    """The input is refused: a status of include/nic/status.h by name, a byte offset or None, and why."""

    def __init__(self, status, offset, message):
        super().__init__(f"{status}{'' if offset is None else f' at byte {offset}'}: {message}")
        self.status = status
        self.offset = offset


EXIT_STATUS = {  # as nicdec has them
    "NIC_NOT_NIC": 3, "NIC_MALFORMED": 3, "NIC_HEADER_DAMAGED": 3, "NIC_TRUNCATED": 4, "NIC_UNSUPPORTED_VERSION": 5,
    "NIC_UNSUPPORTED_FEATURE": 5, "NIC_MODEL_MISSING": 5, "NIC_MODEL_MALFORMED": 5, "NIC_MODEL_UNSAFE": 5,
    "NIC_MODEL_MISMATCH": 5, "NIC_LIMIT_PIXELS": 6, "NIC_LIMIT_SIDE": 6, "NIC_LIMIT_MEMORY": 6,
    "NIC_LIMIT_METADATA": 6, "NIC_SLICE_DAMAGED": 7,
}

MAX_PIXELS = 1 << 28
MAX_SIDE = 65535
MAX_METADATA = 64 << 20
MAX_ELEMENTS = 4096
MAX_SECTION = 64 << 20
MAX_SECTIONS_TOTAL = 256 << 20


def ceil_divide(a, b):
    return -(-a // b)


def clamp(value, low, high):
    return max(low, min(high, value))


# -- Checks: XXH32, XXH64, CRC-16 -----------------------------------------------------------------------------------

def rotate(x, count, bits):
    x &= (1 << bits) - 1
    return (x << count | x >> (bits - count)) & ((1 << bits) - 1)


def xxh32(data):
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
    mask = 0xFFFFFFFF
    at = 0
    if len(data) >= 16:
        lanes = [p1 + p2 & mask, p2, 0, -p1 & mask]
        words = np.frombuffer(data[:len(data) & ~15], "<u4").tolist()
        for i in range(0, len(words), 4):
            for j in range(4):
                lane = lanes[j] + words[i + j] * p2 & mask
                lanes[j] = (lane << 13 | lane >> 19) * p1 & mask
        h = sum(rotate(lane, count, 32) for lane, count in zip(lanes, (1, 7, 12, 18)))
        at = len(data) & ~15
    else:
        h = p5
    h = h + len(data) & mask
    while at + 4 <= len(data):
        h = rotate(h + int.from_bytes(data[at:at + 4], "little") * p3, 17, 32) * p4 & mask
        at += 4
    while at < len(data):
        h = rotate(h + data[at] * p5, 11, 32) * p1 & mask
        at += 1
    h = (h ^ h >> 15) * p2 & mask
    h = (h ^ h >> 13) * p3 & mask
    return h ^ h >> 16


def xxh64(data):
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
    mask = (1 << 64) - 1

    def mix(lane, word):
        lane = lane + word * p2 & mask
        return (lane << 31 | lane >> 33) * p1 & mask

    at = 0
    if len(data) >= 32:
        lanes = [p1 + p2 & mask, p2, 0, -p1 & mask]
        words = np.frombuffer(data[:len(data) & ~31], "<u8").tolist()
        for i in range(0, len(words), 4):
            lanes = [mix(lanes[j], words[i + j]) for j in range(4)]
        h = sum(rotate(lane, count, 64) for lane, count in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            h = (h ^ mix(0, lane)) * p1 + p4 & mask
        at = len(data) & ~31
    else:
        h = p5
    h = h + len(data) & mask
    while at + 8 <= len(data):
        h = rotate(h ^ mix(0, int.from_bytes(data[at:at + 8], "little")), 27, 64) * p1 + p4 & mask
        at += 8
    if at + 4 <= len(data):
        h = rotate(h ^ int.from_bytes(data[at:at + 4], "little") * p1, 23, 64) * p2 + p3 & mask
        at += 4
    while at < len(data):
        h = rotate(h ^ data[at] * p5, 11, 64) * p1 & mask
        at += 1
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


def crc16(data):
    """CRC-16/IBM-SDLC: the polynomial 0x1021 with its bits reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xFFFF


# -- Fields ---------------------------------------------------------------------------------------------------------

class Reader:
    """Reads fields of `data` from `position` on; says `at_end` if the bytes end, `malformed` for a bad varint."""

    def __init__(self, data, position=0, base=0, at_end="NIC_TRUNCATED", malformed="NIC_MALFORMED"):
        self.data, self.position, self.base = data, position, base
        self.at_end, self.malformed = at_end, malformed

    @property
    def offset(self):
        return self.base + self.position

    @property
    def remaining(self):
        return len(self.data) - self.position

    def bytes(self, field, size):
        if self.remaining < size:
            raise Refused(self.at_end, self.base + len(self.data), f"{field}: the bytes end")
        self.position += size
        return self.data[self.position - size:self.position]

    def unsigned(self, field, size):
        return int.from_bytes(self.bytes(field, size), "little")

    def signed16(self, field):
        return int.from_bytes(self.bytes(field, 2), "little", signed=True)

    def varint(self, field, bits=32):
        start, value, shift = self.position, 0, 0
        while True:
            if start + shift // 7 >= len(self.data):
                raise Refused(self.at_end, self.base + len(self.data), f"{field}: the bytes end")
            byte = self.data[start + shift // 7]
            value |= (byte & 127) << shift
            if value >> bits or (byte & 128 and shift + 7 >= bits):
                raise Refused(self.malformed, self.base + start, f"{field}: exceeds {bits} bits")
            if not byte & 128:
                break
            shift += 7
        if byte == 0 and shift:
            raise Refused(self.malformed, self.base + start, f"{field}: longer than needed")
        self.position = start + shift // 7 + 1
        return value

    def small(self, field, lowest, highest):
        offset = self.offset
        value = self.varint(field)
        if not lowest <= value <= highest:
            raise Refused(self.malformed, offset, f"{field}: {value} is not in {lowest} .. {highest}")
        return value

    def planes(self, field, count, width):
        """`count` numbers of `width` bytes, all low bytes first, as int64."""
        planes = np.frombuffer(self.bytes(field, count * width), np.uint8).reshape(width, count)
        return np.ascontiguousarray(planes.T).view(f"<i{width}").reshape(count).astype(np.int64)


# -- container.md: header, elements, slices -------------------------------------------------------------------------

FILE_SIGNATURE = b"\x8aNIC\r\n\x1a\n"
LATENTS, ALPHA, GAIN_MAP = 0x01, 0x02, 0x03
SINGLE_ELEMENTS = (ALPHA, GAIN_MAP, 0x81, 0x82, 0x83, 0x84)  # of these and of the latents at most one


class Header:
    @property
    def bit_depth(self):
        return 16 if self.bit_depth_code else 8


def read_header(data):
    if data[:8] != FILE_SIGNATURE[:len(data)]:
        raise Refused("NIC_NOT_NIC", 0, "signature: not a .nic file")
    reader = Reader(data)
    h = Header()
    reader.bytes("signature", 8)
    version = reader.unsigned("version", 1)
    h.version_major, h.version_minor = version >> 4, version & 15
    if h.version_major != 1:
        raise Refused("NIC_UNSUPPORTED_VERSION", 8, f"version: {h.version_major}.{h.version_minor}")
    flags = reader.unsigned("flags", 1)
    width_offset = reader.offset
    h.width = reader.varint("width")
    height_offset = reader.offset
    h.height = reader.varint("height")
    h.model_id = reader.varint("model_id")
    h.model_digest = reader.unsigned("model_digest", 3)
    gain = reader.unsigned("gain", 1)
    h.gain_level, h.slice_side_code = gain >> 4, gain & 15
    h.interpolation = reader.unsigned("interpolation", 1)
    covered = reader.position
    check = reader.unsigned("check", 2)
    if check != crc16(data[:covered]):
        raise Refused("NIC_HEADER_DAMAGED", covered, "check: does not match the header")
    h.channels_code, h.bit_depth_code, h.lanes_log2 = flags & 3, flags >> 2 & 3, flags >> 4 & 3
    if h.channels_code > 1 or h.bit_depth_code > 1 or h.lanes_log2 > 2 or flags >> 6:
        raise Refused("NIC_UNSUPPORTED_FEATURE", 9, f"flags: {flags:#04x} has a reserved value")
    if h.width == 0:
        raise Refused("NIC_MALFORMED", width_offset, "width: 0 is not allowed")
    if h.height == 0:
        raise Refused("NIC_MALFORMED", height_offset, "height: 0 is not allowed")
    h.size = reader.position
    h.channels = 3 if h.channels_code else 1
    h.lanes = 1 << h.lanes_log2
    h.slice_side = 64 << h.slice_side_code
    return h


def read_elements(data, header):
    """A list of (type, offset, payload offset, payload size), the latents last."""
    elements, seen, metadata, position = [], set(), 0, header.size
    while True:
        reader = Reader(data, position)
        kind = reader.unsigned("element_type", 1)
        size = reader.varint("payload_size", 64)
        payload = reader.position
        if kind in seen and kind in SINGLE_ELEMENTS:
            raise Refused("NIC_MALFORMED", position, f"element_type: {kind:#04x} is repeated")
        seen.add(kind)
        if payload + size >= 1 << 64:
            raise Refused("NIC_MALFORMED", position + 1, "payload_size: exceeds the largest file")
        if kind not in (LATENTS, ALPHA, GAIN_MAP):
            if kind < 0x80:
                raise Refused("NIC_UNSUPPORTED_FEATURE", position, f"element_type: {kind:#04x} cannot be skipped")
            metadata += payload - position + size
            if metadata > MAX_METADATA or len(elements) >= MAX_ELEMENTS:
                raise Refused("NIC_LIMIT_METADATA", position, "payload_size: metadata exceeds the limit")
        elements.append((kind, position, payload, size))
        if kind == LATENTS:
            break
        if payload + size > len(data):
            raise Refused("NIC_TRUNCATED", len(data), "payload: the bytes end")
        position = payload + size
    if payload + size < len(data):
        raise Refused("NIC_MALFORMED", payload + size, "payload: bytes follow the latents")
    return elements


class Slice:
    """A slice's bytes: check, hyper_size, stream."""


def read_slices(data, header, latents, keep_going=False):
    """The slices; with keep_going None for those that are not there as a whole."""
    _, offset, position, payload_size = latents
    count = ceil_divide(header.width, header.slice_side) * ceil_divide(header.height, header.slice_side)
    least = 4 + 1 + 4 * header.lanes
    sizes = [payload_size]
    if count > 1:
        if count > payload_size // (least + 1):
            raise Refused("NIC_MALFORMED", offset + 1, f"payload_size: too short for {count} slices")
        cut = position + payload_size > len(data)
        index = Reader(data[position:position + payload_size], 0, position, "NIC_TRUNCATED" if cut else "NIC_MALFORMED")
        sizes = []
        for _ in range(count):
            at = index.offset
            try:
                sizes.append(index.varint("slice_size", 64))
            except Refused as refused:
                if refused.status != "NIC_TRUNCATED" or not keep_going:
                    raise
                return [None] * count
            if sizes[-1] < least or sum(sizes) > payload_size:
                raise Refused("NIC_MALFORMED", at, "slice_size: does not fit")
        if sum(sizes) + index.position != payload_size:
            raise Refused("NIC_MALFORMED", position, "slice_size: index and slices do not fill the payload")
        position += index.position
    elif payload_size < least:
        raise Refused("NIC_MALFORMED", offset + 1, "payload_size: too short for a slice")
    if position + sum(sizes) > len(data) and not keep_going:
        raise Refused("NIC_TRUNCATED", len(data), "slice: the bytes end")
    slices = []
    for size in sizes:
        if position + size > len(data):
            slices.append(None)
            position += size
            continue
        reader = Reader(data[position:position + size], 0, position, "NIC_SLICE_DAMAGED", "NIC_SLICE_DAMAGED")
        piece = Slice()
        piece.offset, piece.size = position, size
        piece.check = reader.unsigned("check", 4)
        try:
            piece.hyper_size = reader.varint("hyper_size", 64)
        except Refused:
            piece.hyper_size = 0  # that of no slice: it is refused when its turn comes
        piece.stream_offset = reader.offset
        piece.stream = reader.bytes("stream", reader.remaining)
        slices.append(piece)
        position += size
    return slices


# -- model-package.md: identity, sections ---------------------------------------------------------------------------

PACKAGE_SIGNATURE = b"\x8aNIM\r\n\x1a\n"
DECODER, ENCODER, NOTES, PREVIEW, DEBLOCKING = 1, 2, 3, 4, 5
REQUIRED, OPTIONAL = (DECODER, DEBLOCKING), (ENCODER, NOTES, PREVIEW)


def malformed_model(offset, message):
    return Refused("NIC_MODEL_MALFORMED", offset, message)


def unzstd(frame, raw_size):
    try:
        import zstandard
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=raw_size)
    except ImportError:
        pass
    try:
        import zstd
        return zstd.decompress(frame)
    except ImportError:
        pass
    return subprocess.run(["zstd", "-dcq"], input=frame, stdout=subprocess.PIPE, check=True).stdout


def read_frame_header(frame):
    """The content size that a frame of Zstandard (RFC 8878) states, or None, and the place of its first block."""
    if len(frame) < 6 or frame[:4] != b"\x28\xb5\x2f\xfd":
        return None, 0
    descriptor = frame[4]
    single_segment = descriptor >> 5 & 1
    size_bytes = (single_segment, 2, 4, 8)[descriptor >> 6]
    at = 5 + (1 - single_segment) + (0, 1, 2, 4)[descriptor & 3]
    stated = int.from_bytes(frame[at:at + size_bytes], "little") + (256 if size_bytes == 2 else 0)
    return (stated if size_bytes else None), at + size_bytes


def stated_size(frame):
    return read_frame_header(frame)[0]


def is_one_frame(frame, raw_size):
    """Whether the bytes are one whole frame that states raw_size as its content size."""
    stated, at = read_frame_header(frame)
    if stated is None or stated != raw_size:
        return False
    last = False
    while not last:
        if at + 3 > len(frame):
            return False
        block = int.from_bytes(frame[at:at + 3], "little")
        last = block & 1
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)  # a run has one byte
    return at + (4 if frame[4] & 4 else 0) == len(frame)


class Package:
    """A .nicm file, its sections still compressed."""

    def __init__(self, data):
        reader = Reader(data, 0, 0, "NIC_MODEL_MALFORMED", "NIC_MODEL_MALFORMED")
        if reader.bytes("signature", 8) != PACKAGE_SIGNATURE:
            raise malformed_model(0, "signature: not a model package")
        version = reader.unsigned("version", 1)
        if version >> 4 != 1:
            raise Refused("NIC_UNSUPPORTED_VERSION", 8, f"package version: {version >> 4}")
        self.model_id = reader.varint("model_id")
        self.model_version = reader.varint("model_version")
        self.name = reader.bytes("name", reader.small("name_size", 1, 64))
        if not all(32 <= c <= 126 for c in self.name):
            raise malformed_model(None, "name: not printable ASCII")
        self.sections = []
        for _ in range(reader.small("section_count", 0, 64)):
            self.sections.append([
                reader.unsigned("section_type", 1), reader.unsigned("section_flags", 1), reader.varint("raw_size", 64),
                reader.varint("frame_size", 64), reader.unsigned("section_check", 8)])
        covered = reader.position
        if reader.unsigned("directory_check", 8) != xxh64(data[:covered]):
            raise malformed_model(covered, "directory_check: does not match")
        self.judge_sections()
        for section in self.sections:
            section.append(reader.bytes("frame", section[3]))
        if reader.remaining:
            raise malformed_model(reader.offset, "bytes follow the last section")
        identity = (self.model_id.to_bytes(4, "little") + self.model_version.to_bytes(4, "little") +
                    bytes([len(self.name)]) + self.name)
        for kind, flags, raw_size, _, check, _ in self.sections:
            if not flags & 1:
                identity += bytes([kind]) + raw_size.to_bytes(8, "little") + check.to_bytes(8, "little")
        self.digest = xxh64(identity)

    def judge_sections(self):
        last = -1
        for kind, flags, *_ in self.sections:
            if kind <= last:
                raise malformed_model(None, "section_type: out of order")
            last = kind
            if flags & ~1:
                raise Refused("NIC_UNSUPPORTED_FEATURE", None, "section_flags: a reserved bit is set")
            if kind in (OPTIONAL if not flags & 1 else REQUIRED):
                raise malformed_model(None, "section_flags: `optional` is not that of the type")
            if not flags & 1 and kind not in REQUIRED:
                raise Refused("NIC_UNSUPPORTED_FEATURE", None, f"section_type: {kind} is unknown")
        sizes = [section[2] for section in self.sections]
        if sum(sizes) > MAX_SECTIONS_TOTAL or any(size > MAX_SECTION for size in sizes):
            raise Refused("NIC_LIMIT_MEMORY", None, "raw_size: exceeds the limit")

    def unpack(self, wanted):
        for kind, _, raw_size, _, check, frame in self.sections:
            if kind != wanted:
                continue
            if not is_one_frame(frame, raw_size):
                raise malformed_model(None, "frame: not one zstd frame of raw_size")
            try:
                raw = unzstd(frame, raw_size)
            except Exception as error:  # each zstd module has exceptions of its own
                raise malformed_model(None, f"section {kind}: does not decompress") from error
            if len(raw) != raw_size or xxh64(raw) != check:
                raise malformed_model(None, f"section {kind}: raw_size or section_check does not match")
            return raw
        raise malformed_model(None, f"there is no section of type {wanted}")


# -- model-sections.md ----------------------------------------------------------------------------------------------

class Table:
    pass


class Node:
    pass


class Graph:
    pass


class Pass:
    pass


class Deblocking:
    pass


class Model:
    previews = {}  # graphs by scale, once they are read
    preview_section = None
    deblocking = None

    def read_previews(self):
        if self.preview_section is not None:
            self.previews = read_preview_section(self.preview_section(), self)


def read_table(reader):
    table = Table()
    table.first = reader.signed16("first")
    table.low_bits = reader.unsigned("low_bits", 1)
    frequencies = [reader.small("frequency", 1, 65535) for _ in range(reader.small("count", 2, 1025))]
    table.symbols = len(frequencies) - 1  # the escape not counted
    table.starts = [0]
    for frequency in frequencies:
        table.starts.append(table.starts[-1] + frequency)
    half = 1 << table.low_bits >> 1
    lowest = table.first * (1 << min(table.low_bits, 8)) - half
    highest = (table.first + table.symbols) * (1 << min(table.low_bits, 8)) - half - 1
    if table.low_bits > 8 or table.starts[-1] != 65536 or lowest < -32768 or highest > 32767:
        raise malformed_model(reader.offset, "table: low_bits, the sum of frequencies, or the alphabet is not allowed")
    return table


def read_node(reader, graph):
    node = Node()
    for name in ("operation", "activation", "slope_shift", "kernel", "stride", "factor", "left_shift_a",
                 "left_shift_b"):
        setattr(node, name, reader.unsigned(name, 1))
    node.a = reader.varint("a") - 1
    node.b = reader.varint("b") - 1
    node.channels = reader.small("channels", 1, 4096)
    node.low = reader.signed16("low")
    node.high = reader.signed16("high")
    if not 0 <= node.a < len(graph.tensors) or not -1 <= node.b < len(graph.tensors):
        raise malformed_model(reader.offset, "a, b: the tensor does not precede the node")
    o, k = node.channels, node.kernel
    from_channels = graph.tensors[node.a].channels
    convolutes = node.operation in (CONVOLUTION, DEPTHWISE)
    node.weight = node.bias = node.skip_shift = node.table = None
    shifts = 0
    if node.operation == CONVOLUTION:
        node.weight = reader.planes("weight", o * k * k * from_channels, 2).reshape(o, k, k, from_channels)
    if node.operation == DEPTHWISE:
        node.weight = reader.planes("weight", o * k * k, 2).reshape(o, k, k)
    if convolutes:
        node.bias = reader.planes("bias", o, 4)
        shifts = o
    elif node.operation in (ADD, MULTIPLY):
        shifts = 1
    node.shift = reader.planes("shift", shifts, 1) & 255
    if convolutes and node.b >= 0:
        node.skip_shift = reader.planes("skip_shift", o, 1) & 255
    if node.operation == LOOKUP and node.low <= node.high:
        node.table = reader.planes("table", node.high - node.low + 1, 2)
    return node


def read_graph(reader, name):
    graph = Graph()
    graph.name = name
    graph.inputs, graph.nodes, graph.tensors = [], [], []
    for _ in range(reader.small("inputs", 1, 2)):
        channels = reader.small("channels", 1, 4096)
        low, high = reader.signed16("low"), reader.signed16("high")
        if low > high:
            raise malformed_model(reader.offset, f"{name}: input: low is above high")
        graph.inputs.append(Tensor(channels, low, high, 1, 1))
    graph.tensors = list(graph.inputs)
    for number in range(reader.small("nodes", 0, 4096)):
        node = read_node(reader, graph)
        graph.tensors.append(judge_node(graph, node, f"{name}: node {number}"))
        graph.nodes.append(node)
    graph.outputs = [reader.small("output", 1, len(graph.tensors)) - 1 for _ in range(reader.small("outputs", 1, 2))]
    return graph


def read_decoder_section(raw):
    reader = Reader(raw, 0, 0, "NIC_MODEL_MALFORMED", "NIC_MODEL_MALFORMED")
    m = Model()
    m.latent_channels = reader.small("latent_channels", 1, 1024)
    m.hyper_channels = reader.small("hyper_channels", 1, 1024)
    m.latent_factor = reader.small("latent_factor", 8, 32)
    m.hyper_factor = reader.small("hyper_factor", 1, 8)
    m.latent_bits = reader.small("latent_bits", 0, 8)
    m.latent_low = reader.signed16("latent_low")
    m.latent_high = reader.signed16("latent_high")
    m.output_bits = reader.small("output_bits", 0, 7)
    m.levels = reader.small("levels", 1, 16)
    m.scales = reader.small("scales", 1, 255)
    m.first_coded_scale = reader.small("first_coded_scale", 0, m.scales)
    m.inverse_gain = reader.planes("inverse_gain", m.levels * m.latent_channels, 4).reshape(m.levels, -1)
    m.hyper_tables = [read_table(reader) for _ in range(m.hyper_channels)]
    m.scale_tables = [read_table(reader) for _ in range(m.scales - m.first_coded_scale)]
    m.hyper_synthesis = read_graph(reader, "hyper_synthesis")
    m.passes = []
    for number in range(reader.small("passes", 1, 16)):
        p = Pass()
        p.coded = [(reader.varint("begin"), reader.varint("end")) for _ in range(4)]
        p.context = read_graph(reader, f"context {number}")
        m.passes.append(p)
    m.synthesis = read_graph(reader, "synthesis")
    if reader.remaining:
        raise malformed_model(reader.offset, "bytes behind the last field of the section")
    judge_model(m)
    return m


def read_encoder_section(raw, m):
    """Adds the encoder's networks to the model m, for --analyse."""
    reader = Reader(raw, 0, 0, "NIC_MODEL_MALFORMED", "NIC_MODEL_MALFORMED")
    m.gain = reader.planes("gain", m.levels * m.latent_channels, 4).reshape(m.levels, -1)
    judge_gains(m.gain)
    m.analysis = read_graph(reader, "analysis")
    m.hyper_analysis = read_graph(reader, "hyper_analysis")
    if reader.remaining:
        raise malformed_model(reader.offset, "bytes behind the last field of the section")
    judge_shape(m.analysis, [3], [m.latent_channels], 1, m.latent_factor)
    judge_shape(m.hyper_analysis, [m.latent_channels], [m.hyper_channels], 1, m.hyper_factor)
    if m.analysis.inputs[0].low > -255 or m.analysis.inputs[0].high < 255:
        raise malformed_model(None, "analysis: input range")
    if not m.hyper_analysis.inputs[0].contains(0, 0) or any(n.operation == UNSHUFFLE for n in m.hyper_analysis.nodes):
        raise malformed_model(None, "hyper_analysis: input range without 0, or an unshuffle")


def read_preview_section(raw, m):
    """The graphs of the smaller pictures, by scale."""
    reader = Reader(raw, 0, 0, "NIC_MODEL_MALFORMED", "NIC_MODEL_MALFORMED")
    previews, last = {}, 0
    for _ in range(reader.small("previews", 1, 2)):
        scale = reader.varint("scale")
        if scale not in (8, 16) or scale <= last:
            raise malformed_model(reader.offset, f"preview: scale: {scale} is not allowed here")
        last = scale
        graph = previews[scale] = read_graph(reader, f"preview 1/{scale}")
        up, down = max(m.latent_factor // scale, 1), max(scale // m.latent_factor, 1)
        judge_shape(graph, [m.latent_channels], [3], up, down)
        if any(n.operation == UNSHUFFLE for n in graph.nodes):
            raise malformed_model(None, f"{graph.name}: an unshuffle")
    if reader.remaining:
        raise malformed_model(reader.offset, "bytes behind the last field of the section")
    return previews


def read_thresholds(reader, number, field):
    thresholds = reader.planes(field, reader.small(number, 0, 7), 2)
    if np.any(np.diff(thresholds, prepend=-1) <= 0):
        raise malformed_model(reader.offset, f"{field}: negative, or not above the one before")
    return thresholds


def read_deblocking_section(raw, m):
    reader = Reader(raw, 0, 0, "NIC_MODEL_MALFORMED", "NIC_MODEL_MALFORMED")
    d = Deblocking()
    d.activity = read_thresholds(reader, "activities", "activity")
    d.step = read_thresholds(reader, "steps", "step")
    d.filter_bits = reader.small("filter_bits", 0, 15)
    shape = (m.levels, 2, len(d.activity) + 1, len(d.step) + 1, 4, 8)
    d.filter = reader.planes("filter", int(np.prod(shape)), 2).reshape(shape)
    if reader.remaining:
        raise malformed_model(reader.offset, "bytes behind the last field of the section")
    if d.filter.min() < -32767:
        raise malformed_model(None, "filter: a weight of -32768")
    most = int(np.abs(d.filter).sum(axis=-1).max())
    if most > 65535:
        raise Refused("NIC_MODEL_UNSAFE", None, f"filter: weights sum to {most}, above 65535")
    return d


def judge_gains(gains):
    if gains.min() < -17 * 4096 or gains.max() > 14 * 4096:
        raise malformed_model(None, "gain: out of range")


def judge_shape(graph, inputs, outputs, up, down):
    tensors = [graph.tensors[number] for number in graph.outputs]
    if ([t.channels for t in graph.inputs] != inputs or [t.channels for t in tensors] != outputs or
            any((t.up, t.down) != (up, down) for t in tensors)):
        raise malformed_model(None, f"{graph.name}: inputs, outputs or sizes do not fit the model")


def judge_model(m):
    """What model-sections.md, section 8, demands beyond the fields and graphs by themselves."""
    if m.latent_factor not in (8, 16, 32) or 64 % (m.latent_factor * m.hyper_factor):
        raise malformed_model(None, "latent_factor, hyper_factor: not allowed")
    if m.latent_low > 0 or m.latent_high < 0:
        raise malformed_model(None, "latent_low, latent_high: 0 is not between them")
    judge_gains(m.inverse_gain)
    h = m.hyper_synthesis.tensors[m.hyper_synthesis.outputs[0]]
    judge_shape(m.hyper_synthesis, [m.hyper_channels], [h.channels], m.hyper_factor, 1)
    if not m.hyper_synthesis.inputs[0].contains(0, 0):
        raise malformed_model(None, "hyper_synthesis: input range without 0")
    for phase in range(4):
        coded = []
        for p in m.passes:
            begin, end = p.coded[phase]
            if begin > end or end > m.latent_channels:
                raise malformed_model(None, "pass: channel range outside the latent channels")
            coded += range(begin, end)
        if sorted(coded) != list(range(m.latent_channels)):
            raise malformed_model(None, "pass: a channel is not coded exactly once")
    for number, p in enumerate(m.passes):
        y = [m.latent_channels] if number else []
        judge_shape(p.context, y + [h.channels], [m.latent_channels] * 2, 1, 1)
        if not p.context.inputs[-1].contains(h.low, h.high):
            raise malformed_model(None, "context: input range narrower than the hyper-features'")
        if number and not p.context.inputs[0].contains(m.latent_low, m.latent_high):
            raise malformed_model(None, "context: input range narrower than the latents'")
        scale = p.context.tensors[p.context.outputs[1]]
        if scale.low < 0 or scale.high >= m.scales:
            raise malformed_model(None, "context: scale index not below `scales`")
    judge_shape(m.synthesis, [m.latent_channels], [3], m.latent_factor, 1)


# -- integer-networks.md: well-formed graphs, proof, execution ------------------------------------------------------

CONVOLUTION, DEPTHWISE, SHUFFLE, UNSHUFFLE, ADD, MULTIPLY, ACTIVATE, LOOKUP, CONCATENATE = range(1, 10)
OPERATION_NAMES = ["", "convolution", "depthwise", "shuffle", "unshuffle", "add", "multiply", "activate", "lookup",
                   "concatenate"]
NONE, RELU, LEAKY_RELU, ABSOLUTE = range(4)


class Tensor:
    """What is known of a tensor without its samples: channels, bounds, and its size in relation to the inputs'."""

    def __init__(self, channels, low, high, up, down):
        self.channels, self.low, self.high, self.up, self.down = channels, low, high, up, down

    def contains(self, low, high):
        return self.low <= low and self.high >= high

    @property
    def magnitude(self):
        return max(-self.low, self.high)


def judge_node(graph, node, name):
    """Refuses a node that is not well formed or not proven safe; returns what is known of its result."""

    def demand(holds, what):
        if not holds:
            raise malformed_model(None, f"{name}: {what}: not allowed")

    op = node.operation
    demand(CONVOLUTION <= op <= CONCATENATE, "operation")
    demand(node.activation <= ABSOLUTE, "activation")
    demand(1 <= node.slope_shift <= 15 if node.activation == LEAKY_RELU else node.slope_shift == 0, "slope_shift")
    demand(node.low <= node.high, "low")
    convolutes = op in (CONVOLUTION, DEPTHWISE)
    a = graph.tensors[node.a]
    b = graph.tensors[node.b] if node.b >= 0 else None
    demand(b is not None if op in (ADD, MULTIPLY, CONCATENATE) else b is None or convolutes, "b")
    demand(node.kernel in ((1, 3, 5) if op == CONVOLUTION else (3, 5) if op == DEPTHWISE else (1,)), "kernel")
    demand(node.stride in ((1, 2) if op == CONVOLUTION else (1,)), "stride")
    demand(2 <= node.factor <= 16 if op in (SHUFFLE, UNSHUFFLE) else node.factor == 1, "factor")
    demand(node.left_shift_a <= (15 if op == ADD else 0), "left_shift_a")
    demand(node.left_shift_b <= (15 if op == ADD else 0), "left_shift_b")
    demand(node.activation == NONE or op in (CONVOLUTION, DEPTHWISE, ADD, MULTIPLY, ACTIVATE), "activation")

    up = a.up * (node.factor if op == SHUFFLE else 1)
    down = a.down * (node.factor if op == UNSHUFFLE else node.stride)
    most_up = max([t.up for t in graph.tensors] + [up])
    most_down = max([t.down for t in graph.tensors] + [down])
    demand((most_up == 1 or most_down == 1) and up <= 256 and down <= 256, "factor, stride")
    channels = {SHUFFLE: a.channels // node.factor ** 2, UNSHUFFLE: a.channels * node.factor ** 2,
                CONCATENATE: a.channels + (b.channels if b else 0), CONVOLUTION: node.channels}.get(op, a.channels)
    demand(node.channels == channels, "channels")
    demand(op != SHUFFLE or a.channels % node.factor ** 2 == 0, "channels")
    if b is not None:
        demand((b.up, b.down) == (up, down), "b")
        demand(op == CONCATENATE or b.channels == node.channels, "b")
    if op in (SHUFFLE, UNSHUFFLE, CONCATENATE):
        low = min(a.low, b.low) if b else a.low
        high = max(a.high, b.high) if b else a.high
        demand(node.low <= low and node.high >= high, "low, high")
    prove_node(node, a, b, name, demand)
    return Tensor(node.channels, *bounds_of(node), up, down)


def rounding(shift):
    return 1 << shift >> 1


def prove_node(node, a, b, name, demand):
    sums = [0]
    if node.operation in (CONVOLUTION, DEPTHWISE):
        demand(node.weight.min() > -32768, "weight")
        demand(node.shift.max() <= 31, "shift")
        demand(b is None or node.skip_shift.max() <= 30, "skip_shift")
        weights = np.abs(node.weight).reshape(node.channels, -1).sum(axis=1)
        for o in range(node.channels):
            total = int(weights[o]) * a.magnitude + abs(int(node.bias[o])) + rounding(int(node.shift[o]))
            sums.append(total + (b.magnitude << int(node.skip_shift[o]) if b else 0))
    elif node.operation in (ADD, MULTIPLY):
        demand(node.shift[0] <= 31, "shift")
        total = ((a.magnitude << node.left_shift_a) + (b.magnitude << node.left_shift_b) if node.operation == ADD
                 else a.magnitude * b.magnitude)
        sums.append(total + rounding(int(node.shift[0])))
    if max(sums) >= 1 << 31:
        raise Refused("NIC_MODEL_UNSAFE", None, f"{name}: a sum may reach {max(sums)}, which is not below 2^31")


def activate(node, value):
    """The activation of clamped values: an int64 array."""
    if node.activation == RELU:
        return np.maximum(value, 0)
    if node.activation == LEAKY_RELU:
        return np.maximum(value, value >> node.slope_shift)
    if node.activation == ABSOLUTE:
        return np.minimum(np.abs(value), 32767)
    return value


def bounds_of(node):
    if node.operation == LOOKUP:
        return int(node.table.min()), int(node.table.max())
    low, high = (int(v) for v in activate(node, np.array([node.low, node.high], np.int64)))
    if node.activation != ABSOLUTE:
        return low, high
    return 0 if node.low <= 0 <= node.high else min(low, high), max(low, high)


def finish(node, value):
    return activate(node, np.clip(value, node.low, node.high))


def rounded_shift(value, shift):
    """Shift by a number, or by an array with one for each channel."""
    shift = np.asarray(shift, np.int64)
    return (value + ((np.int64(1) << shift) >> 1)) >> shift


def convolute(node, a, b):
    k, s, p = node.kernel, node.stride, node.kernel // 2
    height, width = ceil_divide(a.shape[0], s), ceil_divide(a.shape[1], s)
    padded = np.pad(a, ((p, p), (p, p), (0, 0)))
    total = np.broadcast_to(node.bias, (height, width, node.channels)).copy()
    for i in range(k):
        for j in range(k):
            window = padded[i:i + s * (height - 1) + 1:s, j:j + s * (width - 1) + 1:s]
            if node.operation == CONVOLUTION:
                total += window @ node.weight[:, i, j, :].T
            else:
                total += window * node.weight[:, i, j]
    if b is not None:
        total += b << node.skip_shift
    return finish(node, rounded_shift(total, node.shift))


def shuffle(a, f):
    height, width, channels = a.shape
    blocks = a.reshape(height, width, f, f, channels // (f * f))
    return blocks.transpose(0, 2, 1, 3, 4).reshape(height * f, width * f, -1)


def unshuffle(a, f):
    height, width, channels = a.shape
    blocks = a.reshape(height // f, f, width // f, f, channels)
    return blocks.transpose(0, 2, 1, 3, 4).reshape(height // f, width // f, -1)


def run_node(node, a, b):
    op = node.operation
    if op in (CONVOLUTION, DEPTHWISE):
        return convolute(node, a, b)
    if op == SHUFFLE:
        return shuffle(a, node.factor)
    if op == UNSHUFFLE:
        return unshuffle(a, node.factor)
    if op == ADD:
        return finish(node, rounded_shift((a << node.left_shift_a) + (b << node.left_shift_b), node.shift[0]))
    if op == MULTIPLY:
        return finish(node, rounded_shift(a * b, node.shift[0]))
    if op == ACTIVATE:
        return finish(node, a)
    if op == LOOKUP:
        return node.table[np.clip(a, node.low, node.high) - node.low]
    return np.concatenate((a, b), axis=2)


def find_needed(graph):
    """The tensors on which the outputs depend. Others are not computed: their size may not even be a whole number."""
    needed = set(graph.outputs)
    for number in range(len(graph.tensors) - 1, len(graph.inputs) - 1, -1):
        if number in needed:
            node = graph.nodes[number - len(graph.inputs)]
            needed |= {node.a} | ({node.b} if node.b >= 0 else set())
    return needed


def run_graph(graph, inputs, dump):
    tensors, needed = list(inputs), find_needed(graph)
    for number, node in enumerate(graph.nodes):
        if len(tensors) not in needed:
            tensors.append(None)
            continue
        tensors.append(run_node(node, tensors[node.a], tensors[node.b] if node.b >= 0 else None))
        dump.array("activations", f"{graph.name} node {number} {OPERATION_NAMES[node.operation]}", tensors[-1])
    return [tensors[number] for number in graph.outputs]


# -- entropy.md: the stream of a slice ------------------------------------------------------------------------------

STATE_LOW = 1 << 24
ESCAPE_PREFIX_BITS = 5


class Stream:
    """Interleaved rANS: value number i of the stream belongs to lane i mod lanes."""

    def __init__(self, data, lanes, offset):
        self.data, self.offset = data, offset
        if len(data) < 4 * lanes:
            raise self.damaged("ends within the states of its lanes")
        self.next = 4 * lanes
        self.states = [int.from_bytes(data[4 * i:4 * i + 4], "little") for i in range(lanes)]
        if min(self.states) < STATE_LOW:
            raise self.damaged("the state of a lane is out of its range")
        self.lane = 0

    def damaged(self, what):
        return Refused("NIC_SLICE_DAMAGED", self.offset + getattr(self, "next", len(self.data)), f"stream: {what}")

    def refill(self, state):
        while state < STATE_LOW:
            if self.next == len(self.data):
                raise self.damaged("ends too early")
            state = state << 8 | self.data[self.next]
            self.next += 1
        return state

    def raw(self, bits):
        state = self.states[self.lane]
        self.states[self.lane] = self.refill(state >> bits)
        return state & (1 << bits) - 1

    def value(self, table):
        state = self.states[self.lane]
        slot = state & 0xFFFF
        symbol = bisect.bisect_right(table.starts, slot) - 1
        start = table.starts[symbol]
        self.states[self.lane] = self.refill((table.starts[symbol + 1] - start) * (state >> 16) + slot - start)
        if symbol == table.symbols:
            prefix = self.raw(ESCAPE_PREFIX_BITS)
            below, suffix_bits = prefix & 1, prefix >> 1
            suffix = self.raw(suffix_bits) if suffix_bits else 0
            distance = (1 << suffix_bits) - 1 + suffix
            symbol = -1 - distance if below else table.symbols + distance
        low = self.raw(table.low_bits) if table.low_bits else 0
        value = (symbol + table.first) * (1 << table.low_bits) - (1 << table.low_bits >> 1) + low
        if not -32768 <= value <= 32767:
            raise self.damaged("an escape leads beyond 16 bits")
        self.lane = (self.lane + 1) % len(self.states)
        return value

    def finish(self):
        if self.next != len(self.data):
            raise self.damaged("bytes are left over")
        if any(state != STATE_LOW for state in self.states):
            raise self.damaged("a lane does not end in its initial state")


# -- codec.md -------------------------------------------------------------------------------------------------------

def as_bytes(tensor):
    return np.ascontiguousarray(tensor).astype("<i2").tobytes()


def decode_slice(model, header, piece, height, width, number, dump):
    """The hyper-latents z and the latents y of a slice of height x width latents (codec.md, section 4)."""
    stream = Stream(piece.stream, header.lanes, piece.stream_offset)
    hyper_height, hyper_width = ceil_divide(height, model.hyper_factor), ceil_divide(width, model.hyper_factor)
    z = [stream.value(table) for _ in range(hyper_height * hyper_width) for table in model.hyper_tables]
    z = np.array(z, np.int64).reshape(hyper_height, hyper_width, model.hyper_channels)
    dump.array("hyper-latents", f"slice {number} z", z)
    if not model.hyper_synthesis.inputs[0].contains(z.min(), z.max()):
        raise stream.damaged("a hyper-latent outside the model's range")
    if stream.next != piece.hyper_size:
        raise stream.damaged("hyper_size: not where the hyper-latents end")

    h = run_graph(model.hyper_synthesis, [z], dump)[0][:height, :width]
    dump.array("features", f"slice {number} h", h)
    y = np.zeros((height, width, model.latent_channels), np.int64)
    for index, p in enumerate(model.passes):
        mean, scale = run_graph(p.context, [y, h] if index else [h], dump)
        dump.array("means", f"slice {number} pass {index} mean", mean)
        dump.array("indices", f"slice {number} pass {index} scale index", scale)
        decode_pass(model, p, stream, mean.tolist(), scale.tolist(), y)
    dump.array("latents", f"slice {number} y", y)
    stream.finish()
    if xxh32(as_bytes(z) + as_bytes(y)) != piece.check:
        raise Refused("NIC_SLICE_DAMAGED", piece.offset, "check: the decoded latents do not match it")
    return z, y


def decode_pass(model, p, stream, mean, scale, y):
    for row in range(y.shape[0]):
        for column in range(y.shape[1]):
            begin, end = p.coded[2 * (row & 1) + (column & 1)]
            for c in range(begin, end):
                q = scale[row][column][c] - model.first_coded_scale
                k = stream.value(model.scale_tables[q]) if q >= 0 else 0
                latent = (k << model.latent_bits) + mean[row][column][c]
                y[row, column, c] = clamp(latent, model.latent_low, model.latent_high)


def make_powers():
    """T[i] = 2^(14 + i / 256) to the nearest: the largest t with (2t - 1)^256 <= 2^(15 * 256 + i)."""
    table, t = [], 16384
    for i in range(257):
        while (2 * (t + 1) - 1) ** 256 <= 1 << 15 * 256 + i:
            t += 1
        table.append(t)
    return table


def compute_gains(table, level, interpolation):
    """Mantissas and shifts of all channels."""
    powers = make_powers()
    mantissas, shifts = [], []
    for c in range(table.shape[1]):
        following = int(table[level + 1][c]) if interpolation else 0
        e = (int(table[level][c]) * (256 - interpolation) + following * interpolation + 128) >> 8
        index, fraction = e >> 4 & 255, e & 15
        mantissas.append((powers[index] * (16 - fraction) + powers[index + 1] * fraction + 8) >> 4)
        shifts.append(14 - (e >> 12))
    return np.array(mantissas, np.int64), np.array(shifts, np.int64)


def apply_gain(tensor, mantissas, shifts):
    return np.clip(rounded_shift(tensor * mantissas, shifts), -32768, 32767)


def find_rates(model, header, offsets):
    """The rate R at every latent position (codec.md, section 5.4)."""
    return np.clip(256 * header.gain_level + header.interpolation + offsets, 0, 256 * (model.levels - 1))


def apply_gains(model, rates, latents, dump):
    """The gained latents, not yet in the range of a graph's input."""
    gained = np.zeros_like(latents)
    for rate in np.unique(rates):
        mantissas, shifts = compute_gains(model.inverse_gain, int(rate) >> 8, int(rate) & 255)
        dump.line("gain", f"rate {rate} mantissas {mantissas.tolist()} shifts {shifts.tolist()}")
        gained[rates == rate] = apply_gain(latents[rates == rate], mantissas, shifts)
    return gained


def filter_rows(d, factor, levels, v):
    """All rows of v filtered at the borders between columns (codec.md, section 6.1); levels: one for each latent."""
    height, width, channels = v.shape
    borders = np.arange(8, width, 8)
    # Windows of rows x borders x channels x 8: they do not overlap, and leave out four columns at either side.
    t = v[:, 4:width - 4].reshape(height, len(borders), 8, channels).transpose(0, 1, 3, 2)
    activity = np.abs(t[..., 1] - 2 * t[..., 2] + t[..., 3]) + np.abs(t[..., 4] - 2 * t[..., 5] + t[..., 6])
    step = np.abs(t[..., 4] - t[..., 3])
    a = np.searchsorted(d.activity, activity, side="right")  # the number of thresholds that are not above
    s = np.searchsorted(d.step, step, side="right")
    kind = np.where(borders % factor, 1, 0)[:, None]
    level = levels[np.arange(height)[:, None] // factor, borders // factor][:, :, None]
    w = d.filter[level, kind, a, s]
    left = rounded_shift((w * t[..., None, :]).sum(axis=-1), d.filter_bits)
    right = rounded_shift((w * t[..., None, ::-1]).sum(axis=-1), d.filter_bits)  # of t[7], t[6], t[5], t[4]
    filtered = np.clip(t + np.concatenate((left, right[..., ::-1]), axis=-1), -32768, 32767)
    result = v.copy()
    result[:, 4:width - 4] = filtered.transpose(0, 1, 3, 2).reshape(height, width - 8, channels)
    return result


def deblock(model, rates, v, dump):
    levels = (rates + 128) >> 8
    dump.array("deblocking", "level", levels[:, :, None])
    v = filter_rows(model.deblocking, model.latent_factor, levels, v)
    dump.array("deblocking", "v filtered between columns", v)
    return filter_rows(model.deblocking, model.latent_factor, levels.T, v.transpose(1, 0, 2)).transpose(1, 0, 2)


def average(samples, scale):
    """The mean over each square of scale x scale samples, as much of it as there is (codec.md, section 10)."""
    height, width, channels = samples.shape
    means = np.zeros((ceil_divide(height, scale), ceil_divide(width, scale), channels), np.int64)
    for row in range(means.shape[0]):
        for column in range(means.shape[1]):
            square = samples[row * scale:(row + 1) * scale, column * scale:(column + 1) * scale].astype(np.int64)
            n = square.shape[0] * square.shape[1]
            means[row, column] = (2 * square.sum(axis=(0, 1)) + n) // (2 * n)
    return means


def run_synthesis(model, header, x, rates, scale, dump):
    """v of a picture that is `scale` times smaller, from gained latents x not yet in the range of a graph's input."""
    graph = model.previews.get(scale, model.synthesis)
    x = np.clip(x, graph.inputs[0].low, graph.inputs[0].high)
    dump.array("gained", "x", x)
    v = run_graph(graph, [x], dump)[0]
    if scale in model.previews:
        return v[:ceil_divide(header.height, scale), :ceil_divide(header.width, scale)]
    if model.deblocking:
        v = deblock(model, rates, v, dump)
    v = v[:header.height, :header.width]
    half = 128 << model.output_bits
    return v if scale == 1 else average(np.clip(v, -half, half), scale)


def round_pixels(model, header, v):
    b = model.output_bits
    if header.bit_depth == 16:
        if header.channels_code == 0:
            v, b = ((77 * v[:, :, 0] + 150 * v[:, :, 1] + 29 * v[:, :, 2] + 8) >> 4)[:, :, None], b + 4
        return np.clip((257 * v + (32768 << b)) >> b, 0, 65535).astype(np.uint16)
    if header.channels_code == 0:
        v = ((77 * v[:, :, 0] + 150 * v[:, :, 1] + 29 * v[:, :, 2] + 128) >> 8)[:, :, None]
    return np.clip((v + (128 << b)) >> b, 0, 255).astype(np.uint8)


# -- elements.md ----------------------------------------------------------------------------------------------------

def predict(filter_number, left, up, corner):
    if filter_number < 4:
        return (0, left, up, (left + up) >> 1)[filter_number]
    e = left + up - corner
    return min((left, up, corner), key=lambda candidate: abs(e - candidate))  # the first of equals


def decode_alpha(payload, offset, width, height, bit_depth, scale=1):
    """The samples of an alpha element, in the picture's depth, and whether the colours are premultiplied. With a scale
    that of the smaller picture."""
    if not payload or payload[0] > 3 or (payload[0] & 2 and bit_depth == 8):
        raise Refused("NIC_MALFORMED", offset, "alpha: flags: absent, a reserved bit is set, or `deep` in 8 bits")
    sample_bytes = 2 if payload[0] & 2 else 1
    mask = 256 ** sample_bytes - 1
    size = height * (1 + sample_bytes * width)
    if not is_one_frame(payload[1:], size):
        raise Refused("NIC_MALFORMED", offset + 1, "alpha: not one zstd frame of the picture's size")
    try:
        content = unzstd(payload[1:], size)
    except Exception as error:  # each zstd module has exceptions of its own
        raise Refused("NIC_MALFORMED", offset + 1, "alpha: the zstd frame is damaged") from error
    above, rows = [0] * width, []
    for row in range(height):
        filtered = content[row * (size // height):(row + 1) * (size // height)]
        if filtered[0] > 4:
            raise Refused("NIC_MALFORMED", offset + 1, f"alpha: filter: {filtered[0]} in row {row}")
        differences = filtered[1:]
        if sample_bytes == 2:  # first all high bytes
            differences = [high << 8 | low for high, low in zip(filtered[1:width + 1], filtered[width + 1:])]
        alpha, left, corner = [], 0, 0
        for difference, up in zip(differences, above):
            left = difference + predict(filtered[0], left, up, corner) & mask
            corner = up
            alpha.append(left)
        rows.append(alpha)
        above = alpha
    samples = np.array(rows, np.uint16)
    if scale > 1:
        samples = average(samples[:, :, None], scale)[:, :, 0].astype(np.uint16)
    if bit_depth == 8:
        return samples.astype(np.uint8), bool(payload[0] & 1)
    return samples * np.uint16(1 if sample_bytes == 2 else 257), bool(payload[0] & 1)


def decode_gain_map(payload, offset, height, width):
    """The offsets of the rate at every latent position, in 1/256 of a level."""
    if not payload or payload[0] == 0:
        raise Refused("NIC_MALFORMED", offset, "gain map: unit: absent, or 0")
    if not is_one_frame(payload[1:], height * width):
        raise Refused("NIC_MALFORMED", offset + 1, "gain map: not one zstd frame of a byte for each latent position")
    try:
        content = unzstd(payload[1:], height * width)
    except Exception as error:  # each zstd module has exceptions of its own
        raise Refused("NIC_MALFORMED", offset + 1, "gain map: the zstd frame is damaged") from error
    steps = np.frombuffer(content, np.uint8).reshape(height, width).copy()
    steps[0] = np.cumsum(steps[0])  # modulo 256
    steps = np.cumsum(steps, axis=0, dtype=np.uint8).view(np.int8)
    return payload[0] * steps.astype(np.int64)


METADATA = {0x81: "icc", 0x82: "exif", 0x83: "xmp", 0x84: "cicp"}
CICP = 0x84


def read_metadata(kind, payload):
    """The content of a metadata element, or None for a payload that is refused: the picture decodes all the same."""
    if kind == CICP:
        if len(payload) != 4:
            return None
        primaries, transfer, matrix, full_range = payload  # the first two may be any
        return payload if matrix == 0 and full_range <= 1 else None
    coding, data = payload[:1], payload[1:]
    if coding == b"\0":
        return data
    size = stated_size(data)
    if coding != b"\1" or size is None or size > MAX_METADATA or not is_one_frame(data, size):
        return None
    try:
        return unzstd(data, size)
    except Exception:  # each zstd module has exceptions of its own
        return None


# -- A whole file ---------------------------------------------------------------------------------------------------

class Decoded:
    """header, elements, metadata by name (None: refused), model, slices as pairs (z, y), latents of the picture, pixels; alpha and premultiplied or None;
    damage, a list of what was refused of the slices."""


def decode(data, find_model, dump, keep_going=False, scale=1):
    """Decodes the bytes of a .nic file; find_model(model_id, model_digest) gives a Model or raises Refused. `scale`: how
    many times smaller the result is, 1, 8 or 16 (codec.md, section 10). With keep_going, slices that are refused or missing are taken as all 0 (codec.md, section 8)."""
    result = Decoded()
    header = result.header = read_header(data)
    dump.fields("header", header)
    result.elements = read_elements(data, header)
    for element in result.elements:
        dump.line("elements", "type {:#04x} offset {} payload offset {} size {}".format(*element))
    result.metadata = {}
    for kind, _, offset, size in result.elements:
        if kind in METADATA:
            content = result.metadata[METADATA[kind]] = read_metadata(kind, data[offset:offset + size])
            dump.line("metadata", f"{METADATA[kind]} {'refused' if content is None else content.hex()}")
    if max(header.width, header.height) > MAX_SIDE:
        raise Refused("NIC_LIMIT_SIDE", None, "the picture's sides exceed the limit")
    if header.width * header.height > MAX_PIXELS:
        raise Refused("NIC_LIMIT_PIXELS", None, "the picture's pixels exceed the limit")
    slices = read_slices(data, header, result.elements[-1], keep_going)
    for piece in filter(None, slices):
        dump.line("slices", f"offset {piece.offset} size {piece.size} check {piece.check:#010x} "
                            f"hyper_size {piece.hyper_size} stream {piece.stream.hex()}")

    model = result.model = find_model(header.model_id, header.model_digest)
    if scale > 1:
        model.read_previews()
    if header.gain_level + (1 if header.interpolation else 0) >= model.levels:
        raise Refused("NIC_MALFORMED", None, "gain_level: above the model's highest level")
    height, width = ceil_divide(header.height, model.latent_factor), ceil_divide(header.width, model.latent_factor)
    side = header.slice_side // model.latent_factor
    offsets = np.zeros((height, width), np.int64)
    for kind, _, offset, size in result.elements:
        if kind == GAIN_MAP:
            offsets = decode_gain_map(data[offset:offset + size], offset, height, width)
            dump.array("gain-map", "offsets in 1/256 level", offsets[:, :, None])
    latents = result.latents = np.zeros((height, width, model.latent_channels), np.int64)
    result.slices, result.damage = [], []
    columns = ceil_divide(header.width, header.slice_side)
    for number, piece in enumerate(slices):
        top, left = number // columns * side, number % columns * side
        place = latents[top:top + side, left:left + side]
        try:
            if piece is None:
                raise Refused("NIC_TRUNCATED", len(data), "slice: the bytes end")
            z, y = decode_slice(model, header, piece, place.shape[0], place.shape[1], number, dump)
        except Refused as refused:
            if not keep_going:
                raise
            result.damage.append(refused)
            continue
        place[:] = y
        result.slices.append((z, y))

    rates = find_rates(model, header, offsets)
    gained = apply_gains(model, rates, latents, dump)
    v = run_synthesis(model, header, gained, rates, scale, dump)
    dump.array("output", "v", v)
    result.pixels = round_pixels(model, header, v)
    dump.array("pixels", "pixels", result.pixels)
    result.alpha = result.premultiplied = None
    for kind, _, offset, size in result.elements:
        if kind == ALPHA:
            result.alpha, result.premultiplied = decode_alpha(data[offset:offset + size], offset, header.width,
                                                              header.height, header.bit_depth, scale)
            dump.array("alpha", f"alpha, premultiplied {result.premultiplied}", result.alpha[:, :, None])
    return result


def analyse(model, pixels):
    """The analysis' output for a picture (codec.md, section 9): what tests need to see every operation at work."""
    f = model.latent_factor
    height, width, channels = pixels.shape
    padded = np.pad(pixels, ((0, -height % f), (0, -width % f), (0, 0)), mode="edge").astype(np.int64)
    if channels == 1:
        padded = np.repeat(padded, 3, axis=2)
    return run_graph(model.analysis, [2 * padded - 255], Dump())[0]


# -- The program ----------------------------------------------------------------------------------------------------

STAGES = ("header", "elements", "metadata", "slices", "gain-map", "hyper-latents", "features", "means", "indices", "latents",
          "gain", "gained", "activations", "deblocking", "output", "pixels", "alpha")


class Dump:
    """Prints the stages that were asked for."""

    def __init__(self, stages=()):
        self.stages = set(stages)

    def line(self, stage, text):
        if stage in self.stages:
            print(f"{stage}: {text}")

    def fields(self, stage, thing):
        for name, value in vars(thing).items():
            self.line(stage, f"{name} {value}")

    def array(self, stage, name, array):
        if stage not in self.stages:
            return
        print(f"{stage}: {name}: {' x '.join(str(n) for n in array.shape)} (height x width x channels)")
        for row in range(array.shape[0]):
            for column in range(array.shape[1]):
                print(f"  ({row}, {column})", *array[row, column].tolist())


def load_model(package):
    model = read_decoder_section(package.unpack(DECODER))
    if any(section[0] == PREVIEW for section in package.sections):
        model.preview_section = lambda: package.unpack(PREVIEW)
    if any(section[0] == DEBLOCKING for section in package.sections):
        model.deblocking = read_deblocking_section(package.unpack(DEBLOCKING), model)
    return model


class Models:
    """The packages in files and folders, found by id and digest."""

    def __init__(self, places):
        self.packages, self.loaded = [], {}
        for place in places:
            place = pathlib.Path(place)
            for file in sorted(place.glob("*.nicm")) if place.is_dir() else [place]:
                self.packages.append(Package(file.read_bytes()))

    def find(self, model_id, model_digest):
        named = [package for package in self.packages if package.model_id == model_id]
        for package in named:
            if package.digest & 0xFFFFFF != model_digest:
                continue
            if package.digest not in self.loaded:
                self.loaded[package.digest] = load_model(package)
            return self.loaded[package.digest]
        raise Refused("NIC_MODEL_MISMATCH" if named else "NIC_MODEL_MISSING", None,
                      f"no package for model {model_id}, digest ending in {model_digest:06x}")


def write_pnm(path, pixels):
    height, width, channels = pixels.shape
    kind = "P6" if channels == 3 else "P5"
    largest = np.iinfo(pixels.dtype).max
    samples = pixels.astype(pixels.dtype.newbyteorder(">"))  # PNM has the high byte first
    pathlib.Path(path).write_bytes(f"{kind}\n{width} {height}\n{largest}\n".encode() + samples.tobytes())


def write_pam(path, pixels, alpha):
    samples = np.dstack((pixels, alpha))
    height, width, channels = samples.shape
    kind = "RGB_ALPHA" if channels == 4 else "GRAYSCALE_ALPHA"
    head = (f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {np.iinfo(pixels.dtype).max}\n"
            f"TUPLTYPE {kind}\nENDHDR\n")
    pathlib.Path(path).write_bytes(head.encode() + samples.astype(pixels.dtype.newbyteorder(">")).tobytes())


def sample_bytes(samples):
    """Samples as they are hashed: those of 16 bits low byte first."""
    return samples.astype(samples.dtype.newbyteorder("<")).tobytes()


def describe(result):
    """The hashes that conformance/ compares."""
    alpha = {} if result.alpha is None else {"premultiplied": result.premultiplied,
                                             "alpha_sha256": hashlib.sha256(sample_bytes(result.alpha)).hexdigest()}
    metadata = {name: "refused" if content is None else hashlib.sha256(content).hexdigest()
                for name, content in sorted(result.metadata.items())}
    return {
        **alpha, **({"metadata": metadata} if metadata else {}), "width": result.pixels.shape[1], "height": result.pixels.shape[0], "channels": result.header.channels,
        "latents_sha256": [hashlib.sha256(as_bytes(z) + as_bytes(y)).hexdigest() for z, y in result.slices],
        "pixels_sha256": hashlib.sha256(sample_bytes(result.pixels)).hexdigest(),
    }


def main():
    parser = argparse.ArgumentParser(description="Decodes a .nic file by the letter of its specification.")
    parser.add_argument("input", help="a .nic file")
    parser.add_argument("output", nargs="?", help="a PPM or PGM file to write, or for a picture with alpha a PAM file")
    parser.add_argument("--model", action="append", default=[], metavar="FILE_OR_FOLDER",
                        help="where packages (.nicm) are; otherwise NIC_MODEL_PATH and the project's models/")
    parser.add_argument("--dump", action="append", default=[], choices=STAGES, metavar="STAGE",
                        help="print a stage: " + ", ".join(STAGES))
    parser.add_argument("--json", action="store_true", help="print SHA-256 of each slice's latents, of the pixels and of alpha")
    parser.add_argument("--scale", choices=("1/1", "1/8", "1/16"), default="1/1", help="a picture so many times smaller")
    parser.add_argument("--keep-going", action="store_true", help="go on after a damaged or missing slice")
    arguments = parser.parse_args()
    places = arguments.model
    if not places:
        places = [place for place in os.environ.get("NIC_MODEL_PATH", "").split(":") if place]
        places.append(str(pathlib.Path(__file__).resolve().parents[2] / "models"))
    try:
        data = pathlib.Path(arguments.input).read_bytes()
        result = decode(data, Models(places).find, Dump(arguments.dump), arguments.keep_going,
                        int(arguments.scale[2:]))
    except Refused as refused:
        print(f"nicref: {arguments.input}: {refused}", file=sys.stderr)
        return EXIT_STATUS[refused.status]
    except OSError as error:
        print(f"nicref: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(describe(result)))
    if arguments.output and arguments.output.endswith(".pam") and result.alpha is not None:
        write_pam(arguments.output, result.pixels, result.alpha)
    elif arguments.output:
        write_pnm(arguments.output, result.pixels)
    if result.damage:
        print(f"nicref: {arguments.input}: {len(result.damage)} slices: {result.damage[0]}", file=sys.stderr)
    return EXIT_STATUS[result.damage[0].status] if result.damage else 0


if __name__ == "__main__":
    sys.exit(main())

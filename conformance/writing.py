"""Writes .nic files, streams and model packages: the other direction of reference/nicref.py, for make_suite.py.

Writes what it is told, right or wrong: invalid files are what it is for.
"""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "reference"))
import nicref  # noqa: E402


def varint(value):
    encoded = b""
    while value >= 128:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def little(value, size):
    return int(value).to_bytes(size, "little", signed=value < 0)


# -- container.md ---------------------------------------------------------------------------------------------------

def write_header(version=0x10, flags=1, width=varint(40), height=varint(24), model_id=varint(4000), model_digest=0,
                 gain=0x14, interpolation=0, check=None):
    """width, height and model_id are given as bytes. Without a check, the right one."""
    header = (nicref.FILE_SIGNATURE + bytes([version, flags]) + width + height + model_id + little(model_digest, 3) +
              bytes([gain, interpolation]))
    return header + little(nicref.crc16(header) if check is None else check, 2)


def write_element(kind, payload, size=None):
    return bytes([kind]) + (varint(len(payload)) if size is None else size) + payload


def write_slice(check, hyper_size, stream):
    return little(check, 4) + (varint(hyper_size) if isinstance(hyper_size, int) else hyper_size) + stream


def write_latents(slices, sizes=None):
    """The payload of the latents; sizes are bytes in place of the right index."""
    if sizes is None:
        sizes = b"".join(varint(len(piece)) for piece in slices) if len(slices) > 1 else b""
    return sizes + b"".join(slices)


# -- entropy.md, section 3.5 ----------------------------------------------------------------------------------------

def symbol_step(lane, table, entry):
    return lane, table.starts[entry], table.starts[entry + 1] - table.starts[entry], None


def raw_step(lane, value, bits):
    return lane, value, bits, "raw"


def write_stream(steps, lanes, head=None):
    """The stream, and how many of its bytes the first `head` steps use."""
    states, out, behind_head = [nicref.STATE_LOW] * lanes, [], 0
    for number in range(len(steps) - 1, -1, -1):
        if head is not None and number + 1 == head:
            behind_head = len(out)
        lane, first, second, kind = steps[number]
        limit = 1 << 32 - second if kind == "raw" else second << 16
        while states[lane] >= limit:
            out.append(states[lane] & 255)
            states[lane] >>= 8
        if kind == "raw":
            states[lane] = states[lane] << second | first
        else:
            states[lane] = states[lane] // second * 65536 + first + states[lane] % second
    stream = b"".join(little(state, 4) for state in states) + bytes(reversed(out))
    return stream, len(stream) - behind_head


class RecordingStream(nicref.Stream):
    """A stream that notes the steps that decoding it takes."""

    def __init__(self, *arguments):
        self.steps = []
        super().__init__(*arguments)

    def raw(self, bits):
        value = super().raw(bits)
        self.steps.append(raw_step(self.lane, value, bits))
        return value

    def value(self, table):
        slot = self.states[self.lane] & 0xFFFF
        entry = max(i for i, start in enumerate(table.starts[:-1]) if start <= slot)
        self.steps.append(symbol_step(self.lane, table, entry))
        return super().value(table)


# -- model-sections.md ----------------------------------------------------------------------------------------------

def planes(values, width):
    values = np.asarray(values, np.int64).reshape(-1)
    return b"".join(((values >> 8 * plane) & 255).astype(np.uint8).tobytes() for plane in range(width))


def write_table(table):
    frequencies = [b - a for a, b in zip(table.starts, table.starts[1:])]
    return (little(table.first, 2) + bytes([table.low_bits]) + varint(len(frequencies)) +
            b"".join(varint(frequency) for frequency in frequencies))


def write_node(node):
    section = bytes([node.operation, node.activation, node.slope_shift, node.kernel, node.stride, node.factor,
                     node.left_shift_a, node.left_shift_b])
    section += varint(node.a + 1) + varint(node.b + 1) + varint(node.channels)
    section += little(node.low, 2) + little(node.high, 2)
    if node.weight is not None:
        section += planes(node.weight, 2) + planes(node.bias, 4)
    section += planes(node.shift, 1)
    if node.skip_shift is not None:
        section += planes(node.skip_shift, 1)
    if node.table is not None:
        section += planes(node.table, 2)
    return section


def write_graph(graph):
    section = varint(len(graph.inputs))
    for tensor in graph.inputs:
        section += varint(tensor.channels) + little(tensor.low, 2) + little(tensor.high, 2)
    section += varint(len(graph.nodes)) + b"".join(write_node(node) for node in graph.nodes)
    return section + varint(len(graph.outputs)) + b"".join(varint(number + 1) for number in graph.outputs)


def write_decoder_section(m):
    section = b"".join(varint(n) for n in (m.latent_channels, m.hyper_channels, m.latent_factor, m.hyper_factor,
                                           m.latent_bits))
    section += little(m.latent_low, 2) + little(m.latent_high, 2)
    section += b"".join(varint(n) for n in (m.output_bits, m.levels, m.scales, m.first_coded_scale))
    section += planes(m.inverse_gain, 4)
    section += b"".join(write_table(table) for table in m.hyper_tables + m.scale_tables)
    section += write_graph(m.hyper_synthesis) + varint(len(m.passes))
    for p in m.passes:
        section += b"".join(varint(begin) + varint(end) for begin, end in p.coded) + write_graph(p.context)
    return section + write_graph(m.synthesis)


def write_preview_section(previews):
    """Of pairs of a scale and a graph."""
    return varint(len(previews)) + b"".join(varint(scale) + write_graph(graph) for scale, graph in previews)


def write_deblocking_section(d):
    section = b""
    for thresholds in (d.activity, d.step):
        section += varint(len(thresholds)) + planes(thresholds, 2)
    return section + varint(d.filter_bits) + planes(d.filter, 2)


# -- model-package.md -----------------------------------------------------------------------------------------------

def stored_frame(raw):
    """A frame of Zstandard with its bytes as they are."""
    frame = b"\x28\xb5\x2f\xfd\xe0" + little(len(raw), 8)
    blocks = [raw[i:i + 65536] for i in range(0, len(raw), 65536)] or [b""]
    for number, block in enumerate(blocks):
        frame += little(len(block) << 3 | (number == len(blocks) - 1), 3) + block
    return frame


class Section:
    def __init__(self, kind, raw, flags=0):
        self.kind, self.flags = kind, flags
        self.raw_size, self.check, self.frame = len(raw), nicref.xxh64(raw), stored_frame(raw)


def write_package(sections, signature=nicref.PACKAGE_SIGNATURE, version=0x10, model_id=4000, model_version=1,
                  name=b"broken", name_size=None, count=None, directory_check=None, behind=b""):
    """The package and its digest."""
    package = signature + bytes([version]) + varint(model_id) + varint(model_version)
    package += varint(len(name) if name_size is None else name_size) + name
    package += varint(len(sections) if count is None else count)
    identity = little(model_id, 4) + little(model_version, 4) + bytes([len(name)]) + name
    for section in sections:
        package += bytes([section.kind, section.flags]) + varint(section.raw_size) + varint(len(section.frame))
        package += little(section.check, 8)
        if not section.flags & 1:
            identity += bytes([section.kind]) + little(section.raw_size, 8) + little(section.check, 8)
    package += little(nicref.xxh64(package) if directory_check is None else directory_check, 8)
    return package + b"".join(section.frame for section in sections) + behind, nicref.xxh64(identity)

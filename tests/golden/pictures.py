"""Makes the pictures that the command-line tests need, in every kind of PNG and PNM."""

import random
import struct
import zlib

GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def photo(width, height, channels=3, depth=8):
    """Rows of samples: smooth with a little noise, so that coding it is neither trivial nor hopeless."""
    noise = random.Random(width * 1000 + height)
    top = (1 << depth) - 1
    def sample(x, y, c):
        value = (x * (c + 2) / (width + 1) + y * (3 - c % 3) / (height + 1)) / 6 + noise.random() * 0.1
        return min(top, int(value * top))
    return [[sample(x, y, c) for x in range(width) for c in range(channels)] for y in range(height)]


def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def _pack_row(samples, depth):
    if depth == 16:
        return struct.pack('>%dH' % len(samples), *samples)
    if depth == 8:
        return bytes(samples)
    packed = bytearray((len(samples) * depth + 7) // 8)
    for i, sample in enumerate(samples):
        packed[i * depth // 8] |= sample << (8 - depth - i * depth % 8)
    return bytes(packed)


def png(rows, colour=RGB, depth=8, interlaced=False, extra=b''):
    """A PNG of rows of samples; `extra` holds chunks that go before the pixels."""
    channels = _CHANNELS[colour]
    width, height = len(rows[0]) // channels, len(rows)
    data = b''
    for x0, y0, dx, dy in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        if x0 >= width:
            continue
        for row in rows[y0::dy]:
            pixels = [row[x * channels:(x + 1) * channels] for x in range(x0, width, dx)]
            data += b'\0' + _pack_row([sample for pixel in pixels for sample in pixel], depth)
    header = struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, int(interlaced))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + extra + chunk(b'IDAT', zlib.compress(data)) +
            chunk(b'IEND', b''))


def palette(count):
    return chunk(b'PLTE', bytes(value * 7 % 256 for value in range(3 * count)))


def pnm(rows, channels=3, maximum=255):
    header = 'P%d\n%d %d\n%d\n' % (6 if channels == 3 else 5, len(rows[0]) // channels, len(rows), maximum)
    return header.encode() + b''.join(_pack_row(row, 16 if maximum > 255 else 8) for row in rows)


def pam(rows, channels, maximum=255, kind=''):
    header = 'P7\n# a comment\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\n%sENDHDR\n' % (
        len(rows[0]) // channels, len(rows), channels, maximum, 'TUPLTYPE %s\n' % kind if kind else '')
    return header.encode() + b''.join(_pack_row(row, 16 if maximum > 255 else 8) for row in rows)


def read_pam(data):
    """(width, height, channels, tuple type, bytes) of a PAM as the tools write it."""
    head, pixels = data.split(b'ENDHDR\n', 1)
    fields = dict(line.split(' ') for line in head.decode().splitlines()[1:])
    width, height, channels = (int(fields[name]) for name in ('WIDTH', 'HEIGHT', 'DEPTH'))
    bytes_of_sample = {'255': 1, '65535': 2}[fields['MAXVAL']]
    assert head.startswith(b'P7\n') and len(pixels) == width * height * channels * bytes_of_sample
    return width, height, channels, fields['TUPLTYPE'], pixels


def _crc16(data):
    value = 0xffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xffff


def _varint(data, at):
    """The place behind a varint."""
    while data[at] & 0x80:
        at += 1
    return at + 1


def nic_with_sides(data, width, height):
    """A .nic file whose header tells other sides, with a check that fits."""
    def varint(number):
        return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])
    sides_end = _varint(data, _varint(data, 10))
    check = _varint(data, sides_end) + 5  # model_digest, gain, interpolation
    header = data[:10] + varint(width) + varint(height) + data[sides_end:check]
    return header + struct.pack('<H', _crc16(header)) + data[check + 2:]


def read_pnm(data):
    """(width, height, channels, bytes) of a raw PNM as the tools write it."""
    kind, size, maximum, pixels = data.split(b'\n', 3)
    width, height = map(int, size.split())
    assert kind in (b'P5', b'P6') and maximum in (b'255', b'65535')
    channels = 1 if kind == b'P5' else 3
    assert len(pixels) == width * height * channels * (1 if maximum == b'255' else 2)
    return width, height, channels, pixels


def deep_samples(pixels):
    """Samples of 16 bits from bytes, the high ones first."""
    return list(struct.unpack('>%dH' % (len(pixels) // 2), pixels))


def chunks(data):
    """(name, content) of every chunk of a PNG, their checks checked."""
    at = 8
    while at < len(data):
        size, name = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert zlib.crc32(name + body) == struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0]
        yield name, body
        at += 12 + size


def profile(description, space=b'RGB ', padding=0):
    """An ICC profile that libpng takes for one: a header, a description, and filler, because libpng takes very short
    chunks for broken ones."""
    filler = bytes(i * i * 7 % 251 for i in range(200)) + bytes(-len(description) % 4 + padding)
    body = struct.pack('>I', 0) + description + filler
    header = struct.pack('>I', 128 + len(body)) + b'none\x02\0\0\0mntr' + space + b'XYZ ' + bytes(12) + b'acsp' + bytes(28)
    return header + struct.pack('>III', 0xf6d6, 0x10000, 0xd32d) + bytes(48) + body


def display_p3_profile():
    """A whole ICC profile of Display P3: its primaries adapted to D50, and sRGB's curve as a parametric one."""
    def fixed(*numbers):
        return struct.pack('>%di' % len(numbers), *(round(number * 65536) for number in numbers))

    def text(words):
        return b'mluc' + struct.pack('>IIIHHII', 0, 1, 12, 0x656e, 0x5553, 2 * len(words), 28) + words.encode('utf-16-be')

    curve = b'para' + struct.pack('>IHH', 0, 3, 0) + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags = [
        (b'desc', text('Display P3')), (b'cprt', text('No rights reserved')),
        (b'wtpt', b'XYZ ' + bytes(4) + fixed(0.96419, 1, 0.82489)),
        (b'rXYZ', b'XYZ ' + bytes(4) + fixed(0.51512, 0.2412, -0.00105)),
        (b'gXYZ', b'XYZ ' + bytes(4) + fixed(0.29198, 0.69225, 0.04189)),
        (b'bXYZ', b'XYZ ' + bytes(4) + fixed(0.1571, 0.06657, 0.78407)),
        (b'rTRC', curve), (b'gTRC', curve), (b'bTRC', curve),
        (b'chad', b'sf32' + bytes(4) + fixed(1.04788, 0.02292, -0.0502, 0.02959, 0.99048, -0.01706, -0.00923, 0.01508, 0.75168)),
    ]
    directory, body = struct.pack('>I', len(tags)), b''
    for name, data in tags:
        directory += name + struct.pack('>II', 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    content = directory + body
    header = struct.pack('>I', 128 + len(content)) + b'none\x04\0\0\0mntrRGB XYZ ' + bytes(12) + b'acsp' + bytes(28)
    return header + struct.pack('>III', 0xf6d6, 0x10000, 0xd32d) + bytes(48) + content


def exif(orientation):
    return b'MM\0*\0\0\0\x08\0\x01' + struct.pack('>HHIHH', 0x112, 3, 1, orientation, 0) + bytes(4)


def metadata_chunks(icc=None, exif=None, xmp=None, cicp=None):
    data = b''
    if cicp is not None:
        data += chunk(b'cICP', cicp)
    if icc is not None:
        data += chunk(b'iCCP', b'p\0\0' + zlib.compress(icc))
    if exif is not None:
        data += chunk(b'eXIf', exif)
    if xmp is not None:
        data += chunk(b'iTXt', b'XML:com.adobe.xmp' + bytes(5) + xmp)
    return data


def read_metadata(data):
    """{'icc': ..., 'exif': ..., 'xmp': ..., 'cicp': ...} of a PNG, of what there is."""
    found, behind = {}, False
    for name, body in chunks(data):
        behind = behind or name in (b'PLTE', b'IDAT')
        if name == b'iCCP':
            found['icc'] = zlib.decompress(body[body.index(b'\0') + 2:])
        elif name == b'eXIf':
            found['exif'] = body
        elif name == b'cICP':
            assert not behind
            found['cicp'] = body
        elif name == b'iTXt' and body.startswith(b'XML:com.adobe.xmp' + bytes(5)):
            found['xmp'] = body[22:]
    return found


def read_png(data):
    """The same of a PNG without interlacing whose rows have the filters None, Sub or Up; also of 16 bits."""
    width, height, depth, colour = struct.unpack('>IIBB', data[16:26])
    assert depth in (8, 16)
    packed, at = b'', 8
    while at < len(data):
        size, name = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert zlib.crc32(name + body) == struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0]
        packed += body if name == b'IDAT' else b''
        at += 12 + size
    raw, channels = zlib.decompress(packed), _CHANNELS[colour]
    bpp = channels * depth // 8
    stride = width * bpp
    above, pixels = bytes(stride), b''
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        assert kind in (0, 1, 2)
        for i in range(stride):
            row[i] = (row[i] + (0, row[i - bpp] if i >= bpp else 0, above[i])[kind]) & 255
        above = bytes(row)
        pixels += above
    return width, height, channels, pixels

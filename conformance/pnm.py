"""Reads the PPM and PGM files that a decoder writes."""


def read_pnm(data):
    """Width, height and samples of a file; those of 16 bits, which it has high byte first, low byte first."""
    fields, at = [], 0
    while len(fields) < 4:
        end = min(i for i in (data.find(b" ", at), data.find(b"\n", at)) if i >= 0)
        fields.append(data[at:end])
        at = end + 1
    samples = bytearray(data[at:])
    if int(fields[3]) > 255:
        samples[::2], samples[1::2] = samples[1::2], samples[::2]
    return int(fields[1]), int(fields[2]), bytes(samples)

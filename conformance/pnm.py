"""Reads the PPM, PGM and PAM files that a decoder writes."""


def _swap(samples):
    """Samples of 16 bits, which these files have high byte first, low byte first."""
    swapped = bytearray(samples)
    swapped[::2], swapped[1::2] = swapped[1::2], swapped[::2]
    return bytes(swapped)


def read_pnm(data):
    """Width, height and samples of a PPM or PGM file, those of 16 bits low byte first."""
    fields, at = [], 0
    while len(fields) < 4:
        end = min(i for i in (data.find(b" ", at), data.find(b"\n", at)) if i >= 0)
        fields.append(data[at:end])
        at = end + 1
    samples = data[at:]
    return int(fields[1]), int(fields[2]), _swap(samples) if int(fields[3]) > 255 else samples


def read_pam(data):
    """Width, height, samples and alpha of a PAM file, whose last channel is alpha, as read_pnm gives them."""
    head, rest = data.split(b"ENDHDR\n", 1)
    fields = dict(line.split(None, 1) for line in head.decode().splitlines()[1:] if " " in line)
    depth = int(fields["DEPTH"])
    wide = int(fields["MAXVAL"]) > 255
    size = 2 if wide else 1
    colours, alpha = bytearray(), bytearray()
    for at in range(0, len(rest), depth * size):
        colours += rest[at : at + (depth - 1) * size]
        alpha += rest[at + (depth - 1) * size : at + depth * size]
    if wide:
        colours, alpha = _swap(colours), _swap(alpha)
    return int(fields["WIDTH"]), int(fields["HEIGHT"]), bytes(colours), bytes(alpha)

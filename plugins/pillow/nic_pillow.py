"""Pillow plug-in for .nic pictures, over libnic's C API.

    import nic_pillow
    picture = Image.open("photo.nic")
    picture.save("copy.nic", quality=60, effort=3)

Grey, grey with alpha, RGB and RGBA are read and written; other modes must be converted first. ICC profile, Exif, XMP and
the colours' code points (CICP) are read into picture.info ("icc_profile", "exif", "xmp", "cicp") and, except where save()
is told otherwise, written again.

save() takes `quality` (0..100, default 60) or one of `target_size` (bytes), `target_bpp` and `target_psnr` (dB);
`effort` (1..9); `icc_profile`, `exif`, `xmp` (bytes); `cicp` (four bytes: primaries, transfer, 0, full range).

The library is found as libnic.so.0; the environment variable NIC_LIBRARY names another file.
"""

import ctypes
import os

from PIL import Image, ImageFile

_LIBRARY = os.environ.get("NIC_LIBRARY", "libnic.so.0")
_SIGNATURE = b"\x8aNIC"
_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_MODES = {channels: mode for mode, channels in _CHANNELS.items()}
_METADATA = {"icc_profile": 0x81, "exif": 0x82, "xmp": 0x83, "cicp": 0x84}
_RATES = {"quality": 1, "target_size": 3, "target_bpp": 4, "target_psnr": 5}
_EFFORT = 7
_FORMAT = 2  # parameters of the decoder
_SCALE = 3
_SCALES = (16, 8)  # how many times smaller a picture can be decoded
_EXIF_PREFIX = b"Exif\0\0"  # Pillow's Exif begins with it, nic's with the TIFF header


class _Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("offset", ctypes.c_uint64), ("message", ctypes.c_char * 192)]


class _Image(ctypes.Structure):
    _fields_ = [
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("format", ctypes.c_int),
        ("stride", ctypes.c_size_t),
        ("pixels", ctypes.c_void_p),
    ]


class _InfoBegin(ctypes.Structure):
    """The first fields of nic_info, and room for those that follow."""

    _fields_ = [
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("format", ctypes.c_int),
        ("rest", ctypes.c_uint8 * 1024),
    ]


def _load():
    library = ctypes.CDLL(_LIBRARY)
    library.nic_status_name.restype = ctypes.c_char_p
    library.nic_context_free.argtypes = [ctypes.c_void_p]
    library.nic_context_free.restype = None
    for kind in ("decoder", "encoder"):
        getattr(library, f"nic_{kind}_error").restype = ctypes.POINTER(_Error)
        getattr(library, f"nic_{kind}_error").argtypes = [ctypes.c_void_p]
        getattr(library, f"nic_{kind}_free").argtypes = [ctypes.c_void_p]
        getattr(library, f"nic_{kind}_free").restype = None
    library.nic_encoder_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_double]
    return library


_library = _load()


class _Codec:
    """A decoder or an encoder with a context of its own, since threads must not share one; failures are exceptions."""

    def __init__(self, kind):
        self._kind = kind
        self._context, self._handle = ctypes.c_void_p(), ctypes.c_void_p()

    def __enter__(self):
        error = _Error()
        self._check(_library.nic_context_new(None, ctypes.byref(self._context), ctypes.byref(error)), error)
        new = getattr(_library, f"nic_{self._kind}_new")
        status = new(self._context, ctypes.byref(self._handle), ctypes.byref(error))
        if status:
            self.__exit__()
        self._check(status, error)
        return self

    def __exit__(self, *_):
        getattr(_library, f"nic_{self._kind}_free")(self._handle)
        _library.nic_context_free(self._context)

    def call(self, name, *arguments):
        status = getattr(_library, f"nic_{self._kind}_{name}")(self._handle, *arguments)
        if status:
            self._check(status, getattr(_library, f"nic_{self._kind}_error")(self._handle).contents)

    @staticmethod
    def _check(status, error):
        if status == 0:
            return
        name = _library.nic_status_name(status).decode()
        message = f"{name}: {error.message.decode('utf-8', 'replace')}"
        if 100 <= status < 200:
            raise ValueError(message)
        if 500 <= status < 600 and status != 502:
            raise Image.DecompressionBombError(message)
        raise MemoryError(message) if status in (502, 700) else OSError(message)


class NicImageFile(ImageFile.ImageFile):
    format = "NIC"
    format_description = "nic picture"

    def _open(self):
        self._bytes = self.fp.read()
        with _Codec("decoder") as decoder:
            info = self._begin(decoder)
            self._size = (info.width, info.height)
            self.mode = _MODES[info.format & 15]  # of 16 bits are rounded: Pillow has no such colours
            for name, kind in _METADATA.items():
                data, size = ctypes.c_void_p(), ctypes.c_size_t()
                try:
                    decoder.call("metadata", kind, ctypes.byref(data), ctypes.byref(size))
                except (OSError, Image.DecompressionBombError):
                    continue  # damaged or too much: the picture is shown without
                if size.value:
                    content = ctypes.string_at(data.value, size.value)
                    self.info[name] = _EXIF_PREFIX + content if name == "exif" else content
        self.tile = [("nic", (0, 0) + self.size, 0, None)]

    def _begin(self, decoder):
        decoder.call("open", self._bytes, ctypes.c_size_t(len(self._bytes)))
        info = _InfoBegin()
        decoder.call("info", ctypes.byref(info))
        return info

    _scale = 1

    def draft(self, mode, size):
        """Has a picture decoded 8 or 16 times smaller, where that is not smaller than `size`. The mode stays."""
        if not self.tile or size is None or self._scale != 1:
            return None
        width, height = self.size
        for scale in _SCALES:
            if width < scale * size[0] or height < scale * size[1]:
                continue
            self._scale = scale
            self._size = (-(-width // scale), -(-height // scale))
            self.tile = [("nic", (0, 0) + self.size, 0, None)]
            return self.mode, (0, 0, width / scale, height / scale)
        return None

    def load(self):
        if not self.tile:
            return super().load()
        channels = _CHANNELS[self.mode]
        stride = self.size[0] * channels
        pixels = ctypes.create_string_buffer(stride * self.size[1])
        with _Codec("decoder") as decoder:
            self._begin(decoder)
            decoder.call("set", _FORMAT, ctypes.c_double(channels))
            decoder.call("set", _SCALE, ctypes.c_double(self._scale))
            image = _Image(self.size[0], self.size[1], channels, stride, ctypes.addressof(pixels))
            decoder.call("decode", ctypes.byref(image))
        self.im = Image.core.new(self.mode, self.size)
        self.frombytes(pixels.raw)
        self.tile, self._bytes = [], None
        if self._exclusive_fp:
            self.fp.close()
        self.fp = None
        return super().load()


def _accept(prefix):
    return prefix[:4] == _SIGNATURE


def _set_parameters(encoder, options):
    rates = [name for name in _RATES if options.get(name) is not None]
    if len(rates) > 1:
        raise ValueError(f"only one of {', '.join(rates)} may be given")
    for name in rates:
        encoder.call("set", _RATES[name], float(options[name]))
    if options.get("effort") is not None:
        encoder.call("set", _EFFORT, float(options["effort"]))


def _set_metadata(encoder, picture, options):
    for name, kind in _METADATA.items():
        content = options.get(name, picture.info.get(name))
        if not content:
            continue
        if isinstance(content, Image.Exif):
            content = content.tobytes()
        if name == "exif" and content.startswith(_EXIF_PREFIX):
            content = content[len(_EXIF_PREFIX) :]
        encoder.call("set_metadata", kind, content, ctypes.c_size_t(len(content)))


def _save(picture, file, filename):
    options = picture.encoderinfo
    if picture.mode not in _CHANNELS:
        raise OSError(f"cannot write mode {picture.mode} as NIC: convert it to one of {', '.join(_CHANNELS)}")
    channels = _CHANNELS[picture.mode]
    pixels = picture.tobytes()
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    with _Codec("encoder") as encoder:
        _set_parameters(encoder, options)
        _set_metadata(encoder, picture, options)
        buffer = ctypes.create_string_buffer(pixels, len(pixels))
        image = _Image(picture.width, picture.height, channels, picture.width * channels, ctypes.addressof(buffer))
        encoder.call("encode", ctypes.byref(image), 0, ctypes.byref(data), ctypes.byref(size), None)
        file.write(ctypes.string_at(data.value, size.value))


Image.register_open(NicImageFile.format, NicImageFile, _accept)
Image.register_save(NicImageFile.format, _save)
Image.register_extension(NicImageFile.format, ".nic")
Image.register_mime(NicImageFile.format, "image/x-nic")

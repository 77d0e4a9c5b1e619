"""Metadata from picture to .nic file and back, and decoding of regions."""

import shutil
import struct

import pictures
from support import DATA, ToolTest, main

KINDS = {'icc': pictures.profile(b'Some wide RGB'), 'exif': pictures.exif(6), 'xmp': '<x:xmpmeta>\u00e9</x:xmpmeta>'.encode()}


def with_segments(jpeg, *segments):
    """A JPEG with more segments right behind its beginning."""
    return jpeg[:2] + b''.join(b'\xff' + bytes([marker]) + struct.pack('>H', len(data) + 2) + data
                               for marker, data in segments) + jpeg[2:]


class Kept(ToolTest):
    def round_trip(self, name, *options, note=''):
        self.run_tool('nicenc', *options, name, 'a.nic', err=note)
        self.run_tool('nicdec', 'a.nic', 'back.png')
        return pictures.read_metadata(self.load('back.png'))

    def test_from_png(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        self.store('plain.png', pictures.png(pictures.photo(30, 20)))
        self.assertEqual(self.round_trip('a.png'), KINDS)
        info = self.info('a.nic')
        self.assertEqual(info['metadata'], {kind: len(content) for kind, content in KINDS.items()})
        text = self.run_tool('nicinfo', 'a.nic').out.decode()
        for name in ('ICC profile', 'Exif data', 'XMP data'):
            self.assertIn(name, text)
        pixels = pictures.read_png(self.load('back.png'))
        self.assertEqual(self.round_trip('plain.png'), {})
        self.assertEqual(pictures.read_png(self.load('back.png')), pixels)

    def test_behind_the_pixels(self):
        data = pictures.png(pictures.photo(30, 20))
        late = {kind: KINDS[kind] for kind in ('exif', 'xmp')}
        self.store('a.png', data[:-12] + pictures.metadata_chunks(**late) + data[-12:])
        self.assertEqual(self.round_trip('a.png'), late)

    def test_from_jpeg(self):
        jpeg = (DATA / 'colour.jpg').read_bytes()
        self.store('a.jpg', with_segments(
            jpeg, (0xe1, b'Exif\0\0' + KINDS['exif']), (0xe1, b'http://ns.adobe.com/xap/1.0/\0' + KINDS['xmp']),
            (0xe2, b'ICC_PROFILE\0\1\2' + KINDS['icc'][:100]), (0xe2, b'ICC_PROFILE\0\2\2' + KINDS['icc'][100:])))
        self.assertEqual(self.round_trip('a.jpg'), KINDS)
        self.store('a.jpg', with_segments(jpeg, (0xe1, b'http://ns.adobe.com/xmp/extension/\0' + bytes(50))))
        self.assertEqual(self.round_trip('a.jpg', note='nicenc: a.jpg: note: of the XMP data only the first .*'), {})

    def test_strip(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        shutil.copy(DATA / 'turned.jpg', self.path('a.jpg'))
        for option, left in (('all', ()), ('exif', ('icc', 'xmp')), ('xmp', ('icc', 'exif')), ('icc', ('exif', 'xmp')),
                             ('icc,exif', ('xmp',)), ('exif,xmp,icc', ())):
            self.assertEqual(self.round_trip('a.png', '--strip', option), {kind: KINDS[kind] for kind in left})
        self.assertEqual(self.round_trip('a.jpg', '--strip=all', note='.*note: the Exif orientation is not kept; .*'), {})
        for option in ('', 'gps', 'all,', ',', 'EXIF', 'exif xmp'):
            self.fails('nicenc', '--strip=' + option, 'a.png', 'out.nic', status=2, err='nicenc: --strip: .*')

    def test_nothing_of_the_file_before_is_left(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        self.store('b.png', pictures.png(pictures.photo(30, 20)))
        self.run_tool('nicenc', '--output-dir', 'out', 'a.png', 'b.png')
        self.assertEqual(self.info('out/b.nic')['metadata_bytes'], 0)

    def test_pnm_has_no_place_for_it(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.ppm', err='nicdec: a.nic: note: the ICC profile is not kept; .*')

    def test_a_profile_that_png_cannot_hold(self):
        jpeg = (DATA / 'colour.jpg').read_bytes()
        self.store('a.jpg', with_segments(jpeg, (0xe2, b'ICC_PROFILE\0\1\1' + b'no profile at all' * 20)))
        self.run_tool('nicenc', 'a.jpg', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.png', err='nicdec: a.nic: note: the ICC profile is not one that PNG can hold.*')
        self.assertEqual(pictures.read_metadata(self.load('a.png')), {})

    def test_a_damaged_profile_is_noted(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(icc=b'no profile' * 30)))
        self.assertEqual(self.round_trip('a.png', note='nicenc: a.png: note: the ICC profile is damaged and is not kept'), {})

    def test_too_much_is_refused_and_can_be_stripped(self):
        packed = pictures.metadata_chunks(icc=pictures.profile(b'huge', padding=100_000_000))
        self.store('icc.png', pictures.png(pictures.photo(30, 20), extra=packed))
        self.store('xmp.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(xmp=b'x' * 70_000_000)))
        for name in ('icc', 'xmp'):
            self.fails('nicenc', name + '.png', 'out.nic', status=6,
                       err=r'nicenc: %s\.png: too much metadata: .*; leave it out with --strip' % name)
        self.assertEqual(self.round_trip('icc.png', '--strip', 'icc'), {})


class Region(ToolTest):
    def test_a_region_is_a_crop(self):
        self.coded(width=150, height=90)
        width, height, channels, whole = self.decoded('photo.nic')
        for x, y, w, h in ((0, 0, 150, 90), (0, 0, 1, 1), (149, 89, 1, 1), (37, 11, 80, 50), (3, 60, 147, 7)):
            crop = b''.join(whole[(row * width + x) * channels:(row * width + x + w) * channels] for row in range(y, y + h))
            self.assertEqual(self.decoded('photo.nic', '--region', '%d,%d,%d,%d' % (x, y, w, h)), (w, h, channels, crop))
        self.run_tool('nicdec', '--region=5,6,7,8', 'photo.nic', 'a.png')
        self.assertEqual(pictures.read_png(self.load('a.png'))[:3], (7, 8, 3))

    def test_a_region_with_alpha(self):
        self.store('a.png', pictures.png(pictures.photo(40, 30, 4), pictures.RGB_ALPHA))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'whole.png')
        self.run_tool('nicdec', '--region', '10,5,20,12', 'a.nic', 'part.png')
        whole = pictures.read_png(self.load('whole.png'))[3]
        crop = b''.join(whole[(row * 40 + 10) * 4:(row * 40 + 30) * 4] for row in range(5, 17))
        self.assertEqual(pictures.read_png(self.load('part.png')), (20, 12, 4, crop))

    def test_regions_that_are_none(self):
        self.coded()
        for text in ('', '1,2,3', '1,2,3,4,5', '0,0,0,5', '0,0,5,0', '-1,0,5,5', 'a,b,c,d', '0,0,4294967296,1', '0, 0,5,5', '1,,2,3'):
            self.fails('nicdec', '--region=' + text, 'photo.nic', 'out.png', status=2, err='nicdec: --region: .*')
        for text in ('0,0,65,1', '64,0,1,1', '0,48,1,1', '4294967295,4294967295,4294967295,4294967295'):
            self.fails('nicdec', '--region', text, 'photo.nic', 'out.png', status=2, err='nicdec: photo.nic: --region: .*')


if __name__ == '__main__':
    main()

"""Metadata from picture to .nic file and back, and decoding of regions."""

import shutil
import struct

import pictures
from support import DATA, ToolTest, main

KINDS = {'icc': pictures.profile(b'Some wide RGB'), 'exif': pictures.exif(6), 'xmp': '<x:xmpmeta>\u00e9</x:xmpmeta>'.encode()}
ALL = {**KINDS, 'cicp': bytes((12, 13, 0, 1))}


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
        self.assertEqual(info['metadata'], {'cicp': 0, **{kind: len(content) for kind, content in KINDS.items()}})
        text = self.run_tool('nicinfo', 'a.nic').out.decode()
        for name in ('ICC profile', 'Exif data', 'XMP data'):
            self.assertIn(name, text)
        pixels = pictures.read_png(self.load('back.png'))
        self.assertEqual(self.round_trip('plain.png'), {})
        self.assertEqual(pictures.read_png(self.load('back.png')), pixels)

    def test_colours_by_code_points(self):
        def store(name, **kinds):
            self.store(name, pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**kinds)))
        store('a.png', **ALL)
        self.assertEqual(self.round_trip('a.png'), ALL)
        self.assertIn('\n  colours          12/13/0/1: Display P3\n', self.run_tool('nicinfo', 'a.nic').out.decode())
        self.assertEqual(self.info('a.nic')['colours'],
                         {'primaries': 12, 'transfer': 13, 'matrix': 0, 'full_range': True, 'name': 'Display P3'})
        self.assertEqual(self.round_trip('a.png', '--strip', 'cicp'), KINDS)
        self.assertIsNone(self.info('a.nic')['colours'])
        self.assertEqual(self.round_trip('a.png', '--strip', 'icc,exif,xmp'), {'cicp': ALL['cicp']})
        self.assertEqual(self.round_trip('a.png', '--strip', 'all', '--cicp', '9/16/0/1'), {'cicp': bytes((9, 16, 0, 1))})
        self.assertEqual(self.info('a.nic')['colours']['name'], 'BT.2020 PQ')
        self.assertEqual(self.round_trip('a.png', '--cicp', '255/0/0/0'), {**KINDS, 'cicp': bytes((255, 0, 0, 0))})
        self.run_tool('nicdec', 'a.nic', 'a.ppm', err="(?s).*note: the colours' code points \\(CICP\\) are not kept; .*")
        self.run_tool('nicenc', '--strip', 'all', '--cicp', '1/13/0/1', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.ppm')  # what everyone takes it for
        for text in ('', '12/13/0', '12/13/1/1', '12/13/0/2', '12/13/0/1/1', '256/13/0/1', 'P3'):
            self.fails('nicenc', '--cicp=' + text, 'a.png', 'out.nic', status=2, err='nicenc: --cicp:? .*')

    def test_colours_by_malformed_code_points(self):
        note = 'nicenc: a.png: note: the chunk cICP is malformed and is not kept'
        for content in (b'', bytes((12, 13, 0)), bytes((12, 13, 1, 1)), bytes((12, 13, 0, 2)), bytes(5)):
            self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(cicp=content)))
            self.assertEqual(self.round_trip('a.png', note=note), {})
        data = pictures.png(pictures.photo(30, 20))  # and behind the pixels
        self.store('a.png', data[:-12] + pictures.metadata_chunks(cicp=ALL['cicp']) + data[-12:])
        self.assertEqual(self.round_trip('a.png', note=note), {})

    def test_colours_of_every_kind_of_png(self):
        for colour, depth, extra in ((pictures.GREY, 8, b''), (pictures.RGB, 16, b''), (pictures.RGB_ALPHA, 8, b'')):
            channels = {pictures.GREY: 1, pictures.RGB: 3, pictures.RGB_ALPHA: 4}[colour]
            rows = [[sample * (257 if depth == 16 else 1) for sample in row] for row in pictures.photo(30, 20, channels)]
            for interlaced in (False, True):
                self.store('a.png', pictures.png(rows, colour, depth, interlaced,
                                                 pictures.metadata_chunks(cicp=ALL['cicp']) + extra))
                self.assertEqual(self.round_trip('a.png'), {'cicp': ALL['cicp']})

    def test_a_wide_gamut_profile_survives_byte_for_byte(self):
        profile = pictures.display_p3_profile()
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(icc=profile)))
        self.assertEqual(self.round_trip('a.png'), {'icc': profile})
        self.assertEqual(self.run_tool('nicinfo', '--icc', '-', 'a.nic').out, profile)
        self.run_tool('nicdec', '--scale', '1/8', 'a.nic', 'small.png')
        self.assertEqual(pictures.read_metadata(self.load('small.png')), {'icc': profile})

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

    def test_extended_xmp_from_jpeg(self):
        def packet(inside):
            return b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r">' + inside + b'</rdf:RDF></x:xmpmeta>'
        digest = b'0123456789ABCDEF' * 2
        standard = packet(b'<rdf:Description xmpNote:HasExtendedXMP="' + digest + b'"/>')
        more = b'<rdf:Description>' + b'much ' * 20000 + b'</rdf:Description>'
        extended = packet(more)
        def segment(at):
            return (0xe1, b'http://ns.adobe.com/xmp/extension/\0' + digest + struct.pack('>II', len(extended), at) +
                    extended[at:at + 60000])
        self.store('a.jpg', with_segments((DATA / 'colour.jpg').read_bytes(), (0xe1, b'http://ns.adobe.com/xap/1.0/\0' + standard),
                                          segment(60000), segment(0)))
        self.assertEqual(self.round_trip('a.jpg'), {'xmp': packet(b'<rdf:Description/>' + more)})

    def test_strip(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        shutil.copy(DATA / 'turned.jpg', self.path('a.jpg'))
        for option, left in (('all', ()), ('exif', ('icc', 'xmp')), ('xmp', ('icc', 'exif')), ('icc', ('exif', 'xmp')),
                             ('icc,exif', ('xmp',)), ('exif,xmp,icc', ())):
            self.assertEqual(self.round_trip('a.png', '--strip', option), {kind: KINDS[kind] for kind in left})
        self.assertEqual(self.round_trip('a.jpg', '--strip=all', note='.*note: the Exif orientation is not kept; .*'), {})
        for option in ('', 'gps', 'all,', ',', 'EXIF', 'exif xmp'):
            self.fails('nicenc', '--strip=' + option, 'a.png', 'out.nic', status=2, err='nicenc: --strip:? .*')

    def test_nothing_of_the_file_before_is_left(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        self.store('b.png', pictures.png(pictures.photo(30, 20)))
        self.run_tool('nicenc', '--output-dir', 'out', 'a.png', 'b.png')
        self.assertEqual(self.info('out/b.nic')['metadata_bytes'], 0)

    def test_pnm_has_no_place_for_it(self):
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.ppm', err='nicdec: a.nic: note: PNM has no .*\n.* note: the ICC profile is not kept; .*')

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


class Files(ToolTest):
    """Metadata from and to files of their own."""

    def setUp(self):
        super().setUp()
        self.store('plain.png', pictures.png(pictures.photo(30, 20)))
        self.store('full.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**KINDS)))

    def options(self):
        return [text for kind in KINDS for text in ('--' + kind, kind)]

    def test_out_and_in_again(self):
        self.run_tool('nicenc', 'full.png', 'full.nic')
        self.run_tool('nicdec', *self.options(), 'full.nic', 'a.png')
        for kind, content in KINDS.items():
            self.assertEqual(self.load(kind), content)
            self.assertEqual(self.run_tool('nicinfo', '--' + kind, '-', 'full.nic').out, content)
        self.run_tool('nicenc', *self.options(), 'plain.png', 'again.nic')
        self.assertEqual(self.load('again.nic'), self.load('full.nic'))
        for kind in KINDS:
            self.path(kind).unlink()
        self.assertEqual(self.run_tool('nicinfo', *self.options(), 'again.nic').out, b'')
        self.assertEqual({kind: self.load(kind) for kind in KINDS}, KINDS)

    def test_in_place_of_the_picture_s_own(self):
        other = pictures.profile(b'Another')
        self.store('icc', other)
        self.run_tool('nicenc', '--icc', 'icc', '--strip', 'all', 'full.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.png')
        self.assertEqual(pictures.read_metadata(self.load('a.png')), {'icc': other})

    def test_exif_as_it_stands_in_jpeg(self):
        self.store('exif', b'Exif\0\0' + KINDS['exif'])
        self.run_tool('nicenc', '--exif', 'exif', 'plain.png', 'a.nic')
        self.assertEqual(self.run_tool('nicinfo', '--exif', '-', 'a.nic').out, KINDS['exif'])

    def test_files_that_hold_something_else(self):
        self.store('text', b'nothing of the kind ' * 10)
        self.store('empty', b'')
        for kind, name in (('icc', 'an ICC profile'), ('exif', 'Exif data'), ('xmp', 'an XMP packet')):
            for file in ('text', 'empty', 'plain.png'):
                self.fails('nicenc', '--' + kind, file, 'plain.png', 'out.nic', status=3,
                           err="nicenc: --%s: '%s': does not hold %s: .*" % (kind, file, name))
            self.fails('nicenc', '--' + kind, 'absent', 'plain.png', 'out.nic', status=1,
                       err="nicenc: --%s: 'absent': cannot open: No such file or directory" % kind)
            self.fails('nicenc', '--' + kind, '', 'plain.png', 'out.nic', status=2, err='nicenc: --%s: is empty.*' % kind)

    def test_a_profile_of_100_mb(self):
        self.store('huge.icc', pictures.profile(b'huge', padding=100_000_000))
        self.fails('nicenc', '--icc', 'huge.icc', 'plain.png', 'out.nic', status=6,
                   err=r"nicenc: --icc: 'huge\.icc': too much metadata: more than 67,108,864 bytes")

    def test_what_is_not_there(self):
        self.run_tool('nicenc', 'plain.png', 'a.nic')
        self.fails('nicinfo', '--icc', 'out', 'a.nic', status=1, err='nicinfo: a.nic: it holds no ICC profile: leave out --icc')
        self.fails('nicdec', '--xmp', 'x', 'a.nic', 'out.png', status=1, err='nicdec: a.nic: it holds no XMP data: .*')

    def test_contradictions(self):
        self.run_tool('nicenc', 'full.png', 'a.nic')
        self.fails('nicdec', '--icc', 'x', '--output-dir', 'out', 'a.nic', status=2, err='nicdec: --icc and --output-dir .*')
        self.fails('nicdec', '--icc', '-', 'a.nic', '-', status=2, err='nicdec: --icc -: standard output is taken already; .*')
        self.fails('nicdec', '--icc', '-', '--xmp', '-', 'a.nic', 'out.png', status=2, err='nicdec: .* taken already; .*')
        self.fails('nicinfo', '--icc', '-', '--xmp', '-', 'a.nic', status=2, err='nicinfo: standard output takes one .*')
        self.fails('nicinfo', '--icc', 'x', 'a.nic', 'a.nic', status=2, err='nicinfo: metadata are extracted from one .*')
        self.fails('nicinfo', '--icc', 'x', '--json', 'a.nic', status=2, err='nicinfo: --json and .* exclude each other; .*')
        self.fails('nicinfo', '--icc', 'absent/x', 'a.nic', status=1, err="nicinfo: a.nic: cannot write 'absent/x': .*")


class Orientation(ToolTest):
    def shown(self, pixels, orientation):
        """Rows of pixels as Exif wants them shown, by turning and mirroring whole pictures."""
        def mirror(rows):
            return [row[::-1] for row in rows]
        def turn(rows):  # clockwise
            return [list(column) for column in zip(*rows[::-1])]
        steps = {1: (), 2: (mirror,), 3: (turn, turn), 4: (turn, turn, mirror), 5: (turn, mirror), 6: (turn,),
                 7: (turn, turn, turn, mirror), 8: (turn, turn, turn)}
        for step in steps[orientation]:
            pixels = step(pixels)
        return pixels

    def test_every_orientation(self):
        xmp = '<x><tiff:Orientation>%d</tiff:Orientation></x>'
        for orientation in range(1, 9):
            kinds = {'exif': pictures.exif(orientation), 'xmp': (xmp % orientation).encode()}
            self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(**kinds)))
            self.run_tool('nicenc', 'a.png', 'a.nic')
            self.run_tool('nicdec', 'a.nic', 'stored.png')
            self.assertEqual(pictures.read_metadata(self.load('stored.png')), kinds)
            self.run_tool('nicdec', '--auto-orient', 'a.nic', 'turned.png')
            self.assertEqual(pictures.read_metadata(self.load('turned.png')),
                             {'exif': pictures.exif(1), 'xmp': (xmp % 1).encode()})
            width, height, channels, data = pictures.read_png(self.load('stored.png'))
            rows = [[data[(y * width + x) * channels:(y * width + x + 1) * channels] for x in range(width)]
                    for y in range(height)]
            shown = self.shown(rows, orientation)
            self.assertEqual(pictures.read_png(self.load('turned.png')),
                             (len(shown[0]), len(shown), channels, b''.join(b''.join(row) for row in shown)))

    def test_formats_without_a_place_for_it(self):
        shutil.copy(DATA / 'turned.jpg', self.folder)
        self.run_tool('nicenc', 'turned.jpg', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.ppm', err='nicdec: a.nic: note: PNM has no place .*; --auto-orient applies it')
        result = self.run_tool('nicdec', '--auto-orient', '--json', 'a.nic', 'b.ppm')
        self.assertEqual(pictures.read_pnm(self.load('b.ppm'))[:2], (16, 24))
        self.assertIn(b'"width":16,"height":24', result.out)

    def test_the_limit_on_memory_holds_for_it(self):
        self.store('a.png', pictures.png(pictures.photo(200, 150), extra=pictures.metadata_chunks(exif=pictures.exif(6))))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.fails('nicdec', '--auto-orient', '--max-memory', '50k', 'a.nic', 'out.png', status=6, err='nicdec: .*memory.*')


class Fit(ToolTest):
    def test_sides(self):
        self.coded(width=150, height=90)
        for side, size in ((150, (150, 90)), (1000, (150, 90)), (50, (50, 30)), (1, (1, 1)), (7, (7, 4))):
            self.run_tool('nicdec', '--fit', side, 'photo.nic', 'a.ppm')
            self.assertEqual(pictures.read_pnm(self.load('a.ppm'))[:2], size)
        self.run_tool('nicdec', '--fit', '10', '--region', '0,0,30,90', 'photo.nic', 'a.png')
        self.assertEqual(pictures.read_png(self.load('a.png'))[:2], (3, 10))

    def test_with_orientation(self):
        self.store('a.png', pictures.png(pictures.photo(40, 20), extra=pictures.metadata_chunks(exif=pictures.exif(6))))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', '--fit', '10', '--auto-orient', 'a.nic', 'b.png')
        self.assertEqual(pictures.read_png(self.load('b.png'))[:2], (5, 10))

    def test_wrong_sides(self):
        for text in ('0', '-1', 'x', '1.5', '', '4294967296'):
            self.fails('nicdec', '--fit=' + text, 'a.nic', 'out.png', status=2, err='nicdec: --fit.*')


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
            self.fails('nicdec', '--region=' + text, 'photo.nic', 'out.png', status=2, err='nicdec: --region:? .*')
        for text in ('0,0,65,1', '64,0,1,1', '0,48,1,1', '4294967295,4294967295,4294967295,4294967295'):
            self.fails('nicdec', '--region', text, 'photo.nic', 'out.png', status=2, err='nicdec: photo.nic: --region: .*')


if __name__ == '__main__':
    main()

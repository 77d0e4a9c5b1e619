"""nicenc: its options, and every kind of picture that it takes."""

import re
import shutil
import subprocess

import pictures
from support import DATA, LIBRARY, ROOT, ToolTest, main


class Roi(ToolTest):
    """--roi MASK."""

    def mask(self, name='mask.png', width=96, height=64, colour=pictures.GREY):
        channels = 3 if colour == pictures.RGB else 1
        rows = [[255 if 32 <= x < 64 else 0 for x in range(width) for _ in range(channels)] for _ in range(height)]
        return self.store(name, pictures.png(rows, colour))

    def encode(self, *options, told=LIBRARY + r'nicenc: photo\.png: .*'):
        return self.run_tool('nicenc', '-v', '-q', 30, *options, 'photo.png', 'a.nic', err=told).err

    def test_the_region_gets_better_and_the_file_larger(self):
        self.photo(width=96, height=64)
        self.mask()
        self.assertNotIn('inside', self.encode())
        plain = self.path('a.nic').stat().st_size
        told = self.encode('--roi', 'mask.png')
        found = re.search(r'PSNR ([0-9.]+) dB, ([0-9.]+) dB inside the mask, ([0-9.]+) dB outside, ', told)
        self.assertTrue(found, told)
        whole, inside, outside = map(float, found.groups())
        self.assertGreater(inside, whole)
        self.assertGreater(whole, outside)
        size = self.path('a.nic').stat().st_size
        self.assertGreater(size, plain)
        self.assertGreater(self.info('a.nic')['gain_map_bytes'], 0)
        self.assertIn('gain map', self.run_tool('nicinfo', 'a.nic').out.decode())
        self.encode('--roi', 'mask.png', '--roi-strength', 2)
        self.assertEqual(self.path('a.nic').stat().st_size, size)
        self.encode('--roi', 'mask.png', '--roi-strength', '0.5')
        self.assertLess(self.path('a.nic').stat().st_size, size)

    def test_a_coloured_mask_counts_by_its_brightness(self):
        self.photo(width=96, height=64)
        self.encode('--roi', self.mask())
        grey = self.load('a.nic')
        self.encode('--roi', self.mask('colour.png', colour=pictures.RGB))
        self.assertEqual(self.load('a.nic'), grey)

    def test_wrong_masks(self):
        self.photo(width=96, height=64)
        self.mask()
        self.mask('small.png', 95, 64)
        self.fails('nicenc', '--roi', 'small.png', 'photo.png', 'out.nic', status=2,
                   err='nicenc: photo.png: mask: 95 x 64 pixels, but the picture has 96 x 64')
        self.fails('nicenc', '--roi', 'none.png', 'photo.png', 'out.nic', status=1, err='nicenc: --roi none.png: .*')
        self.store('text.png', b'a text')
        self.fails('nicenc', '--roi', 'text.png', 'photo.png', 'out.nic', status=3, err='nicenc: --roi text.png: .*')
        for strength in ('0', '-1', '15.5', 'much'):
            self.fails('nicenc', '--roi', 'mask.png', '--roi-strength=' + strength, 'photo.png', 'out.nic', status=2,
                       err='nicenc: --roi-strength:? .*')
        self.fails('nicenc', '--roi-strength', '2', 'photo.png', 'out.nic', status=2,
                   err='nicenc: --roi-strength needs --roi.*')


class Rate(ToolTest):
    def size(self, *options):
        self.run_tool('nicenc', *options, 'photo.png', 'photo.nic')
        return self.path('photo.nic').stat().st_size

    def test_quality_is_monotone_in_size(self):
        self.photo(width=256, height=192)
        sizes = [self.size('-q', q) for q in (0, 12.5, 30, 50, 75, 90, 100)]
        self.assertEqual(sizes, sorted(sizes))
        self.assertLess(sizes[0], sizes[-1])
        self.assertEqual(self.size('--quality', '60'), self.size())

    def test_quality_ends_are_the_lowest_and_highest_gain(self):
        self.photo()
        self.size('--quality=0')
        self.assertEqual((self.info('photo.nic')['gain_level'], self.info('photo.nic')['interpolation']), (0, 0))
        self.size('--quality=100')
        highest = self.info('photo.nic')
        self.assertEqual(highest['interpolation'], 0)
        self.run_tool('nicenc', '--gain-level', highest['gain_level'] + 1, 'photo.png', 'b.nic', status=2,
                      err='nicenc: photo.png: .*highest level.*')

    def test_slice_side(self):
        self.photo(width=200, height=150)
        usual = self.size()
        self.assertGreater(self.size('--slice-side', 64), usual)
        self.assertEqual(len(self.info('photo.nic')['slices']), 12)
        self.run_tool('nicdec', 'photo.nic', 'out.png')
        for wrong in (32, 100, 4194304):
            self.fails('nicenc', '--slice-side', wrong, 'photo.png', 'b.nic', status=2,
                       err="nicenc: --slice-side: '%d' is no power of two from 64 to 2097152; see .*" % wrong)

    def test_raw_gain(self):
        self.photo()
        self.size('--gain-level', 1, '--interp', 77)
        info = self.info('photo.nic')
        self.assertEqual((info['gain_level'], info['interpolation']), (1, 77))
        self.size('--gain-level', '01')
        self.assertEqual(self.info('photo.nic')['interpolation'], 0)

    def test_target_size_is_met_from_below(self):
        self.photo(width=512, height=384)
        lowest, highest = self.size('-q', 0), self.size('-q', 100)
        target = (lowest + highest) // 2
        size = self.size('--target-size', target)
        self.assertLessEqual(size, target)
        self.assertGreaterEqual(size, 0.985 * target)
        bpp = target * 8 / (512 * 384)
        self.assertLessEqual(abs(self.size('--target-bpp', '%.6f' % bpp) - size), 0.01 * size)

    def test_target_size_suffix(self):
        self.photo()
        self.run_tool('nicenc', '--target-size', '1M', 'photo.png', 'a.nic', err='nicenc: photo.png: warning: .*')
        self.run_tool('nicenc', '--quiet', '--target-size', '1000k', 'photo.png', 'b.nic')
        self.assertEqual(self.load('a.nic'), self.load('b.nic'))

    def test_target_out_of_reach_gives_the_nearest_with_a_warning(self):
        self.photo()
        lowest = self.size('-q', 0)
        self.run_tool('nicenc', '--target-size', 30, 'photo.png', 'photo.nic',
                      err=r'nicenc: photo\.png: warning: the target lies beyond what the model reaches; .* bytes')
        self.assertEqual(self.path('photo.nic').stat().st_size, lowest)
        self.run_tool('nicenc', '--target-psnr', 99, 'photo.png', 'photo.nic', err='nicenc: .*warning: the target .*')

    def test_target_psnr_is_reached(self):
        self.photo(width=128, height=96)
        tell = LIBRARY + r'nicenc: photo\.png: .*PSNR ([0-9.]+) dB.*'
        import re
        ends = [float(re.match(tell, self.run_tool('nicenc', '-v', '-q', q, 'photo.png', 'a.nic', err=tell).err)[1])
                for q in (0, 100)]
        target = sum(ends) / 2
        result = self.run_tool('nicenc', '-v', '--target-psnr', '%.2f' % target, 'photo.png', 'a.nic', err=tell)
        self.assertGreaterEqual(float(re.match(tell, result.err)[1]) + 0.01, target)

    def test_two_rates_are_a_usage_error(self):
        rates = (('-q', '50'), ('--gain-level', '1'), ('--target-size', '9k'), ('--target-bpp', '1'),
                 ('--target-psnr', '30'))
        self.photo()
        for i, first in enumerate(rates):
            for second in rates[i + 1:]:
                self.fails('nicenc', *second, *first, 'photo.png', 'out', status=2,
                           err=r"nicenc: --[a-z-]+ and --[a-z-]+ exclude each other; see 'nicenc --help'")
        self.fails('nicenc', '--interp', '3', 'photo.png', 'out', status=2, err='nicenc: --interp needs --gain-level.*')


class Options(ToolTest):
    def test_wrong_values(self):
        self.photo()
        for option, values in {
                '--quality': ('-1', '100.1', 'high', '', 'nan', '1e999', '50%'),
                '--gain-level': ('-1', '1.5', 'x', '256'),
                '--interp': ('256', '-1', '0.5'),
                '--target-size': ('0', '-5', '1.0005k', '10q', '', 'k'),
                '--target-bpp': ('0', '-1', 'x', 'inf'),
                '--target-psnr': ('-1', 'x', '101'),
                '--effort': ('0', '10', '2.5', 'fast'),
                '--threads': ('-1', '1025', 'x', '1.5'),
                '--max-pixels': ('0', 'x'),
                '--max-memory': ('0', '1x'),
        }.items():
            for value in values:
                self.fails('nicenc', option + '=' + value, 'photo.png', 'out', status=2,
                           err='nicenc: %s: ?.*; see .nicenc --help.' % option if value else 'nicenc: .*')
        self.fails('nicenc', '--quality', status=2, err='nicenc: --quality needs a value.*')
        self.fails('nicenc', '-q', '5', '-q', '6', 'photo.png', 'out', status=2, err='nicenc: .*more than once.*')
        self.fails('nicenc', '--fast', 'photo.png', 'out', status=2, err="nicenc: unknown option '--fast'; .*")
        self.fails('nicenc', '--quiet', '-v', 'photo.png', 'out', status=2, err='nicenc: .*excludes.*')

    def test_files_that_cannot_be_meant(self):
        self.photo()
        self.photo('b.png')
        before = self.load('b.png')
        self.fails('nicenc', status=2, err='nicenc: no input given.*')
        self.fails('nicenc', 'photo.png', status=2, err="nicenc: no output given for 'photo.png'.*")
        self.fails('nicenc', 'photo.png', 'b.png', status=2, err="nicenc: nicenc writes .nic files, not 'b.png'.*")
        self.fails('nicenc', 'photo.png', 'b.png', 'c.nic', status=2, err='nicenc: more than one input needs --output-dir.*')
        self.path('same.nic').symlink_to('photo.png')
        self.fails('nicenc', 'photo.png', 'same.nic', status=2, err='nicenc: the output .* is the input .*')
        self.assertEqual(self.load('b.png'), before)

    def test_effort(self):
        self.photo()
        for effort in (1, 2, 3, 4, 5):
            self.run_tool('nicenc', '-e', effort, 'photo.png', 'photo.nic')
            self.assertEqual(self.decoded('photo.nic')[:2], (64, 48))
        self.run_tool('nicenc', '--effort', 3, 'photo.png', 'three.nic')
        self.run_tool('nicenc', 'photo.png', 'default.nic')
        self.assertEqual(self.load('three.nic'), self.load('default.nic'))

    def test_threads_do_not_change_the_file(self):
        self.photo(width=300, height=200)
        files = set()
        for threads in (0, 1, 2, 3):
            self.run_tool('nicenc', '--threads', threads, 'photo.png', 'photo.nic')
            files.add(self.load('photo.nic'))
        self.assertEqual(len(files), 1)

    def files_of_all_targets(self, picture, *options):
        files = set()
        for target in ('scalar', 'sse4', 'avx2', 'avx512'):
            process = self.run_tool_anyway('nicenc', *options, picture, target + '.nic', env={'NIC_TARGET': target})
            if process.returncode == 0:
                files.add(self.load(target + '.nic'))
            else:  # a processor without it
                self.assertEqual(process.returncode, 2)
                self.assertIn('NIC_TARGET', process.stderr.decode())
        return files

    def test_targets_do_not_change_the_file(self):
        self.photo(width=100, height=80)
        self.assertEqual(len(self.files_of_all_targets('photo.png')), 1)
        self.fails('nicenc', 'photo.png', 'out', status=2, env={'NIC_TARGET': 'mmx'}, err='nicenc: .*NIC_TARGET.*mmx.*')

    def test_corrected_latents_are_the_same_everywhere(self):
        picture = ROOT / 'samples' / 'kodim23.png'  # a photograph: others may be best without any correction
        self.run_tool('nicenc', '-e', 3, '--slice-side', 256, picture, 'plain.nic')
        files = self.files_of_all_targets(picture, '-e', 5, '--slice-side', 256)
        for threads in (2, 3):
            self.run_tool('nicenc', '-e', 5, '--slice-side', 256, '--threads', threads, picture, 'photo.nic')
            files.add(self.load('photo.nic'))
        self.assertEqual(len(files), 1)
        self.assertNotEqual(self.load('photo.nic'), self.load('plain.nic'))

    def run_tool_anyway(self, tool, *arguments, env):
        return subprocess.run(self.command(tool, *arguments), cwd=self.folder, env=self.environment(**env),
                              stderr=subprocess.PIPE)

    def test_verbose_tells_rate_and_distortion(self):
        self.photo()
        self.run_tool('nicenc', '-v', 'photo.png', 'photo.nic',
                      err=LIBRARY + r'nicenc: photo\.png: 64 x 48 RGB, [0-9,]+ bytes, [0-9.]+ bpp, PSNR [0-9.]+ dB, '
                          r'gain level \d+ \+ \d+/256, [0-9.]+ s')

    def test_version_and_help(self):
        self.assertRegex(self.run_tool('nicenc', '--version').out.decode(), r'^nicenc \d+\.\d+\.\d+\n$')
        for option in ('-h', '--help'):
            text = self.run_tool('nicenc', option).out.decode()
            self.assertTrue(text.startswith('Usage: nicenc '))
            self.assertLess(max(map(len, text.splitlines())), 80)

    def test_limits(self):
        self.photo()
        self.fails('nicenc', '--max-pixels', '3071', 'photo.png', 'out', status=6,
                   err='nicenc: photo.png: too many pixels: 64 x 48, .*')
        self.run_tool('nicenc', '--max-pixels', '3072', 'photo.png', 'photo.nic')
        self.fails('nicenc', '--max-memory', '1k', 'photo.png', 'out', status=6, err='nicenc: .*memory.*')

    def test_names_that_look_like_options(self):
        self.photo('-q.png')
        self.run_tool('nicenc', '--', '-q.png', '-out.nic')
        self.assertTrue(self.path('-out.nic').exists())


class Models(ToolTest):
    def test_a_foreign_model(self):
        self.photo()
        self.run_tool('write_small_model', 5, 4242, 'foreign.nicm')
        self.run_tool('nicenc', '--model', 'foreign.nicm', 'photo.png', 'photo.nic')
        info = self.info('photo.nic')
        self.assertEqual((info['model']['id'], info['model']['name']), (4242, None))
        self.fails('nicdec', 'photo.nic', 'out.png', status=5, err='nicdec: photo.nic: model missing: .*4242.*--model')
        self.run_tool('nicdec', '-m', 'foreign.nicm', 'photo.nic', 'a.png')
        self.run_tool('nicdec', 'photo.nic', 'b.png', env={'NIC_MODEL_PATH': '/absent:' + str(self.folder)})
        self.assertEqual(self.load('a.png'), self.load('b.png'))

    def test_a_model_by_name(self):
        self.photo()
        self.run_tool('nicenc', 'photo.png', 'default.nic')
        name = self.info('default.nic')['model']['name']
        self.assertTrue(name)
        self.run_tool('nicenc', '-m', name, 'photo.png', 'named.nic')
        self.assertEqual(self.load('default.nic'), self.load('named.nic'))

    def test_the_wrong_model_of_the_same_id(self):
        self.photo()
        self.run_tool('write_small_model', 5, 4242, 'one.nicm')
        self.run_tool('write_small_model', 6, 4242, 'other.nicm')
        self.run_tool('nicenc', '-m', 'one.nicm', 'photo.png', 'photo.nic')
        self.fails('nicdec', '-m', 'other.nicm', 'photo.nic', 'out.png', status=5,
                   err='nicdec: photo.nic: wrong model: model_digest: .*')

    def test_models_that_are_none(self):
        self.photo()
        self.store('empty.nicm', b'')
        self.run_tool('write_small_model', 5, 4242, 'cut.nicm')
        self.store('cut.nicm', self.load('cut.nicm')[:-100])
        for wanted in ('photo.png', 'empty.nicm', 'cut.nicm', '.'):
            self.fails('nicenc', '-m', wanted, 'photo.png', 'out.nic', status=5 if wanted != '.' else 1, err='nicenc: .*')
        self.fails('nicenc', '-m', 'absent', 'photo.png', 'out.nic', status=5,
                   err='nicenc: absent: model missing: no such file, and no model of this name; known: .+')


    def test_a_model_whose_sums_may_overflow(self):
        self.photo()
        self.run_tool('write_small_model', 5, 4242, 'unsafe.nicm', 'unsafe')
        self.fails('nicenc', '-m', 'unsafe.nicm', 'photo.png', 'out.nic', status=5,
                   err='nicenc: .*unsafe model package: synthesis: node 0: weight: a sum in channel 0 may reach .*')


class Pictures(ToolTest):
    def encode(self, name, **expected):
        self.run_tool('nicenc', name, 'a.nic', **expected)
        return self.decoded('a.nic', '--quiet')

    def test_odd_sizes(self):
        for width, height in ((1, 1), (1, 7), (15, 1), (16, 16), (17, 33), (1, 200), (130, 65)):
            self.photo('p.png', width, height)
            self.assertEqual(self.encode('p.png')[:3], (width, height, 3))

    def test_every_kind_of_png_means_the_same_picture(self):
        rgb = pictures.photo(24, 16)
        reference = self.encode(self.store('a.png', pictures.png(rgb)))
        self.assertEqual(self.encode(self.store('a.png', pictures.png(rgb, interlaced=True))), reference)
        self.assertEqual(self.encode(self.store('a.ppm', pictures.pnm(rgb))), reference)
        self.assertEqual(self.encode(self.store('wrong-name.jpg', pictures.png(rgb))), reference)

    def test_16_bits_stay_16_bits(self):
        for colour, channels in ((pictures.RGB, 3), (pictures.GREY, 1)):
            rows = pictures.photo(40, 30, channels, 16)
            reference = self.encode(self.store('a.png', pictures.png(rows, colour, 16)))
            self.assertEqual(self.info('a.nic')['bit_depth'], 16)
            self.assertEqual(reference[:3], (40, 30, channels))
            self.assertEqual(len(reference[3]), 40 * 30 * channels * 2)
            self.assertEqual(self.encode(self.store('b.png', pictures.png(rows, colour, 16, interlaced=True))), reference)
            self.assertEqual(self.encode(self.store('b.pnm', pictures.pnm(rows, channels, 65535))), reference)
            samples = pictures.deep_samples(reference[3])
            self.assertTrue(any(sample % 257 for sample in samples))
            original = [sample for row in rows for sample in row]
            error = sum((a - b) ** 2 for a, b in zip(original, samples)) / len(samples)
            self.assertLess(error, (65535 * 0.05) ** 2)
            self.run_tool('nicdec', 'a.nic', 'back.png')
            self.assertEqual(pictures.read_png(self.load('back.png')), reference)
            narrow = self.decoded('a.nic', '--depth', 8)
            self.assertEqual(len(narrow[3]), 40 * 30 * channels)
            self.assertTrue(all(abs(wide - 257 * sample) <= 140 for wide, sample in zip(samples, narrow[3])))
            self.run_tool('nicdec', '--depth=8', 'a.nic', 'back.png')
            self.assertEqual(pictures.read_png(self.load('back.png')), narrow)

    def test_a_file_of_8_bits_decodes_to_16(self):
        self.coded()
        narrow, wide = self.decoded('photo.nic'), self.decoded('photo.nic', '--depth', 16)
        samples = pictures.deep_samples(wide[3])
        self.assertTrue(all(abs(w - 257 * n) <= 129 for w, n in zip(samples, narrow[3])))
        self.assertTrue(any(w != 257 * n for w, n in zip(samples, narrow[3])))
        for depth in ('0', '1', '12', '32', 'x'):
            self.fails('nicdec', '--depth=' + depth, 'photo.nic', 'out.png', status=2, err='nicdec: --depth: .*')

    def test_alpha_of_16_bits_is_kept_exactly(self):
        for colour, channels in ((pictures.RGB_ALPHA, 4), (pictures.GREY_ALPHA, 2)):
            for interlaced in (False, True):
                rows = pictures.photo(37, 29, channels, 16)
                self.store('a.png', pictures.png(rows, colour, 16, interlaced=interlaced))
                self.run_tool('nicenc', 'a.png', 'a.nic')
                self.run_tool('nicdec', 'a.nic', 'b.png')
                width, height, found, pixels = pictures.read_png(self.load('b.png'))
                self.assertEqual((width, height, found), (37, 29, channels))
                alphas = [s for row in rows for s in row[channels - 1::channels]]
                self.assertEqual(pictures.deep_samples(pixels)[channels - 1::channels], alphas)
                self.run_tool('nicdec', '--depth', 8, 'a.nic', 'b.png')
                narrow = pictures.read_png(self.load('b.png'))[3]
                self.assertEqual(list(narrow[channels - 1::channels]), [(a + 128) // 257 for a in alphas])

    def test_grey_stays_grey(self):
        for depth in (1, 2, 4, 8):
            rows = pictures.photo(24, 16, channels=1, depth=depth)
            factor = 255 // ((1 << depth) - 1)
            plain = self.encode(self.store('a.pgm', pictures.pnm([[s * factor for s in row] for row in rows], 1)))
            self.assertEqual(plain[2], 1)
            self.store('a.png', pictures.png(rows, pictures.GREY, depth, interlaced=depth == 4))
            self.assertEqual(self.encode('a.png'), plain)

    def test_palette(self):
        for depth in (1, 2, 4, 8):
            rows = pictures.photo(24, 16, channels=1, depth=depth)
            colours = pictures.palette(1 << depth)
            rgb = [[colours[8 + 3 * index + c] for index in row for c in range(3)] for row in rows]
            self.store('a.png', pictures.png(rows, pictures.PALETTE, depth, extra=colours))
            self.assertEqual(self.encode('a.png'), self.encode(self.store('b.png', pictures.png(rgb))))

    def test_alpha_is_kept_exactly(self):
        def alphas(rows, channels, depth):
            return bytes(s * 255 // ((1 << depth) - 1) for row in rows for s in row[channels - 1::channels])
        for colour, channels, depth in ((pictures.RGB_ALPHA, 4, 8), (pictures.GREY_ALPHA, 2, 8),
                                        (pictures.RGB_ALPHA, 4, 16), (pictures.GREY_ALPHA, 2, 16)):
            rows = pictures.photo(37, 29, channels, 8)
            for row in rows:
                row[channels - 1::channels] = [255 if s > 128 else s for s in row[channels - 1::channels]]
            deep = [[sample * 257 for sample in row] for row in rows] if depth == 16 else rows
            self.store('a.png', pictures.png(deep, colour, depth, interlaced=depth == 16))
            self.run_tool('nicenc', 'a.png', 'a.nic')
            self.run_tool('nicdec', '--depth', 8, 'a.nic', 'b.png')
            result = pictures.read_png(self.load('b.png'))
            self.assertEqual(result[:3], (37, 29, channels))
            self.assertEqual(result[3][channels - 1::channels], alphas(rows, channels, 8))
            info = self.info('a.nic')
            self.assertEqual((info['alpha'], info['channels']), (True, channels))
            self.assertGreater(info['alpha_bytes'], 0)
            self.assertIn(b'with alpha', self.run_tool('nicinfo', 'a.nic').out)
            flat = self.decoded('a.nic', '--quiet', '--depth', 8)
            self.assertEqual(flat[:3], (37, 29, channels - 1))
            opaque = [s for i, s in enumerate(result[3]) if i % channels != channels - 1]
            self.assertEqual(flat[3], bytes(opaque))
            self.run_tool('nicdec', 'a.nic', 'a.pgm', err='nicdec: a.nic: note: PNM has no alpha; it is left out')

    def test_a_transparent_colour_becomes_alpha(self):
        rows = [[(x + y) % 3 for x in range(20)] for y in range(20)]
        one = pictures.chunk(b'tRNS', b'\xff\x80')  # entries 0 and 1 of a palette
        self.store('a.png', pictures.png(rows, pictures.PALETTE, 8, extra=pictures.palette(3) + one))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'b.png')
        alpha = pictures.read_png(self.load('b.png'))[3][3::4]
        self.assertEqual(alpha, bytes((255, 128, 255)[s] for row in rows for s in row))
        grey = [[s * 100 for s in row] for row in rows]
        self.store('a.png', pictures.png(grey, pictures.GREY, extra=pictures.chunk(b'tRNS', b'\0\x64')))
        self.run_tool('nicenc', 'a.png', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'b.png')
        alpha = pictures.read_png(self.load('b.png'))[3][1::2]
        self.assertEqual(alpha, bytes(0 if s == 100 else 255 for row in grey for s in row))

    def test_rows_as_they_are_read_give_the_bytes_of_the_whole_picture(self):
        rows = pictures.photo(70, 200)
        self.store('whole.png', pictures.png(rows, interlaced=True))  # the one kind whose rows come out of order
        self.store('rows.png', pictures.png(rows))
        self.store('rows.ppm', pictures.pnm(rows))
        numbers = '\n'.join(' '.join(map(str, row)) for row in rows)
        self.store('plain.ppm', ('P3 70 200 255\n%s\n' % numbers).encode())
        for options in ((), ('-q', '20', '-v'), ('--target-size', '2000'), ('--target-psnr', '30')):
            files = []
            for name in ('whole.png', 'rows.png', 'rows.ppm', 'plain.ppm'):
                self.run_tool('nicenc', *options, name, 'a.nic', err=r'(?s).*')
                files.append((self.folder / 'a.nic').read_bytes())
            self.assertEqual(files, [files[0]] * 4, options)

    def test_a_picture_that_ends_early_leaves_no_file(self):
        rows = pictures.photo(70, 200)
        for data in (pictures.png(rows)[:-5000], pictures.pnm(rows)[:-5000]):
            self.store('cut', data)
            self.fails('nicenc', 'cut', 'out.nic', status=4, err=r'nicenc: cut: truncated P.*')
            self.assertFalse((self.folder / 'out.nic').exists())
        self.store('cut.ppm', pictures.pnm(rows)[:-5000])
        self.store('good.ppm', pictures.pnm(rows))
        self.run_tool('nicenc', '--output-dir', 'o', 'cut.ppm', 'good.ppm', status=4,
                      err=r'(?s)nicenc: cut\.ppm: truncated.*')
        self.run_tool('nicenc', 'good.ppm', 'alone.nic')
        self.assertEqual((self.folder / 'o/good.nic').read_bytes(), (self.folder / 'alone.nic').read_bytes())

    def test_jpeg(self):
        for name, channels in (('colour', 3), ('grey', 1), ('turned', 3)):
            shutil.copy(DATA / (name + '.jpg'), self.folder)
            self.assertEqual(self.encode(name + '.jpg')[:3], (24, 16, channels))
        self.run_tool('nicenc', '--strip', 'exif', 'turned.jpg', 'a.nic',
                      err=r'nicenc: turned\.jpg: note: the Exif orientation is not kept; .*')
        shutil.copy(DATA / 'cmyk.jpg', self.folder)
        self.fails('nicenc', 'cmyk.jpg', 'out.nic', status=5,
                   err=r'nicenc: cmyk\.jpg: not supported: a CMYK JPEG .*; convert it to RGB first')

    def test_pam(self):
        kinds = ((1, pictures.GREY, 'GRAYSCALE'), (2, pictures.GREY_ALPHA, 'GRAYSCALE_ALPHA'), (3, pictures.RGB, 'RGB'),
                 (4, pictures.RGB_ALPHA, 'RGB_ALPHA'))
        for channels, colour, kind in kinds:
            rows = pictures.photo(24, 16, channels)
            self.store('a.png', pictures.png(rows, colour))
            self.store('a.pam', pictures.pam(rows, channels, kind=kind))
            self.run_tool('nicenc', 'a.png', 'png.nic')
            self.run_tool('nicenc', 'a.pam', 'pam.nic')
            self.assertEqual(self.load('pam.nic'), self.load('png.nic'))
            deep = [[sample * 257 for sample in row] for row in rows]
            self.store('a.pam', pictures.pam(deep, channels, 65535))
            self.run_tool('nicenc', 'a.pam', 'pam.nic')
            if channels % 2:  # what invisible pixels are given has the picture's depth
                self.assertEqual(self.decoded('pam.nic', '--depth', 8), self.decoded('png.nic'))
            self.run_tool('nicdec', 'pam.nic', 'b.png')
            self.run_tool('nicdec', 'pam.nic', 'b.pam')
            self.assertEqual(pictures.read_pam(self.load('b.pam'))[4], pictures.read_png(self.load('b.png'))[3])
            self.run_tool('nicdec', 'png.nic', 'b.png')
            self.run_tool('nicdec', 'png.nic', 'b.pam')
            width, height, depth, told, pixels = pictures.read_pam(self.load('b.pam'))
            self.assertEqual(told, kind)
            self.assertEqual((width, height, depth, pixels), pictures.read_png(self.load('b.png')))

    def test_broken_pam(self):
        def header(**fields):
            values = dict(dict(WIDTH=2, HEIGHT=2, DEPTH=3, MAXVAL=255), **fields)
            return b'P7\n' + b''.join(b'%s %s\n' % (k.encode(), str(v).encode()) for k, v in values.items()) + b'ENDHDR\n'
        for data, status, why in ((header() + bytes(11), 4, 'truncated PNM'), (header(DEPTH=5) + bytes(20), 5, 'not supported: a PAM of 5'),
                                  (header(DEPTH=0), 5, 'not supported'), (header(MAXVAL=0) + bytes(12), 3, 'malformed PNM: MAXVAL'),
                                  (header(MAXVAL=70000), 3, 'malformed PNM: MAXVAL'), (header(WIDTH=0), 3, 'malformed picture'),
                                  (header(WIDTH='x'), 3, 'malformed PNM: field WIDTH'), (header(WIDTH=-5) + bytes(12), 6, 'side too long'),
                                  (header(COLOUR=1), 3, 'malformed PNM: field COLOUR'), (b'P7\nWIDTH 2\n', 4, 'truncated PNM'),
                                  (b'P7\n' + b'x' * 5000, 3, 'malformed PNM: the header has no end'),
                                  (header(WIDTH=70000), 6, 'side too long')):
            self.store('a.pam', data)
            self.fails('nicenc', 'a.pam', 'out.nic', status=status, err='nicenc: a.pam: %s.*' % why)

    def test_deep_and_plain_pnm(self):
        rows = pictures.photo(24, 16)
        reference = self.encode(self.store('a.ppm', pictures.pnm(rows)))
        deep = pictures.pnm([[sample * 257 for sample in row] for row in rows], maximum=65535)
        self.encode(self.store('a.ppm', deep))
        self.assertEqual(self.decoded('a.nic', '--depth', 8), reference)
        text = 'P3 # plain\n24 16 255\n' + '\n'.join(' '.join(map(str, row)) for row in rows)
        self.assertEqual(self.encode(self.store('a.ppm', text.encode())), reference)


if __name__ == '__main__':
    main()

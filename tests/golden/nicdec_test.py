"""nicdec: formats, options, damaged files."""

import subprocess

import pictures
from support import LIBRARY, ToolTest, main


def huge(file):
    """The file with a header of 16384 x 16384 pixels in one slice; `file` has sides below 128 and a model id below 128."""
    header = file[:10] + b'\x80\x80\x01' * 2 + file[12:16] + bytes([file[16] | 15]) + file[17:18]
    check = 0xFFFF
    for byte in header:
        check ^= byte
        for _ in range(8):
            check = check >> 1 ^ (0x8408 if check & 1 else 0)
    return header + (check ^ 0xFFFF).to_bytes(2, 'little') + file[20:]


class Decoding(ToolTest):
    def test_png_and_pnm_hold_the_same_pixels(self):
        self.coded(width=50, height=37)
        self.run_tool('nicdec', 'photo.nic', 'a.png')
        self.run_tool('nicdec', 'photo.nic', 'a.PPM')
        self.run_tool('nicdec', 'photo.nic', 'a.pnm')
        self.assertEqual(pictures.read_png(self.load('a.png')), pictures.read_pnm(self.load('a.PPM')))
        self.assertEqual(self.load('a.PPM'), self.load('a.pnm'))
        self.assertEqual(pictures.read_png(self.load('a.png'))[:3], (50, 37, 3))

    def test_the_option_wins_over_the_name(self):
        self.coded()
        self.run_tool('nicdec', '--output-format', 'ppm', 'photo.nic', 'a.png')
        self.run_tool('nicdec', '--output-format=PNG', 'photo.nic', 'a')
        self.assertEqual(self.load('a.png')[:2], b'P6')
        self.assertEqual(self.load('a')[:4], b'\x89PNG')
        self.fails('nicdec', '--output-format', 'gif', 'photo.nic', 'out', status=2,
                   err="nicdec: --output-format: 'gif' is none of png, pnm, pgm, ppm, pam; .*")
        for name in ('out', 'out.jpg', 'out.nic', 'a.png/out'):
            self.fails('nicdec', 'photo.nic', name, status=2, err='nicdec: cannot tell the format of .*')

    def test_grey_and_colour_on_demand(self):
        self.store('grey.pgm', pictures.pnm(pictures.photo(20, 20, 1), 1))
        self.run_tool('nicenc', 'grey.pgm', 'grey.nic')
        self.coded('colour.nic')
        for name in ('grey', 'colour'):
            self.run_tool('nicdec', name + '.nic', 'a.pgm')
            self.assertEqual(self.load('a.pgm')[:2], b'P5')
            self.run_tool('nicdec', name + '.nic', 'a.ppm')
            self.assertEqual(self.load('a.ppm')[:2], b'P6')
        self.run_tool('nicdec', 'grey.nic', 'a.pnm')
        self.assertEqual(self.load('a.pnm')[:2], b'P5')

    def test_threads_and_targets_do_not_change_pixels(self):
        self.coded(width=300, height=200)
        seen = {self.decoded('photo.nic', '-t', threads) for threads in (1, 2, 3)}
        for target in ('scalar', 'sse4'):
            out = self.run_tool('nicdec', '--output-format', 'pnm', 'photo.nic', '-', env={'NIC_TARGET': target}).out
            seen.add(pictures.read_pnm(out))
        self.assertEqual(len(seen), 1)

    def test_verbose_limits_version_help(self):
        self.coded()
        self.run_tool('nicdec', '-v', 'photo.nic', 'a.png',
                      err=LIBRARY + r'nicdec: photo\.nic: 64 x 48 RGB, [0-9,]+ bytes, [0-9.]+ bpp, [0-9.]+ s, .* megapixels a second.*')
        self.run_tool('nicdec', '--quiet', 'photo.nic', 'a.png')
        self.fails('nicdec', '--max-pixels', 3000, 'photo.nic', 'out.png', status=6,
                   err='nicdec: photo.nic: too many pixels.*; --max-pixels allows it')
        self.fails('nicdec', '--max-memory', '2k', 'photo.nic', 'out.png', status=6,
                   err='nicdec: photo.nic: needs too much memory: .*; --max-memory allows it')
        self.store('huge.nic', huge(self.load('photo.nic')))
        self.fails('nicdec', 'huge.nic', 'out.png', status=6,
                   err='nicdec: huge.nic: too small for its picture: max_work: .*; --max-pixels allows it')
        self.fails('nicdec', '--max-pixels', '300M', 'huge.nic', 'out.png', status=6,
                   err='nicdec: huge.nic: needs too much memory: .*; --max-memory allows it')
        self.assertRegex(self.run_tool('nicdec', '--version').out.decode(), r'^nicdec \d+\.\d+\.\d+\n$')
        text = self.run_tool('nicdec', '--help').out.decode()
        self.assertLess(max(map(len, text.splitlines())), 80)

    def test_the_input_is_never_overwritten(self):
        self.path(self.coded()).rename(self.path('photo.png'))
        before = self.load('photo.png')
        self.fails('nicdec', 'photo.png', 'photo.png', status=2, err='nicdec: the output .* is the input .*')
        self.assertEqual(self.load('photo.png'), before)


    def test_wrong_options(self):
        self.coded()
        for option, values in {
                '--threads': ('-1', '1025', 'x', '1.5'),
                '--max-pixels': ('0', 'x', '-1'),
                '--max-memory': ('0', '1x'),
                '--output-format': ('jpg', ''),
        }.items():
            for value in values:
                self.fails('nicdec', option + '=' + value, 'photo.nic', 'out.png', status=2, err='nicdec: .*')
        self.fails('nicdec', status=2, err='nicdec: no input given.*')
        self.fails('nicdec', 'photo.nic', status=2, err="nicdec: no output given for 'photo.nic'.*")
        self.fails('nicdec', 'photo.nic', 'a.png', 'b.png', status=2, err='nicdec: more than one input needs --output-dir.*')
        self.fails('nicdec', '--quality', '5', 'photo.nic', 'a.png', status=2, err="nicdec: unknown option '--quality'.*")
        self.fails('nicdec', '--keep-going=maybe', 'photo.nic', 'a.png', status=2, err='nicdec: .*')
        self.fails('nicdec', '-t', status=2, err='nicdec: --threads needs a value.*')

    def test_unknown_instructions(self):
        self.coded()
        for target in ('mmx', '', 'AVX2 ', 'x' * 1000):
            if target:
                self.fails('nicdec', 'photo.nic', 'out.png', status=2, env={'NIC_TARGET': target}, err='nicdec: .*NIC_TARGET.*')


class Scale(ToolTest):
    def scaled(self, scale, *options, name='a.ppm', **keywords):
        self.run_tool('nicdec', '--scale', scale, *options, 'photo.nic', name, **keywords)
        return pictures.read_pnm(self.load(name))

    def test_sides_and_threads_and_targets(self):
        self.coded(width=301, height=97)
        for scale, size in (('1/1', (301, 97)), ('1/8', (38, 13)), ('1/16', (19, 7))):
            seen = {self.scaled(scale, '-t', threads) for threads in (1, 3)}
            seen.add(self.scaled(scale, env={'NIC_TARGET': 'scalar'}))
            self.assertEqual(len(seen), 1)
            self.assertEqual(seen.pop()[:2], size)

    def test_it_looks_like_the_picture(self):
        self.coded(width=160, height=96)
        width, _, channels, whole = self.decoded('photo.nic')
        for scale in (8, 16):
            scaled = self.scaled('1/%d' % scale)
            for row in range(96 // scale):
                for column in range(160 // scale):
                    for c in range(channels):
                        square = [whole[((row * scale + y) * width + column * scale + x) * channels + c]
                                  for y in range(scale) for x in range(scale)]
                        sample = scaled[3][(row * scaled[0] + column) * channels + c]
                        self.assertLess(abs(sample - sum(square) / len(square)), 24)

    def test_the_smallest_that_fits(self):
        self.coded(width=320, height=200)
        for fit, scale, size in ((20, '1/16', (20, 13)), (21, '1/8', (21, 13)), (40, '1/8', (40, 25)), (41, '1/1', (41, 26))):
            automatic = self.scaled('auto', '--fit', fit)
            self.assertEqual(automatic[:2], size)
            self.assertEqual(automatic, self.scaled(scale, '--fit', fit))

    def test_wrong_values(self):
        self.coded()
        for text in ('', '8', '1/4', '1/0', '1/32', '1/8x', '0.125', 'half', '-1/8'):
            self.fails('nicdec', '--scale=' + text, 'photo.nic', 'out.png', status=2,
                       err="nicdec: --scale: .*none of 1/1, 1/8, 1/16, auto.*" if text else 'nicdec: --scale.*')
        self.fails('nicdec', '--scale', '1/8', '--region', '0,0,8,8', 'photo.nic', 'out.png', status=2,
                   err='nicdec: --region and --scale exclude each other.*')
        self.fails('nicdec', '--scale', 'auto', 'photo.nic', 'out.png', status=2, err='nicdec: --scale auto needs --fit.*')


class Damage(ToolTest):
    def test_a_damaged_slice(self):
        self.coded(width=200, height=150)
        data = bytearray(self.load('photo.nic'))
        data[-20] ^= 0x55
        self.store('bad.nic', bytes(data))
        self.fails('nicdec', 'bad.nic', 'out.png', status=7,
                   err='nicdec: bad.nic: damaged picture: .*; --keep-going gives what is whole')
        self.run_tool('nicdec', '--keep-going', 'bad.nic', 'rest.png', status=7, err='nicdec: bad.nic: damaged picture: .*')
        self.assertEqual(pictures.read_png(self.load('rest.png'))[:2], (200, 150))

    def test_a_cut_file(self):
        self.coded(width=200, height=150)
        self.store('cut.nic', self.load('photo.nic')[:-30])
        self.fails('nicdec', 'cut.nic', 'out.png', status=4,
                   err=r'nicdec: cut.nic: truncated file: .* \(at byte \d+\); --keep-going gives what is whole')
        self.run_tool('nicdec', '--keep-going', 'cut.nic', 'rest.ppm', status=4,
                      err=r'nicdec: cut.nic: truncated file: .* \(at byte \d+\)')
        self.assertEqual(pictures.read_pnm(self.load('rest.ppm'))[:2], (200, 150))

    def test_every_cut_is_told(self):
        self.coded(width=20, height=20)
        whole = self.load('photo.nic')
        for size in range(len(whole)):
            self.store('cut.nic', whole[:size])
            self.fails('nicdec', 'cut.nic', 'out.png', status=4, err='nicdec: cut.nic: truncated file: .*')

    def test_every_bit_of_the_header(self):
        self.coded(width=20, height=20)
        whole = self.load('photo.nic')
        for bit in range(8 * self.info('photo.nic')['header_bytes']):
            data = bytearray(whole)
            data[bit // 8] ^= 1 << bit % 8
            self.store('bad.nic', bytes(data))
            result = self.run_tool_anyway('bad.nic')
            self.assertIn(result.returncode, (3, 4, 5, 6, 7), bit)
            self.assertRegex(result.stderr.decode(), r'^nicdec: bad\.nic: .+\n$')
            self.assertFalse(self.path('out.ppm').exists())

    def test_a_header_of_two_to_the_31_a_side(self):
        whole = self.load(self.coded())
        self.store('huge.nic', pictures.nic_with_sides(whole, 1 << 31, 1 << 31))
        self.fails('nicdec', 'huge.nic', 'out.png', status=6, err=r'nicdec: huge\.nic: side too long: .*2147483648.*')
        self.fails('nicinfo', 'huge.nic', status=6, err=r'nicinfo: huge\.nic: side too long: .*2147483648.*')
        self.store('large.nic', pictures.nic_with_sides(whole, 60000, 60000))
        self.fails('nicdec', 'large.nic', 'out.png', status=6, err=r'nicdec: large\.nic: too many pixels: .*60000.*')

    def test_damage_is_told_apart_from_the_rest_of_a_batch(self):
        self.coded('good.nic')
        data = bytearray(self.load('good.nic'))
        data[-9] ^= 0x10
        self.store('bad.nic', bytes(data))
        self.run_tool('nicdec', '--output-dir', 'out', 'bad.nic', 'good.nic', status=7, err='nicdec: bad.nic: damaged picture: .*')
        self.assertEqual([path.name for path in self.path('out').iterdir()], ['good.png'])

    def run_tool_anyway(self, name):
        return subprocess.run(self.command('nicdec', name, 'out.ppm'), cwd=self.folder, env=self.environment(),
                              stderr=subprocess.PIPE)


if __name__ == '__main__':
    main()

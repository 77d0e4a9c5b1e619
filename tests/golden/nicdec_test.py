"""nicdec: formats, options, damaged files; nicinfo: text and JSON."""

import json
import subprocess

import pictures
from support import ToolTest, main


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
                   err="nicdec: --output-format: 'gif' is none of png, pnm, pgm, ppm; .*")
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
                      err=r'nicdec: photo\.nic: 64 x 48 RGB, [0-9,]+ bytes, [0-9.]+ bpp, [0-9.]+ s, .* megapixels a second.*')
        self.run_tool('nicdec', '--quiet', 'photo.nic', 'a.png')
        self.fails('nicdec', '--max-pixels', 3000, 'photo.nic', 'out.png', status=6, err='nicdec: photo.nic: too many pixels.*')
        self.fails('nicdec', '--max-memory', '2k', 'photo.nic', 'out.png', status=6, err='nicdec: .*memory.*')
        self.assertRegex(self.run_tool('nicdec', '--version').out.decode(), r'^nicdec \d+\.\d+\.\d+\n$')
        text = self.run_tool('nicdec', '--help').out.decode()
        self.assertLess(max(map(len, text.splitlines())), 80)

    def test_the_input_is_never_overwritten(self):
        self.path(self.coded()).rename(self.path('photo.png'))
        before = self.load('photo.png')
        self.fails('nicdec', 'photo.png', 'photo.png', status=2, err='nicdec: the output .* is the input .*')
        self.assertEqual(self.load('photo.png'), before)


class Damage(ToolTest):
    def test_a_damaged_slice(self):
        self.coded(width=200, height=150)
        data = bytearray(self.load('photo.nic'))
        data[-20] ^= 0x55
        self.store('bad.nic', bytes(data))
        self.fails('nicdec', 'bad.nic', 'out.png', status=7, err='nicdec: bad.nic: damaged picture: .*')
        self.run_tool('nicdec', '--keep-going', 'bad.nic', 'rest.png', status=7, err='nicdec: bad.nic: damaged picture: .*')
        self.assertEqual(pictures.read_png(self.load('rest.png'))[:2], (200, 150))

    def test_a_cut_file(self):
        self.coded(width=200, height=150)
        self.store('cut.nic', self.load('photo.nic')[:-30])
        self.fails('nicdec', 'cut.nic', 'out.png', status=4, err='nicdec: cut.nic: truncated file: .* \\(at byte \\d+\\)')
        self.run_tool('nicdec', '--keep-going', 'cut.nic', 'rest.ppm', status=4, err='nicdec: cut.nic: truncated file: .*')
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

    def run_tool_anyway(self, name):
        return subprocess.run(self.command('nicdec', name, 'out.ppm'), cwd=self.folder, env=self.environment(),
                              stderr=subprocess.PIPE)


class Info(ToolTest):
    def test_text_fits_a_terminal(self):
        self.coded(width=300, height=200)
        lines = self.run_tool('nicinfo', 'photo.nic').out.decode().splitlines()
        self.assertEqual(lines[0], 'photo.nic')
        self.assertLessEqual(max(map(len, lines)), 80)
        for word in ('300 x 200 pixels, RGB, 8 bits', 'bits per pixel', 'header', 'hyper-latents', 'latents', 'model',
                     'digest', 'level', 'slices', 'version'):
            self.assertTrue(any(word in line for line in lines), word)

    def test_json_adds_up(self):
        self.coded(width=300, height=200)
        info = self.info('photo.nic')
        size = self.path('photo.nic').stat().st_size
        parts = [info[name] for name in ('header_bytes', 'metadata_bytes', 'hyper_latent_bytes', 'latent_bytes')]
        self.assertEqual((info['bytes'], info['bytes_present'], sum(parts)), (size, size, size))
        self.assertLessEqual(info['header_bytes'], 32)
        self.assertEqual((info['width'], info['height'], info['channels'], info['bit_depth']), (300, 200, 3, 8))
        self.assertAlmostEqual(info['bits_per_pixel'], size * 8 / 60000)
        self.assertEqual(len(info['slices']), info['slice_columns'] * info['slice_rows'])
        self.assertRegex(info['model']['digest'], '^[0-9a-f]{6}$')

    def test_several_files(self):
        self.coded('a.nic')
        self.coded('b.nic', 30, 20)
        infos = json.loads(self.run_tool('nicinfo', '--json', 'a.nic', 'b.nic').out)
        self.assertEqual([info['file'] for info in infos], ['a.nic', 'b.nic'])
        text = self.run_tool('nicinfo', 'a.nic', 'absent', 'b.nic', status=1,
                             err='nicinfo: absent: cannot open: No such file or directory').out.decode()
        self.assertIn('a.nic\n', text)
        self.assertIn('\n\nb.nic\n', text)

    def test_standard_input(self):
        data = self.load(self.coded())
        text = self.run_tool('nicinfo', '-', input=data).out.decode()
        self.assertTrue(text.startswith('standard input\n'))

    def test_a_cut_file_is_described_as_far_as_it_goes(self):
        self.coded(width=200, height=150)
        self.store('cut.nic', self.load('photo.nic')[:-30])
        result = self.run_tool('nicinfo', '--json', 'cut.nic', status=4, err='nicinfo: cut.nic: truncated file: .*')
        info = json.loads(result.out)
        self.assertEqual(info['bytes'] - info['bytes_present'], 30)
        text = self.run_tool('nicinfo', 'cut.nic', status=4, err='nicinfo: .*').out.decode()
        self.assertIn('missing', text)

    def test_usage(self):
        self.fails('nicinfo', status=2, err='nicinfo: no input given; .*')
        self.fails('nicinfo', '--xml', 'a', status=2, err="nicinfo: unknown option '--xml'; .*")
        self.assertRegex(self.run_tool('nicinfo', '--version').out.decode(), r'^nicinfo \d')
        self.assertLess(max(map(len, self.run_tool('nicinfo', '--help').out.decode().splitlines())), 80)

    def test_files_that_are_none(self):
        self.store('empty', b'')
        self.store('text', b'hello\n' * 1000)
        self.fails('nicinfo', 'empty', status=4, err='nicinfo: empty: truncated file: .*')
        self.fails('nicinfo', 'text', status=3, err='nicinfo: text: not a .nic file: .*')
        self.fails('nicinfo', '.', status=1, err='nicinfo: .: cannot read: Is a directory')


if __name__ == '__main__':
    main()

"""nicbench as a shell user sees it. Uses what the other command-line tests share."""

import json
import os
import pty
import re

import pictures
from support import ToolTest, main

WIDTH, HEIGHT = 192, 176
SKIPPED = '(nicbench: note: [^\n]* is skipped: [^\n]*\n?)*'


def drain(master):
    """What a program that has ended wrote to a terminal."""
    shown = b''
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # how Linux tells the end
            data = b''
        if not data:
            return shown.decode()
        shown += data


class Bench(ToolTest):
    def setUp(self):
        super().setUp()
        self.path('in').mkdir()

    def add(self, name, width=WIDTH, height=HEIGHT, channels=3):
        rows = pictures.photo(width, height, channels)
        return self.store('in/' + name, pictures.pnm(rows, channels))

    def bench(self, *arguments, err='', **options):
        return self.run_tool('nicbench', *arguments, err=err, **options).out.decode()


class Psnr(Bench):
    def test_equal(self):
        self.add('a.ppm')
        self.assertEqual(self.bench('psnr', 'in/a.ppm', 'in/a.ppm'), 'PSNR inf dB, MS-SSIM 1.00000 (inf dB)\n')

    def test_one_level_apart(self):
        rows = pictures.photo(WIDTH, HEIGHT)
        shifted = [[sample + (1 if sample < 255 else -1) for sample in row] for row in rows]
        self.store('a.ppm', pictures.pnm(rows))
        self.store('b.png', pictures.png(shifted))
        result = json.loads(self.bench('psnr', '--json', 'a.ppm', 'b.png'))
        self.assertAlmostEqual(result['psnr'], 48.1308, 3)
        self.assertGreater(result['ms_ssim'], 0.999)
        self.assertGreater(result['ms_ssim_db'], 30)

    def test_tiny(self):
        self.add('a.ppm', 20, 10)
        self.assertEqual(self.bench('psnr', 'in/a.ppm', 'in/a.ppm'), 'PSNR inf dB, MS-SSIM n/a\n')
        self.assertIsNone(json.loads(self.bench('psnr', '--json', 'in/a.ppm', 'in/a.ppm'))['ms_ssim'])

    def test_failures(self):
        self.add('a.ppm', 20, 10)
        self.add('b.ppm', 10, 20)
        self.store('text', b'no picture')
        self.bench('psnr', 'in/a.ppm', 'in/b.ppm', status=1,
                   err='nicbench: the pictures differ in size: 20 x 10 and 10 x 20')
        self.bench('psnr', 'in/a.ppm', 'absent', status=1, err='nicbench: absent: cannot open: No such file or directory')
        self.bench('psnr', 'text', 'in/a.ppm', status=3, err='nicbench: text: not a PNG, JPEG or PNM picture')


class RateDistortion(Bench):
    def test_run(self):
        self.add('a.ppm')
        self.add('b.ppm', 200, 177)
        out = self.bench('rd', 'in', '--peers', 'none', '--rates', '0,1+128,4', '--json', 'rd.json', '--csv', 'rd.csv',
                         '--each', '--name', 'ours')
        self.assertIn('2 of 2 pictures, averages over 2\n', out)
        self.assertIn('size or PSNR fails to rise from one rate to the next 0 times', out)
        run = json.loads(self.load('rd.json'))
        curve = run['curves']['ours']
        self.assertEqual((run['kind'], run['nic'], curve['rate']), ('rd', 'ours', ['0+0', '1+128', '4+0']))
        self.assertEqual([picture['name'] for picture in run['pictures']], ['a', 'b'])
        for i in range(3):
            bpp = [8 * picture['codecs']['ours']['bytes'][i] / picture['width'] / picture['height']
                   for picture in run['pictures']]
            self.assertAlmostEqual(curve['bpp'][i], sum(bpp) / 2, 5)
            # These pictures are small: the coder's lanes may cost them 5 bytes each.
            self.assertLess(curve['estimated_bpp'][i], curve['bpp'][i])
            self.assertGreater(curve['estimated_bpp'][i], curve['bpp'][i] - 40 / 20000)
        self.assertEqual(curve['psnr_rgb'], sorted(curve['psnr_rgb']))
        self.assertEqual(len(self.load('rd.csv').splitlines()), 7)

    def test_bytes_and_psnr_are_the_tools(self):
        self.add('a.ppm')
        self.bench('rd', 'in', '--peers', 'none', '--rates', '2+64', '--json', 'rd.json')
        sample = json.loads(self.load('rd.json'))['pictures'][0]['codecs']
        (sample,) = sample.values()
        self.run_tool('nicenc', '--gain-level', 2, '--interp', 64, 'in/a.ppm', 'a.nic')
        self.run_tool('nicdec', 'a.nic', 'a.png')
        self.assertEqual(sample['bytes'], [len(self.load('a.nic'))])
        psnr = json.loads(self.bench('psnr', '--json', 'in/a.ppm', 'a.png'))['psnr']
        self.assertAlmostEqual(sample['psnr_rgb'][0], psnr, 3)

    def test_against_itself(self):
        self.add('a.ppm')
        self.bench('rd', 'in', '--peers', 'none', '--steps', 1, '--json', 'rd.json', '--name', 'before')
        out = self.bench('rd', 'in', '--peers', 'none', '--steps', 1, '--against', 'rd.json:before')
        self.assertRegex(out, r'\| before +\| +n/a \| +n/a \| +\+0\.00 % \| +\+0\.00 % \|')

    def test_a_broken_picture_does_not_stop_the_rest(self):
        self.add('a.ppm')
        self.store('in/b.png', pictures.png(pictures.photo(WIDTH, HEIGHT))[:2000])
        self.store('in/c.jpg', b'')
        self.add('d.ppm', 40, 30)
        out = self.bench('rd', 'in', '--peers', 'none', '--rates', '1,3', '--json', 'rd.json', status=1,
                         err='nicbench: in/b.png: [^\n]*\nnicbench: in/c.jpg: empty file')
        self.assertIn('2 of 4 pictures, averages over 2\n', out)
        run = json.loads(self.load('rd.json'))
        self.assertEqual([picture['name'] for picture in run['pictures']], ['a', 'd'])
        (curve,) = run['curves'].values()
        self.assertNotIn('ms_ssim', curve)  # one picture is too small for it

    def test_progress_and_time_left(self):
        for name in 'abc':
            self.add(name + '.ppm')
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        out = self.bench('rd', 'in', '--peers', 'none', '--rates', '0,3', stderr=slave)
        os.close(slave)
        shown = drain(master)
        # Two codings of each of three pictures; how long they will take is told from the first on.
        self.assertRegex(shown, r'\r33 %, \d+ s left: b, ')
        self.assertTrue(shown.endswith('\r\x1b[K'), shown)
        self.assertNotIn('\x1b', out)

    def test_grey(self):
        self.add('a.pgm', channels=1)
        self.bench('rd', 'in', '--rates', '2', '--peers', 'all', err=SKIPPED)

    def test_nothing_to_measure(self):
        self.bench('rd', 'in', status=1, err='nicbench: no pictures in in: none is named .*')
        self.bench('rd', 'absent', status=1, err='nicbench: cannot open absent: No such file or directory')

    def test_usage(self):
        self.add('a.ppm')
        for arguments, err in ((['rd'], 'FOLDER is required.*'), (['rd', 'in', '--steps', '0'], '--steps.*'),
                               ([], 'A subcommand is required.*'), (['rd', 'in', '--bogus'], '.*--bogus.*'),
                               (['rd', 'in', '--peers', 'gif'], 'no peer is named gif: .*'),
                               (['rd', 'in', '--rates', 'x'], '"x" is no rate.*'),
                               (['rd', 'in', '--rates', '200'], 'rate 200: the model ends at .*')):
            self.bench(*arguments, status=2, err='nicbench: ' + err)
        self.bench('rd', 'in', '--model', 'absent.nicm', status=5, err='nicbench: model absent.nicm: no such file .*')
        self.bench('rd', 'in', '--against', 'absent.json', status=1, err='nicbench: cannot open absent.json: .*')

    def test_missing_peers_are_skipped(self):
        self.add('a.ppm')
        out = self.bench('rd', 'in', '--rates', '1,2', env={'PATH': '/nowhere'},
                         err=r'(nicbench: note: \w+ is skipped: [^\n]* is not installed \(package [^\n]*\)\n?){6}')
        self.assertIn('1 of 1 pictures', out)


class Exact(Bench):
    def test_every_way_agrees(self):
        self.add('a.ppm', 70, 50)
        out = self.bench('exact', 'in', '--rates', '0,3+100', '--json', 'exact.json')
        self.assertIn('| scalar | ', out)
        ways = json.loads(self.load('exact.json'))['ways']
        self.assertGreaterEqual(len(ways), 3)
        for way in ways:
            self.assertEqual((way['pairs'], way['other_bytes'], way['other_pixels']), (2, 0, 0))

    def test_hashes_of_elsewhere(self):
        self.add('a.ppm', 70, 50)
        arguments = ['exact', 'in', '--rates', '2', '--targets', 'scalar', '--threads', '1']
        self.bench(*arguments, '--json', 'exact.json')
        self.assertIn('1 compared with the hashes given', self.bench(*arguments, '--expect', 'exact.json'))
        hashes = json.loads(self.load('exact.json'))
        hashes['hashes']['a 2+0'][1] = '0' * 16
        self.store('exact.json', json.dumps(hashes).encode())
        self.bench(*arguments, '--expect', 'exact.json', status=1,
                   err='nicbench: a 2\\+0, scalar, 1 threads: the pixels differ')
        self.store('exact.json', b'{}')
        self.bench(*arguments, '--expect', 'exact.json', status=3, err='nicbench: exact.json holds no hashes: .*')

    def test_unknown_target(self):
        self.add('a.ppm', 70, 50)
        self.bench('exact', 'in', '--targets', 'abacus', status=2, err='nicbench: .*abacus.*')


class Speed(Bench):
    def test_library_and_programs(self):
        self.add('a.ppm', 120, 90)
        out = self.bench('speed', 'in', '--rounds', 2, '--peers', 'none', '--json', 'speed.json')
        self.assertRegex(out, r'\| nic \(library\) +\| +1 \|')
        entries = json.loads(self.load('speed.json'))['entries']
        self.assertEqual([(entry['codec'], entry['threads']) for entry in entries],
                         [('nic (library)', 1), ('nic', 1), ('nic (library)', 2), ('nic', 2)])
        for entry in entries:
            self.assertGreater(entry['encode_mp_s'], 0)
            self.assertGreater(entry['decode_mp_s'], 0)
            self.assertGreater(entry['decode_memory'], 1 << 20)
            self.assertLessEqual(entry['bpp'], 0.75)
        self.bench('plot', 'speed.json', '-o', 'speed.svg')
        self.assertIn(b'decoding, megapixels a second', self.load('speed.svg'))


class Pictures(Bench):
    def test_compare(self):
        self.add('a.ppm')
        out = self.bench('compare', 'in/a.ppm', '--bytes', 3000, '--peers', 'none', '-o', 'strip.ppm')
        sizes = [int(size) for size in re.findall(r'^\| \S+ +\| +\S+ \| +(\d+) \|', out, re.MULTILINE)]
        self.assertEqual(len(sizes), 1)
        self.assertLessEqual(sizes[0], 3000)
        self.assertGreater(sizes[0], 2800)
        width, height, channels, data = pictures.read_pnm(self.load('strip.ppm'))
        self.assertEqual((width, channels), (2 * (WIDTH + 8) + 8, 3))
        self.assertGreater(height, HEIGHT)
        original = b''.join(bytes(row) for row in pictures.photo(WIDTH, HEIGHT))
        top = height - 8 - HEIGHT
        for y in range(HEIGHT):
            at = ((top + y) * width + 8) * 3
            self.assertEqual(data[at:at + WIDTH * 3], original[y * WIDTH * 3:(y + 1) * WIDTH * 3])

    def test_compare_failures(self):
        self.add('a.ppm')
        compare = ['compare', 'in/a.ppm', '--peers', 'none', '-o', 'strip.ppm']
        self.fails('nicbench', *compare, '--crop', '999x1+0+0', status=2, err='nicbench: .* is no part of the picture.*')
        self.fails('nicbench', *compare, '--bytes', '10', '--bpp', '1', status=2, err='nicbench: .*excludes.*')
        self.fails('nicbench', *compare, '--bpp', '-1', status=2, err='nicbench: --bpp.*')

    def test_plot(self):
        self.add('a.ppm')
        self.bench('rd', 'in', '--peers', 'none', '--steps', 1, '--json', 'rd.json')
        for metric in ('psnr', 'ms-ssim'):
            self.bench('plot', 'rd.json', '--metric', metric, '--max-bpp', 9, '-o', metric + '.svg')
            self.assertIn(metric.upper().encode() + b' (dB)', self.load(metric + '.svg'))

    def test_plot_failures(self):
        self.store('a.json', b'{"curves": {"a": {"bpp": [1], "psnr_rgb": [30]}}}')
        self.fails('nicbench', 'plot', 'a.json', '-o', 'a.svg', status=1, err='nicbench: nothing to draw')
        self.store('b.json', b'{"curves": {"a": {"bpp": [1, 2], "psnr_rgb": [30, 33]}}}')
        self.fails('nicbench', 'plot', 'b.json', '-o', 'a.gif', status=2, err='nicbench: a.gif: .*')
        self.fails('nicbench', 'plot', 'b.json', '-o', 'a.png', status=1, env={'PATH': '/nowhere'},
                   err='nicbench: rsvg-convert is not installed: .*')
        self.bench('plot', 'b.json', '-o', 'a.svg')

    def test_mosaic_and_usage(self):
        self.add('a.ppm', 40, 30)
        self.bench('mosaic', 'in', '-o', 'm.ppm', '--width', 100, '--height', 70)
        self.assertEqual(pictures.read_pnm(self.load('m.ppm'))[:3], (100, 70, 3))
        out = self.bench('usage', '--', 'true').split()
        self.assertEqual(len(out), 3)
        self.assertGreater(float(out[2]), 0)


if __name__ == '__main__':
    main()

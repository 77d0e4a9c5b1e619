"""nicinfo: text and JSON, of whole files and of others."""

import json
import re

import pictures
from support import ToolTest, main


class Description(ToolTest):
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
        parts = [info[name] for name in ('header_bytes', 'metadata_bytes', 'alpha_bytes', 'hyper_latent_bytes', 'latent_bytes')]
        self.assertEqual((info['bytes'], info['bytes_present'], sum(parts)), (size, size, size))
        self.assertLessEqual(info['header_bytes'], 32)
        self.assertEqual((info['width'], info['height'], info['channels'], info['bit_depth']), (300, 200, 3, 8))
        self.assertAlmostEqual(info['bits_per_pixel'], size * 8 / 60000)
        self.assertEqual(len(info['slices']), info['slice_columns'] * info['slice_rows'])
        self.assertRegex(info['model']['digest'], '^[0-9a-f]{6}$')

    def test_memory_is_what_decoding_takes(self):
        self.coded(width=1500, height=900)
        told = self.info('photo.nic')['decode_memory'] - self.path('photo.nic').stat().st_size
        told_text = self.run_tool('nicinfo', 'photo.nic').out.decode()
        self.assertRegex(told_text, r'to decode +[\d,]+ bytes of memory')
        result = self.run_tool('nicdec', '-v', '-t', 1, 'photo.nic', 'a.ppm', err='.*')
        measured = 1e6 * float(re.search(r'peak memory (\d+) MB', result.err).group(1))
        self.assertGreater(told, 0.85 * measured)
        self.assertLess(told, 1.35 * measured)

    def test_memory_of_smaller_pictures(self):
        self.coded(width=1500, height=900)
        info = self.info('photo.nic')
        told = info['decode_memory_scaled']
        self.assertEqual(list(told), ['1/8', '1/16'])
        text = self.run_tool('nicinfo', 'photo.nic').out.decode()
        for scale, memory in told.items():
            self.assertLess(memory, info['decode_memory'])  # the package has networks for them
            self.assertRegex(text, r'(?m)^    to %s a side +[\d,]+ bytes of memory$' % scale)
            result = self.run_tool('nicdec', '-v', '-t', 1, '--scale', scale, 'photo.nic', 'a.ppm', err='.*')
            measured = 1e6 * float(re.search(r'peak memory (\d+) MB', result.err).group(1))
            self.assertGreater(memory - info['bytes'], 0.85 * measured)
            self.assertLess(memory - info['bytes'], 1.35 * measured)

    def test_pictures_beyond_the_limits_are_described(self):
        whole = self.load(self.coded('photo.nic', 64, 48, '--slice-side', 2097152))
        self.store('large.nic', pictures.nic_with_sides(whole, 60000, 50000))
        self.fails('nicdec', 'large.nic', 'out.png', status=6, err='nicdec: large.nic: too many pixels: .*')
        info = self.info('large.nic')
        self.assertEqual((info['width'], info['height'], info['bytes']), (60000, 50000, len(self.load('large.nic'))))
        self.assertGreater(info['decode_memory'], 60000 * 3)

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

    def test_every_cut_is_told(self):
        whole = self.load(self.coded(width=20, height=20))
        for size in range(len(whole)):
            self.store('cut.nic', whole[:size])
            result = self.run_tool('nicinfo', '--json', 'cut.nic', status=4, err='nicinfo: cut.nic: truncated file: .*')
            if result.out:
                self.assertEqual(json.loads(result.out)['bytes_present'], size)

    def test_slices_are_listed(self):
        self.coded(width=1100, height=40)
        info = self.info('photo.nic')
        self.assertEqual((info['slice_columns'], info['slice_rows'], info['slice_side']), (2, 1, 1024))
        self.assertEqual([(s['x'], s['y'], s['width'], s['height']) for s in info['slices']],
                         [(0, 0, 1024, 40), (1024, 0, 76, 40)])
        ends = [s['offset'] + s['bytes'] for s in info['slices']]
        self.assertEqual((info['slices'][1]['offset'], info['bytes']), (ends[0], ends[1]))
        text = self.run_tool('nicinfo', 'photo.nic').out.decode()
        for s in info['slices']:
            self.assertRegex(text, r'(?m)^ +%d,%d +%d x %d .* %s ' % (s['x'], s['y'], s['width'], s['height'], s['check']))
        self.assertRegex(text, r'level %d \+ %d/256' % (info['gain_level'], info['interpolation']))

    def test_no_model_is_needed(self):
        self.photo()
        self.run_tool('write_small_model', 5, 4242, 'foreign.nicm')
        self.run_tool('nicenc', '-m', 'foreign.nicm', 'photo.png', 'photo.nic')
        self.path('foreign.nicm').unlink()
        info = self.info('photo.nic')
        self.assertEqual((info['width'], info['height'], info['model']['id'], info['model']['name']), (64, 48, 4242, None))
        self.assertRegex(self.run_tool('nicinfo', 'photo.nic').out.decode(), 'model +not known here, id 4242, digest')

    def test_json_of_several_files_leaves_out_the_bad_ones(self):
        self.coded('a.nic')
        self.store('bad', b'nothing of the kind')
        result = self.run_tool('nicinfo', '--json', 'bad', 'a.nic', status=3, err='nicinfo: bad: not a .nic file: .*')
        self.assertEqual([info['file'] for info in json.loads(result.out)], ['a.nic'])

    def test_strange_names(self):
        name = b'a\x1b[31m\xff.nic'.decode('utf-8', 'surrogateescape')
        self.coded(name)
        self.assertNotIn(b'\x1b', self.run_tool('nicinfo', name).out)
        json.loads(self.run_tool('nicinfo', '--json', name).out)

    def test_files_that_are_none(self):
        self.store('empty', b'')
        self.store('text', b'hello\n' * 1000)
        self.fails('nicinfo', 'empty', status=4, err='nicinfo: empty: truncated file: it is empty')
        self.fails('nicinfo', 'text', status=3, err='nicinfo: text: not a .nic file: .*')
        self.fails('nicinfo', '.', status=1, err='nicinfo: .: cannot read: Is a directory')


if __name__ == '__main__':
    main()

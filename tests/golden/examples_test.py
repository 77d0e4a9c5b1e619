"""The programs in examples/ do what they say, and what the tools do."""

import pictures
from support import ToolTest, main


class Examples(ToolTest):
    def test_decode_to_ppm(self):
        self.coded(width=70, height=50)
        self.run_tool('example_decode_to_ppm', 'photo.nic', 'a.ppm')
        self.run_tool('nicdec', 'photo.nic', 'b.ppm')
        self.assertEqual(self.load('a.ppm'), self.load('b.ppm'))
        self.fails('example_decode_to_ppm', 'a.ppm', 'out.ppm', status=1, err='a.ppm: .+')
        self.fails('example_decode_to_ppm', status=2, err='usage: .*')

    def test_encode_from_ppm(self):
        self.store('a.ppm', pictures.pnm(pictures.photo(300, 200)))
        self.run_tool('nicenc', 'a.ppm', 'reference.nic')
        target = self.path('reference.nic').stat().st_size
        result = self.run_tool('example_encode_from_ppm', 'a.ppm', 'a.nic', target)
        size = self.path('a.nic').stat().st_size
        self.assertLessEqual(size, target)
        self.assertGreater(size, 0.97 * target)
        self.assertRegex(result.out.decode(), '^%d bytes, ' % size)
        self.assertEqual(self.decoded('a.nic')[:3], (300, 200, 3))
        self.assertIn(b'out of reach', self.run_tool('example_encode_from_ppm', 'a.ppm', 'a.nic', 40).out)
        self.fails('example_encode_from_ppm', 'a.nic', 'out.nic', target, status=1, err='a.nic: not an 8-bit PPM')

    def test_inspect(self):
        self.coded(width=70, height=50)
        self.assertRegex(self.run_tool('example_inspect', 'photo.nic').out.decode(), r'^70 x 50, RGB, model \d+, gain level')
        self.store('head', self.load('photo.nic')[:40])
        self.assertRegex(self.run_tool('example_inspect', 'head').out.decode(), r'^70 x 50, RGB, ')
        self.store('text', b'no picture, but long enough')
        self.fails('example_inspect', 'text', status=1, err='text: NIC_NOT_NIC: .+')

    def test_decode_stream(self):
        self.coded(width=150, height=120)
        self.run_tool('nicdec', 'photo.nic', 'b.ppm')
        result = self.run_tool('example_decode_stream', input=self.load('photo.nic'))
        self.assertEqual(result.out, self.load('b.ppm'))
        cut = self.load('photo.nic')[:-10]
        result = self.run_tool('example_decode_stream', input=cut, status=1, err='NIC_TRUNCATED: slice 0: .*')
        self.assertEqual(len(result.out), len(self.load('b.ppm')))

    def test_encode_rows(self):
        self.store('a.ppm', pictures.pnm(pictures.photo(300, 200)))
        self.run_tool('nicenc', 'a.ppm', 'reference.nic')
        self.run_tool('example_encode_rows', 'a.ppm', 'a.nic')
        self.assertEqual(self.load('a.nic'), self.load('reference.nic'))
        self.store('short.ppm', self.load('a.ppm')[:-1])
        self.run_tool('example_encode_rows', 'short.ppm', 'b.nic', status=1, err='short.ppm: .*')

    def test_decode_with_limits(self):
        self.coded(width=200, height=100)
        width, height, channels, pixels = self.decoded('photo.nic')
        out = self.run_tool('example_decode_with_limits', 'photo.nic', 20000, 2).out.decode()
        mean = sum(pixels) / len(pixels)
        self.assertRegex(out, r'^mean %.2f of 60000 samples, at most \d+ bytes of memory\n$' % mean)
        out = self.run_tool('example_decode_with_limits', 'photo.nic', 19999, 2, status=1).out.decode()
        self.assertRegex(out, '^NIC_LIMIT_PIXELS: ')
        out = self.run_tool('example_decode_with_limits', 'photo.nic', 20000, 0.4, status=1).out.decode()
        self.assertRegex(out, '^NIC_CANCELLED: ')


if __name__ == '__main__':
    main()

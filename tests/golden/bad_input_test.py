"""Bad input, as people meet it: the exit status, one line of message, and no half file."""

import os
import shutil
import signal
import struct
import subprocess
import time
import unittest
import zlib

import pictures
from support import BIN, DATA, ToolTest, main

NOBODY = 65534


def chunks_of(data):
    """(begin, name, end) of every chunk of a PNG."""
    at = 8
    while at < len(data):
        size, name = struct.unpack('>I4s', data[at:at + 8])
        yield at, name, at + 12 + size
        at += 12 + size


class Pictures(ToolTest):
    def test_a_png_with_a_broken_chunk(self):
        rows = pictures.photo(30, 20)
        data = pictures.png(rows, extra=pictures.metadata_chunks(exif=pictures.exif(6)))
        for begin, name, end in chunks_of(data):
            critical = name in (b'IHDR', b'IDAT')
            for place in (begin + 8, end - 1):
                if name == b'IEND' or (name == b'eXIf' and place == end - 1):
                    continue
                broken = bytearray(data)
                broken[place] ^= 0x10
                self.store('a.png', bytes(broken))
                if critical:
                    self.fails('nicenc', 'a.png', 'out.nic', status=3, err=r'nicenc: a\.png: malformed PNG: .+')
                else:  # metadata never keep a picture from being encoded
                    self.run_tool('nicenc', 'a.png', 'a.nic', err=None)
                    self.path('a.nic').unlink()
            self.store('a.png', data[:begin + 6])
            self.fails('nicenc', 'a.png', 'out.nic', status=4, err=r'nicenc: a\.png: truncated PNG: the file ends early')
        self.store('a.png', data[:8] + pictures.chunk(b'ABCD', b'unknown and critical') + data[8:])
        self.fails('nicenc', 'a.png', 'out.nic', status=3, err=r'nicenc: a\.png: malformed PNG: .+')
        no_pixels = b''.join(data[begin:end] for begin, name, end in chunks_of(data) if name != b'IDAT')
        self.store('a.png', data[:8] + no_pixels)
        self.fails('nicenc', 'a.png', 'out.nic', status=3, err=r'nicenc: a\.png: malformed PNG: .+')
        idat = pictures.chunk(b'IDAT', zlib.compress(b'\0' * 10))
        self.store('a.png', data[:33] + idat + pictures.chunk(b'IEND', b''))
        self.run_tool('nicenc', 'a.png', 'a.nic', status=3, err=r'nicenc: a\.png: malformed PNG: .+')

    def test_a_deep_interlaced_png_of_grey_and_alpha(self):
        rows = pictures.photo(33, 21, 2, 16)
        self.store('a.png', pictures.png(rows, pictures.GREY_ALPHA, 16, interlaced=True))
        self.run_tool('nicenc', '--quiet', 'a.png', 'a.nic')
        self.run_tool('nicdec', '--quiet', 'a.nic', 'b.pam')
        width, height, channels, kind, pixels = pictures.read_pam(self.load('b.pam'))
        self.assertEqual((width, height, channels, kind), (33, 21, 2, 'GRAYSCALE_ALPHA'))
        self.assertEqual(pictures.deep_samples(pixels)[1::2], [sample for row in rows for sample in row[1::2]])

    def test_a_cmyk_jpeg(self):
        shutil.copy(DATA / 'cmyk.jpg', self.folder)
        self.fails('nicenc', 'cmyk.jpg', 'out.nic', status=5,
                   err=r'nicenc: cmyk\.jpg: not supported: a CMYK JPEG needs .*; convert it to RGB first')

    def test_a_profile_of_100_mb(self):
        profile = pictures.profile(b'huge', padding=100_000_000)
        self.store('a.png', pictures.png(pictures.photo(30, 20), extra=pictures.metadata_chunks(icc=profile)))
        self.fails('nicenc', 'a.png', 'out.nic', status=6,
                   err=r'nicenc: a\.png: too much metadata: .*; leave it out with --strip')
        self.run_tool('nicenc', '--strip', 'icc', 'a.png', 'a.nic')

    def test_a_mask_of_another_size(self):
        self.photo('a.png', 30, 20)
        self.store('mask.png', pictures.png(pictures.photo(20, 30, 1), pictures.GREY))
        self.fails('nicenc', '--roi', 'mask.png', 'a.png', 'out.nic', status=2, err=r'nicenc: .*mask.*30 x 20.*')

    def test_a_region_outside(self):
        self.coded()
        self.fails('nicdec', '--region', '60,40,10,10', 'photo.nic', 'out.png', status=2,
                   err=r'nicdec: photo\.nic: --region: .*')


class Places(ToolTest):
    def other_user(self):
        """Options for running a tool as a user without rights in the test's folder."""
        if os.getuid() != 0:
            return {}
        options = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
        if subprocess.run(['test', '-x', str(BIN / 'nicdec')], **options).returncode != 0:
            self.skipTest('the build folder is closed to other users')
        return options

    def test_an_output_folder_without_permission(self):
        self.coded('a.nic')
        self.coded('b.nic')
        self.path('closed').mkdir(mode=0o555)
        options = self.other_user()
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        # One line for the folder, not one for each file.
        self.fails('nicdec', '--output-dir', 'closed', 'a.nic', 'b.nic', status=1,
                   err='nicdec: closed: cannot write into the folder: Permission denied', **options)
        self.fails('nicdec', '--output-dir', 'new/deep', 'a.nic', 'b.nic', status=1,
                   err='nicdec: new/deep: cannot make the folder: Permission denied', **options)
        self.fails('nicenc', '--output-dir', 'closed', 'a.nic', status=1,
                   err='nicenc: closed: cannot write into the folder: Permission denied', **options)

    def test_a_folder_that_cannot_be_listed(self):
        self.path('in/open').mkdir(parents=True)
        self.photo('in/open/a.png')
        self.path('in/closed').mkdir(mode=0)
        self.path('out').mkdir()
        self.path('out').chmod(0o777)
        self.run_tool('nicenc', '-r', '--output-dir', 'out', 'in', status=1, **self.other_user(),
                      err='nicenc: in/closed/: cannot list the folder: Permission denied')
        self.assertTrue(self.path('out/open/a.nic').exists())

    def test_a_full_disk(self):
        """A file system of 64 KiB in a name space of its own, where such a thing may be made."""
        self.coded(width=400, height=300)
        self.path('small').mkdir()
        self.photo('photo.png', 400, 300)
        script = ('mount -t tmpfs -o size=64k none small || exit 77; "{0}/nicdec" photo.nic small/a.png; echo $?; '
                  'ls -A small; head -c 1000000 /dev/zero > small/filler 2>/dev/null; '
                  '"{0}/nicenc" photo.png small/a.nic; echo $?; ls -A small').format(BIN)
        unshare = ['unshare', '--mount'] if os.getuid() == 0 else ['unshare', '--mount', '--map-root-user']
        try:
            done = subprocess.run(unshare + ['sh', '-c', script], cwd=self.folder, env=self.environment(), capture_output=True)
        except FileNotFoundError:
            self.skipTest('needs unshare')
        if done.returncode == 77 or not done.stdout:
            self.skipTest('no file system can be mounted here')
        self.assertEqual(done.stdout.decode().split('\n'), ['1', '1', 'filler', ''])
        self.assertEqual(done.stderr.decode().splitlines(),
                         ["nicdec: photo.nic: cannot write 'small/a.png': No space left on device",
                          "nicenc: photo.png: cannot write 'small/a.nic': No space left on device"])

    def test_help_that_cannot_be_printed(self):
        for option in ('--help', '--version', '--completion=fish'):
            with open('/dev/full', 'wb') as full:
                self.run_tool('nicdec', option, status=1, stdout=full,
                              err='nicdec: cannot write to standard output: No space left on device')

    def test_a_closed_pipe(self):
        self.coded(width=300, height=300)
        self.photo('photo.png', 300, 300)
        for command in ('nicdec photo.nic -', 'nicenc photo.png -', 'nicinfo photo.nic', 'nicenc --completion bash', 'nicdec --help',
                        'nicenc --json --output-dir out photo.png'):
            line = '{ trap "" PIPE; sleep 0.2; "%s"/%s; echo $? >&3; } 3>status | true' % (BIN, command)
            done = subprocess.run(['sh', '-c', line], cwd=self.folder, env=self.environment(), capture_output=True)
            self.assertEqual(done.stderr, b'', command)
            self.assertEqual(self.load('status'), b'1\n', command)


class Signals(ToolTest):
    def interrupt(self, tool, output, inputs):
        """SIGINT while the second output or a later one is in the making. Returns the names of the outputs."""
        process = subprocess.Popen(self.command(tool, '--output-dir', 'out', *inputs), cwd=self.folder,
                                   env=self.environment(), stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        def names():
            return os.listdir(self.path('out')) if self.path('out').exists() else []
        while process.poll() is None and output not in names():
            time.sleep(0.0005)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), -signal.SIGINT)
        self.assertEqual(process.stderr.read(), b'')
        return names()

    def test_nicenc(self):
        self.store('a.ppm', pictures.pnm(pictures.photo(600, 500)))
        inputs = ['%02d.ppm' % i for i in range(20)]
        for name in inputs:
            shutil.copy(self.path('a.ppm'), self.path(name))
        names = self.interrupt('nicenc', '00.nic', inputs)
        self.assertLess(len(names), 20)
        for name in names:
            self.assertRegex(name, r'^\d\d\.nic$')
            self.run_tool('nicdec', 'out/' + name, '/dev/null', '--output-format', 'ppm')

    def test_nicdec(self):
        self.coded('a.nic', 600, 500)
        inputs = ['%02d.nic' % i for i in range(20)]
        for name in inputs:
            shutil.copy(self.path('a.nic'), self.path(name))
        names = self.interrupt('nicdec', '00.png', inputs)
        self.assertLess(len(names), 20)
        for name in names:
            self.assertRegex(name, r'^\d\d\.png$')
            self.assertEqual(pictures.read_png(self.load('out/' + name))[:2], (600, 500))


class Options(ToolTest):
    """Every option with a value takes no other, and says so in one line that names it."""

    WRONG = {'SHELL': ('tcsh', ''), 'N': ('x', '-1', ''), 'BYTES': ('0', 'x', '1x', ''), 'KINDS': ('gps', ''), 'E': ('0', '10', 'x'),
             'Q': ('-1', '101', 'x'), 'X': ('0', 'x'), 'DB': ('-1', 'x'), 'S': ('-1', 'x', '1.5'), 'L': ('256', 'x'),
             'FORMAT': ('gif', ''), 'BITS': ('12', 'x', ''), 'X,Y,W,H': ('1,2', '1,2,3,0', 'x'), 'SCALE': ('1/4', '8', 'x', ''), 'DIR': ('',),
             'P/T/M/R': ('9/16/0', '9/16/1/1', '9/16/0/2', '256/16/0/1', '9/16/0/1/0', 'x', '')}
    FILES = ('FILE', 'FILE|NAME', 'MASK.png')

    def test_wrong_values(self):
        import re
        self.photo()
        self.coded()
        for tool, files in (('nicenc', ('photo.png', 'out')), ('nicdec', ('photo.nic', 'out.png')), ('nicinfo', ('photo.nic',))):
            text = self.run_tool(tool, '--help').out.decode()
            for name, value in re.findall(r'(?m)^  (?:-\w, |    )(--[a-z-]+)(?: (\S+))?', text):
                if not value:
                    if name not in ('--help', '--version'):
                        self.fails(tool, name + '=maybe', *files, status=2, err='%s: .*' % tool)
                    continue
                self.fails(tool, *files, name, status=2, err="%s: %s needs a value; see '%s --help'" % (tool, name, tool))
                if value in self.FILES:
                    self.fails(tool, name, 'absent/x', *files, status=(1, 5), err='%s: .+' % tool)
                    continue
                for wrong in self.WRONG[value]:
                    self.fails(tool, name + '=' + wrong, *files, status=2, err="%s: %s.*; see '%s --help'" % (tool, name, tool))


if __name__ == '__main__':
    main()

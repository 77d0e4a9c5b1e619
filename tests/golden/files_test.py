"""How the tools treat files: pipes, folders, batches, full disks, signals; and input that is none."""

import os
import pty
import resource
import shutil
import signal
import struct
import subprocess
import time
import zlib

import pictures
from support import BIN, DATA, ToolTest, main

NOBODY = 65534


class BadInput(ToolTest):
    def test_not_a_picture(self):
        self.store('empty', b'')
        self.store('text', b'Dear photograph,\n')
        self.store('short', b'P')
        self.store('gif', b'GIF89a' + bytes(20))
        self.coded('photo.nic')
        self.fails('nicenc', 'empty', 'out.nic', status=4, err='nicenc: empty: empty file')
        self.fails('nicenc', 'text', 'out.nic', status=3, err='nicenc: text: not a PNG, JPEG or PNM picture')
        self.fails('nicenc', 'short', 'out.nic', status=3, err='nicenc: short: not a PNG, JPEG or PNM picture')
        self.fails('nicenc', 'gif', 'out.nic', status=3, err='nicenc: gif: not a PNG, JPEG or PNM picture: GIF')
        self.fails('nicenc', 'photo.nic', 'out', status=3, err='nicenc: photo.nic: .*it is a .nic file already')
        self.fails('nicenc', '.', 'out.nic', status=1, err=r'nicenc: \.: is a folder: give --recursive and .*')
        self.fails('nicenc', 'absent', 'out.nic', status=1, err='nicenc: absent: cannot open: No such file or directory')
        self.fails('nicenc', 'text\n\x1b[0m', 'out.nic', status=1, err=r'nicenc: text\\x0a\\x1b\[0m: cannot open: .*')

    def test_not_a_nic_file(self):
        self.store('empty', b'')
        self.store('text', b'Dear photograph,\n' * 10000)
        self.store('zeros', bytes(100000))
        shutil.copy(DATA / 'colour.jpg', self.path('jpeg.nic'))
        self.fails('nicdec', 'empty', 'out.png', status=4, err='nicdec: empty: truncated file: it is empty')
        for name in ('text', 'zeros', 'jpeg.nic'):
            self.fails('nicdec', name, 'out.png', status=3, err='nicdec: %s: not a .nic file: .*' % name)
        self.fails('nicdec', '.', 'out.png', status=1, err=r'nicdec: \.: is a folder: give --recursive and .*')
        self.fails('nicdec', 'absent', 'out.png', status=1, err='nicdec: absent: cannot open: .*')

    def test_broken_pictures(self):
        whole = pictures.png(pictures.photo(20, 20))
        self.store('crc.png', whole[:30] + bytes([whole[30] ^ 1]) + whole[31:])
        self.fails('nicenc', 'crc.png', 'out.nic', status=3, err='nicenc: crc.png: malformed PNG: .*CRC.*')
        self.store('cut.png', whole[:-20])
        self.fails('nicenc', 'cut.png', 'out.nic', status=4, err='nicenc: cut.png: truncated PNG: .*')
        self.store('cut.jpg', (DATA / 'colour.jpg').read_bytes()[:-60])
        self.fails('nicenc', 'cut.jpg', 'out.nic', status=4, err='nicenc: cut.jpg: truncated JPEG: .*')
        self.store('cut.ppm', pictures.pnm(pictures.photo(20, 20))[:-1])
        self.fails('nicenc', 'cut.ppm', 'out.nic', status=4, err='nicenc: cut.ppm: truncated PNM: .*')

    def test_huge_pictures_are_refused_by_their_header(self):
        header = pictures.png([[0, 0, 0]])
        huge = header[:16] + b'\x7f\xff\xff\xff\x7f\xff\xff\xff' + header[24:29]
        self.store('huge.png', huge + struct.pack('>I', zlib.crc32(huge[12:29])) + header[33:])
        self.fails('nicenc', 'huge.png', 'out.nic', status=6, err='nicenc: huge.png: side too long: 2147483647 x .*')
        self.store('huge.ppm', b'P6 60000 60000 255\n')
        self.fails('nicenc', 'huge.ppm', 'out.nic', status=6, err='nicenc: huge.ppm: too many pixels: .*--max-pixels')


class Pipes(ToolTest):
    def test_standard_input_and_output(self):
        self.photo()
        self.run_tool('nicenc', 'photo.png', 'file.nic')
        coded = self.run_tool('nicenc', '-', '-', input=self.load('photo.png')).out
        self.assertEqual(coded, self.load('file.nic'))
        self.run_tool('nicdec', 'file.nic', 'file.png')
        self.assertEqual(self.run_tool('nicdec', '-', '-', input=coded).out, self.load('file.png'))
        self.fails('nicdec', '-', 'out.png', status=3, input=b'no such thing', err='nicdec: standard input: not a .nic file: .*')

    def test_one_long_pipe(self):
        self.photo()
        line = '"{0}/nicenc" - - <photo.png | "{0}/nicdec" - - | "{0}/nicenc" - - | "{0}/nicinfo" -'.format(BIN)
        done = subprocess.run(line, shell=True, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE)
        self.assertIn(b'64 x 48', done.stdout)

    def test_a_closed_pipe_is_quiet(self):
        self.photo(width=300, height=300)
        self.run_tool('nicenc', 'photo.png', 'photo.nic')
        for command in (('nicenc', 'photo.png', '-'), ('nicdec', 'photo.nic', '-'), ('nicinfo', 'photo.nic')):
            reader, writer = os.pipe()
            os.close(reader)
            self.run_tool(*command, status=1, err='', stdout=writer)
            os.close(writer)

    def test_no_picture_on_a_terminal(self):
        self.coded()
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.run_tool('nicdec', 'photo.nic', '-', status=2, stdout=slave,
                      err='nicdec: photo.nic: will not write a picture to a terminal')
        self.run_tool('nicinfo', 'photo.nic', stdout=slave)
        os.close(slave)

    def test_progress_is_for_terminals(self):
        self.coded(width=400, height=300)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.run_tool('nicdec', 'photo.nic', 'a.png', stderr=slave)
        self.run_tool('nicdec', 'photo.nic', 'b.png')
        os.close(slave)
        self.assertEqual(self.load('a.png'), self.load('b.png'))


class Outputs(ToolTest):
    def test_devices(self):
        self.coded()
        for output in ('/dev/full', '-'):
            with open('/dev/full', 'wb') as full:
                name = "'/dev/full'" if output != '-' else 'to standard output'
                self.run_tool('nicdec', '--output-format', 'ppm', 'photo.nic', output, status=1, stdout=full,
                              err='nicdec: photo.nic: cannot write %s: No space left on device' % name)
        self.run_tool('nicdec', '--output-format', 'png', 'photo.nic', '/dev/null')
        with open('/dev/full', 'wb') as full:
            self.run_tool('nicinfo', 'photo.nic', status=1, stdout=full,
                          err='nicinfo: cannot write to standard output: No space left on device')

    def test_a_full_disk_keeps_the_old_file(self):
        self.coded(width=300, height=200)
        self.store('a.png', b'old')
        self.fails('nicdec', 'photo.nic', 'a.png', status=1,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
                   err="nicdec: photo.nic: cannot write 'a.png': File too large")
        self.assertEqual(self.load('a.png'), b'old')

    def test_folders_that_are_none(self):
        self.coded()
        self.store('file', b'')
        self.fails('nicdec', 'photo.nic', 'file/a.png', status=1, err='.*Not a directory')
        self.fails('nicdec', 'photo.nic', 'absent/a.png', status=1, err='.*No such file or directory')
        self.fails('nicdec', '--output-dir', 'file', 'photo.nic', status=1, err='nicdec: file: cannot make the folder: .*')
        self.path('folder.png').mkdir()
        self.fails('nicdec', 'photo.nic', 'folder.png', status=1, err="nicdec: photo.nic: cannot write 'folder.png': "
                   'Is a directory; give --output-dir to write into it')

    def test_a_folder_without_permission(self):
        self.coded()
        self.path('closed').mkdir(mode=0o555)
        self.store('locked.png', b'old')
        self.path('locked.png').chmod(0o444)
        options = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.getuid() == 0 else {}
        if options and subprocess.run(['test', '-x', str(BIN / 'nicdec')], **options).returncode != 0:
            self.skipTest('the build folder is closed to other users')
        self.fails('nicdec', 'photo.nic', 'closed/a.png', status=1, err='.*Permission denied', **options)
        self.fails('nicdec', 'photo.nic', 'locked.png', status=1, err='.*Permission denied', **options)
        self.assertEqual(self.load('locked.png'), b'old')
        self.assertEqual(os.listdir(self.path('closed')), [])

    def test_links_and_permissions_stay(self):
        self.coded()
        self.store('real.png', b'old')
        self.path('real.png').chmod(0o600)
        self.path('link.png').symlink_to('real.png')
        self.run_tool('nicdec', 'photo.nic', 'link.png')
        self.assertTrue(self.path('link.png').is_symlink())
        self.assertEqual(self.load('real.png')[:4], b'\x89PNG')
        self.assertEqual(self.path('real.png').stat().st_mode & 0o777, 0o600)


class Batches(ToolTest):
    def test_one_bad_file_does_not_stop_the_rest(self):
        self.photo('a.png')
        self.store('b.png', b'nothing')
        self.store('c.png', self.load('a.png')[:-30])
        self.photo('d.png', 30, 20)
        result = self.run_tool('nicenc', '--output-dir', 'out', 'a.png', 'b.png', 'c.png', 'd.png', status=4, err=None)
        self.assertRegex(result.err, r'^nicenc: b\.png: not a .*\nnicenc: c\.png: truncated PNG: .*\n$')
        self.assertEqual(sorted(os.listdir(self.path('out'))), ['a.nic', 'd.nic'])
        self.run_tool('nicdec', '--output-dir', 'out', 'out/a.nic', 'out/d.nic')
        self.run_tool('nicdec', '--output-dir', 'out/', '--output-format', 'ppm', 'out/a.nic')
        self.assertEqual(sorted(os.listdir(self.path('out'))), ['a.nic', 'a.png', 'a.ppm', 'd.nic', 'd.png'])

    def test_names_that_clash(self):
        self.photo('a.png')
        self.photo('a.ppm')
        self.fails('nicenc', '--output-dir', 'out', 'a.png', 'a.ppm', status=2, err='nicenc: .* would both become .*')
        self.fails('nicenc', '--output-dir', 'out', '-', status=2, err='nicenc: standard input has no name .*')
        self.fails('nicenc', '--output-dir', '', 'a.png', status=2, err='nicenc: --output-dir: is empty.*')

    def test_xargs(self):
        for i in range(5):
            self.photo('a %d.png' % i)
        line = 'find . -name "*.png" -print0 | xargs -0 "%s/nicenc" --output-dir out' % BIN
        self.assertEqual(subprocess.run(line, shell=True, cwd=self.folder, env=self.environment()).returncode, 0)
        self.assertEqual(len(os.listdir(self.path('out'))), 5)


class Signals(ToolTest):
    def interrupt(self, signal_number):
        """Stops nicdec while its second output or a later one is in the making. Returns its status and the outputs."""
        inputs = ['%d.nic' % i for i in range(12)]
        for name in inputs:
            shutil.copy(self.path('a.nic'), self.path(name))
        command = self.command('nicdec', '--output-dir', 'out', *inputs)
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        def names():
            return os.listdir(self.path('out')) if self.path('out').exists() else []
        while process.poll() is None and not ('0.png' in names() and len(names()) > 1):
            time.sleep(0.0005)
        process.send_signal(signal_number)
        status = process.wait(60)
        self.assertEqual(process.stderr.read(), b'')
        return status, names()

    def test_no_half_file_is_left(self):
        self.coded('a.nic', 900, 700)
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            status, names = self.interrupt(signal_number)
            self.assertEqual(status, -signal_number)
            self.assertIn('0.png', names)
            for name in names:
                self.assertRegex(name, r'^\d+\.png$')
                self.assertEqual(pictures.read_png(self.load('out/' + name))[:2], (900, 700))
            shutil.rmtree(self.path('out'))


if __name__ == '__main__':
    main()

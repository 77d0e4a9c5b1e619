"""Folders and batches: --recursive, --no-overwrite, --dry-run, --json, --preserve, and several processes at once."""

import json
import os
import shutil
import subprocess

import pictures
from support import BIN, LIBRARY, ToolTest, main

STAMP = 1_000_000_000


class Folders(ToolTest):
    def tree(self):
        for name in ('photos/a.png', 'photos/b c.PPM', 'photos/x/d.jpg', 'photos/x/y/e.pgm'):
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            self.store(name, pictures.png(pictures.photo(20, 10)))
        self.store('photos/notes.txt', b'no picture')
        self.store('photos/._a.png', b'what some systems leave about')

    def names(self, folder):
        base = self.path(folder)
        return sorted(str(path.relative_to(base)) for path in base.rglob('*') if path.is_file())

    def lines(self, result):
        return [json.loads(line) for line in result.out.decode().splitlines()]

    def test_the_tree_is_kept_both_ways(self):
        self.tree()
        self.run_tool('nicenc', '--recursive', '--output-dir', 'deep/small', 'photos')
        self.assertEqual(self.names('deep/small'), ['a.nic', 'b c.nic', 'x/d.nic', 'x/y/e.nic'])
        self.run_tool('nicdec', '-r', '--output-dir', 'back', '--output-format', 'ppm', 'deep/small/')
        self.assertEqual(self.names('back'), ['a.ppm', 'b c.ppm', 'x/d.ppm', 'x/y/e.ppm'])

    def test_outputs_may_stand_beside_inputs(self):
        self.tree()
        for _ in range(2):
            self.run_tool('nicenc', '-r', '--output-dir', 'photos', 'photos')
            self.assertEqual(len(self.names('photos')), 10)

    def test_files_and_folders_together(self):
        self.tree()
        self.photo('one.png')
        self.run_tool('nicenc', '-r', '--output-dir', 'out', 'one.png', 'photos/x')
        self.assertEqual(self.names('out'), ['d.nic', 'one.nic', 'y/e.nic'])

    def test_a_bad_file_below_does_not_stop_the_rest(self):
        self.tree()
        self.store('photos/x/bad.png', b'nothing')
        self.run_tool('nicenc', '-r', '--output-dir', 'out', 'photos', status=3, err=r'nicenc: photos/x/bad\.png: not a .*')
        self.assertEqual(len(self.names('out')), 4)

    def test_folders_without_pictures(self):
        self.path('empty').mkdir()
        self.run_tool('nicenc', '-r', '--output-dir', 'out', 'empty',
                      err='nicenc: empty: warning: no file in it has an extension to take')
        self.fails('nicenc', '-r', '--output-dir', 'new', 'absent', status=1, dry=('-n',),
                   err='nicenc: absent: cannot open: No such file or directory')

    def fails(self, *arguments, dry=(), **options):
        return super().fails(*arguments[:1], *dry, *arguments[1:], **options)

    def test_usage(self):
        self.tree()
        self.fails('nicenc', '-r', 'photos', 'out', status=2, err='nicenc: --recursive needs --output-dir; .*')
        self.fails('nicenc', '--output-dir', 'photos', 'photos', status=1, err='nicenc: photos: is a folder: give --recursive .*')
        self.store('photos/a.jpg', b'')
        self.fails('nicenc', '-r', '--output-dir', 'out', 'photos', status=2,
                   err="nicenc: 'photos/a.jpg' and 'photos/a.png' would both become 'out/a.nic'; convert them apart.*")
        for pair in (('--overwrite', '--no-overwrite'), ('--no-overwrite', '--overwrite')):
            self.fails('nicenc', *pair, 'photos/a.png', 'out', status=2, err='nicenc: .*excludes.*')
        self.fails('nicenc', '--json', 'photos/a.png', '-', status=2, err='nicenc: --json and a picture on standard output .*')
        self.fails('nicdec', '--json', 'a.nic', '-', status=2, err='nicdec: --json and a picture on standard output .*')

    def test_existing_outputs(self):
        self.tree()
        self.path('out/x').mkdir(parents=True)
        self.store('out/x/d.nic', b'old')
        note = r"nicenc: photos/x/d\.jpg: note: skipped, 'out/x/d\.nic' exists"
        result = self.run_tool('nicenc', '-r', '--no-overwrite', '--json', '--output-dir', 'out', 'photos', err=note)
        self.assertEqual(self.load('out/x/d.nic'), b'old')
        self.assertEqual([line['result'] for line in self.lines(result)], ['written', 'written', 'skipped', 'written'])
        self.run_tool('nicenc', '-r', '--no-overwrite', '--quiet', '--output-dir', 'out', 'photos')
        self.run_tool('nicenc', '-r', '--overwrite', '--output-dir', 'out', 'photos')
        self.assertNotEqual(self.load('out/x/d.nic'), b'old')
        self.run_tool('nicdec', '--no-overwrite', 'out/a.nic', 'photos/a.png', err='nicdec: .*note: skipped, .*')

    def test_dry_run(self):
        self.tree()
        result = self.run_tool('nicenc', '-r', '--dry-run', '--output-dir', 'out', 'photos')
        self.assertEqual(result.out.decode(), 'photos/a.png -> out/a.nic\nphotos/b c.PPM -> out/b c.nic\n'
                         'photos/x/d.jpg -> out/x/d.nic\nphotos/x/y/e.pgm -> out/x/y/e.nic\n')
        self.assertFalse(self.path('out').exists())
        result = self.run_tool('nicenc', '-n', '--json', 'photos/a.png', 'a.nic')
        self.assertEqual(self.lines(result), [
            {'input': 'photos/a.png', 'output': 'a.nic', 'result': 'planned', 'exit_status': 0}])
        result = self.run_tool('nicenc', '-n', 'absent.png', 'a.nic', status=1, err='nicenc: absent.png: cannot open: .*')
        self.assertEqual(result.out, b'')
        self.assertEqual(self.run_tool('nicdec', '-n', 'photos/a.png', '-').out, b'photos/a.png -> -\n')

    def test_json(self):
        self.photo('a.png', 60, 40)
        self.store('b.png', b'nothing')
        told = self.lines(self.run_tool('nicenc', '--json', '--output-dir', 'out', 'a.png', 'b.png', status=3,
                                        err='nicenc: b.png: .*'))
        self.assertEqual([line['input'] for line in told], ['a.png', 'b.png'])
        info = self.info('out/a.nic')
        for key in ('width', 'height', 'channels', 'bytes', 'bits_per_pixel', 'gain_level', 'interpolation'):
            self.assertEqual(told[0][key], info[key], key)
        self.assertEqual((told[0]['result'], told[0]['exit_status'], told[0]['psnr'], told[0]['target_missed']),
                         ('written', 0, None, False))
        self.assertEqual(told[1]['result'], 'failed')
        self.assertEqual((told[1]['exit_status'], told[1]['error']), (3, 'not a PNG, JPEG or PNM picture'))
        told = self.lines(self.run_tool('nicenc', '--json', '-v', 'a.png', 'a.nic', err=LIBRARY + 'nicenc: a.png: .*'))
        self.assertGreater(told[0]['psnr'], 10)
        told = self.lines(self.run_tool('nicdec', '--json', 'a.nic', 'b.ppm'))
        self.assertEqual((told[0]['width'], told[0]['height'], told[0]['bytes']), (60, 40, len(self.load('b.ppm'))))
        with open('/dev/full', 'wb') as full:
            self.run_tool('nicenc', '--json', 'a.png', 'a.nic', status=1, stdout=full,
                          err='nicenc: cannot write to standard output: No space left on device')

    def test_preserve(self):
        self.photo('a.png')
        os.utime(self.path('a.png'), (STAMP, STAMP))
        self.run_tool('nicenc', 'a.png', 'new.nic')
        self.assertGreater(self.path('new.nic').stat().st_mtime, STAMP)
        self.run_tool('nicenc', '--preserve', 'a.png', 'a.nic')
        self.run_tool('nicdec', '-p', '--output-dir', 'out', 'a.nic')
        for name in ('a.nic', 'out/a.png'):
            self.assertEqual(self.path(name).stat().st_mtime, STAMP)
        self.run_tool('nicenc', '--preserve', '-', 'b.nic', input=self.load('a.png'))
        self.run_tool('nicdec', '--preserve', 'a.nic', '/dev/null', '--output-format', 'ppm')

    def test_several_processes_share_a_folder_and_a_pipe(self):
        for i in range(12):
            self.photo('in %d.png' % i, 40, 30)
        line = 'find . -name "*.png" -print0 | xargs -0 -n 2 -P 4 "%s/nicenc" -t 1 --json --output-dir out/deep' % BIN
        done = subprocess.run(line, shell=True, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0)
        told = [json.loads(text) for text in done.stdout.decode().splitlines()]
        self.assertEqual(sorted(one['input'] for one in told), sorted('./in %d.png' % i for i in range(12)))
        self.assertEqual(len(self.names('out/deep')), 12)

    def test_one_of_many_processes_makes_a_file(self):
        self.photo('a.png', 200, 150)
        command = self.command('nicenc', '--no-overwrite', '--quiet', '--json', 'a.png', 'a.nic')
        runs = [subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for _ in range(4)]
        results = [json.loads(run.communicate()[0])['result'] for run in runs]
        self.assertEqual(results.count('written'), 1)
        self.assertEqual(sorted(os.listdir(self.folder)), ['a.nic', 'a.png'])


if __name__ == '__main__':
    main()

"""nicenc with the search plug-in: efforts 6 to 9, and what an interrupt leaves.

NIC_PLUGINS names the folder of the plug-in.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'golden'))

from support import ToolTest, main

PLUGINS = os.environ['NIC_PLUGINS']
WITH = {'NIC_PLUGIN_PATH': PLUGINS}


class Search(ToolTest):
    def test_the_search_finds_something_and_decodes(self):
        sample = pathlib.Path(__file__).resolve().parents[2] / 'samples' / 'kodim23.png'
        self.run_tool('nicenc', '-q', 90, sample, 'sample.nic')
        self.run_tool('nicdec', '--region', '400,80,128,96', 'sample.nic', 'photo.png')
        self.run_tool('nicenc', '-e', 5, '--gain-level', 2, 'photo.png', 'five.nic')
        self.run_tool('nicenc', '-e', 6, '--gain-level', 2, 'photo.png', 'six.nic', env=WITH)
        self.assertNotEqual(self.load('five.nic'), self.load('six.nic'))
        self.assertEqual(self.decoded('six.nic')[:2], (128, 96))

    def test_target_size_holds(self):
        self.photo(width=128, height=96)
        self.run_tool('nicenc', '-e', 6, '--target-size', 900, 'photo.png', 'photo.nic', env=WITH, err=None)
        self.assertLessEqual(len(self.load('photo.nic')), 900)
        self.assertGreater(len(self.load('photo.nic')), 700)

    def test_without_the_plug_in(self):
        self.photo()
        os.mkdir(self.path('empty'))
        self.fails('nicenc', '-e', 6, 'photo.png', 'out', status=5, env={'NIC_PLUGIN_PATH': str(self.path('empty'))},
                   err=r'nicenc: photo.png: .*effort: 6 to 9 need the search plug-in libnic-torch.so, which is not installed.*')

    def test_a_broken_plug_in(self):
        self.photo()
        os.mkdir(self.path('broken'))
        self.store('broken/libnic-torch.so', b'not a library')
        self.fails('nicenc', '-e', 9, 'photo.png', 'out', status=5, env={'NIC_PLUGIN_PATH': str(self.path('broken'))},
                   err=r'nicenc: photo.png: .*the search plug-in cannot be loaded.*')

    def test_an_interrupt_keeps_the_best_so_far(self):
        self.photo(width=192, height=160)
        self.photo('second.png')
        process = subprocess.Popen(self.command('nicenc', '-e', 9, '--output-dir', 'out', 'photo.png', 'second.png'),
                                   cwd=self.folder, env=self.environment(**WITH), stderr=subprocess.PIPE)
        # Until LibTorch is loaded, and thus the search about to run; a signal before that would come too early.
        deadline = time.monotonic() + 200
        while 'libtorch' not in pathlib.Path('/proc/%d/maps' % process.pid).read_text():
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=200)[1].decode()
        self.assertEqual(process.returncode, 1, error)
        self.assertIn('photo.png: note: interrupted: the file is the best that was found until then', error)
        self.assertIn('second.png: interrupted before its turn', error)
        self.assertEqual(self.decoded('out/photo.nic')[:2], (192, 160))
        self.assertFalse(self.path('out/second.nic').exists())


if __name__ == '__main__':
    main()

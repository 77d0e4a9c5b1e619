"""nictrain as a shell user sees it, where something is wrong. Uses what the command-line tests share."""

import json
import os
import re
import resource
import signal
import struct
import subprocess

import pictures
from support import ToolTest, main

SMALL = '''patch = 64
batch = 2
steps = %d
warmup = 1
log_steps = 1
analysis_width = %d
synthesis_width = 16
inner_width = 16
latents = 24
hyper_latents = 4
hyper_width = 8
features = 16
levels = 3
analysis_blocks8 = 1
analysis_blocks16 = 1
synthesis_blocks8 = 1
synthesis_blocks16 = 1
linear = yes
start = random
'''


class Training(ToolTest):
    def setUp(self):
        super().setUp()
        self.path('photos').mkdir()
        self.store('photos/a.png', pictures.png(pictures.photo(96, 80)))

    def configure(self, steps, width=16, more=''):
        return self.store('small.conf', (SMALL % (steps, width) + more).encode())

    def train(self, *options, data='photos', output='out', **expected):
        expected.setdefault('env', {})['OMP_NUM_THREADS'] = '1'
        return self.run_tool('nictrain', 'train', 'small.conf', '--data', data, '--output', output, '--threads', 1,
                             *options, **expected)

    def checkpoints(self, output='out'):
        return sorted(name for name in os.listdir(self.path(output)) if re.fullmatch(r'step-\d+', name))

    def test_data_that_cannot_be_used(self):
        self.configure(2)
        self.path('empty').mkdir()
        self.path('damaged').mkdir()
        self.store('damaged/cut.png', pictures.png(pictures.photo(96, 80))[:400])
        self.path('tiny').mkdir()
        self.store('tiny/b.png', pictures.png(pictures.photo(40, 80)))
        self.run_tool('nictrain', 'pack', 'photos', 'photos.pack')
        self.store('cut.pack', self.load('photos.pack')[:-1])
        for data, status, error in (('absent', 1, r'nictrain: train: .*absent.*'),
                                    ('empty', 2, r'nictrain: train: empty holds no PNG or JPEG picture.*'),
                                    ('damaged', 1, r'nictrain: train: .*cut\.png.*'),
                                    ('tiny', 2, r'nictrain: train: tiny: picture 0 is 40 x 80, smaller than .* 64.*'),
                                    ('cut.pack', 1, r'nictrain: train: cut\.pack: the pack is cut')):
            self.assertEqual(self.train(data=data, status=status, err=error).err.count('\n'), 1)
            self.assertFalse(self.path('out').exists())

    def test_checkpoint_of_another_architecture(self):
        self.configure(1)
        self.train(err=None)
        self.run_tool('nictrain', 'halve', 'out', 'half.safetensors')
        self.configure(1, width=24)
        error = r'1 pictures, [^\n]*\nnictrain: train: [^\n]*tensor [^\n]*'
        self.train('--init', 'half.safetensors', output='other', status=1, err=error)
        self.train('--resume', 'out', output='other', status=1, err=error)

    def test_full_disk(self):
        """A write that fails, here at a limit of the files' size, leaves the last checkpoint, which goes on."""
        self.configure(2)
        self.train(err=None)
        self.configure(4)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        self.train('--resume', 'out', status=1, err=r'.*nictrain: train: cannot write [^\n]*step-00000004[^\n]*',
                   preexec_fn=limit, restore_signals=False)
        self.assertEqual(self.checkpoints()[-1], 'step-00000002')
        self.train('--resume', 'out', err=None)
        self.assertEqual(self.checkpoints()[-1], 'step-00000004')

    def test_loss_that_is_no_number(self):
        self.configure(1)
        self.train(err=None)
        self.run_tool('nictrain', 'halve', 'out', 'half.safetensors')
        data = bytearray(self.load('half.safetensors'))
        length, = struct.unpack('<Q', data[:8])
        begin, end = json.loads(data[8:8 + length])['d8.bias']['data_offsets']
        data[8 + length + begin:8 + length + end] = b'\x00\x7e' * ((end - begin) // 2)  # not a number
        self.store('broken.safetensors', bytes(data))
        self.configure(100, more='checkpoint_minutes = 0\n')
        result = self.train('--init', 'broken.safetensors', output='broken', status=1, err=None)
        self.assertRegex(result.err, r'\nnictrain: train: step 50: the loss or its gradient has not been finite.*\n$')
        # Checkpoints wait for a good step.
        self.assertEqual(self.checkpoints('broken'), ['step-00000000'])

    def test_interrupted(self):
        self.configure(1000000)
        for number in (signal.SIGINT, signal.SIGTERM):
            command = self.command('nictrain', 'train', 'small.conf', '--data', 'photos', '--output', 'out',
                                   '--threads', 1)
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment(OMP_NUM_THREADS='1'),
                                       stderr=subprocess.PIPE)
            for line in process.stderr:
                if line.startswith(b'step 3 '):
                    break
            process.send_signal(number)
            rest = process.stderr.read().decode()
            self.assertEqual(process.wait(timeout=60), 1)
            process.stderr.close()
            step = int(re.search(r'nictrain: train: stopped at step (\d+); its checkpoint is in out\n$', rest).group(1))
            self.assertIn('step-%08d' % step, self.checkpoints())


if __name__ == '__main__':
    main()

"""What the command-line tests share: a folder for each test, and running the tools in it.

NIC_BIN names the folder of the programs under test.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import pictures

BIN = pathlib.Path(os.environ['NIC_BIN'])
DATA = pathlib.Path(__file__).parent / 'data'
ROOT = pathlib.Path(__file__).parent.parent.parent
TIMEOUT = 300
LIBRARY = r'\w+: libnic \d[^\n]*\n(?:\w+: model [^\n]*\n)+'  # what libnic logs with --verbose

# Anything a sanitizer has to say gets an exit status that no tool uses.
_ENVIRONMENT = dict(os.environ, ASAN_OPTIONS='exitcode=99', UBSAN_OPTIONS='exitcode=99:print_stacktrace=1', LC_ALL='C')
for _name in ('NIC_TARGET', 'NIC_MODEL_PATH', 'NIC_PLUGIN_PATH'):
    _ENVIRONMENT.pop(_name, None)


class Result:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr.decode() if process.stderr is not None else ''


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='nic-golden-'))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name):
        return self.folder / name

    def store(self, name, data):
        self.path(name).write_bytes(data)
        return name

    def load(self, name):
        return self.path(name).read_bytes()

    def command(self, tool, *arguments):
        return [str(BIN / tool), *map(str, arguments)]

    def environment(self, **changes):
        return dict(_ENVIRONMENT, **changes)

    def run_tool(self, tool, *arguments, status=0, err='', env=None, **options):
        """Runs a tool in the test's folder and checks its exit status and, by a regular expression that has to match
        the whole of it, what it says on standard error. A status may be a tuple of those that are allowed."""
        options.setdefault('stdout', subprocess.PIPE)
        options.setdefault('stderr', subprocess.PIPE)
        if 'input' not in options:
            options.setdefault('stdin', subprocess.DEVNULL)
        process = subprocess.run(self.command(tool, *arguments), cwd=self.folder, timeout=TIMEOUT,
                                 env=self.environment(**(env or {})), **options)
        result = Result(process)
        shown = '%s %s\n%s' % (tool, ' '.join(map(str, arguments)), result.err)
        self.assertIn(result.status, status if isinstance(status, tuple) else (status,), shown)
        if err is not None and process.stderr is not None:
            self.assertTrue(re.fullmatch(err, result.err.strip(), re.DOTALL), 'expected %r\nsaw %s' % (err, shown))
            self.assertNotRegex(result.err, r'^\n|\n\n')
        return result

    def fails(self, tool, *arguments, status, err, output='out', **options):
        """Runs a tool that has to fail with one line of error, and leave neither output nor temporary file."""
        before = sorted(os.listdir(self.folder))
        result = self.run_tool(tool, *arguments, status=status, err=err, **options)
        self.assertLessEqual(result.err.count('\n'), 1, result.err)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        return result

    def photo(self, name='photo.png', width=64, height=48):
        return self.store(name, pictures.png(pictures.photo(width, height)))

    def coded(self, name='photo.nic', width=64, height=48, *options):
        """A .nic file of a synthetic photograph."""
        self.store(name + '.ppm', pictures.pnm(pictures.photo(width, height)))
        self.run_tool('nicenc', *options, name + '.ppm', name)
        self.path(name + '.ppm').unlink()
        return name

    def info(self, name):
        return json.loads(self.run_tool('nicinfo', '--json', name).out)

    def decoded(self, name, *options):
        """(width, height, channels, bytes) that nicdec makes of a .nic file."""
        return pictures.read_pnm(self.run_tool('nicdec', '--output-format', 'pnm', *options, name, '-').out)


def main():
    unittest.main(verbosity=1)

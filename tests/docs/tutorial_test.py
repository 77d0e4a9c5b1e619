"""Runs the commands of docs/tutorial.md, all of them, in order, in a folder that holds what it says."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent.parent


def main():
    blocks = re.findall(r'(?ms)^```sh\n(.*?)^```$', (ROOT / 'docs' / 'tutorial.md').read_text())
    if len(blocks) < 5:
        sys.exit('docs/tutorial.md: only %d blocks of commands were found' % len(blocks))
    environment = dict(os.environ, LC_ALL='C', PATH=os.environ['NIC_BIN'] + os.pathsep + os.environ['PATH'])
    for name in ('NIC_TARGET', 'NIC_MODEL_PATH'):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix='nic-tutorial-') as folder:
        shutil.copy(ROOT / 'samples' / 'kodim23.png', folder)
        # In one shell, as a reader would; the first command that fails ends it.
        result = subprocess.run(['sh', '-eux', '-c', '\n'.join(blocks)], cwd=folder, env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = result.stdout.decode(errors='replace')
        print(text)
        if result.returncode:
            sys.exit('a command of docs/tutorial.md failed with status %d' % result.returncode)
        check(pathlib.Path(folder), text)


def check(folder, text):
    """What the tutorial says of its files."""
    sizes = {name: (folder / (name + '.nic')).stat().st_size for name in ('small', 'twenty', 'parrots', 'large')}
    assert sizes['small'] < sizes['parrots'] < sizes['large'], sizes
    assert 19000 < sizes['twenty'] <= 20000, sizes
    png = (folder / 'kodim23.png').stat().st_size
    assert 550000 < png < 560000 and png / 50 < sizes['parrots'] < png / 10, (png, sizes)
    for name in ('compressed/first.nic', 'compressed/birds/second.nic', 'flat/first.nic', 'flat/second.nic'):
        assert (folder / name).is_file(), name
    # Once without output, once with: a cut file has the same status both times.
    assert len(re.findall(r'(?m)^status 4$', text)) == 2, text


main()

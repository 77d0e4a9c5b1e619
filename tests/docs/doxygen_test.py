"""Doxygen makes the manual of the library without a warning, with a page for each header and each example."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent.parent
SKIPPED = 77


def main():
    doxygen = shutil.which('doxygen')
    if not doxygen:
        print('doxygen is not installed')
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix='nic-doxygen-') as folder:
        settings = pathlib.Path(os.environ['NIC_DOXYFILE']).read_text() + '\nOUTPUT_DIRECTORY = %s\n' % folder
        result = subprocess.run([doxygen, '-'], input=settings.encode(), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        text = result.stdout.decode(errors='replace')
        if result.returncode or 'warning:' in text or 'error:' in text:
            sys.exit(text + 'doxygen has warnings')
        check(pathlib.Path(folder) / 'html')


def check(html):
    for header in (ROOT / 'include' / 'nic').glob('*.h'):
        page = (html / ('group__%s.html' % header.stem)).read_text()
        # Every function stands on the page of its header's module.
        for name in re.findall(r'(?m)^NIC_API [^(]*?(\w+)\(', header.read_text()):
            assert re.search(r'<h2 class="memtitle">.*%s\(\)</h2>' % name, page), '%s is not described' % name
    index = (html / 'examples.html').read_text()
    main_page = (html / 'index.html').read_text()
    for example in list((ROOT / 'examples').glob('*.c')) + list((ROOT / 'examples').glob('*.cc')):
        assert example.name in index, '%s has no page' % example.name
        assert example.name in main_page, '%s is not on the main page' % example.name


main()

"""Links between the documents lead to files that are there, and the README stays short."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent


def main():
    pages = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md'] + sorted((ROOT / 'docs').glob('*.md'))
    faults = []
    count = 0
    for page in pages:
        for target in re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)', page.read_text()):
            if '://' in target:
                continue
            count += 1
            if not (page.parent / target).exists():
                faults.append('%s: there is no %s' % (page.relative_to(ROOT), target))
    readme = (ROOT / 'README.md').read_text()
    if len(readme.splitlines()) > 150:
        faults.append('README.md has more than 150 lines')
    for page in sorted((ROOT / 'docs').glob('*.md')):
        if 'docs/%s' % page.name not in readme:
            faults.append('README.md does not link docs/%s' % page.name)
    if count < 20:
        faults.append('only %d links were found' % count)
    if faults:
        sys.exit('\n'.join(faults))


main()

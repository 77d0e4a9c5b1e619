#!/usr/bin/env python3
"""coverage_table.py LINES.lcov UNCOVERED.txt: prints a table of the covered lines of libnic by folder, writes the lines
that no test runs, and exits with 1 where less is covered than scripts/coverage demands."""

import collections
import os
import sys

LEAST = 92.0
LEAST_OF_READERS = 97.0
# What reads untrusted bytes before anything is proven about them.
READERS = {
    'container': ('container/',),
    'entropy': ('entropy/',),
    'package loader': ('container/package.', 'container/compression.', 'model/model', 'intnet/check.cc', 'intnet/graph.'),
}


def read_lines(path):
    """{file below libnic: {line: was it run?}}; a line counts as run if any program ran it."""
    lines = collections.defaultdict(dict)
    name = None
    for record in open(path):
        kind, _, value = record.rstrip('\n').partition(':')
        if kind == 'SF':
            name = value.partition('/libnic/')[2]
        elif kind == 'DA' and name and not name.startswith(('torch/', 'cuda/')):
            number, count = value.split(',')[:2]
            lines[name][int(number)] = lines[name].get(int(number), False) or int(count) > 0
    return lines


def share(lines, prefixes):
    chosen = [run for name in lines if name.startswith(prefixes) for run in lines[name].values()]
    return len(chosen), sum(chosen), 100.0 * sum(chosen) / max(1, len(chosen))


def write_uncovered(lines, path):
    with open(path, 'w') as out:
        for name in sorted(lines):
            source = open(os.path.join('libnic', name)).read().splitlines()
            for number in sorted(lines[name]):
                if not lines[name][number]:
                    out.write('%s:%d: %s\n' % (name, number, source[number - 1].strip()))


def main():
    lines = read_lines(sys.argv[1])
    write_uncovered(lines, sys.argv[2])
    rows = [(folder, (folder + '/',), 0.0) for folder in sorted({name.split('/')[0] for name in lines})]
    rows += [('readers: ' + name, prefixes, LEAST_OF_READERS) for name, prefixes in READERS.items()]
    rows.append(('libnic', ('',), LEAST))
    print('%-24s %8s %8s %8s' % ('part', 'lines', 'run', 'share'))
    failed = False
    for name, prefixes, least in rows:
        total, run, percent = share(lines, prefixes)
        short = percent < least
        failed = failed or short
        print('%-24s %8d %8d %7.2f %%%s' % (name, total, run, percent, '  less than %g %%' % least if short else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

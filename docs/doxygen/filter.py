#!/usr/bin/env python3
"""Shows the public headers and the examples to Doxygen, whose comment marks they do without.

In a header the comment at its top becomes the description of a module that holds the header's declarations, comments
before declarations become theirs, and comments behind members those of the members. An example becomes an example page.
"""

import pathlib
import re
import sys

_TITLES = {
    'status': 'Status codes',
    'context': 'Contexts: threads, memory, limits, models',
    'image': 'Pictures and what files say of them',
    'decode': 'Decoding',
    'encode': 'Encoding',
    'nic': 'Introduction and version',
    'export': 'Visibility of symbols',
    'cpp': 'C++',
}


def mark_code(comment):
    """Indented lines stand for code or tables, as they are."""
    lines = []
    inside = False
    for line in comment.split('\n'):
        indented = re.match(r' \*   +\S', line)
        blank = line.strip() == '*'
        if indented and not inside:
            lines.append(' * @verbatim')
        elif inside and not indented and not blank:
            lines.append(' * @endverbatim')
        inside = bool(indented) or (inside and blank)
        if inside and line.endswith('*/'):
            line, inside = line[:-2] + '\n * @endverbatim */', False
        lines.append(line)
    return '\n'.join(lines)


def mark_comments(text):
    text = text.replace('1 .. */', '1 or more */')  # two dots at an end would end a list
    text = re.sub(r'(?ms)^/\* .*?\*/', lambda found: mark_code('/**' + found.group()[2:]), text)
    # Behind a member or enumerator; a comment on a line of its own heads several and stays.
    return re.sub(r'(?m)^(.*[;,\w] +)/\* ', lambda found: found.group(1) + (
        '/* ' if found.group(1).lstrip().startswith(('*', '/*')) else '/**< '), text)


def header(name, text):
    match = re.match(r'(?s)/\*(.*?)\*/\n', text)
    about = mark_code('/** @defgroup %s %s\n *%s*/' % (name, _TITLES[name], match.group(1)))
    body = mark_comments(text[match.end():])
    # One module around all declarations, inside the include guard.
    return '/** @file */\n%s\n/** @addtogroup %s\n * @{ */\n%s\n/** @} */\n' % (about, name, body)


def to_c_comments(text):
    """Comments of C++ that take whole lines, as comments of C."""
    def block(found):
        indent = found.group(1)
        lines = [line.strip()[2:] for line in found.group().rstrip('\n').split('\n')]
        return '%s/*%s */\n' % (indent, ('\n' + indent + ' *').join(lines))
    return re.sub(r'(?m)^( *)//[^\n]*\n(?:\1//[^\n]*\n)*', block, text)


def example(name, text):
    match = re.match(r'(?s)/\*(.*?)\*/|((?://[^\n]*\n)+)', text)
    about = match.group(1) or match.group(2).replace('//', '')
    # What stands for a value, as in a usage, is no HTML.
    about = about.replace('<', '\\<').replace('>', '\\>')
    return '/** @example %s\n *%s */\n' % (name, about.rstrip().replace('\n *', '\n * '))


def main():
    path = pathlib.Path(sys.argv[1])
    text = path.read_text()
    if path.parent.name == 'examples':
        sys.stdout.write(example(path.name, text))
    elif path.suffix == '.hpp':
        # Members' comments stand before them, indented; after mark_comments they are Doxygen's too.
        text = re.sub(r'(?m)^( +)/\* ', r'\1/** ', to_c_comments(text))
        sys.stdout.write(header('cpp', text))
    else:
        sys.stdout.write(header(path.stem, text))


main()

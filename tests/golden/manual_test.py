"""The manual pages tell what --help tells, and both fit a terminal."""

import re
import shutil
import subprocess
import unittest

from support import ROOT, ToolTest, main

TOOLS = ('nicenc', 'nicdec', 'nicinfo')
_OPTION = r'(?<![\w-])--[a-z][a-z-]*'


def page(tool):
    return (ROOT / 'packaging' / 'man' / (tool + '.1')).read_text().replace('\\-', '-')


def section(text, name):
    return re.search(r'(?ms)^\.SH %s\n(.*?)(?=^\.SH |\Z)' % name, text).group(1)


class Manual(ToolTest):
    def help(self, tool):
        return self.run_tool(tool, '--help').out.decode()

    def test_options_are_those_of_help(self):
        for tool in TOOLS:
            told = set(re.findall(r'(?m)^  (?:-\w, |    )(--[a-z-]+)', self.help(tool)))
            # The line behind .TP names the option that is described.
            tags = re.findall(r'(?m)^\.TP\n(.*)$', section(page(tool), 'OPTIONS'))
            described = {option for tag in tags for option in re.findall(_OPTION, tag)}
            self.assertGreaterEqual(len(told), 3)
            self.assertEqual(described, told, tool)
            self.assertLessEqual(set(re.findall(_OPTION, page(tool))), told, tool)
            self.assertLessEqual(set(re.findall(_OPTION, self.help(tool))), told, tool)

    def test_letters_are_those_of_help(self):
        for tool in TOOLS:
            told = dict(re.findall(r'(?m)^  -(\w), --([a-z-]+)', self.help(tool)))
            described = dict(re.findall(r'(?m)^\.BR -(\w) ", " --([a-z-]+)', page(tool)))
            self.assertEqual(described, told, tool)

    def test_values_are_named_alike(self):
        for tool in TOOLS:
            told = dict(re.findall(r'(?m)^  (?:-\w, |    )(--[a-z-]+) (\S+)', self.help(tool)))
            text = page(tool)
            for option, value in told.items():
                self.assertRegex(text, r'(?m)^\.B[IR] .*%s [ "]*(\\fI)?%s' % (option, re.escape(value)))

    def test_examples_are_those_of_help(self):
        for tool in TOOLS:
            examples = section(page(tool), 'EXAMPLES')
            for line in self.help(tool).split('\nMost used:\n')[1].split('\n\n')[0].splitlines():
                command = re.split(r'\s{2,}', line.strip())[0]
                self.assertIn('.TP\n%s\n' % command, examples)

    def test_what_every_page_tells(self):
        for tool in TOOLS:
            text = page(tool)
            for name in ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'ENVIRONMENT', 'EXAMPLES', 'SEE ALSO'):
                self.assertIn('\n.SH %s\n' % name, text)
            for variable in ('NIC_TARGET', 'NIC_MODEL_PATH'):
                self.assertIn('.B %s\n' % variable, section(text, 'ENVIRONMENT'))
            statuses = re.findall(r'(?m)^\.TP\n\.B (\d)$', section(text, 'EXIT STATUS'))
            self.assertEqual(statuses, [str(i) for i in range(8 if tool == 'nicdec' else 7)])

    def test_help_fits_80_columns(self):
        for tool in TOOLS:
            for line in self.help(tool).splitlines():
                self.assertLess(len(line), 80, line)
                self.assertEqual(line, line.rstrip())

    @unittest.skipUnless(shutil.which('man'), 'needs man')
    def test_man_has_nothing_to_complain_of(self):
        for tool in TOOLS:
            done = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z',
                                   str(ROOT / 'packaging' / 'man' / (tool + '.1'))],
                                  env=self.environment(MANWIDTH='80'), capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b''))


if __name__ == '__main__':
    main()

"""The manual pages tell what --help tells, and both fit a terminal."""

import re
import shutil
import subprocess
import unittest

from support import BIN, ROOT, ToolTest, main

TOOLS = ('nicenc', 'nicdec', 'nicinfo')
_OPTION = r'(?<![\w-])--[a-z][a-z-]*'


def page(tool):
    return (ROOT / 'packaging' / 'man' / (tool + '.1')).read_text().replace('\\-', '-')


def section(text, name):
    return re.search(r'(?ms)^\.SH %s\n(.*?)(?=^\.SH |\Z)' % name, text).group(1)


def paragraph(text, option):
    """What a page says of an option, whose names stand in its tag."""
    return re.search(r'(?ms)^\.TP\n\.B[IR]? (?:-\w ", " )?--%s\b(?!-)(.*?)(?=^\.TP|^\.S)' % option, text).group(1)


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

    def test_defaults_are_those_of_help(self):
        spelt = {'268M': '268 million', '2Gi': '2 GiB'}
        for tool in TOOLS:
            options = re.split(r'(?m)^  (?:-\w, |    )--', self.help(tool))[1:]
            told = 0
            for name, text in (re.match(r'([a-z-]+)(.*)', option, re.S).groups() for option in options):
                for value in re.findall(r'default\s+(\d\w*)', text):
                    self.assertIn(spelt.get(value, value), paragraph(page(tool), name), (tool, name))
                    told += 1
            self.assertEqual(told > 0, tool != 'nicinfo')

    def test_the_page_of_nicbench(self):
        if not (BIN / 'nicbench').exists():
            self.skipTest('nicbench is not built')
        text = page('nicbench')
        commands = re.findall(r'(?m)^  (\w+)  ', self.help('nicbench').split('Subcommands:')[1])
        self.assertEqual(re.findall(r'(?m)^\.TP\n\.BI (\w+) "', section(text, 'COMMANDS')), commands)
        seen = {'version'}
        for command in commands:
            told = self.run_tool('nicbench', command, '--help').out.decode().split('\nOptions:')[1]
            for name, what in re.findall(r'(?m)^  (?:-\w,)?--([a-z-]+)(.*(?:\n {10,}.*)*)', told):
                seen.add(name)
                for value in re.findall(r'default:? ([^)]+)\)', ' '.join(what.split())):
                    described = ' '.join(paragraph(text, name).split()).replace('default: ', 'default ').replace('is the', 'the')
                    self.assertIn('default ' + value, described, (command, name))
        self.assertEqual(set(re.findall(r'(?m)^\.B[IR]? (?:-\w ", " )?--([a-z-]+)', section(text, 'OPTIONS'))), seen | {'help'})

    def test_the_page_of_nictrain(self):
        if not (BIN / 'nictrain').exists():
            self.skipTest('nictrain is not built')
        text = page('nictrain')
        told = self.help('nictrain')
        commands = re.findall(r'(?m)^  (\w+)  ', told.split('Commands:')[1].split('\n\n')[0])
        self.assertEqual(re.findall(r'(?m)^\.TP\n\.BI? (\w+)', section(text, 'COMMANDS')), commands)
        helps = [self.run_tool('nictrain', command, '--help').out.decode() for command in commands]
        options = {name for each in helps for name in re.findall(r'(?m)^  --([a-z-]+)', each)}
        self.assertGreater(len(options), 10)
        self.assertEqual(set(re.findall(r'(?m)^\.BI --([a-z-]+)', section(text, 'OPTIONS'))), options)
        for each in [told] + helps:
            for line in each.splitlines():
                self.assertLessEqual(len(line), 80, line)
        for line in told.split('\nMost used:\n')[1].split('\n\n')[0].splitlines():
            self.assertIn('.TP\n%s\n' % re.split(r'\s{2,}', line.strip())[0], section(text, 'EXAMPLES'))
        for name in ('EXIT STATUS', 'EXAMPLES', 'SEE ALSO'):
            self.assertIn('\n.SH %s\n' % name, text)

    def test_wrong_usage_of_nictrain(self):
        if not (BIN / 'nictrain').exists():
            self.skipTest('nictrain is not built')
        end = "; see 'nictrain %s--help'"
        for arguments, command in (((), ''), (('learn',), ''), (('--data', 'x'), ''), (('train',), 'train '),
                                   (('train', 'a', 'b'), 'train '), (('train', 'a', '--nonsense', '1'), 'train '),
                                   (('train', 'a', '--data'), 'train '), (('eval', '--data', 'x'), 'eval '),
                                   (('train', 'a', '--init', 'x', '--resume', 'y'), 'train '),
                                   (('verify', '--limit', 'x', '--package', 'a', '--checkpoint', 'b', '--data', 'c'), 'verify '),
                                   (('preview', 'x'), 'preview '), (('deblock', 'x'), 'deblock '), (('pack', 'x'), 'pack '), (('halve',), 'halve ')):
            self.fails('nictrain', *arguments, status=2, err='nictrain: .+' + re.escape(end % command))
        self.fails('nictrain', 'train', 'absent.conf', status=1, err='nictrain: train: .*absent.conf.*')
        self.fails('nictrain', 'eval', '--checkpoint', 'absent', '--data', 'x', status=1, err='nictrain: eval: .*absent.*')
        self.assertRegex(self.run_tool('nictrain', '--version').out.decode(), r'^nictrain \d+\.\d+\.\d+\n$')

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

    def test_help_of_commands_fits_80_columns(self):
        for tool, heading in (('nicbench', 'Subcommands:'), ('nictrain', 'Commands:')):
            if not (BIN / tool).exists():
                continue
            commands = re.findall(r'(?m)^  (\w+)  ', self.help(tool).split(heading)[1].split('\n\n')[0])
            self.assertGreater(len(commands), 5)
            for words in [()] + [(command,) for command in commands]:
                for line in self.run_tool(tool, *words, '--help').out.decode().splitlines():
                    self.assertLessEqual(len(line), 80, line)

    @unittest.skipUnless(shutil.which('man'), 'needs man')
    def test_man_has_nothing_to_complain_of(self):
        for tool in TOOLS + ('nicbench', 'nictrain'):
            done = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z',
                                   str(ROOT / 'packaging' / 'man' / (tool + '.1'))],
                                  env=self.environment(MANWIDTH='80'), capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b''))


if __name__ == '__main__':
    main()

"""What shells and desktops are told of the tools: completions, MIME type, file(1), thumbnailer."""

import configparser
import re
import shlex
import shutil
import subprocess
import unittest

import pictures
from support import ROOT, ToolTest, main

TOOLS = ('nicenc', 'nicdec', 'nicinfo')
DESKTOP = ROOT / 'packaging' / 'desktop'


class Completions(ToolTest):
    def script(self, tool, shell):
        return self.run_tool(tool, '--completion', shell).out.decode()

    def options(self, tool):
        """{name: letter or ''} of --help."""
        text = self.run_tool(tool, '--help').out.decode()
        return {name: letter for letter, name in re.findall(r'(?m)^  (?:-(\w), |    )--([a-z-]+)', text)}

    def takes_value(self, tool):
        text = self.run_tool(tool, '--help').out.decode()
        return set(re.findall(r'(?m)^  (?:-\w, |    )--([a-z-]+) [^\s]', re.sub(r'(--[a-z-]+)  .*', r'\1', text)))

    def bash(self, tool, *words):
        """What bash offers for the last of the words."""
        self.store('script', self.script(tool, 'bash').encode())
        line = ('source ./script; COMP_WORDS=(%s); COMP_CWORD=%d; compopt() { :; }; _%s; printf "%%s\\n" "${COMPREPLY[@]}"' %
                (' '.join(map(shlex.quote, (tool,) + words)), len(words), tool))
        done = subprocess.run(['bash', '-u', '-c', line], cwd=self.folder, env=self.environment(), capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        return sorted(filter(None, done.stdout.decode().split('\n')))

    def test_bash_offers_every_option(self):
        for tool in TOOLS:
            self.assertEqual(self.bash(tool, '--'), sorted('--' + name for name in self.options(tool)))
            self.assertEqual(self.bash(tool, '--vers'), ['--version'])

    def test_bash_offers_values(self):
        self.path('a folder').mkdir()
        self.store('a file.png', b'')
        self.assertEqual(self.bash('nicenc', '--strip', ''), ['all', 'cicp', 'exif', 'icc', 'xmp'])
        self.assertEqual(self.bash('nicenc', '--strip', '=', 'e'), ['exif'])
        self.assertEqual(self.bash('nicenc', '--strip', '='), ['all', 'cicp', 'exif', 'icc', 'xmp'])
        self.assertEqual(self.bash('nicdec', '--output-dir', 'a'), ['a folder'])
        self.assertEqual(self.bash('nicenc', '--icc', 'a'), ['a file.png', 'a folder'])
        self.assertEqual(self.bash('nicenc', 'a'), ['a file.png', 'a folder'])
        self.assertEqual(self.bash('nicenc', '-q', ''), [])

    def test_values_are_those_that_the_tools_take(self):
        self.photo()
        for word in self.bash('nicenc', '--strip', ''):
            self.run_tool('nicenc', '--strip', word, 'photo.png', 'a.nic')
        for word in self.bash('nicdec', '--output-format', ''):
            self.run_tool('nicdec', '--output-format', word, 'a.nic', 'out')
        for word in self.bash('nicenc', '--completion', ''):
            self.assertTrue(self.script('nicenc', word))
        self.assertEqual(self.bash('nicenc', '-e', ''), list('123456789'))
        self.fails('nicenc', '--completion', 'tcsh', status=2, err='nicenc: --completion: .*tcsh.*')

    @unittest.skipUnless(shutil.which('zsh'), 'needs zsh')
    def test_zsh_names_every_option(self):
        for tool in TOOLS:
            script = self.script(tool, 'zsh')
            self.store('_' + tool, script.encode())
            done = subprocess.run(['zsh', '-n', '_' + tool], cwd=self.folder, capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b''))
            # With _arguments in its place the words are told as zsh reads them.
            line = '_arguments() { print -rl -- "$@"; }; source ./_%s' % tool
            words = subprocess.run(['zsh', '-f', '-c', line], cwd=self.folder, capture_output=True, check=True).stdout.decode()
            for name, letter in self.options(tool).items():
                self.assertRegex(words, r'(?m)(^|\))--%s(=?)\[.+\]' % name)
                if letter:
                    self.assertRegex(words, r'(?m)^\(-%s --%s\)-%s' % (letter, name, letter))

    @unittest.skipUnless(shutil.which('fish'), 'needs fish')
    def test_fish_offers_every_option(self):
        for tool in TOOLS:
            self.store(tool + '.fish', self.script(tool, 'fish').encode())
            line = 'source ./%s.fish; complete -C "%s --"' % (tool, tool)
            done = subprocess.run(['fish', '--no-config', '-c', line], cwd=self.folder,
                                  env=self.environment(HOME=str(self.folder)), capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            offered = {text.split('\t')[0].rstrip('=') for text in done.stdout.decode().splitlines()}
            self.assertLessEqual({'--' + name for name in self.options(tool)}, offered)


class Desktop(ToolTest):
    @unittest.skipUnless(shutil.which('file'), 'needs file')
    def test_file_knows_the_formats(self):
        self.coded()
        self.run_tool('write_small_model', 5, 4242, 'a.nicm')
        def ask(name, *options):
            done = subprocess.run(['file', '-b', *options, '-m', str(DESKTOP / 'nic.magic'), name], cwd=self.folder,
                                  capture_output=True, check=True)
            self.assertEqual(done.stderr, b'')
            return done.stdout.decode().strip()
        self.assertEqual(ask('photo.nic'), 'nic image, version 1.%d' % self.minor('photo.nic'))
        self.assertEqual(ask('photo.nic', '--mime-type'), 'image/x-nic')
        self.assertEqual(ask('photo.nic', '--extension'), 'nic')
        self.assertEqual(ask('a.nicm', '--mime-type'), 'application/x-nic-model')
        self.store('text', b'NIC\r\n')
        self.assertEqual(ask('text', '--mime-type'), 'text/plain')

    def minor(self, name):
        return int(self.info(name)['container_version'].split('.')[1])

    @unittest.skipUnless(shutil.which('update-mime-database'), 'needs shared-mime-info')
    def test_desktops_know_the_formats(self):
        packages = self.path('share/mime/packages')
        packages.mkdir(parents=True)
        shutil.copy(DESKTOP / 'nic.xml', packages)
        env = self.environment(XDG_DATA_HOME=str(self.path('share')), XDG_DATA_DIRS=str(self.path('share')))
        done = subprocess.run(['update-mime-database', str(packages.parent)], env=env, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        self.assertIn('image/x-nic:*.nic\n', self.load('share/mime/globs').decode())
        self.assertIn(b'image/x-nic', self.load('share/mime/magic'))
        self.coded('photo.nic')
        if not shutil.which('gio'):
            return
        shutil.copy(self.path('photo.nic'), self.path('no-extension'))
        self.run_tool('write_small_model', 5, 4242, 'a.nicm')
        for name, kind in (('photo.nic', 'image/x-nic'), ('no-extension', 'image/x-nic'), ('a.nicm', 'application/x-nic-model')):
            done = subprocess.run(['gio', 'info', '-a', 'standard::content-type', name], cwd=self.folder, env=env,
                                  capture_output=True)
            self.assertIn('standard::content-type: %s\n' % kind, done.stdout.decode())

    def test_the_thumbnailer_makes_thumbnails(self):
        entry = configparser.ConfigParser(interpolation=None)
        entry.read(DESKTOP / 'nic.thumbnailer')
        section = entry['Thumbnailer Entry']
        self.assertEqual(section['MimeType'], 'image/x-nic;')
        self.coded('a photo.nic', 300, 200)
        values = {'%i': 'a photo.nic', '%o': 'thumbnail', '%s': '128'}
        tool, *arguments = [values.get(word, word) for word in section['Exec'].split()]
        self.assertEqual(tool, section['TryExec'])
        self.run_tool(tool, *arguments)
        self.assertEqual(pictures.read_png(self.load('thumbnail'))[:2], (128, 85))


if __name__ == '__main__':
    main()

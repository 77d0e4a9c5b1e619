#include "tools/completion.h"

#include <vector>

namespace nic::tools {
namespace {

// What may stand behind an option, told by the name of its value.
struct Value {
  enum Kind { kNone, kAny, kFile, kFolder, kWords } kind = kNone;
  std::string words;  // separated by spaces
};

struct Completed {
  std::string letter;  // empty, or one
  std::string name;
  std::string value_name;
  std::string description;
  Value value;
};

Value ValueOf(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  if (name.empty() || option.get_type_size() == 0) return {};  // a flag
  if (name == "KINDS") return {Value::kWords, "all exif xmp icc cicp"};
  if (name == "FORMAT") return {Value::kWords, "png pnm pam pgm ppm"};
  if (name == "SHELL") return {Value::kWords, "bash zsh fish"};
  if (name == "E") return {Value::kWords, "1 2 3 4 5 6 7 8 9"};
  if (name == "DIR") return {Value::kFolder, ""};
  if (name.find("FILE") != std::string::npos || name.find('.') != std::string::npos) return {Value::kFile, ""};
  return {Value::kAny, ""};
}

std::vector<Completed> OptionsOf(const CLI::App& app) {
  std::vector<Completed> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;  // the files
    const std::vector<std::string>& letters = option->get_snames();
    options.push_back({letters.empty() ? "" : letters[0], option->get_lnames()[0], option->get_type_name(),
                       option->get_description(), ValueOf(*option)});
  }
  return options;
}

std::string Head(const CLI::App& app, const std::string& shell) {
  return " " + app.get_name() + "; made by '" + app.get_name() + " --completion " + shell + "'\n";
}

// Names before "=" and behind it come as words of their own in bash.
std::string BashScript(const CLI::App& app) {
  const std::string function = "_" + app.get_name();
  std::string script = "# bash completion for" + Head(app, "bash") + function + R"(() {
  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $word == = ]]; then
    word=
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $option in
)";
  std::string names;
  for (const Completed& option : OptionsOf(app)) {
    names += (names.empty() ? "--" : " --") + option.name;
    if (option.value.kind == Value::kNone) continue;
    script += "    ";
    if (!option.letter.empty()) script += "-" + option.letter + " | ";
    script += "--" + option.name + ")";
    switch (option.value.kind) {
      case Value::kWords:
        script +=
            "\n      mapfile -t COMPREPLY < <(compgen -W '" + option.value.words + "' -- \"$word\")\n      return";
        break;
      case Value::kFolder:
        script += "\n      compopt -o filenames\n      mapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n      return";
        break;
      case Value::kAny:
        script += "\n      return";
        break;
      default:
        script += "\n      compopt -o filenames\n      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n      return";
    }
    script += "\n      ;;\n";
  }
  return script + "  esac\n  if [[ $word == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W '" + names +
         "' -- \"$word\")\n  else\n    compopt -o filenames\n    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
         "  fi\n}\ncomplete -F " +
         function + " " + app.get_name() + "\n";
}

// With a backslash before each of `special`.
std::string Escaped(const std::string& text, const std::string& special) {
  std::string escaped;
  for (const char c : text) {
    if (special.find(c) != std::string::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// In single quotes; `quote` stands for a quote within.
std::string Quoted(const std::string& text, const std::string& quote) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += quote;
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string ZshValue(const Completed& option) {
  if (option.value.kind == Value::kNone) return "";
  const std::string begin = ":" + Escaped(option.value_name, ":") + ":";
  switch (option.value.kind) {
    case Value::kWords:
      return begin + "(" + option.value.words + ")";
    case Value::kFolder:
      return begin + "_files -/";
    case Value::kFile:
      return begin + "_files";
    default:
      return begin + " ";
  }
}

std::string ZshScript(const CLI::App& app) {
  std::string script =
      "#compdef " + app.get_name() + "\n# zsh completion for" + Head(app, "zsh") + "_arguments -s -S \\\n";
  for (const Completed& option : OptionsOf(app)) {
    const bool takes_value = option.value.kind != Value::kNone;
    const std::string rest =
        Quoted("[" + Escaped(option.description, "[]:\\") + "]" + ZshValue(option), "'\\''") + " \\\n";
    const std::string name = "--" + option.name + (takes_value ? "=" : "");
    if (option.letter.empty()) {
      script += "  '" + name + "'" + rest;
    } else {
      script += "  '(-" + option.letter + " --" + option.name + ")'{-" + option.letter + (takes_value ? "+," : ",") +
                name + "}" + rest;
    }
  }
  return script + "  '*:file:_files'\n";
}

std::string FishScript(const CLI::App& app) {
  std::string script = "# fish completion for" + Head(app, "fish");
  for (const Completed& option : OptionsOf(app)) {
    script += "complete -c " + app.get_name();
    if (!option.letter.empty()) script += " -s " + option.letter;
    script += " -l " + option.name;
    if (option.value.kind == Value::kWords) script += " -x -a '" + option.value.words + "'";
    if (option.value.kind == Value::kFolder) script += " -x -a '(__fish_complete_directories)'";
    if (option.value.kind == Value::kFile) script += " -r -F";
    if (option.value.kind == Value::kAny) script += " -x";
    script += " -d " + Quoted(Escaped(option.description, "\\"), "\\'") + "\n";
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return BashScript(app);
  return shell == "zsh" ? ZshScript(app) : FishScript(app);
}

}  // namespace nic::tools

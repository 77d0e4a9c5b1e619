#include "tools/command_line.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "tools/completion.h"
#include "tools/number.h"
#include "tools/report.h"

namespace nic::tools {
namespace {

constexpr size_t kIndent = 27;  // where descriptions begin
constexpr size_t kWidth = 79;

// Appends `text` word by word from column `column` on, later lines indented.
void Wrap(const std::string& text, size_t column, std::string* out) {
  std::istringstream words(text);
  std::string word;
  for (bool first = true; words >> word; first = false) {
    if (!first && column + 1 + word.size() > kWidth) {
      *out += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    } else if (!first) {
      *out += " ";
      ++column;
    }
    *out += word;
    column += word.size();
  }
  *out += "\n";
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  HelpFormatter(std::string usage, std::string examples) : usage_(std::move(usage)), examples_(std::move(examples)) {}

  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    std::string help = usage_ + "\n" + app->get_description() + "\n\nMost used:\n" + examples_;
    for (const std::string& group : app->get_groups()) {
      if (group.empty() || group == kPositionals) continue;
      help += "\n" + group + ":\n";
      for (const CLI::Option* option : app->get_options()) {
        if (option->get_group() == group) AddOption(*option, &help);
      }
    }
    return help;
  }

  static constexpr char kPositionals[] = "Files";

 private:
  static void AddOption(const CLI::Option& option, std::string* help) {
    std::string line = "  ";
    if (option.get_snames().empty()) line += "    ";
    for (const std::string& name : option.get_snames()) line += "-" + name + ", ";
    for (const std::string& name : option.get_lnames()) line += "--" + name;
    if (option.get_type_size() != 0) line += " " + option.get_type_name();
    // Two columns of air, or the description goes to a line of its own.
    if (line.size() + 2 > kIndent) {
      *help += line + "\n";
      line.clear();
    }
    *help += line + std::string(kIndent - line.size(), ' ');
    Wrap(option.get_description(), kIndent, help);
  }

  std::string usage_;
  std::string examples_;
};

// CLI11's words for a missing value or a repeated option are "--name: At Most 1 required but received 2" and the like.
std::string ExplainMismatch(const std::string& message) {
  const std::string option = message.substr(0, message.find_first_of(": "));
  if (message.find("missing") != std::string::npos) return option + " needs a value";
  if (message.find("received") != std::string::npos) return option + " is given more than once";
  return message;
}

std::string Shown(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

// The first argument "--name=" without a value, which CLI11 would take from the argument behind it; null without any.
const char* FindEmptyValue(int argc, char** argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const char* equals = std::strchr(argv[i], '=');
    if (std::strncmp(argv[i], "--", 2) == 0 && equals && equals[1] == 0) return argv[i];
  }
  return nullptr;
}

std::string CheckShell(const std::string& name) {
  for (const char* shell : kShells) {
    if (name == shell) return "";
  }
  return "'" + name + "' is none of bash, zsh, fish";
}

// What contradicts itself in the options on files; empty if nothing does.
std::string CheckTogether(const Arguments& arguments) {
  if (arguments.files.empty()) return "no input given";
  if (!arguments.output_dir.empty()) return "";
  if (arguments.recursive) return "--recursive needs --output-dir";
  const bool to_standard_output = arguments.files.size() > 1 && arguments.files.back() == "-";
  if (arguments.json && to_standard_output) return "--json and a picture on standard output exclude each other";
  return "";
}

}  // namespace

CommandLine::CommandLine(const std::string& program, const std::string& purpose, const std::string& usage,
                         const std::string& examples)
    : app_(purpose, program), program_(program) {
  app_.formatter(std::make_shared<HelpFormatter>(usage, examples));
  app_.set_help_flag();
  app_.option_defaults()->group("General");
}

void CommandLine::AddFiles(Arguments* arguments, const std::string& kinds) {
  arguments_ = arguments;
  app_.option_defaults()->group("Files and folders");
  app_.add_option("files", arguments->files)->group(HelpFormatter::kPositionals);
  app_.add_option("--output-dir", arguments->output_dir,
                  "takes any number of inputs and writes each into DIR, which is made if absent")
      ->type_name("DIR")
      ->check([](const std::string& text) { return text.empty() ? "is empty" : ""; });
  app_.add_flag("-r,--recursive", arguments->recursive,
                "take the " + kinds + " in folders and below, by extension; DIR gets the same tree");
  CLI::Option* replace = app_.add_flag("--overwrite", arguments->overwrite, "replace outputs that exist (the default)");
  app_.add_flag("--no-overwrite", arguments->keep_existing, "skip inputs whose output exists")->excludes(replace);
  app_.add_flag("-n,--dry-run", arguments->dry_run, "write nothing; print what would be written");
  app_.add_flag("-p,--preserve", arguments->preserve, "give outputs the timestamps of their inputs");
  app_.add_flag("--json", arguments->json, "print a line of JSON for each file on standard output");
}

void CommandLine::AddMetadata(MetadataFiles* files, const std::string& purpose) {
  const size_t gap = purpose.find("%s");
  for (size_t i = 0; i < files->size(); ++i) {
    const MetadataKind& kind = kMetadataKinds[i];
    const std::string text = purpose.substr(0, gap) + kind.name + purpose.substr(gap + 2);
    app_.add_option(std::string("--") + kind.option, (*files)[i], text)
        ->type_name("FILE")
        ->check([](const std::string& name) { return name.empty() ? "is empty" : ""; });
  }
}

void CommandLine::AddModel(Arguments* arguments, const std::string& purpose) {
  app_.add_option("-m,--model", arguments->model, purpose)->type_name("FILE|NAME");
}

void CommandLine::AddGeneral(Arguments* arguments) {
  app_.add_option("-t,--threads", arguments->threads,
                  "threads to use (default 0: one for each processor); never "
                  "changes the result")
      ->type_name("N")
      ->transform(WholeIn(0, 1024));
  app_.add_option("--max-pixels", arguments->limits.max_pixels,
                  "refuse pictures of more pixels (default 268M, fewer for small files); suffixes k, M, G")
      ->type_name("N")
      ->transform(CountFrom(1));
  app_.add_option("--max-memory", arguments->limits.max_memory,
                  "refuse to use more memory (default 2Gi); suffixes k, M, G, Ki, Mi, Gi")
      ->type_name("BYTES")
      ->transform(CountFrom(1));
  CLI::Option* quiet = app_.add_flag("--quiet", arguments->quiet, "no warnings, notes or progress, only errors");
  app_.add_flag("-v,--verbose", arguments->verbose,
                "tell what was chosen, loaded and done for each file, on standard error")
      ->excludes(quiet);
}

std::optional<int> CommandLine::Parse(int argc, char** argv) {
  // These run before CLI11 checks the rest, so that --help works beside anything.
  app_.add_flag_callback(
          "-h,--help", [] { throw CLI::CallForHelp(); }, "show this help")
      ->trigger_on_parse();
  app_.add_flag_callback(
          "--version", [] { throw CLI::CallForVersion("", 0); }, "show the version")
      ->trigger_on_parse();
  std::string shell;
  app_.add_option("--completion", shell, "print what makes bash, zsh or fish complete these options")
      ->type_name("SHELL")
      ->check(CheckShell);
  if (const char* empty = FindEmptyValue(argc, argv)) {
    return UsageError(std::string(empty, std::strlen(empty) - 1) + " needs a value");
  }
  try {
    app_.parse(argc, argv);
    if (!shell.empty()) {
      return Print(CompletionScript(app_, shell));
    }
    const std::string clash = arguments_ ? CheckTogether(*arguments_) : "";
    if (!clash.empty()) return UsageError(clash);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    return Print(app_.help());
  } catch (const CLI::CallForVersion&) {
    return Print(program_ + " " + nic_version() + "\n");
  } catch (const CLI::ExtrasError&) {
    return UsageError("unknown option '" + app_.remaining().front() + "'");
  } catch (const CLI::ArgumentMismatch& error) {
    return UsageError(ExplainMismatch(error.what()));
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what());
  }
}

int CommandLine::Print(const std::string& text) const {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return kExitOk;
  const Outcome outcome = Outcome::System("cannot write to standard output", errno);
  Report(program_, false, false).Error("", outcome);
  return outcome.exit_status();
}

int CommandLine::UsageError(const std::string& text) const {
  const std::string line = program_ + ": " + text + "; see '" + program_ + " --help'";
  std::fprintf(stderr, "%s\n", OneLine(line).c_str());
  return 2;
}

CLI::Validator DecimalIn(double lowest, double highest) {
  return CLI::Validator(
      [=](std::string& text) {
        const auto value = ParseDecimal(text);
        if (value && *value >= lowest && *value <= highest) return std::string();
        return "'" + text + "' is not a number in " + Shown(lowest) + ".." + Shown(highest);
      },
      "");
}

CLI::Validator WholeIn(uint64_t lowest, uint64_t highest) {
  return CLI::Validator(
      [=](std::string& text) {
        const auto value = ParseWhole(text);
        if (!value || *value < lowest || *value > highest) {
          return "'" + text + "' is not a whole number in " + std::to_string(lowest) + ".." + std::to_string(highest);
        }
        text = std::to_string(*value);  // without leading zeros, which CLI11 would take for octal
        return std::string();
      },
      "");
}

CLI::Validator CountFrom(uint64_t lowest) {
  return CLI::Validator(
      [=](std::string& text) {
        const auto value = ParseCount(text);
        if (!value || *value < lowest) return "'" + text + "' is not a count such as 40000, 40k or 1.5M";
        text = std::to_string(*value);
        return std::string();
      },
      "");
}

}  // namespace nic::tools

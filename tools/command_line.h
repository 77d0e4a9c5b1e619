// The command line: the options that the tools share, their checks, and help that fits 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/arguments.h"
#include "tools/metadata_file.h"

namespace nic::tools {

class CommandLine {
 public:
  // `usage` and `examples` hold one line for each form or example, ended by '\n'.
  CommandLine(const std::string& program, const std::string& purpose, const std::string& usage,
              const std::string& examples);

  CLI::App& app() { return app_; }
  const std::string& program() const { return program_; }

  // The options of Arguments. `arguments` must outlive this object. `kinds` says which files of a folder are taken.
  void AddFiles(Arguments* arguments, const std::string& kinds);
  // --icc, --exif and --xmp. `purpose` holds "%s" for what they name.
  void AddMetadata(MetadataFiles* files, const std::string& purpose);
  void AddModel(Arguments* arguments, const std::string& purpose);
  void AddGeneral(Arguments* arguments);

  // Reads the arguments. A value comes back if the program is to end with it as its status: after --help and --version,
  // and after a usage error, whose message has been printed.
  std::optional<int> Parse(int argc, char** argv);
  // Prints a usage error and returns its exit status.
  int UsageError(const std::string& text) const;

 private:
  // Prints what was asked for, and returns the exit status.
  int Print(const std::string& text) const;

  CLI::App app_;
  std::string program_;
  const Arguments* arguments_ = nullptr;  // of AddFiles
};

// Checks for CLI11: a number in lowest..highest; a count with a suffix, which it replaces by plain digits.
CLI::Validator DecimalIn(double lowest, double highest);
CLI::Validator WholeIn(uint64_t lowest, uint64_t highest);
CLI::Validator CountFrom(uint64_t lowest);

}  // namespace nic::tools

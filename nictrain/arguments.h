// The command line: `--name value` options and plain words, each name known and given once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace nic {

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;  // without the dashes

  bool has(const std::string& name) const { return options.count(name) != 0; }
  std::string get(const std::string& name, const std::string& otherwise = "") const;
  // NIC_INVALID_ARGUMENT where the option is given and no number in [low, high].
  Status GetNumber(const std::string& name, double low, double high, double* value) const;
};

// `known`: the names that may be given, each with a value (`--name value` or `--name=value`).
Status ParseArguments(int count, char** texts, const std::vector<std::string>& known, Arguments* arguments);

}  // namespace nic

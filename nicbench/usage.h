// nicbench usage: what a program takes.
#pragma once

#include <string>
#include <vector>

#include "nicbench/launcher.h"

namespace nic::bench {

struct UsageOptions {
  std::vector<std::string> command;
  int rounds = 1;
};

// Runs the command in turn and prints "SECONDS CPU-SECONDS PEAK-MIB": the medians of the times, the largest memory.
// Returns the exit status.
int RunUsage(const UsageOptions& options, Launcher* launcher);

}  // namespace nic::bench

// Runs nicbench as a user does.
#pragma once

#include <string>

namespace nic::bench::testing {

struct Run {
  int status = -1;   // exit status
  std::string text;  // standard output and error
};

// Runs `nicbench` with arguments as a shell reads them, `before` (settings of the environment) in front.
Run RunProgram(const std::string& arguments, const std::string& before = "");

}  // namespace nic::bench::testing

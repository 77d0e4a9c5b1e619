#include "program.h"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>

namespace nic::bench::testing {

Run RunProgram(const std::string& arguments, const std::string& before) {
  const std::string command = before + " '" NICBENCH "' " + arguments + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  Run run;
  char buffer[4096];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) run.text.append(buffer, got);
  const int status = pclose(pipe);
  REQUIRE(WIFEXITED(status));
  run.status = WEXITSTATUS(status);
  return run;
}

}  // namespace nic::bench::testing

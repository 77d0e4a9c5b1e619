// Runs other programs and measures them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tools/outcome.h"

namespace nic::bench {

// What a program took.
struct Usage {
  double seconds = 0;        // from before its start to its end
  double cpu_seconds = 0;    // of all its threads
  uint64_t peak_memory = 0;  // bytes resident at once
};

// Runs programs from a small process of its own, which is made when the Launcher is: a child's peak memory begins with
// its parent's, so that a parent full of pictures would measure itself. That process also keeps a scratch folder and
// removes it when this program ends, however it ends. Make it first of all, before threads and large memory.
class Launcher {
 public:
  Launcher() = default;
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Makes the process and the folder, in TMPDIR or else /tmp.
  tools::Outcome Start();

  // Runs a program, found through PATH if its name has no slash, and waits for it. Standard input is empty; what it
  // prints is kept for output(). Fails, with the last of what it printed, if it cannot be started, does not exit
  // with 0, or takes longer than `time_limit` seconds. `usage` may be null.
  tools::Outcome Run(const std::vector<std::string>& arguments, Usage* usage);

  // The first 4 KiB of what the last program printed.
  const std::string& output() const { return output_; }
  const std::string& scratch() const { return scratch_; }

  double time_limit = 600;

 private:
  int socket_ = -1;
  pid_t process_ = -1;
  std::string scratch_;
  std::string output_;
};

// True if PATH leads to a program of that name, or it names one by its path.
bool IsInstalled(const std::string& program);

}  // namespace nic::bench

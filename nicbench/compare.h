// nicbench compare: a strip of the original and what each codec makes of it with the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nicbench/launcher.h"
#include "nicbench/nic_codec.h"

namespace nic::bench {

struct CompareOptions {
  std::string picture;
  std::string output;
  double bytes = 0;  // of each file; 0: by bpp
  double bpp = 0;    // 0, too: 0.25
  std::string crop;  // WxH+X+Y; empty: all
  uint32_t zoom = 1;
  uint32_t columns = 0;  // 0: all in one row
  NicOptions nic;
  std::vector<std::string> peers;
};

// Writes the strip and prints its figures. Returns the exit status.
int RunCompare(const CompareOptions& options, Launcher* launcher);

}  // namespace nic::bench

// What nicenc and nicdec have in common on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nic/nic.h"

namespace nic::tools {

struct Arguments {
  std::vector<std::string> files;
  std::string output_dir;  // empty: not given
  bool recursive = false;
  bool overwrite = false;  // said so; an output is replaced without as well
  bool keep_existing = false;
  bool dry_run = false;
  bool json = false;
  bool preserve = false;
  std::string model;       // a file or a name; empty: not given
  uint32_t threads = 0;    // 0: one for each processor
  nic_limits limits = {};  // 0: libnic's defaults
  bool quiet = false;
  bool verbose = false;
};

}  // namespace nic::tools

// nicbench rd: rate and distortion of nic and its peers on a folder of pictures.
#pragma once

#include <string>
#include <vector>

#include "nicbench/launcher.h"
#include "nicbench/nic_codec.h"

namespace nic::bench {

struct RdOptions {
  std::string pictures;  // a folder or a file
  NicOptions nic;
  std::string name;                  // of nic's curve; empty: the model's
  int steps = 2;                     // rates from one gain level to the next
  std::vector<std::string> rates;    // "s+l"; empty: all of them in steps
  std::vector<std::string> peers;    // names, or "all", or "none"
  std::vector<std::string> against;  // FILE or FILE:NAME
  std::string csv;                   // where to write; empty: nowhere
  std::string json;
  bool each = false;  // print every picture's figures too
};

// Measures and prints. Returns the exit status.
int RunRd(const RdOptions& options, Launcher* launcher);

}  // namespace nic::bench

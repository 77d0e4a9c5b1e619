// nicbench speed: how fast nic and its peers encode and decode, and how much memory that takes.
#pragma once

#include <string>
#include <vector>

#include "nicbench/launcher.h"
#include "nicbench/nic_codec.h"

namespace nic::bench {

struct SpeedOptions {
  std::string pictures;  // a folder or a file
  NicOptions nic;        // its threads are not used
  std::vector<int> threads;
  double bpp = 0.75;
  int rounds = 5;
  std::vector<std::string> peers;
  std::string json;
};

// Measures nic in this process, nic's programs, and other codecs' programs in turn, so that a machine whose speed
// drifts is fair to all. Every codec is first set to the same bytes for each picture. Returns the exit status.
int RunSpeed(const SpeedOptions& options, Launcher* launcher);

}  // namespace nic::bench

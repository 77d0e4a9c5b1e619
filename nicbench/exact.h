// nicbench exact: does nic give the same bytes and pixels under every vector target and thread count?
#pragma once

#include <string>
#include <vector>

#include "nicbench/nic_codec.h"

namespace nic::bench {

struct ExactOptions {
  std::string pictures;              // a folder or a file
  NicOptions nic;                    // its threads and target are not used
  std::vector<std::string> targets;  // empty: all that this processor has
  std::vector<int> threads;
  std::vector<std::string> rates;  // empty: five over the model's range
  std::string json;
  std::string expect;
};

// Encodes and decodes every picture at every rate under every target and thread count, prints how many hashes differ
// from the first way's (or from those in `expect`), and returns the exit status: 1 if any do.
int RunExact(const ExactOptions& options);

}  // namespace nic::bench

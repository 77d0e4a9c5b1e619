// The codecs of other people that a run is to measure.
#pragma once

#include <string>
#include <vector>

#include "nicbench/program_codec.h"

namespace nic::bench {

// Finds the descriptions that `names` ask for: names of known codecs, "all" or "none". Those that are not installed go
// into `skipped` as one sentence each. Fails for a name that is unknown.
tools::Outcome SelectPeers(const std::vector<std::string>& names, std::vector<const ProgramDescription*>* selected,
                           std::vector<std::string>* skipped);

}  // namespace nic::bench

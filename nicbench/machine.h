// The machine that measures, in general words, for records of measurements.
#pragma once

#include <nlohmann/json.hpp>

namespace nic::bench {

// {"cpu": .., "cores": .., "vectors": .., "date": ..}: the processor's name, how many processors there are, its widest
// vector instructions, today's date.
nlohmann::json DescribeMachine();

}  // namespace nic::bench

// A description for people: aligned lines of at most 80 columns (but for long file names).
#pragma once

#include <string>

#include "nicinfo/description.h"

namespace nic::tools {

std::string FormatText(const Description& description);

}  // namespace nic::tools

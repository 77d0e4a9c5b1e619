// A description for programs.
#pragma once

#include <string>
#include <vector>

#include "nicinfo/description.h"

namespace nic::tools {

// An object for one description, an array of them for more; indented, with a line end. The manual lists the keys.
std::string FormatJson(const std::vector<Description>& descriptions, bool as_array);

}  // namespace nic::tools

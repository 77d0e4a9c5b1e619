// What nictrain tells of itself.
#pragma once

#include <string>

namespace nic {

// The help on a command, or on the program for an empty name; null if there is no such command.
const char* FindHelp(const std::string& command);

}  // namespace nic

#include "tools/icc_profile.h"

#include <algorithm>
#include <string_view>

namespace nic::tools {

bool IsSrgbProfile(std::span<const uint8_t> profile) {
  using namespace std::string_view_literals;
  // Version 2 profiles describe themselves in ASCII, version 4 in UTF-16.
  for (const std::string_view name : {"sRGB"sv, "\0s\0R\0G\0B"sv}) {
    if (std::search(profile.begin(), profile.end(), name.begin(), name.end()) != profile.end()) return true;
  }
  return false;
}

}  // namespace nic::tools

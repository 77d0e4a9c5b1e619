// The little that the tools know of ICC profiles.
#pragma once

#include <cstdint>
#include <span>

namespace nic::tools {

// True if the profile calls itself sRGB, the colour space that .nic pixels are taken to be in.
bool IsSrgbProfile(std::span<const uint8_t> profile);

// The note for a picture that loses another profile.
inline constexpr char kProfileDropped[] = "the ICC profile is not kept; colours will be shown as sRGB";

}  // namespace nic::tools

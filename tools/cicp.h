// Colours by code points (CICP, ITU-T H.273), four bytes as NIC_METADATA_CICP has them, as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nic::tools {

// Of "P/T/M/R", decimal: primaries and transfer 0..255, matrix 0, range 0 (narrow) or 1 (full). Nothing for other text.
std::optional<std::vector<uint8_t>> ParseCicp(const std::string& text);

// False for what no file may hold.
bool IsCicp(std::span<const uint8_t> cicp);

// These take what IsCicp allows.
std::string CicpText(std::span<const uint8_t> cicp);  // "12/13/0/1"
std::string CicpName(std::span<const uint8_t> cicp);  // "Display P3", or what each of the numbers means

// True for sRGB, the colour space that .nic pixels are taken to be in where nothing is said.
bool IsSrgbCicp(std::span<const uint8_t> cicp);

// The note for a picture that loses other ones.
inline constexpr char kCicpDropped[] = "the colours' code points (CICP) are not kept; colours will be shown as sRGB";

}  // namespace nic::tools

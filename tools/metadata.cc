#include "tools/metadata.h"

#include <cstddef>

namespace nic::tools {

bool IsTurned(std::span<const uint8_t> exif) {
  constexpr uint32_t kOrientation = 0x112;
  constexpr size_t kEntrySize = 12;
  if (exif.size() < 14) return false;
  const bool little = exif[0] == 'I';
  const auto get16 = [&](size_t at) {
    return little ? uint32_t{exif[at]} | uint32_t{exif[at + 1]} << 8 : uint32_t{exif[at]} << 8 | exif[at + 1];
  };
  const size_t directory = little ? get16(4) | get16(6) << 16 : get16(4) << 16 | get16(6);
  if (directory > exif.size() - 2) return false;
  const size_t entries = get16(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + kEntrySize * i;
    if (entry + kEntrySize > exif.size()) return false;
    if (get16(entry) == kOrientation) return get16(entry + 8) > 1;
  }
  return false;
}

}  // namespace nic::tools

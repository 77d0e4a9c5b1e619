#include "tools/exif.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace nic::tools {
namespace {

// Reads numbers in the byte order that the data begin with.
class TiffReader {
 public:
  explicit TiffReader(std::span<const uint8_t> bytes) : bytes_(bytes), little_(!bytes.empty() && bytes[0] == 'I') {}

  bool little() const { return little_; }
  size_t size() const { return bytes_.size(); }
  uint32_t Get16(size_t at) const {
    return little_ ? uint32_t{bytes_[at]} | uint32_t{bytes_[at + 1]} << 8 : uint32_t{bytes_[at]} << 8 | bytes_[at + 1];
  }
  uint32_t Get32(size_t at) const {
    return little_ ? Get16(at) | Get16(at + 2) << 16 : Get16(at) << 16 | Get16(at + 2);
  }

 private:
  std::span<const uint8_t> bytes_;
  bool little_;
};

// Where the low 16 bits of the orientation stand; 0 if nowhere.
size_t FindOrientation(const TiffReader& tiff) {
  constexpr uint32_t kOrientation = 0x112;
  constexpr uint32_t kLong = 4;
  constexpr size_t kEntrySize = 12;
  if (tiff.size() < 14) return 0;
  const size_t directory = tiff.Get32(4);
  if (directory > tiff.size() - 2) return 0;
  const size_t entries = tiff.Get16(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + kEntrySize * i;
    if (entry + kEntrySize > tiff.size()) return 0;
    if (tiff.Get16(entry) != kOrientation) continue;
    return entry + (tiff.Get16(entry + 2) == kLong && !tiff.little() ? 10 : 8);
  }
  return 0;
}

// Makes the digit behind every `begin` a 1, if it is one of 2 to 8 with `end` behind it.
void ResetDigits(std::string_view begin, char end, std::vector<uint8_t>* xmp) {
  auto at = xmp->begin();
  while ((at = std::search(at, xmp->end(), begin.begin(), begin.end())) != xmp->end()) {
    at += static_cast<ptrdiff_t>(begin.size());
    if (xmp->end() - at >= 2 && at[0] >= '2' && at[0] <= '8' && at[1] == end) at[0] = '1';
  }
}

}  // namespace

uint32_t ExifOrientation(std::span<const uint8_t> exif) {
  const TiffReader tiff(exif);
  const size_t at = FindOrientation(tiff);
  const uint32_t orientation = at ? tiff.Get16(at) : 1;
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

void ResetExifOrientation(std::vector<uint8_t>* exif) {
  const TiffReader tiff(*exif);
  const size_t at = FindOrientation(tiff);
  if (at == 0) return;
  (*exif)[at] = tiff.little() ? 1 : 0;
  (*exif)[at + 1] = tiff.little() ? 0 : 1;
}

void ResetXmpOrientation(std::vector<uint8_t>* xmp) {
  ResetDigits("tiff:Orientation=\"", '"', xmp);
  ResetDigits("tiff:Orientation='", '\'', xmp);
  ResetDigits("<tiff:Orientation>", '<', xmp);
}

}  // namespace nic::tools

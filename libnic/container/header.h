// The fixed fields at the beginning of a .nic file (format-spec/container.md, section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/status.h"

namespace nic {

constexpr uint8_t kFileSignature[8] = {0x8A, 'N', 'I', 'C', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr int kContainerMajor = 1;
constexpr int kContainerMinor = 0;
constexpr size_t kMinHeaderSize = 20;
constexpr uint64_t kWidthOffset = 10;  // of the field `width` in a file
constexpr uint64_t kGainFromEnd = 4;   // bytes from the field `gain` to the end of the header
constexpr size_t kMaxHeaderSize = 32;
constexpr int kMaxGainLevel = 15;
constexpr int kMaxSliceSideCode = 15;
constexpr uint32_t kMaxModelDigest = 0xFFFFFF;

// Bits 0-1 of `flags`.
enum class ChannelsCode : uint8_t { kGrey = 0, kRgb = 1 };
// Bits 2-3 of `flags`.
enum class BitDepthCode : uint8_t { k8 = 0, k16 = 1 };

struct FileHeader {
  uint8_t version_major = kContainerMajor;
  uint8_t version_minor = kContainerMinor;
  ChannelsCode channels_code = ChannelsCode::kRgb;
  BitDepthCode bit_depth_code = BitDepthCode::k8;
  uint8_t lanes_log2 = 0;  // 0..2
  uint32_t width = 0;      // 1..2^32-1, pixels
  uint32_t height = 0;     // 1..2^32-1, pixels
  uint32_t model_id = 0;
  uint32_t model_digest = 0;    // the low 24 bits of the package's digest
  uint8_t gain_level = 0;       // s, 0..15
  uint8_t slice_side_code = 4;  // n, 0..15
  uint8_t interpolation = 0;    // l: a fraction of l / 256 from level s to level s + 1

  int channels() const { return channels_code == ChannelsCode::kGrey ? 1 : 3; }
  int bit_depth() const { return bit_depth_code == BitDepthCode::k16 ? 16 : 8; }
  int lanes() const { return 1 << lanes_log2; }
  // Pixels along the side of a slice.
  uint32_t slice_side() const { return uint32_t{64} << slice_side_code; }
};

// Reads the header from the beginning of a file, of which `bytes` may be any prefix. On success *size is the header's
// size. Failures:
//   NIC_NOT_NIC              the signature differs
//   NIC_TRUNCATED            well so far, more bytes are needed; the offset is bytes.size()
//   NIC_UNSUPPORTED_VERSION  an unknown version_major: nothing behind it is read
//   NIC_HEADER_DAMAGED       `check` does not match
//   NIC_MALFORMED            a field has a forbidden value
//   NIC_UNSUPPORTED_FEATURE  a field has a reserved value
// Values are judged after `check`, so that damage is called damage.
Status ReadHeader(std::span<const uint8_t> bytes, FileHeader* header, size_t* size);

// Appends the header to *bytes. NIC_INVALID_ARGUMENT for a field out of its range; nothing is appended then.
Status WriteHeader(const FileHeader& header, std::pmr::vector<uint8_t>* bytes);

// Bytes that WriteHeader appends.
size_t HeaderSize(const FileHeader& header);

// CRC-16/IBM-SDLC: polynomial 0x1021, bits reflected, start and final xor 0xFFFF. Reflected, because its low byte comes
// first in the file: only then does it find every burst of 16 bits that reaches into the check itself.
uint16_t Crc16(std::span<const uint8_t> bytes);

}  // namespace nic

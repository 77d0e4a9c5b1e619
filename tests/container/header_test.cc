#include "container/header.h"

#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace nic {
namespace {

using Bytes = std::pmr::vector<uint8_t>;

// In the header of Typical().
constexpr size_t kVersionAt = 8;
constexpr size_t kFlagsAt = 9;
constexpr size_t kWidthAt = 10;

FileHeader Typical() {
  FileHeader header;
  header.width = 768;
  header.height = 512;
  header.model_id = 1;
  header.model_digest = 0xC0FFEE;
  header.lanes_log2 = 1;
  header.gain_level = 5;
  header.interpolation = 77;
  return header;
}

Bytes Written(const FileHeader& header) {
  Bytes bytes;
  REQUIRE(WriteHeader(header, &bytes).ok());
  return bytes;
}

Status Read(std::span<const uint8_t> bytes, FileHeader* header = nullptr, size_t* size = nullptr) {
  FileHeader unused_header;
  size_t unused_size = 0;
  return ReadHeader(bytes, header ? header : &unused_header, size ? size : &unused_size);
}

// A header changed by `change`, with a check that matches.
Bytes Resealed(const std::function<void(Bytes&)>& change) {
  Bytes bytes = Written(Typical());
  bytes.resize(bytes.size() - 2);
  change(bytes);
  const uint16_t check = Crc16(bytes);
  bytes.push_back(static_cast<uint8_t>(check));
  bytes.push_back(static_cast<uint8_t>(check >> 8));
  return bytes;
}

void RequireRefused(const Bytes& bytes, nic_status code, uint64_t offset, const char* field) {
  const Status status = Read(bytes);
  CAPTURE(status.message());
  CHECK(status.code() == code);
  CHECK(status.offset() == offset);
  CHECK(std::string(status.message()).find(field) == 0);
}

TEST_CASE("The check is CRC-16/IBM-SDLC") {
  const std::string digits = "123456789";
  CHECK(Crc16({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()}) == 0x906E);
  CHECK(Crc16({}) == 0);
}

TEST_CASE("The bytes of a header stay what they are") {
  const Bytes expected = {0x8A, 'N',  'I',  'C',  0x0D, 0x0A, 0x1A, 0x0A, 0x10, 0x11, 0x80,
                          0x06, 0x80, 0x04, 0x01, 0xEE, 0xFF, 0xC0, 0x54, 0x4D, 0x21, 0x5E};
  CHECK(Written(Typical()) == expected);
}

TEST_CASE("Headers come back") {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    FileHeader header;
    header.version_minor = random() & 15;
    header.channels_code = static_cast<ChannelsCode>(random() & 1);
    header.lanes_log2 = static_cast<uint8_t>(random() % 3);
    header.width = std::max<uint32_t>(1, random() >> random() % 32);
    header.height = std::max<uint32_t>(1, random() >> random() % 32);
    header.model_id = random() >> random() % 32;
    header.model_digest = random() & kMaxModelDigest;
    header.gain_level = random() & 15;
    header.slice_side_code = random() & 15;
    header.interpolation = random() & 255;
    Bytes bytes = Written(header);
    REQUIRE(bytes.size() == HeaderSize(header));
    REQUIRE((bytes.size() >= kMinHeaderSize && bytes.size() <= kMaxHeaderSize));
    const size_t written = bytes.size();
    if (i & 1) bytes.push_back(static_cast<uint8_t>(random()));

    FileHeader read;
    size_t size = 0;
    REQUIRE(Read(bytes, &read, &size).ok());
    REQUIRE(size == written);
    REQUIRE(read.version_major == 1);
    REQUIRE(read.version_minor == header.version_minor);
    REQUIRE(read.channels_code == header.channels_code);
    REQUIRE(read.bit_depth_code == header.bit_depth_code);
    REQUIRE(read.lanes_log2 == header.lanes_log2);
    REQUIRE(read.width == header.width);
    REQUIRE(read.height == header.height);
    REQUIRE(read.model_id == header.model_id);
    REQUIRE(read.model_digest == header.model_digest);
    REQUIRE(read.gain_level == header.gain_level);
    REQUIRE(read.slice_side_code == header.slice_side_code);
    REQUIRE(read.interpolation == header.interpolation);
  }
}

TEST_CASE("Header sizes at both ends") {
  FileHeader header = Typical();
  header.width = header.height = 1;
  header.model_id = 0;
  CHECK(HeaderSize(header) == kMinHeaderSize);
  header.width = header.height = header.model_id = UINT32_MAX;
  CHECK(HeaderSize(header) == kMaxHeaderSize);
  header.width = header.height = 16383;
  header.model_id = 127;
  CHECK(HeaderSize(header) == 22);
}

TEST_CASE("Every prefix asks for more") {
  const Bytes bytes = Written(Typical());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Status status = Read(std::span(bytes).first(size));
    REQUIRE(status.code() == NIC_TRUNCATED);
    REQUIRE(status.offset() == size);
  }
}

TEST_CASE("Every flipped bit is refused") {
  const Bytes bytes = Written(Typical());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const nic_status code = Read(damaged).code();
    CAPTURE(bit, int{code});
    if (bit / 8 < kVersionAt) {
      REQUIRE(code == NIC_NOT_NIC);
    } else if (bit / 8 == kVersionAt && bit % 8 >= 4) {
      REQUIRE(code == NIC_UNSUPPORTED_VERSION);
    } else {
      // A changed length of a varint can move the end of the header.
      REQUIRE((code == NIC_HEADER_DAMAGED || code == NIC_TRUNCATED || code == NIC_MALFORMED));
    }
  }
}

// Which bytes of the three varints are their last ones: if that changes, the check covers other bytes.
std::vector<bool> VarintEnds(const Bytes& bytes) {
  std::vector<bool> ends;
  for (size_t i = kWidthAt; i < kWidthAt + 5; ++i) ends.push_back(bytes[i] & 0x80);
  return ends;
}

TEST_CASE("Every burst of up to 16 bits is refused") {
  const Bytes bytes = Written(Typical());
  std::mt19937 random(2);
  for (size_t bit = kFlagsAt * 8; bit + 16 <= bytes.size() * 8; ++bit) {
    for (int round = 0; round < 200; ++round) {
      const uint32_t burst = (random() & 0xFFFF) | 1;
      Bytes damaged = bytes;
      // From the lowest bit of a byte up, as the CRC takes them.
      for (size_t i = 0; i < 16; ++i) {
        if (burst >> i & 1) damaged[(bit + i) / 8] ^= static_cast<uint8_t>(1 << (bit + i) % 8);
      }
      if (VarintEnds(damaged) != VarintEnds(bytes)) continue;
      REQUIRE_FALSE(Read(damaged).ok());
    }
  }
}

TEST_CASE("What is not a .nic file is said to be none") {
  const std::vector<Bytes> others = {{0xFF, 0xD8, 0xFF, 0xE0},
                                     {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A},
                                     {'h', 'e', 'l', 'l', 'o'},
                                     {0x8A, 'N', 'I', 'C', 0x0A, 0x1A, 0x0A},
                                     {0x8A, 'N', 'I', 'M', 0x0D, 0x0A, 0x1A, 0x0A}};
  for (const Bytes& bytes : others) RequireRefused(bytes, NIC_NOT_NIC, 0, "signature");
}

TEST_CASE("An unknown major version is refused whatever follows, an unknown minor one is read") {
  for (int major : {0, 2, 15}) {
    Bytes bytes(std::begin(kFileSignature), std::end(kFileSignature));
    bytes.push_back(static_cast<uint8_t>(major << 4));
    RequireRefused(bytes, NIC_UNSUPPORTED_VERSION, kVersionAt, "version");
  }
  FileHeader header;
  REQUIRE(Read(Resealed([](Bytes& bytes) { bytes[kVersionAt] = 0x1F; }), &header).ok());
  CHECK(header.version_minor == 15);
}

TEST_CASE("Reserved values of flags are refused") {
  const auto with_flags = [](uint8_t flags) { return Resealed([=](Bytes& bytes) { bytes[kFlagsAt] = flags; }); };
  for (uint8_t flags : {0x00, 0x01, 0x04, 0x05, 0x10, 0x21}) CHECK(Read(with_flags(flags)).ok());
  for (uint8_t flags : {0x02, 0x03}) {
    RequireRefused(with_flags(flags), NIC_UNSUPPORTED_FEATURE, kFlagsAt, "channels_code");
  }
  for (uint8_t flags : {0x08, 0x09, 0x0D}) {
    RequireRefused(with_flags(flags), NIC_UNSUPPORTED_FEATURE, kFlagsAt, "bit_depth_code");
  }
  RequireRefused(with_flags(0x31), NIC_UNSUPPORTED_FEATURE, kFlagsAt, "lanes_log2");
  for (uint8_t flags : {0x41, 0x81, 0xC1})
    RequireRefused(with_flags(flags), NIC_UNSUPPORTED_FEATURE, kFlagsAt, "flags");
}

TEST_CASE("Dimensions of 0 are refused") {
  const auto with_width = [](Bytes& bytes) {
    bytes.erase(bytes.begin() + kWidthAt + 1);
    bytes[kWidthAt] = 0;
  };
  const auto with_height = [](Bytes& bytes) {
    bytes.erase(bytes.begin() + kWidthAt + 3);
    bytes[kWidthAt + 2] = 0;
  };
  RequireRefused(Resealed(with_width), NIC_MALFORMED, kWidthAt, "width");
  RequireRefused(Resealed(with_height), NIC_MALFORMED, kWidthAt + 2, "height");
}

TEST_CASE("Varints that are longer than needed are refused") {
  const auto pad = [](size_t at) {
    return [=](Bytes& bytes) {
      bytes[at + 1] |= 0x80;
      bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at) + 2, 0);
    };
  };
  RequireRefused(Resealed(pad(kWidthAt)), NIC_MALFORMED, kWidthAt, "width");
  RequireRefused(Resealed(pad(kWidthAt + 2)), NIC_MALFORMED, kWidthAt + 2, "height");
  const auto six_bytes = [](Bytes& bytes) { bytes.insert(bytes.begin() + kWidthAt, 4, uint8_t{0xFF}); };
  RequireRefused(Resealed(six_bytes), NIC_MALFORMED, kWidthAt, "width");
  const auto pad_model = [](Bytes& bytes) {
    bytes[kWidthAt + 4] |= 0x80;
    bytes.insert(bytes.begin() + kWidthAt + 5, 0);
  };
  RequireRefused(Resealed(pad_model), NIC_MALFORMED, kWidthAt + 4, "model_id");
}

TEST_CASE("What a reader would refuse is not written") {
  const std::vector<std::function<void(FileHeader&)>> changes = {
      [](FileHeader& header) { header.version_major = 2; },
      [](FileHeader& header) { header.version_minor = 16; },
      [](FileHeader& header) { header.channels_code = static_cast<ChannelsCode>(2); },
      [](FileHeader& header) { header.bit_depth_code = static_cast<BitDepthCode>(2); },
      [](FileHeader& header) { header.lanes_log2 = 3; },
      [](FileHeader& header) { header.width = 0; },
      [](FileHeader& header) { header.height = 0; },
      [](FileHeader& header) { header.model_digest = kMaxModelDigest + 1; },
      [](FileHeader& header) { header.gain_level = 16; },
      [](FileHeader& header) { header.slice_side_code = 16; },
  };
  for (const auto& change : changes) {
    FileHeader header = Typical();
    change(header);
    Bytes bytes;
    CHECK(WriteHeader(header, &bytes).code() == NIC_INVALID_ARGUMENT);
    CHECK(bytes.empty());
  }
}

TEST_CASE("Random bytes behind the signature never make a header but by chance") {
  std::mt19937 random(3);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(std::begin(kFileSignature), std::end(kFileSignature));
    bytes.push_back(0x10);
    for (int j = 0; j < 30; ++j) bytes.push_back(static_cast<uint8_t>(random()));
    accepted += Read(bytes).ok();
  }
  CHECK(accepted <= 3);
}

}  // namespace
}  // namespace nic

// A model package (.nicm) as identity and compressed sections: bytes only (format-spec/model-package.md, sections 1-4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

constexpr uint8_t kPackageSignature[8] = {0x8A, 'N', 'I', 'M', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr int kPackageMajor = 1;
constexpr int kPackageMinor = 0;
constexpr size_t kMaxModelName = 64;
constexpr size_t kMaxSections = 64;

enum class SectionType : uint8_t {
  kDecoder = 1,  // entropy networks, synthesis, gains, probability tables
  kEncoder = 2,  // analysis networks
  kNotes = 3,    // UTF-8 text about the training
  kPreview = 4,  // networks for smaller pictures
  kDeblocking = 5,  // filters across borders every 8 pixels
};

// Bit 0 of a section's flags: decoding does not depend on it. It may be left out without changing the digest, and a
// reader that does not know its type skips it. The other bits are reserved.
constexpr uint8_t kSectionOptional = 1;

struct PackageLimits {
  uint64_t max_section = uint64_t{64} << 20;  // raw bytes of one section
  uint64_t max_total = uint64_t{256} << 20;   // raw bytes of all sections
};

struct PackageSection {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint64_t raw_size = 0;
  uint64_t check = 0;         // XXH64, seed 0, of the raw bytes
  uint64_t entry_offset = 0;  // of the section's directory entry in the package
  uint64_t offset = 0;        // of its zstd frame
  std::span<const uint8_t> frame;
  bool optional() const { return flags & kSectionOptional; }
};

// Opens a package and decompresses its sections on demand. Borrows the bytes.
class PackageReader {
 public:
  explicit PackageReader(std::pmr::memory_resource& memory) : sections_(&memory) {}

  // Reads all but the sections' contents. NIC_MODEL_MALFORMED for bytes that break the format, too few included;
  // NIC_UNSUPPORTED_VERSION for an unknown major version; NIC_UNSUPPORTED_FEATURE for a section that is neither known
  // nor optional; NIC_LIMIT_MEMORY for sizes beyond `limits`.
  Status Open(std::span<const uint8_t> bytes, const PackageLimits& limits = {});

  uint32_t model_id() const { return model_id_; }
  uint32_t model_version() const { return model_version_; }
  std::string_view name() const { return {name_, name_size_}; }
  // Of identity and required sections; the same however they are compressed.
  uint64_t digest() const { return digest_; }
  uint32_t short_digest() const { return static_cast<uint32_t>(digest_ & 0xFFFFFF); }  // what .nic headers hold

  std::span<const PackageSection> sections() const { return sections_; }
  // Null if the package has none of that type.
  const PackageSection* Find(SectionType type) const;

  // Decompresses a section of this package into *raw and verifies its check. NIC_MODEL_MALFORMED if that fails.
  // Allocates raw_size bytes.
  Status Unpack(const PackageSection& section, Buffer<uint8_t>* raw, std::pmr::memory_resource& memory) const;

 private:
  uint64_t ComputeDigest() const;
  Status ReadIdentity(class ByteReader& reader);
  Status ReadDirectory(class ByteReader& reader, std::span<uint64_t> frame_sizes);
  Status JudgeSections(const PackageLimits& limits) const;
  Status ReadFrames(class ByteReader& reader, std::span<const uint64_t> frame_sizes);

  std::span<const uint8_t> bytes_;
  uint32_t model_id_ = 0;
  uint32_t model_version_ = 0;
  char name_[kMaxModelName + 1] = {};
  size_t name_size_ = 0;
  uint64_t digest_ = 0;
  std::pmr::vector<PackageSection> sections_;
};

// Makes a package.
class PackageWriter {
 public:
  // The name: 1..64 printable ASCII characters.
  PackageWriter(uint32_t model_id, uint32_t model_version, std::string_view name, std::pmr::memory_resource& memory);

  // Compresses a section; types must rise from call to call. NIC_INVALID_ARGUMENT otherwise, or for wrong flags.
  Status Add(SectionType type, uint8_t flags, std::span<const uint8_t> raw, int zstd_level = 19);

  // Appends the package to *bytes. NIC_INVALID_ARGUMENT for a name that is not allowed.
  Status Finish(std::pmr::vector<uint8_t>* bytes) const;

 private:
  struct Section {
    uint8_t type;
    uint8_t flags;
    uint64_t raw_size;
    uint64_t check;
    std::pmr::vector<uint8_t> frame;
  };

  uint32_t model_id_;
  uint32_t model_version_;
  std::pmr::string name_;
  std::pmr::memory_resource& memory_;
  std::pmr::vector<Section> sections_;
};

}  // namespace nic

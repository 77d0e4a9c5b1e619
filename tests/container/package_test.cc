#include "container/package.h"

#include <xxhash.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "container/bytes.h"

namespace nic {
namespace {

using Bytes = std::pmr::vector<uint8_t>;
using Raw = std::vector<uint8_t>;

Raw Sample(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  Raw raw(size);
  for (uint8_t& byte : raw) byte = static_cast<uint8_t>(random() % 7 * (random() % 3));
  return raw;
}

const Raw kDecoder = Sample(20000, 1);
const Raw kEncoder = Sample(30000, 2);
const Raw kNotes = {'h', 'i'};

// What goes into a package; a test changes it and then asks for the bytes.
struct Recipe {
  struct Section {
    uint8_t type;
    uint8_t flags;
    uint64_t raw_size;
    uint64_t check;
    Raw frame;
  };
  uint8_t version = 0x10;
  uint32_t model_id = 1;
  uint32_t model_version = 2;
  std::string name = "nic-fast";
  std::vector<Section> sections;
  uint64_t check_error = 0;

  Recipe() {
    Add(1, 0, kDecoder);
    Add(2, kSectionOptional, kEncoder);
  }
  void Add(uint8_t type, uint8_t flags, const Raw& raw) {
    Raw frame(ZSTD_compressBound(raw.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), 3));
    sections.push_back({type, flags, raw.size(), XXH64(raw.data(), raw.size(), 0), frame});
  }
  Bytes Make() const {
    Bytes bytes;
    ByteWriter writer(&bytes);
    writer.Bytes(kPackageSignature);
    writer.U8(version);
    writer.Varint(model_id);
    writer.Varint(model_version);
    writer.Varint(name.size());
    writer.Bytes({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
    writer.Varint(sections.size());
    for (const Section& section : sections) {
      writer.U8(section.type);
      writer.U8(section.flags);
      writer.Varint(section.raw_size);
      writer.Varint(section.frame.size());
      writer.U64(section.check);
    }
    writer.U64(XXH64(bytes.data(), bytes.size(), 0) ^ check_error);
    for (const Section& section : sections) writer.Bytes(section.frame);
    return bytes;
  }
};

// Offsets in what Recipe makes.
constexpr uint64_t kFirstEntry = 8 + 1 + 1 + 1 + 1 + 8 + 1;

constexpr uint64_t kSecondEntry = kFirstEntry + 1 + 1 + 3 + 2 + 8;
constexpr uint64_t kThirdEntry = kSecondEntry + 1 + 1 + 3 + 2 + 8;

Status Open(const Bytes& bytes, const PackageLimits& limits = {}) {
  Memory memory;
  return PackageReader(memory).Open(bytes, limits);
}

uint64_t DigestOf(const Recipe& recipe) {
  Memory memory;
  PackageReader reader(memory);
  const Bytes bytes = recipe.Make();
  REQUIRE(reader.Open(bytes).ok());
  return reader.digest();
}

void RequireRefused(const std::function<void(Recipe&)>& change, nic_status code, uint64_t offset, const char* field) {
  Recipe recipe;
  change(recipe);
  const Status status = Open(recipe.Make());
  CAPTURE(status.message());
  CHECK(status.code() == code);
  CHECK(status.offset() == offset);
  CHECK(std::string(status.message()).find(field) != std::string::npos);
}

// Unpacks the first section.
Status Unpack(const Recipe& recipe, Raw* raw = nullptr, uint64_t memory_limit = Memory::kNoLimit) {
  Memory memory(memory_limit);
  PackageReader reader(memory);
  const Bytes bytes = recipe.Make();
  NIC_RETURN_IF_ERROR(reader.Open(bytes));
  Buffer<uint8_t> unpacked;
  NIC_RETURN_IF_ERROR(reader.Unpack(reader.sections()[0], &unpacked, memory));
  if (raw) raw->assign(unpacked.begin(), unpacked.end());
  return {};
}

Bytes Written(int level, bool with_encoder = true) {
  Memory memory;
  PackageWriter writer(1, 2, "nic-fast", memory);
  REQUIRE(writer.Add(SectionType::kDecoder, 0, kDecoder, level).ok());
  if (with_encoder) REQUIRE(writer.Add(SectionType::kEncoder, kSectionOptional, kEncoder, level).ok());
  REQUIRE(writer.Add(SectionType::kNotes, kSectionOptional, kNotes, level).ok());
  Bytes bytes;
  REQUIRE(writer.Finish(&bytes).ok());
  return bytes;
}

TEST_CASE("Packages come back") {
  const Bytes bytes = Written(19);
  Memory memory;
  PackageReader reader(memory);
  REQUIRE(reader.Open(bytes).ok());
  CHECK(reader.model_id() == 1);
  CHECK(reader.model_version() == 2);
  CHECK(reader.name() == "nic-fast");
  REQUIRE(reader.sections().size() == 3);
  const PackageSection* encoder = reader.Find(SectionType::kEncoder);
  REQUIRE(encoder);
  CHECK(encoder->raw_size == kEncoder.size());
  CHECK(encoder->optional());
  CHECK_FALSE(reader.Find(SectionType::kDecoder)->optional());
  Buffer<uint8_t> raw;
  REQUIRE(reader.Unpack(*encoder, &raw, memory).ok());
  CHECK(Raw(raw.begin(), raw.end()) == kEncoder);
  REQUIRE(reader.Unpack(*reader.Find(SectionType::kNotes), &raw, memory).ok());
  CHECK(Raw(raw.begin(), raw.end()) == kNotes);
}

TEST_CASE("The digest is that of identity and required sections, however compressed") {
  Memory memory;
  PackageReader best(memory);
  PackageReader fast(memory);
  PackageReader stripped(memory);
  const Bytes best_bytes = Written(19);
  const Bytes fast_bytes = Written(1);
  const Bytes stripped_bytes = Written(19, false);
  REQUIRE(best.Open(best_bytes).ok());
  REQUIRE(fast.Open(fast_bytes).ok());
  REQUIRE(stripped.Open(stripped_bytes).ok());
  REQUIRE(best_bytes != fast_bytes);
  CHECK(best.digest() == fast.digest());
  CHECK(best.digest() == stripped.digest());
  CHECK(stripped.Find(SectionType::kEncoder) == nullptr);
  CHECK(best.short_digest() == (best.digest() & 0xFFFFFF));

  const uint64_t digest = DigestOf({});
  CHECK(digest == best.digest());
  const std::vector<std::function<void(Recipe&)>> changes = {
      [](Recipe& recipe) { ++recipe.model_id; },
      [](Recipe& recipe) { ++recipe.model_version; },
      [](Recipe& recipe) { recipe.name = "nic-fasT"; },
      [](Recipe& recipe) { recipe.name = "nic-fast "; },
      [](Recipe& recipe) { recipe.sections[0].check ^= 1; },
      [](Recipe& recipe) { ++recipe.sections[0].raw_size; },
  };
  for (const auto& change : changes) {
    Recipe recipe;
    change(recipe);
    CHECK(DigestOf(recipe) != digest);
  }
}

TEST_CASE("The digest stays what it is") {
  // XXH64 of 01 00 00 00 02 00 00 00 08 "nic-fast", then 01, raw_size and section_check of the decoder's section.
  Bytes fields = {1, 0, 0, 0, 2, 0, 0, 0, 8, 'n', 'i', 'c', '-', 'f', 'a', 's', 't', 1};
  ByteWriter writer(&fields);
  writer.U64(kDecoder.size());
  writer.U64(XXH64(kDecoder.data(), kDecoder.size(), 0));
  CHECK(DigestOf({}) == XXH64(fields.data(), fields.size(), 0));
}

TEST_CASE("Every truncation is refused") {
  const Bytes bytes = Written(3);
  Memory memory;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Raw cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    PackageReader reader(memory);
    const Status status = reader.Open(cut);
    REQUIRE(status.code() == NIC_MODEL_MALFORMED);
    REQUIRE(status.offset() <= size);
  }
}

TEST_CASE("Every flipped bit is refused, at the latest by unpacking") {
  Recipe recipe;
  recipe.sections.clear();
  recipe.Add(1, 0, Sample(300, 3));
  const Bytes bytes = recipe.Make();
  const size_t frame_at = bytes.size() - recipe.sections[0].frame.size();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    Memory memory(uint64_t{80} << 20);
    PackageReader reader(memory);
    const Status opened = reader.Open(damaged);
    REQUIRE(opened.ok() == (bit / 8 >= frame_at));
    if (!opened.ok()) continue;
    Buffer<uint8_t> raw;
    const Status unpacked = reader.Unpack(reader.sections()[0], &raw, memory);
    // Some bits of a zstd frame mean nothing to a decoder.
    if (unpacked.ok()) {
      REQUIRE(Raw(raw.begin(), raw.end()) == Sample(300, 3));
    } else {
      REQUIRE(unpacked.code() == NIC_MODEL_MALFORMED);
    }
  }
}

TEST_CASE("Fields out of their ranges are refused") {
  RequireRefused([](Recipe& r) { r.version = 0x20; }, NIC_UNSUPPORTED_VERSION, 8, "version");
  RequireRefused([](Recipe& r) { r.version = 0x00; }, NIC_UNSUPPORTED_VERSION, 8, "version");
  RequireRefused([](Recipe& r) { r.name = ""; }, NIC_MODEL_MALFORMED, 11, "name_size");
  RequireRefused([](Recipe& r) { r.name.assign(65, 'a'); }, NIC_MODEL_MALFORMED, 11, "name_size");
  RequireRefused([](Recipe& r) { r.name = "a\nb"; }, NIC_MODEL_MALFORMED, 11, "name");
  RequireRefused([](Recipe& r) { r.name = "a\x7F"; }, NIC_MODEL_MALFORMED, 11, "name");
  RequireRefused([](Recipe& r) { r.name = "\xC3\xA4"; }, NIC_MODEL_MALFORMED, 11, "name");
  RequireRefused([](Recipe& r) { r.name = std::string("a\0b", 3); }, NIC_MODEL_MALFORMED, 11, "name");
  RequireRefused([](Recipe& r) { r.sections.resize(65); }, NIC_MODEL_MALFORMED, kFirstEntry - 1, "section_count");
  RequireRefused([](Recipe& r) { r.sections[0] = r.sections[1]; }, NIC_MODEL_MALFORMED, kSecondEntry, "section_type");
  RequireRefused([](Recipe& r) { r.sections[1].type = 0; }, NIC_MODEL_MALFORMED, kSecondEntry, "section_type");
  RequireRefused([](Recipe& r) { r.sections[0].flags = 2; }, NIC_UNSUPPORTED_FEATURE, kFirstEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.sections[0].flags = 1; }, NIC_MODEL_MALFORMED, kFirstEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.sections[1].flags = 0; }, NIC_MODEL_MALFORMED, kSecondEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.Add(3, 0, kNotes); }, NIC_MODEL_MALFORMED, kThirdEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.Add(4, 0, kNotes); }, NIC_MODEL_MALFORMED, kThirdEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.sections[0].type = 0; }, NIC_UNSUPPORTED_FEATURE, kFirstEntry, "section_type");
  RequireRefused([](Recipe& r) { r.Add(5, 1, kNotes); }, NIC_MODEL_MALFORMED, kThirdEntry + 1, "section_flags");
  RequireRefused([](Recipe& r) { r.Add(6, 0, kNotes); }, NIC_UNSUPPORTED_FEATURE, kThirdEntry, "section_type");
  RequireRefused([](Recipe& r) { r.check_error = 1; }, NIC_MODEL_MALFORMED, kThirdEntry, "directory_check");
}

TEST_CASE("Unknown minor versions and unknown optional sections are read") {
  Recipe recipe;
  recipe.version = 0x1F;
  recipe.Add(200, kSectionOptional, kNotes);
  CHECK(DigestOf(recipe) == DigestOf({}));
}

TEST_CASE("Bytes behind the last frame and a wrong signature are refused") {
  Bytes bytes = Recipe().Make();
  bytes.push_back(0);
  const Status behind = Open(bytes);
  CHECK(behind.code() == NIC_MODEL_MALFORMED);
  CHECK(behind.offset() == bytes.size() - 1);
  bytes = Recipe().Make();
  bytes[3] = 'C';
  CHECK(Open(bytes).code() == NIC_MODEL_MALFORMED);
  CHECK(Open(bytes).offset() == 0);
}

TEST_CASE("Sizes beyond the limits are refused without allocating") {
  RequireRefused([](Recipe& r) { r.sections[0].raw_size = (uint64_t{64} << 20) + 1; }, NIC_LIMIT_MEMORY, kFirstEntry,
                 "raw_size");
  RequireRefused([](Recipe& r) { r.sections[0].raw_size = UINT64_MAX; }, NIC_LIMIT_MEMORY, kFirstEntry, "raw_size");
  const Bytes bytes = Recipe().Make();
  CHECK(Open(bytes, {20000, 50000}).code() == NIC_LIMIT_MEMORY);
  CHECK(Open(bytes, {30000, 49999}).code() == NIC_LIMIT_MEMORY);
  CHECK(Open(bytes, {30000, 50000}).ok());
  Recipe claims;
  claims.sections[0].raw_size = uint64_t{64} << 20;
  CHECK(Unpack(claims, nullptr, 65536).code() == NIC_MODEL_MALFORMED);
  CHECK_THROWS_AS(Unpack(Recipe(), nullptr, 16384), LimitReached);
}

TEST_CASE("Frames that are not what the directory says are refused") {
  const auto code_with = [](const std::function<void(Recipe::Section&)>& change) {
    Recipe recipe;
    change(recipe.sections[0]);
    return Unpack(recipe).code();
  };
  Raw raw;
  REQUIRE(Unpack({}, &raw).ok());
  REQUIRE(raw == kDecoder);
  CHECK(code_with([](auto& s) { ++s.raw_size; }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) { --s.raw_size; }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) { s.check ^= 1; }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) { s.frame.clear(); }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) { s.frame.resize(s.frame.size() / 2); }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) { s.frame.push_back(0); }) == NIC_MODEL_MALFORMED);
  // A skippable frame, and two frames that come to the right bytes.
  CHECK(code_with([](auto& s) {
          s.frame = {0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0};
          s.raw_size = 0;
          s.check = XXH64(nullptr, 0, 0);
        }) == NIC_MODEL_MALFORMED);
  CHECK(code_with([](auto& s) {
          const Raw empty = {0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x00, 0x01, 0x00, 0x00};
          s.frame.insert(s.frame.end(), empty.begin(), empty.end());
        }) == NIC_MODEL_MALFORMED);
}

TEST_CASE("An empty section is allowed") {
  Recipe recipe;
  recipe.sections.clear();
  recipe.Add(1, 0, {});
  Raw raw = {1};
  REQUIRE(Unpack(recipe, &raw).ok());
  CHECK(raw.empty());
}

TEST_CASE("A writer refuses what a reader would") {
  Memory memory;
  Bytes bytes;
  CHECK(PackageWriter(1, 1, "", memory).Finish(&bytes).code() == NIC_INVALID_ARGUMENT);
  CHECK(PackageWriter(1, 1, "a\tb", memory).Finish(&bytes).code() == NIC_INVALID_ARGUMENT);
  CHECK(PackageWriter(1, 1, std::string(65, 'x'), memory).Finish(&bytes).code() == NIC_INVALID_ARGUMENT);
  CHECK(bytes.empty());
  PackageWriter writer(1, 1, "x", memory);
  CHECK(writer.Add(SectionType::kDecoder, kSectionOptional, kNotes).code() == NIC_INVALID_ARGUMENT);
  REQUIRE(writer.Add(SectionType::kEncoder, kSectionOptional, kNotes).ok());
  CHECK(writer.Add(SectionType::kEncoder, kSectionOptional, kNotes).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.Add(SectionType::kDecoder, 0, kNotes).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.Add(SectionType::kNotes, 0, kNotes).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.Add(SectionType::kNotes, 2, kNotes).code() == NIC_INVALID_ARGUMENT);
  CHECK(writer.Add(static_cast<SectionType>(9), 0, kNotes).code() == NIC_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace nic

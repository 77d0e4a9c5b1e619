#include "support.h"

#include <random>

#include "container/bytes.h"
#include "container/header.h"
#include "container/package.h"
#include "model/model_section.h"
#include "random_model.h"

namespace nic::fuzz {
namespace {

std::vector<uint8_t> ReadSmallPackage() {
  std::FILE* file = std::fopen(NIC_FUZZ_MODEL, "rb");
  NIC_FUZZ_CHECK(file);
  std::vector<uint8_t> bytes(1 << 20);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return bytes;
}

// The package with a section more, which `write` makes from a model whose decoder is there.
template <typename Write>
std::vector<uint8_t> AddSection(const std::vector<uint8_t>& package, SectionType added, uint8_t flags, Memory& memory,
                                const Write& write) {
  PackageReader reader(memory);
  NIC_FUZZ_CHECK(reader.Open(package).ok());
  PackageWriter writer(reader.model_id(), reader.model_version(), reader.name(), memory);
  conformance::RandomModel model(memory);
  for (const PackageSection& section : reader.sections()) {
    Buffer<uint8_t> raw;
    NIC_FUZZ_CHECK(reader.Unpack(section, &raw, memory).ok());
    const auto type = static_cast<SectionType>(section.type);
    if (type == SectionType::kDecoder)
      NIC_FUZZ_CHECK(ReadDecoderSection({raw.data(), raw.size()}, &model.decoder).ok());
    NIC_FUZZ_CHECK(writer.Add(type, section.flags, {raw.data(), raw.size()}).ok());
  }
  std::pmr::vector<uint8_t> section(&memory), bytes(&memory);
  write(model, &section);
  NIC_FUZZ_CHECK(writer.Add(added, flags, section).ok() && writer.Finish(&bytes).ok());
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> AddPreviews(const std::vector<uint8_t>& package) {
  Memory memory;
  return AddSection(package, SectionType::kPreview, kSectionOptional, memory,
                    [&](conformance::RandomModel& model, std::pmr::vector<uint8_t>* section) {
                      std::mt19937 random(4);
                      conformance::AddRandomPreviews(random, {8, 16}, memory, &model);
                      WritePreviewSection(model.preview, section);
                    });
}

std::vector<uint8_t> AddDeblocking(const std::vector<uint8_t>& package) {
  Memory memory;
  return AddSection(package, SectionType::kDeblocking, 0, memory,
                    [&](conformance::RandomModel& model, std::pmr::vector<uint8_t>* section) {
                      std::mt19937 random(5);
                      conformance::AddRandomDeblocking(random, {.filter_bits = 10}, memory, &model);
                      WriteDeblockingSection(*model.deblocking, section);
                    });
}

uint32_t DigestOf(const std::vector<uint8_t>& package) {
  Memory memory;
  PackageReader reader(memory);
  NIC_FUZZ_CHECK(reader.Open(package).ok() && reader.model_id() == kSmallModelId);
  return reader.short_digest();
}

}  // namespace

const std::vector<uint8_t>& SmallPackage() {
  static const std::vector<uint8_t> package = ReadSmallPackage();
  return package;
}

const std::vector<uint8_t>& SmallPackageWithPreviews() {
  static const std::vector<uint8_t> package = AddPreviews(SmallPackage());
  return package;
}

const std::vector<uint8_t>& SmallPackageWithDeblocking() {
  static const std::vector<uint8_t> package = AddDeblocking(SmallPackage());
  return package;
}

void AddPackages(nic_context* context, const std::vector<uint8_t>& package) {
  for (const std::vector<uint8_t>* added : {&package, &SmallPackageWithDeblocking()}) {
    NIC_FUZZ_CHECK(nic_context_add_model(context, added->data(), added->size(), nullptr, nullptr, nullptr) == NIC_OK);
  }
}

void MendHeader(uint8_t* bytes, size_t size, bool name_model) {
  static const uint32_t small = DigestOf(SmallPackage()), deblocking = DigestOf(SmallPackageWithDeblocking());
  ByteReader reader({bytes, size});
  std::span<const uint8_t> field;
  uint32_t number = 0;
  uint32_t id = 0;
  if (!reader.Bytes("", 10, &field).ok() || !reader.Varint32("", &number).ok() || !reader.Varint32("", &number).ok()) {
    return;
  }
  const size_t id_position = reader.position();
  if (!reader.Varint32("", &id).ok()) return;
  const bool wide_enough = reader.position() - id_position == static_cast<size_t>(VarintSize(kSmallModelId));
  const size_t digest_position = reader.position();
  if (!reader.Bytes("", 5, &field).ok()) return;
  const size_t check_position = reader.position();
  if (!reader.Bytes("", 2, &field).ok()) return;
  if (name_model && wide_enough) {
    bytes[id_position] = static_cast<uint8_t>(kSmallModelId | 0x80);
    bytes[id_position + 1] = static_cast<uint8_t>(kSmallModelId >> 7);
    const uint32_t digest = ((bytes[digest_position] ^ small) & 1) ? deblocking : small;
    for (size_t i = 0; i < 3; ++i) bytes[digest_position + i] = static_cast<uint8_t>(digest >> (8 * i));
  }
  const uint16_t check = Crc16({bytes, check_position});
  bytes[check_position] = static_cast<uint8_t>(check);
  bytes[check_position + 1] = static_cast<uint8_t>(check >> 8);
}

}  // namespace nic::fuzz

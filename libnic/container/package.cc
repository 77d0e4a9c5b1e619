#include "container/package.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "container/bytes.h"
#include "container/compression.h"

namespace nic {
namespace {

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MODEL_MALFORMED, offset, "package: %s", what);
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxModelName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool IsKnown(uint8_t type) {
  return type >= static_cast<uint8_t>(SectionType::kDecoder) && type <= static_cast<uint8_t>(SectionType::kDeblocking);
}

// Decoding depends on these two, and on no other of the known types.
bool HasRightFlags(uint8_t type, uint8_t flags) {
  const auto known = static_cast<SectionType>(type);
  return flags == (known == SectionType::kDecoder || known == SectionType::kDeblocking ? 0 : kSectionOptional);
}

}  // namespace

Status PackageReader::Open(std::span<const uint8_t> bytes, const PackageLimits& limits) {
  bytes_ = bytes;
  sections_.clear();
  ByteReader reader(bytes, 0, NIC_MODEL_MALFORMED, NIC_MODEL_MALFORMED);
  NIC_RETURN_IF_ERROR(ReadIdentity(reader));
  uint64_t frame_sizes[kMaxSections];
  NIC_RETURN_IF_ERROR(ReadDirectory(reader, frame_sizes));
  NIC_RETURN_IF_ERROR(JudgeSections(limits));
  NIC_RETURN_IF_ERROR(ReadFrames(reader, frame_sizes));

  digest_ = ComputeDigest();
  return {};
}

uint64_t PackageReader::ComputeDigest() const {
  std::pmr::vector<uint8_t> bytes(sections_.get_allocator());
  ByteWriter writer(&bytes);
  writer.U32(model_id_);
  writer.U32(model_version_);
  writer.U8(static_cast<uint8_t>(name_size_));
  writer.Bytes({reinterpret_cast<const uint8_t*>(name_), name_size_});
  for (const PackageSection& section : sections_) {
    if (section.optional()) continue;
    writer.U8(section.type);
    writer.U64(section.raw_size);
    writer.U64(section.check);
  }
  return XXH64(bytes.data(), bytes.size(), 0);
}

Status PackageReader::ReadIdentity(ByteReader& reader) {
  std::span<const uint8_t> field;
  NIC_RETURN_IF_ERROR(reader.Bytes("signature", sizeof kPackageSignature, &field));
  if (!std::equal(field.begin(), field.end(), kPackageSignature)) return Malformed(0, "signature: not a model package");
  uint8_t version = 0;
  NIC_RETURN_IF_ERROR(reader.U8("version", &version));
  if (version >> 4 != kPackageMajor) {
    return Status::Error(NIC_UNSUPPORTED_VERSION, sizeof kPackageSignature, "package: version: %d.%d", version >> 4,
                         version & 15);
  }
  NIC_RETURN_IF_ERROR(reader.Varint32("model_id", &model_id_));
  NIC_RETURN_IF_ERROR(reader.Varint32("model_version", &model_version_));
  uint32_t name_size = 0;
  const uint64_t name_offset = reader.offset();
  NIC_RETURN_IF_ERROR(reader.Varint32("name_size", &name_size));
  if (name_size == 0 || name_size > kMaxModelName) return Malformed(name_offset, "name_size: not 1..64");
  NIC_RETURN_IF_ERROR(reader.Bytes("name", name_size, &field));
  std::memcpy(name_, field.data(), name_size);
  name_[name_size] = '\0';
  name_size_ = name_size;
  if (!IsName(name())) return Malformed(name_offset, "name: not printable ASCII");
  return {};
}

Status PackageReader::ReadDirectory(ByteReader& reader, std::span<uint64_t> frame_sizes) {
  uint32_t count = 0;
  uint64_t offset = reader.offset();
  NIC_RETURN_IF_ERROR(reader.Varint32("section_count", &count));
  if (count > kMaxSections) return Malformed(offset, "section_count: above 64");
  for (uint32_t i = 0; i < count; ++i) {
    PackageSection section;
    section.entry_offset = reader.offset();
    NIC_RETURN_IF_ERROR(reader.U8("section_type", &section.type));
    NIC_RETURN_IF_ERROR(reader.U8("section_flags", &section.flags));
    NIC_RETURN_IF_ERROR(reader.Varint64("raw_size", &section.raw_size));
    NIC_RETURN_IF_ERROR(reader.Varint64("frame_size", &frame_sizes[i]));
    NIC_RETURN_IF_ERROR(reader.U64("section_check", &section.check));
    sections_.push_back(section);
  }
  offset = reader.offset();
  const uint64_t computed = XXH64(bytes_.data(), reader.position(), 0);
  uint64_t check = 0;
  NIC_RETURN_IF_ERROR(reader.U64("directory_check", &check));
  return check == computed ? Status() : Malformed(offset, "directory_check: does not match");
}

Status PackageReader::JudgeSections(const PackageLimits& limits) const {
  uint64_t total = 0;
  int last_type = -1;
  for (const PackageSection& section : sections_) {
    const uint64_t offset = section.entry_offset;
    if (section.type <= last_type) return Malformed(offset, "section_type: not above the one before");
    last_type = section.type;
    if (section.flags & ~kSectionOptional) {
      return Status::Error(NIC_UNSUPPORTED_FEATURE, offset + 1, "package: section_flags: a reserved bit is set");
    }
    if (IsKnown(section.type) && !HasRightFlags(section.type, section.flags)) {
      return Malformed(offset + 1, "section_flags: `optional` is not that of the type");
    }
    if (!section.optional() && !IsKnown(section.type)) {
      return Status::Error(NIC_UNSUPPORTED_FEATURE, offset, "package: section_type: %d is unknown", section.type);
    }
    if (section.raw_size > limits.max_section || section.raw_size > limits.max_total - total) {
      return Status::Error(NIC_LIMIT_MEMORY, offset, "package: raw_size: exceeds the limit");
    }
    total += section.raw_size;
  }
  return {};
}

Status PackageReader::ReadFrames(ByteReader& reader, std::span<const uint64_t> frame_sizes) {
  for (size_t i = 0; i < sections_.size(); ++i) {
    sections_[i].offset = reader.offset();
    NIC_RETURN_IF_ERROR(reader.Bytes("frame", frame_sizes[i], &sections_[i].frame));
  }
  return reader.remaining() ? Malformed(reader.offset(), "bytes follow the last frame") : Status();
}

const PackageSection* PackageReader::Find(SectionType type) const {
  for (const PackageSection& section : sections_) {
    if (section.type == static_cast<uint8_t>(type)) return &section;
  }
  return nullptr;
}

Status PackageReader::Unpack(const PackageSection& section, Buffer<uint8_t>* raw,
                             std::pmr::memory_resource& memory) const {
  const auto refuse = [&](const char* what) { return Malformed(section.offset, what); };
  const std::span<const uint8_t> frame = section.frame;
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size)) return refuse("frame: not one zstd frame that states its size");
  if (size != section.raw_size) return refuse("frame: its content size is not raw_size");
  Buffer<uint8_t> unpacked(memory, static_cast<size_t>(size));
  if (!DecompressFrame(frame, memory, &unpacked)) return refuse("frame: does not decompress");
  if (XXH64(unpacked.data(), unpacked.size(), 0) != section.check) return refuse("section_check: does not match");
  *raw = std::move(unpacked);
  return {};
}

PackageWriter::PackageWriter(uint32_t model_id, uint32_t model_version, std::string_view name,
                             std::pmr::memory_resource& memory)
    : model_id_(model_id), model_version_(model_version), name_(name, &memory), memory_(memory), sections_(&memory) {}

Status PackageWriter::Add(SectionType type, uint8_t flags, std::span<const uint8_t> raw, int zstd_level) {
  const auto number = static_cast<uint8_t>(type);
  const bool rises = sections_.empty() || sections_.back().type < number;
  if (!rises || !IsKnown(number) || !HasRightFlags(number, flags)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "package: section type or flags not allowed");
  }
  std::pmr::vector<uint8_t> frame(&memory_);
  CompressFrame(raw, zstd_level, false, memory_, &frame);
  sections_.push_back({number, flags, raw.size(), XXH64(raw.data(), raw.size(), 0), std::move(frame)});
  return {};
}

Status PackageWriter::Finish(std::pmr::vector<uint8_t>* bytes) const {
  if (!IsName(name_)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "package: name must be 1..64 printable ASCII");
  }
  const size_t begin = bytes->size();
  ByteWriter writer(bytes);
  writer.Bytes(kPackageSignature);
  writer.U8(kPackageMajor << 4 | kPackageMinor);
  writer.Varint(model_id_);
  writer.Varint(model_version_);
  writer.Varint(name_.size());
  writer.Bytes({reinterpret_cast<const uint8_t*>(name_.data()), name_.size()});
  writer.Varint(sections_.size());
  for (const Section& section : sections_) {
    writer.U8(section.type);
    writer.U8(section.flags);
    writer.Varint(section.raw_size);
    writer.Varint(section.frame.size());
    writer.U64(section.check);
  }
  writer.U64(XXH64(bytes->data() + begin, bytes->size() - begin, 0));
  for (const Section& section : sections_) writer.Bytes(section.frame);
  return {};
}

}  // namespace nic

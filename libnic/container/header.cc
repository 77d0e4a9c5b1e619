#include "container/header.h"

#include <algorithm>

#include "container/bytes.h"

namespace nic {
namespace {

struct RawHeader {
  uint8_t version = 0;
  uint8_t flags = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t model_id = 0;
  uint32_t model_digest = 0;
  uint8_t gain = 0;
  uint8_t interpolation = 0;
  uint64_t width_offset = 0;
  uint64_t height_offset = 0;
};

constexpr uint64_t kVersionOffset = sizeof kFileSignature;
constexpr uint64_t kFlagsOffset = kVersionOffset + 1;

Status ReadSignature(ByteReader& reader, std::span<const uint8_t> bytes) {
  const size_t compared = std::min(bytes.size(), sizeof kFileSignature);
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(compared), kFileSignature)) {
    return Status::Error(NIC_NOT_NIC, 0, "signature: not a .nic file");
  }
  std::span<const uint8_t> signature;
  return reader.Bytes("signature", sizeof kFileSignature, &signature);
}

Status ReadFields(ByteReader& reader, RawHeader* raw) {
  NIC_RETURN_IF_ERROR(reader.U8("version", &raw->version));
  if (raw->version >> 4 != kContainerMajor) {
    return Status::Error(NIC_UNSUPPORTED_VERSION, kVersionOffset, "version: %d.%d, this reader knows %d",
                         raw->version >> 4, raw->version & 15, kContainerMajor);
  }
  NIC_RETURN_IF_ERROR(reader.U8("flags", &raw->flags));
  raw->width_offset = reader.offset();
  NIC_RETURN_IF_ERROR(reader.Varint32("width", &raw->width));
  raw->height_offset = reader.offset();
  NIC_RETURN_IF_ERROR(reader.Varint32("height", &raw->height));
  NIC_RETURN_IF_ERROR(reader.Varint32("model_id", &raw->model_id));
  NIC_RETURN_IF_ERROR(reader.U24("model_digest", &raw->model_digest));
  NIC_RETURN_IF_ERROR(reader.U8("gain", &raw->gain));
  return reader.U8("interpolation", &raw->interpolation);
}

Status ReadCheck(ByteReader& reader, std::span<const uint8_t> bytes) {
  const size_t covered = reader.position();
  uint16_t check = 0;
  NIC_RETURN_IF_ERROR(reader.U16("check", &check));
  const uint16_t computed = Crc16(bytes.first(covered));
  if (check == computed) return {};
  return Status::Error(NIC_HEADER_DAMAGED, covered, "check: 0x%04X, the header gives 0x%04X", check, computed);
}

Status Forbidden(uint64_t offset, const char* field, uint32_t value) {
  return Status::Error(NIC_MALFORMED, offset, "%s: %u is not allowed", field, value);
}

Status Reserved(const char* field, int value) {
  return Status::Error(NIC_UNSUPPORTED_FEATURE, kFlagsOffset, "%s: %d is reserved", field, value);
}

Status JudgeFlags(uint8_t flags) {
  const int channels_code = flags & 3;
  const int bit_depth_code = flags >> 2 & 3;
  const int lanes_log2 = flags >> 4 & 3;
  if (channels_code > 1) return Reserved("channels_code", channels_code);
  if (bit_depth_code > 1) return Reserved("bit_depth_code", bit_depth_code);
  if (lanes_log2 > 2) return Reserved("lanes_log2", lanes_log2);
  if (flags >> 6) return Reserved("flags, bits 6-7", flags >> 6);
  return {};
}

Status Judge(const RawHeader& raw) {
  NIC_RETURN_IF_ERROR(JudgeFlags(raw.flags));
  if (raw.width == 0) return Forbidden(raw.width_offset, "width", 0);
  if (raw.height == 0) return Forbidden(raw.height_offset, "height", 0);
  return {};
}

Status CheckWritable(const FileHeader& header) {
  const bool good = header.version_major == kContainerMajor && header.version_minor <= 15 &&
                    header.channels_code <= ChannelsCode::kRgb && header.bit_depth_code <= BitDepthCode::k16 &&
                    header.lanes_log2 <= 2 && header.width && header.height && header.model_digest <= kMaxModelDigest &&
                    header.gain_level <= kMaxGainLevel && header.slice_side_code <= kMaxSliceSideCode;
  if (good) return {};
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "header: a field is out of its range");
}

}  // namespace

uint16_t Crc16(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xFFFF;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x8408 : 0);
  }
  return static_cast<uint16_t>(crc ^ 0xFFFF);
}

Status ReadHeader(std::span<const uint8_t> bytes, FileHeader* header, size_t* size) {
  ByteReader reader(bytes);
  RawHeader raw;
  NIC_RETURN_IF_ERROR(ReadSignature(reader, bytes));
  NIC_RETURN_IF_ERROR(ReadFields(reader, &raw));
  NIC_RETURN_IF_ERROR(ReadCheck(reader, bytes));
  NIC_RETURN_IF_ERROR(Judge(raw));

  header->version_major = raw.version >> 4;
  header->version_minor = raw.version & 15;
  header->channels_code = static_cast<ChannelsCode>(raw.flags & 3);
  header->bit_depth_code = static_cast<BitDepthCode>(raw.flags >> 2 & 3);
  header->lanes_log2 = raw.flags >> 4 & 3;
  header->width = raw.width;
  header->height = raw.height;
  header->model_id = raw.model_id;
  header->model_digest = raw.model_digest;
  header->gain_level = raw.gain >> 4;
  header->slice_side_code = raw.gain & 15;
  header->interpolation = raw.interpolation;
  *size = reader.position();
  return {};
}

Status WriteHeader(const FileHeader& header, std::pmr::vector<uint8_t>* bytes) {
  NIC_RETURN_IF_ERROR(CheckWritable(header));
  const size_t begin = bytes->size();
  ByteWriter writer(bytes);
  writer.Bytes(kFileSignature);
  writer.U8(static_cast<uint8_t>(header.version_major << 4 | header.version_minor));
  writer.U8(static_cast<uint8_t>(static_cast<int>(header.channels_code) | static_cast<int>(header.bit_depth_code) << 2 |
                                 header.lanes_log2 << 4));
  writer.Varint(header.width);
  writer.Varint(header.height);
  writer.Varint(header.model_id);
  writer.U24(header.model_digest);
  writer.U8(static_cast<uint8_t>(header.gain_level << 4 | header.slice_side_code));
  writer.U8(header.interpolation);
  writer.U16(Crc16(std::span<const uint8_t>(*bytes).subspan(begin)));
  return {};
}

size_t HeaderSize(const FileHeader& header) {
  constexpr size_t kFixed = sizeof kFileSignature + 1 + 1 + 3 + 1 + 1 + 2;
  return kFixed +
         static_cast<size_t>(VarintSize(header.width) + VarintSize(header.height) + VarintSize(header.model_id));
}

}  // namespace nic

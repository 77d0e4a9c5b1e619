#include "container/bytes.h"

#include <bit>

namespace nic {
namespace {

uint64_t Little(const uint8_t* bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

Status ByteReader::End(const char* field) const {
  return Status::Error(at_end_, base_ + bytes_.size(), "%s: the bytes end", field);
}

Status ByteReader::U8(const char* field, uint8_t* value) {
  if (remaining() < 1) return End(field);
  *value = bytes_[position_++];
  return {};
}

Status ByteReader::U16(const char* field, uint16_t* value) {
  if (remaining() < 2) return End(field);
  *value = static_cast<uint16_t>(Little(&bytes_[position_], 2));
  position_ += 2;
  return {};
}

Status ByteReader::U24(const char* field, uint32_t* value) {
  if (remaining() < 3) return End(field);
  *value = static_cast<uint32_t>(Little(&bytes_[position_], 3));
  position_ += 3;
  return {};
}

Status ByteReader::U32(const char* field, uint32_t* value) {
  if (remaining() < 4) return End(field);
  *value = static_cast<uint32_t>(Little(&bytes_[position_], 4));
  position_ += 4;
  return {};
}

Status ByteReader::U64(const char* field, uint64_t* value) {
  if (remaining() < 8) return End(field);
  *value = Little(&bytes_[position_], 8);
  position_ += 8;
  return {};
}

Status ByteReader::Varint32(const char* field, uint32_t* value) {
  uint64_t wide = 0;
  NIC_RETURN_IF_ERROR(Varint(field, 32, &wide));
  *value = static_cast<uint32_t>(wide);
  return {};
}

Status ByteReader::Varint64(const char* field, uint64_t* value) { return Varint(field, 64, value); }

Status ByteReader::Varint(const char* field, int bits, uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0;; shift += 7) {
    const size_t at = position_ + static_cast<size_t>(shift / 7);
    if (at >= bytes_.size()) return End(field);
    const uint64_t group = bytes_[at] & 0x7F;
    const bool more = bytes_[at] & 0x80;
    if (bits - shift < 7 && (group >> (bits - shift) || more)) {
      return Status::Error(malformed_, offset(), "%s: exceeds %d bits", field, bits);
    }
    result |= group << shift;
    if (more) continue;
    if (group == 0 && shift) return Status::Error(malformed_, offset(), "%s: longer than needed", field);
    position_ = at + 1;
    *value = result;
    return {};
  }
}

Status ByteReader::Bytes(const char* field, uint64_t size, std::span<const uint8_t>* value) {
  if (remaining() < size) return End(field);
  *value = bytes_.subspan(position_, static_cast<size_t>(size));
  position_ += static_cast<size_t>(size);
  return {};
}

void ByteWriter::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) U8(static_cast<uint8_t>(value | 0x80));
  U8(static_cast<uint8_t>(value));
}

int VarintSize(uint64_t value) { return value ? (static_cast<int>(std::bit_width(value)) + 6) / 7 : 1; }

}  // namespace nic

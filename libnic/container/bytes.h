// Checked reading and writing of little-endian fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/status.h"

namespace nic {

// Reads fields in order. A failed read changes nothing and says the field's name and its offset: with the code for the
// end of the bytes at the place where they end, with NIC_MALFORMED (or the code given) at the field's first byte.
class ByteReader {
 public:
  // `bytes` must outlive the reader. `base` is added to the offsets of statuses.
  explicit ByteReader(std::span<const uint8_t> bytes, uint64_t base = 0, nic_status at_end = NIC_TRUNCATED,
                      nic_status malformed = NIC_MALFORMED)
      : bytes_(bytes), base_(base), at_end_(at_end), malformed_(malformed) {}

  Status U8(const char* field, uint8_t* value);
  Status U16(const char* field, uint16_t* value);
  Status U24(const char* field, uint32_t* value);
  Status U32(const char* field, uint32_t* value);
  Status U64(const char* field, uint64_t* value);
  // LEB128 of the least length: at most 5 bytes for 32 bits, 10 for 64.
  Status Varint32(const char* field, uint32_t* value);
  Status Varint64(const char* field, uint64_t* value);
  // The next `size` bytes, not copied.
  Status Bytes(const char* field, uint64_t size, std::span<const uint8_t>* value);

  size_t position() const { return position_; }          // within the bytes
  uint64_t offset() const { return base_ + position_; }  // as statuses count
  size_t remaining() const { return bytes_.size() - position_; }

 private:
  Status Varint(const char* field, int bits, uint64_t* value);
  Status End(const char* field) const;

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  uint64_t base_;
  nic_status at_end_;
  nic_status malformed_;
};

// Appends fields to a vector, which it borrows.
class ByteWriter {
 public:
  explicit ByteWriter(std::pmr::vector<uint8_t>* bytes) : bytes_(bytes) {}

  void U8(uint8_t value) { bytes_->push_back(value); }
  void U16(uint16_t value) { Little(value, 2); }
  void U24(uint32_t value) { Little(value, 3); }
  void U32(uint32_t value) { Little(value, 4); }
  void U64(uint64_t value) { Little(value, 8); }
  void Varint(uint64_t value);
  void Bytes(std::span<const uint8_t> bytes) { bytes_->insert(bytes_->end(), bytes.begin(), bytes.end()); }

 private:
  void Little(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_->push_back(static_cast<uint8_t>(value >> (8 * i)));
  }

  std::pmr::vector<uint8_t>* bytes_;
};

// Bytes that Varint(value) takes, 1..10.
int VarintSize(uint64_t value);

}  // namespace nic

// The entropy coder: interleaved rANS over int16 values with given tables (format-spec/entropy.md, section 3).
//
// A stream is the states of W lanes, then bytes that refill them. Value number i of a stream belongs to lane i mod W,
// with its raw bits and its escape. The same values, tables and W always give the same bytes.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "entropy/table.h"

namespace nic {

constexpr int kMaxLanes = 4;
constexpr size_t kLaneBytes = 4;  // a lane's state at the start of a stream: the shortest stream has W * kLaneBytes

// A lane's state x lies in [2^24, 2^32) between symbols and is refilled by single bytes.
//
// Why 2^24: the quotient x / frequency keeps at least 8 bits of precision beside the 16 of the probabilities, so that
// the loss against the model's entropy is below 1e-6 of a bit for a symbol, while a state is four whole bytes, of which
// 3.5 on average (at most 4) are overhead. 16-bit refills of a 40-bit state cost half a byte more for each lane, and
// refilling is not what bounds the speed.
constexpr uint32_t kStateLow = uint32_t{1} << 24;

// The number of lanes that suits a stream of about `bytes` bytes: as many as cost at most about 0.1 % of it.
constexpr int SuitableLanes(uint64_t bytes) { return bytes < 8192 ? 1 : bytes < 16384 ? 2 : 4; }

// Decodes one stream. Every read is checked; after a failure the values of that call are undefined and only Begin may
// follow. Allocates nothing.
class Decoder {
 public:
  // Begins with the stream `bytes`, which must outlive the decoding; `lanes` is 1, 2 or 4.
  // NIC_SLICE_DAMAGED if the bytes cannot hold the states or a state is below kStateLow.
  // All offsets in statuses count from the first of `bytes`.
  Status Begin(std::span<const uint8_t> bytes, int lanes);

  // Decodes the next table_index.size() values, values[i] with table table_index[i]; may be called many times, and with
  // different sets. Every index must be below tables.size(): the caller checks that once, where the indices come from.
  // NIC_SLICE_DAMAGED when the bytes end, or for an escape beyond int16; the offset is where reading stood.
  Status Decode(const TableSet& tables, std::span<const uint8_t> table_index, int16_t* values);
  Status Decode(const TableSet& tables, std::span<const uint16_t> table_index, int16_t* values);
  // The same with one table for all `count` values.
  Status Decode(const TableSet& tables, size_t table, size_t count, int16_t* values);

  // To be called after the last value. NIC_SLICE_DAMAGED unless every lane has returned to the encoder's start and
  // every byte was used.
  Status Finish() const;

  // Bytes used so far.
  size_t position() const { return static_cast<size_t>(next_ - begin_); }

 private:
  template <typename Index>
  Status DecodeRun(const TableSet& tables, Index index, size_t count, int16_t* values);

  uint32_t state_[kMaxLanes] = {};
  const uint8_t* begin_ = nullptr;
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint32_t lanes_ = 1;
  uint32_t lane_ = 0;  // of the next value
};

// Encodes one stream after another. Values are recorded first and coded by Finish, last value first.
class Encoder {
 public:
  explicit Encoder(std::pmr::memory_resource& memory) : records_(&memory) {}

  // Forgets all that was recorded; keeps the memory for the next stream.
  void Begin() { records_.clear(); }

  // Records the next values. Every index must be below tables.size(). Any int16 can be coded. 8 bytes are held for each
  // value until the next Begin. Finish does not need the tables any more.
  void Append(const TableSet& tables, std::span<const uint8_t> table_index, const int16_t* values);
  void Append(const TableSet& tables, std::span<const uint16_t> table_index, const int16_t* values);
  void Append(const TableSet& tables, size_t table, size_t count, const int16_t* values);

  // Codes what was recorded with `lanes` (1, 2 or 4) and appends the stream to *bytes. The records stay, so that
  // another number of lanes may be tried.
  // Returns how many bytes of the stream decoding the first `head_records` of record_count() uses.
  size_t Finish(int lanes, std::pmr::vector<uint8_t>* bytes, size_t head_records = 0) const;
  // What was recorded since Begin, for Finish.
  size_t record_count() const { return records_.size(); }

  // What coding the values costs, in 1 / TableSet::kBit bits, without the lanes' overhead. Records nothing.
  static uint64_t Cost(const TableSet& tables, std::span<const uint8_t> table_index, const int16_t* values);
  static uint64_t Cost(const TableSet& tables, std::span<const uint16_t> table_index, const int16_t* values);

 private:
  // One step of a lane: a symbol, raw bits, or a symbol and the raw bits behind it.
  struct Record {
    uint16_t start;      // of the symbol
    uint16_t frequency;  // of the symbol; 0 if there are raw bits only, which belong to the value before
    uint16_t raw;        // raw bits behind the symbol
    uint16_t raw_bits;   // their number
  };

  template <typename Index>
  void AppendRun(const TableSet& tables, Index index, size_t count, const int16_t* values);
  void AppendEscape(const TableSet::Table& table, const uint16_t* starts, int value);

  std::pmr::vector<Record> records_;
};

}  // namespace nic

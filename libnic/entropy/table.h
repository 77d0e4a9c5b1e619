// Integer probability tables as model packages hold them (format-spec/entropy.md, section 2).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

constexpr int kProbabilityBits = 16;
constexpr uint32_t kProbabilityOne = uint32_t{1} << kProbabilityBits;  // what the frequencies of a table sum to
constexpr int kMaxSymbols = 1024;                                      // of one table, the escape not counted
constexpr int kMaxLowBits = 8;
constexpr size_t kMaxTables = 65536;

// One table before it is checked.
//
// A value k is coded as the symbol s = (k + half) >> low_bits with half = (1 << low_bits) >> 1, followed by the
// low_bits raw bits (k + half) & ((1 << low_bits) - 1). Symbols first .. first + n - 1 have their own frequencies;
// every other one is coded as the escape and its distance from them.
struct TableDescription {
  int16_t first = 0;
  uint8_t low_bits = 0;                   // 0..kMaxLowBits
  std::span<const uint16_t> frequencies;  // n symbols, 1 <= n <= kMaxSymbols, then the escape; each >= 1, sum 65536
};

// A checked set of tables, ready for coding. Movable. Constant after Build, thus usable by several threads at once.
class TableSet {
 public:
  // A cost of 1 bit, as SymbolCost and Encoder::Cost count it.
  static constexpr uint64_t kBit = 65536;

  explicit TableSet(std::pmr::memory_resource& memory) : tables_(&memory), buckets_(&memory), starts_(&memory) {}

  // Replaces `tables` by those described. NIC_MODEL_MALFORMED, naming table and field, for a description that breaks
  // the rules above or an alphabet whose values do not all fit int16; `tables` is empty then.
  static Status Build(std::span<const TableDescription> descriptions, std::pmr::memory_resource& memory,
                      TableSet* tables);

  size_t size() const { return tables_.size(); }
  int first(size_t table) const { return tables_[table].first; }
  int symbols(size_t table) const { return tables_[table].escape; }
  int low_bits(size_t table) const { return tables_[table].low_bits; }
  // 1..65535; symbol == symbols(table) is the escape.
  uint32_t frequency(size_t table, int symbol) const;

  // What coding `value` with `table` costs, in 1 / kBit bits, rounded. Any int16 has a finite cost.
  uint32_t SymbolCost(size_t table, int value) const;

 private:
  friend class Decoder;
  friend class Encoder;

  struct Table {
    uint32_t buckets;       // index of the first bucket in buckets_
    uint32_t starts;        // index of the first start in starts_
    int16_t first;
    uint16_t escape;        // the number of symbols
    uint8_t bucket_shift;   // slot >> bucket_shift is its bucket
    uint8_t low_bits;
    uint16_t half;          // (1 << low_bits) >> 1
  };

  Status Add(size_t number, const TableDescription& description);

  std::pmr::vector<Table> tables_;
  // For each bucket of slots the last symbol that has a slot in it.
  std::pmr::vector<uint16_t> buckets_;
  // For each table the first slot of each symbol, of the escape, and 65536 mod 2^16 = 0 behind it: a frequency is the
  // difference of neighbours modulo 2^16.
  std::pmr::vector<uint16_t> starts_;
};

}  // namespace nic

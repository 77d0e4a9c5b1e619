// Integer probability tables as model packages hold them (format-spec/entropy.md, section 2).
#pragma once

#include <bit>
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

  // What follows is for the coder.
  struct Table {
    uint32_t buckets = 0;      // index of the table's first bucket in buckets()
    uint32_t starts = 0;       // index of its first start in starts()
    int16_t first = 0;         // the value of symbol 0
    uint16_t escape = 0;       // the number of the escape, which is that of the other symbols
    uint16_t plain = 0;        // symbols below it need nothing behind them: `escape`, or 0 with low bits
    uint8_t bucket_shift = 0;  // slot >> bucket_shift is its bucket
    uint8_t low_bits = 0;

    // The symbol that a value belongs to, counted from symbol 0: outside 0 .. escape - 1 it needs the escape.
    int SymbolOf(int value) const { return ((value + Half()) >> low_bits) - first; }
    // The raw bits of a value.
    int LowOf(int value) const { return (value + Half()) & ((1 << low_bits) - 1); }
    int Half() const { return (1 << low_bits) >> 1; }
  };

  const Table& operator[](size_t table) const { return tables_[table]; }
  const Table* tables() const { return tables_.data(); }
  // For each bucket of slots the last symbol that has a slot in it.
  const uint16_t* buckets() const { return buckets_.data(); }
  // For each table the first slot of each symbol, of the escape, and 65536 mod 2^16 = 0 behind it: a frequency is the
  // difference of neighbours modulo 2^16.
  const uint16_t* starts() const { return starts_.data(); }

 private:
  Status Add(size_t number, const TableDescription& description);
  void AddBuckets(Table* table);

  std::pmr::vector<Table> tables_;
  std::pmr::vector<uint16_t> buckets_;
  std::pmr::vector<uint16_t> starts_;
};

// An escape's distance from the alphabet as it is coded: distance >= 0 counts from the nearest value outside.
struct Escape {
  bool below = false;
  uint32_t distance = 0;  // 0 .. 65534

  // For a symbol counted from 0 in an alphabet of `symbols`; it must lie outside.
  static Escape Of(int symbol, int symbols) {
    return symbol < 0 ? Escape{true, static_cast<uint32_t>(-1 - symbol)}
                      : Escape{false, static_cast<uint32_t>(symbol - symbols)};
  }
  // The length in bits of distance + 1, less one: the number of raw bits behind the prefix.
  int SuffixBits() const { return static_cast<int>(std::bit_width(distance + 1)) - 1; }
  uint32_t Suffix() const { return distance + 1 - (uint32_t{1} << SuffixBits()); }
  // The prefix, kEscapePrefixBits raw bits: `below` as bit 0, SuffixBits() above it.
  uint32_t Prefix() const { return static_cast<uint32_t>(SuffixBits()) << 1 | (below ? 1 : 0); }
};
constexpr int kEscapePrefixBits = 5;

}  // namespace nic

#include "entropy/table.h"

#include <algorithm>
#include <array>

namespace nic {
namespace {

// log2(1 + i / 256) in 2^-24, by repeated squaring.
consteval uint32_t Log2OfMantissa(int i) {
  uint64_t x = (uint64_t{256} + static_cast<uint64_t>(i)) << 23;  // 1.31 fixed point
  if (i == 256) return uint32_t{1} << 24;
  uint32_t result = 0;
  for (int bit = 23; bit >= 0; --bit) {
    x = (x * x) >> 31;
    if (x >> 32) {
      result |= uint32_t{1} << bit;
      x >>= 1;
    }
  }
  return result;
}

consteval std::array<uint32_t, 257> MakeLog2() {
  std::array<uint32_t, 257> table{};
  for (int i = 0; i <= 256; ++i) table[static_cast<size_t>(i)] = Log2OfMantissa(i);
  return table;
}
constexpr std::array<uint32_t, 257> kLog2 = MakeLog2();

// log2(x) in 2^-24 for 1 <= x <= 65536, within 3e-6.
uint32_t Log2(uint32_t x) {
  const int exponent = static_cast<int>(std::bit_width(x)) - 1;
  const uint32_t mantissa = (x << (16 - exponent)) & 0xFFFF;
  const uint32_t low = kLog2[mantissa >> 8];
  const uint32_t high = kLog2[(mantissa >> 8) + 1];
  const auto between = static_cast<uint32_t>(uint64_t{high - low} * (mantissa & 0xFF) >> 8);
  return (static_cast<uint32_t>(exponent) << 24) + low + between;
}

// Buckets are worth their memory until nearly every one lies within a single symbol; beyond 2^10 they leave L1.
int BucketBits(uint32_t symbols) { return std::clamp(static_cast<int>(std::bit_width(symbols)) + 2, 5, 10); }

Status Refuse(size_t table, const char* what) {
  return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "probability table %zu: %s", table, what);
}

Status CheckAlphabet(size_t number, const TableDescription& description) {
  const int symbols = static_cast<int>(description.frequencies.size()) - 1;
  const int half = (1 << description.low_bits) >> 1;
  const int lowest = description.first * (1 << description.low_bits) - half;
  const int highest = (description.first + symbols) * (1 << description.low_bits) - half - 1;
  if (lowest < INT16_MIN || highest > INT16_MAX) return Refuse(number, "first: the alphabet exceeds int16");
  return {};
}

Status CheckFrequencies(size_t number, std::span<const uint16_t> frequencies) {
  uint64_t sum = 0;
  for (const uint16_t frequency : frequencies) {
    if (frequency == 0) return Refuse(number, "frequency: 0");
    sum += frequency;
  }
  if (sum != kProbabilityOne) return Refuse(number, "frequency: the sum is not 65536");
  return {};
}

}  // namespace

Status TableSet::Build(std::span<const TableDescription> descriptions, std::pmr::memory_resource& memory,
                       TableSet* tables) {
  *tables = TableSet(memory);
  if (descriptions.size() > kMaxTables) {
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "probability tables: %zu, more than %zu",
                         descriptions.size(), kMaxTables);
  }
  TableSet built(memory);
  for (size_t i = 0; i < descriptions.size(); ++i) NIC_RETURN_IF_ERROR(built.Add(i, descriptions[i]));
  *tables = std::move(built);
  return {};
}

Status TableSet::Add(size_t number, const TableDescription& description) {
  const size_t entries = description.frequencies.size();
  if (entries < 2 || entries > kMaxSymbols + 1) return Refuse(number, "symbols: not 1..1024");
  if (description.low_bits > kMaxLowBits) return Refuse(number, "low_bits: above 8");
  NIC_RETURN_IF_ERROR(CheckAlphabet(number, description));
  NIC_RETURN_IF_ERROR(CheckFrequencies(number, description.frequencies));

  Table table;
  table.starts = static_cast<uint32_t>(starts_.size());
  table.first = description.first;
  table.escape = static_cast<uint16_t>(entries - 1);
  table.low_bits = description.low_bits;
  table.plain = description.low_bits ? 0 : table.escape;
  uint32_t start = 0;
  for (const uint16_t frequency : description.frequencies) {
    starts_.push_back(static_cast<uint16_t>(start));
    start += frequency;
  }
  starts_.push_back(0);
  AddBuckets(&table);
  tables_.push_back(table);
  return {};
}

void TableSet::AddBuckets(Table* table) {
  const int bits = BucketBits(table->escape);
  table->buckets = static_cast<uint32_t>(buckets_.size());
  table->bucket_shift = static_cast<uint8_t>(kProbabilityBits - bits);
  const uint16_t* starts = starts_.data() + table->starts;
  int symbol = 0;
  for (uint32_t bucket = 0; bucket < uint32_t{1} << bits; ++bucket) {
    const uint32_t last_slot = ((bucket + 1) << table->bucket_shift) - 1;
    while (symbol < table->escape && starts[symbol + 1] <= last_slot) ++symbol;
    buckets_.push_back(static_cast<uint16_t>(symbol));
  }
}

uint32_t TableSet::frequency(size_t table, int symbol) const {
  const uint16_t* start = starts_.data() + tables_[table].starts + symbol;
  return static_cast<uint16_t>(start[1] - start[0]);
}

uint32_t TableSet::SymbolCost(size_t table, int value) const {
  const Table& t = tables_[table];
  const int symbol = t.SymbolOf(value);
  const bool plain = symbol >= 0 && symbol < t.escape;
  int raw_bits = t.low_bits;
  if (!plain) raw_bits += kEscapePrefixBits + Escape::Of(symbol, t.escape).SuffixBits();
  const uint32_t log2 = Log2(frequency(table, plain ? symbol : t.escape));
  const uint32_t coded = ((uint32_t{kProbabilityBits} << 24) - log2 + 128) >> 8;
  return coded + static_cast<uint32_t>(raw_bits) * static_cast<uint32_t>(kBit);
}

}  // namespace nic

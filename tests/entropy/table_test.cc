#include "entropy/table.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "sample_tables.h"

namespace nic {
namespace {

using sample::OwnedTable;

Status BuildOne(const OwnedTable& table, TableSet* tables, Memory& memory) {
  const TableDescription description = table.view();
  return TableSet::Build({&description, 1}, memory, tables);
}

void RequireRefused(const OwnedTable& table, const char* field) {
  Memory memory;
  TableSet tables(memory);
  const Status status = BuildOne(table, &tables, memory);
  REQUIRE(status.code() == NIC_MODEL_MALFORMED);
  REQUIRE(std::string(status.message()).find(field) != std::string::npos);
  REQUIRE(tables.size() == 0);
}

bool IsAccepted(const OwnedTable& table) {
  Memory memory;
  TableSet tables(memory);
  return BuildOne(table, &tables, memory).ok();
}

std::vector<uint16_t> Even(size_t entries) { return sample::Quantise(std::vector<double>(entries, 1.0)); }

TEST_CASE("A table needs 1 to 1024 symbols beside its escape") {
  RequireRefused({0, 0, {}}, "symbols");
  RequireRefused({0, 0, {65535}}, "symbols");
  RequireRefused({0, 0, Even(1026)}, "symbols");
  CHECK(IsAccepted({0, 0, Even(2)}));
  CHECK(IsAccepted({0, 0, Even(1025)}));
}

TEST_CASE("Frequencies are at least 1 and sum to 65536") {
  RequireRefused({0, 0, {32768, 0, 32768}}, "frequency");
  RequireRefused({0, 0, {65535, 1, 0}}, "frequency");
  RequireRefused({0, 0, {65535, 2}}, "sum");
  RequireRefused({0, 0, {65534, 1}}, "sum");
  // The same sum modulo 2^16 and 2^17.
  RequireRefused({0, 0, {65535, 65535, 2}}, "sum");
  CHECK(IsAccepted({0, 0, {65535, 1}}));
  CHECK(IsAccepted({0, 0, {1, 65535}}));
}

TEST_CASE("An alphabet beyond int16 is refused at both ends for all low bits") {
  RequireRefused({0, 9, {65535, 1}}, "low_bits");
  for (uint8_t low_bits = 0; low_bits <= kMaxLowBits; ++low_bits) {
    // The lowest and the highest symbol of which all values fit.
    const int half = (1 << low_bits) >> 1;
    const int lowest = -((32768 - half) >> low_bits);
    const int highest = ((32768 + half) >> low_bits) - 1;
    CAPTURE(int{low_bits}, lowest, highest);
    CHECK(IsAccepted({static_cast<int16_t>(lowest), low_bits, {65535, 1}}));
    CHECK(IsAccepted({static_cast<int16_t>(highest), low_bits, {65535, 1}}));
    CHECK(IsAccepted({static_cast<int16_t>(highest - 9), low_bits, Even(11)}));
    RequireRefused({static_cast<int16_t>(highest - 8), low_bits, Even(11)}, "first");
    if (lowest > INT16_MIN) RequireRefused({static_cast<int16_t>(lowest - 1), low_bits, {65535, 1}}, "first");
  }
}

TEST_CASE("Statuses name the table") {
  Memory memory;
  TableSet tables(memory);
  const std::vector<uint16_t> good = {65535, 1};
  const std::vector<uint16_t> bad = {65535, 3};
  const std::vector<TableDescription> descriptions = {{0, 0, good}, {0, 0, good}, {0, 0, bad}};
  const Status status = TableSet::Build(descriptions, memory, &tables);
  CHECK(std::string(status.message()).find("table 2") != std::string::npos);
}

TEST_CASE("More tables than an index can name are refused") {
  Memory memory;
  TableSet tables(memory);
  const std::vector<uint16_t> good = {65535, 1};
  const std::vector<TableDescription> descriptions(kMaxTables + 1, {0, 0, good});
  CHECK(TableSet::Build(descriptions, memory, &tables).code() == NIC_MODEL_MALFORMED);
  CHECK(memory.held() == 0);
}

TEST_CASE("Building replaces what was there") {
  Memory memory;
  TableSet tables(memory);
  REQUIRE(BuildOne({-3, 2, Even(8)}, &tables, memory).ok());
  REQUIRE(BuildOne({-1, 0, {2, 3, 65530, 1}}, &tables, memory).ok());
  REQUIRE(tables.size() == 1);
  CHECK(tables.first(0) == -1);
  CHECK(tables.symbols(0) == 3);
  CHECK(tables.low_bits(0) == 0);
  CHECK(tables.frequency(0, 0) == 2);
  CHECK(tables.frequency(0, 2) == 65530);
  CHECK(tables.frequency(0, 3) == 1);
}

TEST_CASE("Building respects the memory limit") {
  Memory memory(4096);
  TableSet tables(memory);
  const std::vector<uint16_t> frequencies = Even(1025);
  const std::vector<TableDescription> descriptions(64, {-500, 0, frequencies});
  CHECK_THROWS_AS(TableSet::Build(descriptions, memory, &tables), LimitReached);
  CHECK(memory.peak() <= 4096);
}

TEST_CASE("Buckets hold the last symbol that has a slot in them") {
  Memory memory;
  std::mt19937 random(2);
  for (size_t entries : {2, 3, 4, 7, 8, 9, 31, 64, 129, 500, 1024, 1025}) {
    std::vector<double> weights;
    for (size_t i = 0; i < entries; ++i) weights.push_back(std::exp(static_cast<double>(random() % 12)));
    const OwnedTable owned{0, 0, sample::Quantise(weights)};
    TableSet tables(memory);
    REQUIRE(BuildOne(owned, &tables, memory).ok());
    const TableSet::Table& table = tables[0];
    size_t symbol = 0;
    uint32_t end = owned.frequencies[0];
    for (uint32_t slot = 0; slot < 65536; ++slot) {
      while (slot >= end) end += owned.frequencies[++symbol];
      const uint32_t next_bucket = (slot + 1) & ((uint32_t{1} << table.bucket_shift) - 1);
      if (next_bucket == 0) REQUIRE(tables.buckets()[table.buckets + (slot >> table.bucket_shift)] == symbol);
    }
  }
}

TEST_CASE("Every int16 splits into a symbol and low bits, and back") {
  for (uint8_t low_bits = 0; low_bits <= kMaxLowBits; ++low_bits) {
    TableSet::Table table;
    table.first = -7;
    table.low_bits = low_bits;
    for (int value = INT16_MIN; value <= INT16_MAX; ++value) {
      const int symbol = table.SymbolOf(value) + table.first;
      const int low = table.LowOf(value);
      REQUIRE((low >= 0 && low < 1 << low_bits));
      REQUIRE(symbol * (1 << low_bits) - table.Half() + low == value);
      // Rounded to the nearest multiple, halves upwards.
      REQUIRE(symbol == static_cast<int>(std::floor(value / double(1 << low_bits) + (low_bits ? 0.5 : 0))));
    }
  }
}

TEST_CASE("Escapes are one-to-one with the symbols outside") {
  constexpr int kSymbols = 5;
  for (int symbol = -65535; symbol <= 65535 + kSymbols - 1; ++symbol) {
    if (symbol >= 0 && symbol < kSymbols) continue;
    const Escape escape = Escape::Of(symbol, kSymbols);
    REQUIRE(escape.distance <= 65534);
    REQUIRE(escape.Prefix() < 1u << kEscapePrefixBits);
    REQUIRE(escape.SuffixBits() <= 15);
    REQUIRE(escape.Suffix() < 1u << escape.SuffixBits());
    const int distance = (1 << (escape.Prefix() >> 1)) - 1 + static_cast<int>(escape.Suffix());
    REQUIRE((escape.Prefix() & 1 ? -1 - distance : kSymbols + distance) == symbol);
  }
}

TEST_CASE("Costs are logarithms") {
  Memory memory;
  for (uint32_t frequency = 1; frequency < 65536; frequency += frequency < 600 ? 1 : 37) {
    TableSet tables(memory);
    REQUIRE(
        BuildOne({0, 0, {static_cast<uint16_t>(65536 - frequency), static_cast<uint16_t>(frequency)}}, &tables, memory)
            .ok());
    const double bits = 16 - std::log2(65536.0 - frequency);
    REQUIRE(std::abs(tables.SymbolCost(0, 0) / 65536.0 - bits) < 1.1 / 65536);
    // One outside costs the escape and its prefix; four outside two suffix bits more.
    const double escape = 16 - std::log2(double(frequency)) + 5;
    REQUIRE(std::abs(tables.SymbolCost(0, -1) / 65536.0 - escape) < 1.1 / 65536);
    REQUIRE(std::abs(tables.SymbolCost(0, 4) / 65536.0 - escape - 2) < 1.1 / 65536);
  }
}

}  // namespace
}  // namespace nic

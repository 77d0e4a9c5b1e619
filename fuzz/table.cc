// Construction of probability tables, from structured input: what is accepted codes every value, and back.
#include "entropy/table.h"

#include "entropy/rans.h"
#include "support.h"

using namespace nic;

namespace {

// Frequencies as differences, with the last one making up for the sum where that is asked for.
std::vector<uint16_t> ReadFrequencies(fuzz::Numbers& numbers, size_t count, bool complete) {
  std::vector<uint16_t> frequencies;
  uint32_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t frequency = numbers.Byte();
    if (frequency & 0x80) frequency = (frequency & 0x7F) << 8 | numbers.Byte();
    if (complete && frequency == 0) frequency = 1;
    if (complete && i + 1 == count && sum < kProbabilityOne) frequency = kProbabilityOne - sum;
    frequencies.push_back(static_cast<uint16_t>(frequency));
    sum += frequency;
  }
  return frequencies;
}

void CheckSlots(const TableSet& tables, size_t table) {
  uint32_t sum = 0;
  for (int symbol = 0; symbol <= tables.symbols(table); ++symbol) {
    NIC_FUZZ_CHECK(tables.frequency(table, symbol) >= 1);
    sum += tables.frequency(table, symbol);
  }
  NIC_FUZZ_CHECK(sum == kProbabilityOne);
}

void CheckRoundTrip(const TableSet& tables, std::span<const int16_t> values, int lanes) {
  Memory memory;
  std::vector<uint16_t> index;
  for (size_t i = 0; i < values.size(); ++i) index.push_back(static_cast<uint16_t>(i % tables.size()));
  Encoder encoder(memory);
  encoder.Append(tables, index, values.data());
  std::pmr::vector<uint8_t> bytes(&memory);
  encoder.Finish(lanes, &bytes);
  const fuzz::ExactCopy copy(bytes.data(), bytes.size());
  Decoder decoder;
  std::vector<int16_t> decoded(values.size());
  NIC_FUZZ_CHECK(decoder.Begin(copy.span(), lanes).ok());
  NIC_FUZZ_CHECK(decoder.Decode(tables, index, decoded.data()).ok());
  NIC_FUZZ_CHECK(decoder.Finish().ok());
  NIC_FUZZ_CHECK(std::equal(values.begin(), values.end(), decoded.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::Numbers numbers(bytes, size);
  const size_t count = numbers.In(0, 3);
  const bool complete = numbers.Byte() % 4 != 0;
  const int lanes = 1 << numbers.In(0, 2);
  std::vector<std::vector<uint16_t>> frequencies(count);
  std::vector<TableDescription> descriptions(count);
  for (size_t i = 0; i < count; ++i) {
    descriptions[i].first = static_cast<int16_t>(numbers.In(0, 65535));
    descriptions[i].low_bits = static_cast<uint8_t>(numbers.In(0, 9));
    const size_t symbols = numbers.Byte() % 8 == 0 ? numbers.In(0, 1030) : numbers.In(0, 20);
    frequencies[i] = ReadFrequencies(numbers, symbols, complete);
    descriptions[i].frequencies = frequencies[i];
  }
  Memory memory;
  TableSet tables(memory);
  const Status status = TableSet::Build(descriptions, memory, &tables);
  NIC_FUZZ_CHECK(status.ok() || status.code() == NIC_MODEL_MALFORMED);
  NIC_FUZZ_CHECK(tables.size() == (status.ok() ? count : 0));
  if (!status.ok() || count == 0) return 0;
  for (size_t i = 0; i < count; ++i) CheckSlots(tables, i);
  std::vector<int16_t> values = {0, 1, -1, 32767, -32768};
  const std::span<const uint8_t> rest = numbers.rest();
  for (size_t i = 0; i + 1 < rest.size() && i < 400; i += 2) {
    values.push_back(static_cast<int16_t>(rest[i] | rest[i + 1] << 8));
  }
  for (int i = -3; i < 3; ++i) {
    const int edge = (tables.first(0) + tables.symbols(0)) * (1 << tables.low_bits(0)) + i;
    if (edge <= 32767) values.push_back(static_cast<int16_t>(edge));
  }
  CheckRoundTrip(tables, values, lanes);
  return 0;
}

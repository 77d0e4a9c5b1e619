#include "entropy/rans.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sample_tables.h"

namespace nic {
namespace {

using sample::OwnedTable;
using Bytes = std::pmr::vector<uint8_t>;
using Values = std::vector<int16_t>;

// A decoder in the words of format-spec/entropy.md, section 3: no look-up, no vectors, no haste.
class PlainDecoder {
 public:
  PlainDecoder(const std::vector<OwnedTable>& tables, const Bytes& bytes, size_t lanes)
      : tables_(tables), bytes_(bytes), state_(lanes) {
    for (uint64_t& state : state_) {
      for (int shift = 0; shift < 32; shift += 8) state |= uint64_t{Next()} << shift;
    }
  }

  int16_t Value(size_t index) {
    const OwnedTable& table = tables_[index];
    uint64_t& x = state_[count_++ % state_.size()];
    const uint64_t slot = x % 65536;
    uint64_t start = 0;
    size_t symbol = 0;
    while (slot >= start + table.frequencies[symbol]) start += table.frequencies[symbol++];
    x = table.frequencies[symbol] * (x / 65536) + slot - start;
    Refill(x);
    auto s = static_cast<int64_t>(symbol) + table.first;
    if (symbol + 1 == table.frequencies.size()) {
      const bool below = Raw(x, 1, false);
      const int suffix_bits = static_cast<int>(Raw(x, 4, true));
      const int64_t distance = (int64_t{1} << suffix_bits) - 1 + static_cast<int64_t>(Raw(x, suffix_bits, true));
      s = below ? table.first - 1 - distance : s + distance;
    }
    const int64_t half = (1 << table.low_bits) / 2;
    return static_cast<int16_t>(s * (1 << table.low_bits) - half + static_cast<int64_t>(Raw(x, table.low_bits, true)));
  }

  bool AtEnd() const {
    return next_ == bytes_.size() &&
           std::all_of(state_.begin(), state_.end(), [](uint64_t x) { return x == uint64_t{1} << 24; });
  }

 private:
  uint8_t Next() {
    REQUIRE(next_ < bytes_.size());
    return bytes_[next_++];
  }
  void Refill(uint64_t& x) {
    while (x < uint64_t{1} << 24) x = x * 256 + Next();
  }
  uint64_t Raw(uint64_t& x, int bits, bool refill) {
    const uint64_t value = x % (uint64_t{1} << bits);
    x >>= bits;
    if (refill) Refill(x);
    return value;
  }

  const std::vector<OwnedTable>& tables_;
  const Bytes& bytes_;
  std::vector<uint64_t> state_;
  size_t next_ = 0;
  size_t count_ = 0;
};

Bytes Encode(const TableSet& tables, const std::vector<uint16_t>& index, const Values& values, int lanes,
             Memory& memory) {
  Encoder encoder(memory);
  encoder.Append(tables, index, values.data());
  Bytes bytes;
  encoder.Finish(lanes, &bytes);
  return bytes;
}

// The values, or nothing if any call failed; every failure must be well-formed.
std::optional<Values> Decode(const TableSet& tables, const std::vector<uint16_t>& index, std::span<const uint8_t> bytes,
                             int lanes) {
  // Behind the exact bytes lies nothing, so that a sanitizer sees a read beyond them.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  Values values(index.size());
  Decoder decoder;
  Status status = decoder.Begin(exact, lanes);
  if (status.ok()) status = decoder.Decode(tables, index, values.data());
  if (status.ok()) status = decoder.Finish();
  if (status.ok()) return values;
  REQUIRE(status.code() == NIC_SLICE_DAMAGED);
  REQUIRE(status.offset() <= bytes.size());
  REQUIRE(decoder.position() <= bytes.size());
  return std::nullopt;
}

struct Material {
  std::vector<OwnedTable> owned;
  std::vector<uint16_t> index;
  Values values;
};

// Tables of all sizes, low bits and skews, and values of which some escape far.
Material RandomMaterial(uint32_t seed, size_t count) {
  Material material;
  std::mt19937 random(seed);
  for (size_t symbols : {1, 2, 3, 5, 16, 17, 100, 255, 256, 1023, 1024}) {
    for (uint8_t low_bits = 0; low_bits <= kMaxLowBits; ++low_bits) {
      if ((symbols << low_bits) > 60000) continue;
      const int reach = 32000 >> low_bits;
      const int room = 2 * reach - static_cast<int>(symbols);
      const int first = -reach + static_cast<int>(random() % static_cast<uint32_t>(room));
      const uint32_t skew = 1 + random() % 10;
      std::vector<double> weights;
      for (size_t i = 0; i <= symbols; ++i) weights.push_back(std::exp(static_cast<double>(random() % skew)));
      material.owned.push_back({static_cast<int16_t>(first), low_bits, sample::Quantise(weights)});
    }
  }
  for (size_t i = 0; i < count; ++i) {
    material.index.push_back(static_cast<uint16_t>(random() % material.owned.size()));
    const int16_t drawn = sample::Draw(material.owned[material.index[i]], random);
    material.values.push_back(random() % 16 ? drawn : static_cast<int16_t>(random()));
  }
  return material;
}

TEST_CASE("Random tables and values come back, and a plain decoder agrees") {
  Memory memory;
  for (uint32_t seed = 0; seed < 6; ++seed) {
    const Material material = RandomMaterial(seed, 20011 + seed);
    const TableSet tables = sample::Build(material.owned, memory);
    for (int lanes : {1, 2, 4}) {
      const Bytes bytes = Encode(tables, material.index, material.values, lanes, memory);
      const auto decoded = Decode(tables, material.index, bytes, lanes);
      REQUIRE(decoded);
      REQUIRE(*decoded == material.values);
      PlainDecoder plain(material.owned, bytes, static_cast<size_t>(lanes));
      for (size_t i = 0; i < material.values.size(); ++i) {
        if (plain.Value(material.index[i]) != material.values[i]) FAIL("plain decoder differs at " << i);
      }
      REQUIRE(plain.AtEnd());
    }
  }
}

TEST_CASE("A stream decodes in runs of any length and by every overload") {
  Memory memory;
  const Material material = RandomMaterial(7, 5000);
  const TableSet tables = sample::Build(material.owned, memory);
  // Runs of one table each, lengths from 0 up.
  std::vector<uint16_t> index(material.index.size());
  std::vector<size_t> runs;
  std::mt19937 random(3);
  for (size_t begin = 0; begin < index.size(); begin += runs.back()) {
    runs.push_back(std::min<size_t>(random() % 23, index.size() - begin));
    std::fill_n(index.begin() + static_cast<ptrdiff_t>(begin), runs.back(), material.index[begin]);
  }
  const std::vector<uint8_t> narrow(index.begin(), index.end());
  Values values(index.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = sample::Draw(material.owned[index[i]], random);

  for (int lanes : {1, 2, 4}) {
    Encoder encoder(memory);
    Decoder decoder;
    for (size_t i = 0, begin = 0; i < runs.size(); begin += runs[i++]) {
      const int16_t* at = values.data() + begin;
      if (i % 3 == 0) encoder.Append(tables, index[begin], runs[i], at);
      if (i % 3 == 1) encoder.Append(tables, std::span(narrow).subspan(begin, runs[i]), at);
      if (i % 3 == 2) encoder.Append(tables, std::span<const uint16_t>(index).subspan(begin, runs[i]), at);
    }
    Bytes bytes;
    encoder.Finish(lanes, &bytes);
    REQUIRE(bytes == Encode(tables, index, values, lanes, memory));

    Values decoded(values.size());
    REQUIRE(decoder.Begin(bytes, lanes).ok());
    for (size_t i = 0, begin = 0; i < runs.size(); begin += runs[i++]) {
      int16_t* at = decoded.data() + begin;
      Status status;
      if (i % 3 == 1) status = decoder.Decode(tables, index[begin], runs[i], at);
      if (i % 3 == 2) status = decoder.Decode(tables, std::span(narrow).subspan(begin, runs[i]), at);
      if (i % 3 == 0) status = decoder.Decode(tables, std::span<const uint16_t>(index).subspan(begin, runs[i]), at);
      REQUIRE(status.ok());
    }
    REQUIRE(decoder.Finish().ok());
    REQUIRE(decoder.position() == bytes.size());
    REQUIRE(decoded == values);
  }
}

TEST_CASE("Every int16 can be coded with any table") {
  Memory memory;
  const std::vector<OwnedTable> owned = {
      {0, 0, {65535, 1}},           {INT16_MIN, 0, {1, 65535}}, {INT16_MAX, 0, {32768, 32768}},
      {-3, 8, {1, 1, 65532, 1, 1}}, {-2, 3, {9, 1, 65525, 1}},  sample::Zero(sample::Shape::kGauss, 100)};
  const TableSet tables = sample::Build(owned, memory);
  Values values(65536);
  std::iota(values.begin(), values.end(), INT16_MIN);
  for (uint16_t table = 0; table < owned.size(); ++table) {
    const std::vector<uint16_t> index(values.size(), table);
    const Bytes bytes = Encode(tables, index, values, 4, memory);
    REQUIRE(Decode(tables, index, bytes, 4) == values);
  }
}

TEST_CASE("Frequencies of 1 and 65535") {
  Memory memory;
  const std::vector<OwnedTable> owned = {{0, 0, {65535, 1}}, {0, 0, {1, 65535}}, {0, 0, {1, 65534, 1}}};
  const TableSet tables = sample::Build(owned, memory);
  std::mt19937 random(5);
  std::vector<uint16_t> index;
  Values values;
  for (int i = 0; i < 30000; ++i) {
    index.push_back(static_cast<uint16_t>(random() % 3));
    values.push_back(static_cast<int16_t>(random() % 2));
  }
  for (int lanes : {1, 2, 4}) {
    REQUIRE(Decode(tables, index, Encode(tables, index, values, lanes, memory), lanes) == values);
  }
}

TEST_CASE("Symbols that are nearly certain cost nearly nothing") {
  Memory memory;
  const TableSet tables = sample::Build({{0, 0, {65535, 1}}}, memory);
  const Values zeros(1000000);
  Encoder encoder(memory);
  encoder.Append(tables, 0, zeros.size(), zeros.data());
  Bytes bytes;
  encoder.Finish(1, &bytes);
  // 1e6 x 2.2e-5 bits = 22 bits.
  CHECK(bytes.size() <= 8);
  Values decoded(zeros.size(), 1);
  Decoder decoder;
  REQUIRE(decoder.Begin(bytes, 1).ok());
  REQUIRE(decoder.Decode(tables, 0, decoded.size(), decoded.data()).ok());
  REQUIRE(decoder.Finish().ok());
  CHECK(decoded == zeros);
}

TEST_CASE("A stream of nothing is its lanes' states") {
  for (int lanes : {1, 2, 4}) {
    Memory memory;
    Bytes bytes;
    Encoder(memory).Finish(lanes, &bytes);
    REQUIRE(bytes.size() == static_cast<size_t>(lanes) * kLaneBytes);
    Decoder decoder;
    REQUIRE(decoder.Begin(bytes, lanes).ok());
    REQUIRE(decoder.Finish().ok());
  }
}

TEST_CASE("The bytes of a small stream stay what they are") {
  Memory memory;
  const TableSet tables =
      sample::Build({{-2, 0, {6000, 12000, 30000, 12000, 5000, 536}}, {-1, 2, {500, 65000, 36}}}, memory);
  const std::vector<uint16_t> index = {0, 1, 0, 0, 1, 0, 0, 1, 0};
  const Values values = {0, 1, -1, 2, -300, 7, 0, 5, -2};
  const Bytes one = Encode(tables, index, values, 1, memory);
  const Bytes two = Encode(tables, index, values, 2, memory);
  CHECK(one == Bytes{0x3F, 0x99, 0x5D, 0x2C, 0x2B, 0xED, 0x0A, 0x02, 0x24, 0x1A, 0x60, 0x03});
  CHECK(two == Bytes{0xDF, 0x86, 0x0E, 0xFD, 0x47, 0xE5, 0xED, 0x2C, 0x94, 0x6D, 0x0A, 0x02, 0x91, 0x00, 0x60});
}

TEST_CASE("Finish appends, repeats, and an encoder can be used again") {
  Memory memory;
  const Material material = RandomMaterial(11, 1000);
  const TableSet tables = sample::Build(material.owned, memory);
  Encoder encoder(memory);
  encoder.Append(tables, std::span<const uint16_t>(material.index), material.values.data());
  Bytes first = {1, 2, 3};
  encoder.Finish(2, &first);
  REQUIRE((first[0] == 1 && first[2] == 3));
  Bytes again;
  encoder.Finish(2, &again);
  CHECK(Bytes(first.begin() + 3, first.end()) == again);
  encoder.Begin();
  encoder.Append(tables, std::span<const uint16_t>(material.index), material.values.data());
  Bytes third;
  encoder.Finish(2, &third);
  CHECK(third == again);
}

TEST_CASE("An encoder knows where the decoder stands behind the first values") {
  Memory memory;
  const Material material = RandomMaterial(12, 900);
  const TableSet tables = sample::Build(material.owned, memory);
  const std::span<const uint16_t> index(material.index);
  for (int lanes : {1, 2, 4}) {
    for (size_t head : {0, 1, 2, 3, 450, 899, 900}) {
      Encoder encoder(memory);
      encoder.Append(tables, index.first(head), material.values.data());
      const size_t head_records = encoder.record_count();
      encoder.Append(tables, index.subspan(head), material.values.data() + head);
      Bytes bytes;
      const size_t head_bytes = encoder.Finish(lanes, &bytes, head_records);
      Decoder decoder;
      Values values(head);
      REQUIRE(decoder.Begin(bytes, lanes).ok());
      REQUIRE(decoder.Decode(tables, index.first(head), values.data()).ok());
      REQUIRE(decoder.position() == head_bytes);
    }
  }
}

TEST_CASE("Every truncation is detected") {
  Memory memory;
  const Material material = RandomMaterial(13, 700);
  const TableSet tables = sample::Build(material.owned, memory);
  for (int lanes : {1, 2, 4}) {
    const Bytes bytes = Encode(tables, material.index, material.values, lanes, memory);
    for (size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_FALSE(Decode(tables, material.index, std::span(bytes).first(size), lanes));
    }
  }
}

TEST_CASE("A truncated stream says where its bytes ended") {
  Memory memory;
  const Material material = RandomMaterial(17, 4000);
  const TableSet tables = sample::Build(material.owned, memory);
  const Bytes bytes = Encode(tables, material.index, material.values, 4, memory);
  Values values(material.values.size());
  Decoder decoder;
  REQUIRE(decoder.Begin(std::span(bytes).first(1000), 4).ok());
  const Status status = decoder.Decode(tables, std::span<const uint16_t>(material.index), values.data());
  CHECK(status.code() == NIC_SLICE_DAMAGED);
  CHECK(status.offset() == 1000);
  CHECK(std::string(status.message()).find("too early") != std::string::npos);
}

TEST_CASE("Bytes left over are detected") {
  Memory memory;
  const Material material = RandomMaterial(19, 300);
  const TableSet tables = sample::Build(material.owned, memory);
  for (int lanes : {1, 2, 4}) {
    Bytes bytes = Encode(tables, material.index, material.values, lanes, memory);
    bytes.push_back(0);
    REQUIRE_FALSE(Decode(tables, material.index, bytes, lanes));
  }
}

TEST_CASE("Values fewer or more than were coded are detected") {
  Memory memory;
  const TableSet tables = sample::Build(sample::Scales(sample::Shape::kGauss, 0.5, 20, 16), memory);
  std::mt19937 random(23);
  const std::vector<OwnedTable> owned = sample::Scales(sample::Shape::kGauss, 0.5, 20, 16);
  std::vector<uint16_t> index;
  Values values;
  for (int i = 0; i < 1000; ++i) {
    index.push_back(static_cast<uint16_t>(random() % 16));
    values.push_back(sample::Draw(owned[index.back()], random));
  }
  const Bytes bytes = Encode(tables, index, values, 2, memory);
  index.push_back(15);
  CHECK_FALSE(Decode(tables, index, bytes, 2));
  index.resize(999);
  CHECK_FALSE(Decode(tables, index, bytes, 2));
}

// Decodes the stream with each of its bits flipped; returns how often nothing was noticed and gives those values.
template <typename Unnoticed>
size_t FlipEveryBit(const TableSet& tables, const std::vector<uint16_t>& index, const Bytes& bytes, int lanes,
                    Unnoticed&& unnoticed) {
  size_t count = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto decoded = Decode(tables, index, damaged, lanes);
    if (!decoded) continue;
    ++count;
    unnoticed(*decoded);
  }
  return count;
}

TEST_CASE("Every flipped bit is detected, but for raw bits, which change a value") {
  Memory memory;
  const Material material = RandomMaterial(29, 500);
  const TableSet tables = sample::Build(material.owned, memory);
  size_t raw_bits = 0;
  for (size_t i = 0; i < material.values.size(); ++i) {
    const TableSet::Table& table = tables[material.index[i]];
    const int symbol = table.SymbolOf(material.values[i]);
    raw_bits += table.low_bits;
    if (symbol < 0 || symbol >= table.escape) {
      raw_bits += static_cast<size_t>(kEscapePrefixBits + Escape::Of(symbol, table.escape).SuffixBits());
    }
  }
  for (int lanes : {1, 2, 4}) {
    const Bytes bytes = Encode(tables, material.index, material.values, lanes, memory);
    const size_t missed = FlipEveryBit(tables, material.index, bytes, lanes,
                                       [&](const Values& values) { REQUIRE(values != material.values); });
    CHECK(missed <= raw_bits);
  }
}

// Symbols of the same frequency can take each other's place; the check on the decoded values is for these.
TEST_CASE("Without raw bits nearly every flipped bit is detected, and the rest change a value") {
  Memory memory;
  const std::vector<OwnedTable> owned = sample::Scales(sample::Shape::kGauss, 0.2, 30, 64);
  const TableSet tables = sample::Build(owned, memory);
  std::mt19937 random(31);
  std::vector<uint16_t> index;
  Values values;
  while (values.size() < 2000) {
    const auto table = static_cast<uint16_t>(random() % owned.size());
    const int16_t value = sample::Draw(owned[table], random);
    const int symbol = tables[table].SymbolOf(value);
    if (symbol < 0 || symbol >= tables[table].plain) continue;
    index.push_back(table);
    values.push_back(value);
  }
  for (int lanes : {1, 2, 4}) {
    const Bytes bytes = Encode(tables, index, values, lanes, memory);
    const size_t missed =
        FlipEveryBit(tables, index, bytes, lanes, [&](const Values& decoded) { REQUIRE(decoded != values); });
    CHECK(missed <= bytes.size() * 8 / 1000);
  }
}

TEST_CASE("Random bytes are refused and never followed out of bounds") {
  Memory memory;
  const Material material = RandomMaterial(31, 300);
  const TableSet tables = sample::Build(material.owned, memory);
  std::mt19937 random(37);
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> bytes(random() % 1200);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    CHECK_FALSE(Decode(tables, material.index, bytes, 1 << random() % 3));
  }
}

TEST_CASE("States below their range are refused") {
  Bytes bytes = {0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0};
  Decoder decoder;
  CHECK(decoder.Begin(bytes, 1).ok());
  const Status status = decoder.Begin(bytes, 2);
  CHECK(status.code() == NIC_SLICE_DAMAGED);
  CHECK(status.offset() == 4);
  CHECK(decoder.Begin(std::span(bytes).first(3), 1).offset() == 3);
}

TEST_CASE("An escape beyond int16 is refused, near the end and far from it") {
  Memory memory;
  // The same frequencies, a different first: what escapes to 32767 in one leads beyond it in the other.
  const TableSet low = sample::Build({{0, 0, {65535, 1}}}, memory);
  const TableSet high = sample::Build({{1, 0, {65535, 1}}}, memory);
  for (size_t tail : {0, 1, 10000}) {
    Values values(8 + tail, 0);
    for (size_t i = 0; i < values.size(); i += 2) values[i] = static_cast<int16_t>(i % 1000);
    values[5] = INT16_MAX;
    const std::vector<uint16_t> index(values.size(), 0);
    const Bytes bytes = Encode(low, index, values, 4, memory);
    REQUIRE(Decode(low, index, bytes, 4) == values);
    Decoder decoder;
    REQUIRE(decoder.Begin(bytes, 4).ok());
    const Status status = decoder.Decode(high, std::span<const uint16_t>(index), values.data());
    CHECK(status.code() == NIC_SLICE_DAMAGED);
    CHECK(std::string(status.message()).find("16 bits") != std::string::npos);
  }
}

TEST_CASE("Coded sizes are those of the model's entropy, and the cost says so") {
  Memory memory;
  for (const auto shape : {sample::Shape::kLaplace, sample::Shape::kGauss}) {
    const std::vector<OwnedTable> owned = sample::Scales(shape, 0.2, 30, 64);
    const TableSet tables = sample::Build(owned, memory);
    std::mt19937 random(41);
    std::vector<uint16_t> index;
    Values values;
    for (int i = 0; i < 100000; ++i) {
      index.push_back(static_cast<uint16_t>(random() % owned.size()));
      values.push_back(sample::Draw(owned[index.back()], random));
    }
    double ideal = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const TableSet::Table& table = tables[index[i]];
      const int symbol = table.SymbolOf(values[i]);
      const bool escaped = symbol < 0 || symbol >= table.escape;
      ideal += 16 - std::log2(tables.frequency(index[i], escaped ? table.escape : symbol)) + table.low_bits;
      if (escaped) ideal += 5 + Escape::Of(symbol, table.escape).SuffixBits();
    }
    const double cost = static_cast<double>(Encoder::Cost(tables, index, values.data())) / TableSet::kBit;
    CHECK(std::abs(cost / ideal - 1) < 1e-6);
    const std::vector<uint8_t> narrow(index.begin(), index.end());
    CHECK(Encoder::Cost(tables, narrow, values.data()) == Encoder::Cost(tables, index, values.data()));
    for (int lanes : {1, 2, 4}) {
      const double bits = 8.0 * static_cast<double>(Encode(tables, index, values, lanes, memory).size());
      CHECK(bits >= ideal - 1);
      CHECK(bits <= ideal * 1.00002 + 32 * lanes);
    }
  }
}

TEST_CASE("The suitable number of lanes costs at most 0.1 % from 4 KB on") {
  for (uint64_t bytes = 4096; bytes < 100000; bytes += 511) {
    const int lanes = SuitableLanes(bytes);
    CHECK((lanes == 1 || lanes == 2 || lanes == 4));
    CHECK(3.5 * lanes <= 0.001 * static_cast<double>(bytes));
  }
}

}  // namespace
}  // namespace nic

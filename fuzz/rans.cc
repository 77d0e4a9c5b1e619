// The rANS decoder on any bytes, beside a plain decoder written from format-spec/entropy.md: the same values, the same
// failures.
#include "entropy/rans.h"

#include <optional>

#include "support.h"

using namespace nic;

namespace {

struct Tables {
  Tables() : set(memory) {
    Add(-2, 0, {1000, 9000, 40000, 10000, 5000, 536});
    Add(0, 0, {65535, 1});
    Add(-1, 0, {1, 65535});
    Add(-20, 3, {100, 30000, 30000, 5436});
    Add(-100, 8, {65000, 530, 6});
    std::vector<uint16_t> flat(1025, 63);
    flat[7] = static_cast<uint16_t>(65536 - 1024 * 63);
    Add(-512, 0, flat);
    NIC_FUZZ_CHECK(TableSet::Build(descriptions, memory, &set).ok());
  }
  void Add(int16_t first, uint8_t low_bits, std::vector<uint16_t> list) {
    frequencies.push_back(std::make_unique<std::vector<uint16_t>>(std::move(list)));
    descriptions.push_back({first, low_bits, *frequencies.back()});
  }

  Memory memory;
  std::vector<std::unique_ptr<std::vector<uint16_t>>> frequencies;
  std::vector<TableDescription> descriptions;
  TableSet set;
};

// The plain decoder. No value where the stream is refused.
class PlainDecoder {
 public:
  PlainDecoder(std::span<const uint8_t> bytes, int lanes) : bytes_(bytes), lanes_(static_cast<size_t>(lanes)) {
    fine_ = bytes.size() >= 4 * lanes_;
    for (size_t i = 0; fine_ && i < lanes_; ++i) {
      state_[i] = bytes[4 * i] | bytes[4 * i + 1] << 8 | bytes[4 * i + 2] << 16 | uint32_t{bytes[4 * i + 3]} << 24;
      position_ += 4;
    }
    for (size_t i = 0; fine_ && i < lanes_; ++i) fine_ = state_[i] >= kStateLow;
  }
  bool fine() const { return fine_; }
  size_t position() const { return position_; }

  std::optional<int> Next(const TableDescription& table) {
    uint32_t& state = state_[number_++ % lanes_];
    const uint32_t slot = state & 65535;
    uint32_t start = 0;
    int symbol = 0;
    while (slot >= start + table.frequencies[static_cast<size_t>(symbol)])
      start += table.frequencies[static_cast<size_t>(symbol++)];
    state = table.frequencies[static_cast<size_t>(symbol)] * (state >> 16) + slot - start;
    Refill(&state);
    const int symbols = static_cast<int>(table.frequencies.size()) - 1;
    if (symbol == symbols) {
      const uint32_t prefix = Raw(&state, 5);
      const int distance = (1 << (prefix >> 1)) - 1 + static_cast<int>(Raw(&state, static_cast<int>(prefix >> 1)));
      symbol = prefix & 1 ? -1 - distance : symbols + distance;
    }
    const int low = static_cast<int>(Raw(&state, table.low_bits));
    const int value = (symbol + table.first) * (1 << table.low_bits) - ((1 << table.low_bits) >> 1) + low;
    fine_ = fine_ && value >= -32768 && value <= 32767;
    return fine_ ? std::optional<int>(value) : std::nullopt;
  }

  bool Finished() const {
    bool all = position_ == bytes_.size();
    for (size_t i = 0; i < lanes_; ++i) all = all && state_[i] == kStateLow;
    return all;
  }

 private:
  uint32_t Raw(uint32_t* state, int bits) {
    const uint32_t value = *state & ((1u << bits) - 1);
    *state >>= bits;
    Refill(state);
    return value;
  }
  void Refill(uint32_t* state) {
    while (fine_ && *state < kStateLow) {
      fine_ = position_ < bytes_.size();
      if (fine_) *state = *state << 8 | bytes_[position_++];
    }
    if (!fine_) *state = kStateLow;
  }

  std::span<const uint8_t> bytes_;
  size_t lanes_;
  uint32_t state_[4] = {};
  size_t position_ = 0;
  size_t number_ = 0;
  bool fine_ = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const Tables tables;
  fuzz::Numbers numbers(bytes, size);
  const int lanes = 1 << numbers.Byte() % 3;
  const size_t count = numbers.In(0, 2000);
  const uint8_t pattern = numbers.Byte();
  const fuzz::ExactCopy stream(numbers.rest().data(), numbers.rest().size());
  std::vector<uint8_t> index(count);
  for (size_t i = 0; i < count; ++i) {
    index[i] = static_cast<uint8_t>(pattern < 6 ? pattern : (i * pattern + i / 7) % tables.descriptions.size());
  }

  Decoder decoder;
  PlainDecoder plain(stream.span(), lanes);
  NIC_FUZZ_CHECK(decoder.Begin(stream.span(), lanes).ok() == plain.fine());
  if (!plain.fine()) return 0;
  std::vector<int16_t> values(count);
  const size_t first = count ? pattern % count : 0;  // in two calls
  Status status = decoder.Decode(tables.set, std::span<const uint8_t>(index).first(first), values.data());
  if (status.ok())
    status = decoder.Decode(tables.set, std::span<const uint8_t>(index).subspan(first), values.data() + first);
  NIC_FUZZ_CHECK(status.ok() || status.code() == NIC_SLICE_DAMAGED);
  NIC_FUZZ_CHECK(decoder.position() <= stream.size());
  bool fine = true;
  for (size_t i = 0; i < count && fine; ++i) {
    const std::optional<int> value = plain.Next(tables.descriptions[index[i]]);
    fine = value.has_value();
    NIC_FUZZ_CHECK(!status.ok() || (fine && values[i] == *value));
  }
  NIC_FUZZ_CHECK(status.ok() == fine);
  if (!fine) return 0;
  NIC_FUZZ_CHECK(decoder.position() == plain.position());
  NIC_FUZZ_CHECK(decoder.Finish().ok() == plain.Finished());
  return 0;
}

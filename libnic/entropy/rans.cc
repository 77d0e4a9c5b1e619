#include "entropy/rans.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace nic {
namespace {

constexpr uint32_t kSlotMask = kProbabilityOne - 1;

// No value reads more: two bytes behind its symbol, one behind an escape's prefix, two behind its suffix, one behind
// the low bits; and a refill may look at four bytes from where it stands.
constexpr size_t kMaxValueBytes = 6;
constexpr size_t kLookAhead = 4;

uint32_t LoadBigEndian32(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap32(word);
  return word;
}

// Refills where enough bytes are known to follow.
struct FastSource {
  const uint8_t* next;

  // state >= 1; as many bytes as its leading zeros hold whole ones.
  uint32_t Refill(uint32_t state) {
    const int bits = std::countl_zero(state) & 24;
    const uint64_t wide = uint64_t{state} << 32 | LoadBigEndian32(next);
    next += bits >> 3;
    return static_cast<uint32_t>(wide << bits >> 32);
  }
};

// Refills near the end of the bytes. Once they have ended, states are kept valid by force and `ended` tells.
struct CheckedSource {
  const uint8_t* next;
  const uint8_t* end;
  bool ended = false;

  uint32_t Refill(uint32_t state) {
    while (state < kStateLow) {
      if (next == end) {
        ended = true;
        return state | kStateLow;
      }
      state = state << 8 | *next++;
    }
    return state;
  }
};

template <typename Source>
uint32_t PopRaw(int bits, uint32_t* state, Source* source) {
  const uint32_t value = *state & ((uint32_t{1} << bits) - 1);
  *state = source->Refill(*state >> bits);
  return value;
}

constexpr int kBeyondInt16 = INT16_MAX + 1;

// A value, or kBeyondInt16 for an escape that leads out of int16, with what it left behind. By value, so that states
// stay in registers.
template <typename Source>
struct Decoded {
  int value;
  uint32_t state;
  Source source;
};

// Goes on behind a symbol that is not the whole value.
template <typename Source>
[[gnu::noinline]] Decoded<Source> DecodeRest(const TableSet::Table& table, int symbol, uint32_t state, Source source) {
  if (symbol == table.escape) {
    const uint32_t prefix = PopRaw(kEscapePrefixBits, &state, &source);
    const int suffix_bits = static_cast<int>(prefix >> 1);
    const uint32_t suffix = suffix_bits ? PopRaw(suffix_bits, &state, &source) : 0;
    const int distance = static_cast<int>((uint32_t{1} << suffix_bits) - 1 + suffix);
    symbol = prefix & 1 ? -1 - distance : table.escape + distance;
  }
  const int low = table.low_bits ? static_cast<int>(PopRaw(table.low_bits, &state, &source)) : 0;
  const int value = (symbol + table.first) * (1 << table.low_bits) - table.Half() + low;
  return {value < INT16_MIN || value > INT16_MAX ? kBeyondInt16 : value, state, source};
}

template <typename Source>
[[gnu::always_inline]] inline int DecodeValue(const TableSet::Table& table, const uint16_t* buckets,
                                              const uint16_t* starts, uint32_t* state, Source* source) {
  const uint32_t slot = *state & kSlotMask;
  const uint16_t* start = starts + table.starts;
  int symbol = buckets[table.buckets + (slot >> table.bucket_shift)];
  while (slot < start[symbol]) --symbol;
  const uint32_t frequency = static_cast<uint16_t>(start[symbol + 1] - start[symbol]);
  *state = source->Refill(frequency * (*state >> kProbabilityBits) + slot - start[symbol]);
  if (symbol < table.plain) [[likely]]
    return table.first + symbol;
  const Decoded<Source> decoded = DecodeRest(table, symbol, *state, *source);
  *state = decoded.state;
  *source = decoded.source;
  return decoded.value;
}

// Which table a value is coded with: one for all of a run.
struct OneTable {
  size_t table;
  size_t operator[](size_t) const { return table; }
  OneTable operator+(size_t) const { return *this; }
};

// As many whole rounds of kLanes values as can be decoded without looking at the end. lane 0 is the lane of the first.
// Returns the number of values decoded; *valid is false if one of them was beyond int16.
template <int kLanes, typename Index>
size_t DecodeRounds(const TableSet& tables, Index index, size_t count, int16_t* values, uint32_t* states,
                    const uint8_t** next, const uint8_t* end, bool* valid) {
  constexpr ptrdiff_t kRoundBytes = kLanes * kMaxValueBytes + kLookAhead;
  const TableSet::Table* const table = tables.tables();
  const uint16_t* const buckets = tables.buckets();
  const uint16_t* const starts = tables.starts();
  uint32_t state[kLanes];
  std::copy_n(states, kLanes, state);
  FastSource source{*next};
  int seen = 0;
  size_t i = 0;
  for (; count - i >= kLanes && end - source.next >= kRoundBytes; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const int value = DecodeValue(table[index[i + lane]], buckets, starts, &state[lane], &source);
      seen = std::max(seen, value);
      values[i + lane] = static_cast<int16_t>(value);
    }
  }
  std::copy_n(state, kLanes, states);
  *next = source.next;
  *valid = seen < kBeyondInt16;
  return i;
}

Status Damaged(size_t offset, const char* what) {
  return Status::Error(NIC_SLICE_DAMAGED, offset, "entropy-coded stream: %s", what);
}

}  // namespace

Status Decoder::Begin(std::span<const uint8_t> bytes, int lanes) {
  begin_ = next_ = bytes.data();
  end_ = begin_ + bytes.size();
  lanes_ = static_cast<uint32_t>(lanes);
  lane_ = 0;
  if (bytes.size() < lanes_ * kLaneBytes) {
    next_ = end_;
    return Damaged(bytes.size(), "ends within the states of its lanes");
  }
  for (uint32_t lane = 0; lane < lanes_; ++lane) {
    uint32_t state = 0;
    for (size_t i = kLaneBytes; i-- > 0;) state = state << 8 | next_[i];
    if (state < kStateLow) return Damaged(position(), "the state of a lane is out of its range");
    state_[lane] = state;
    next_ += kLaneBytes;
  }
  return {};
}

template <typename Index>
Status Decoder::DecodeRun(const TableSet& tables, Index index, size_t count, int16_t* values) {
  size_t done = 0;
  // Lanes before the first whole round, and again behind the last.
  const auto decode_checked = [&](size_t until) -> Status {
    CheckedSource source{next_, end_};
    for (; done < until; ++done) {
      const int value = DecodeValue(tables[index[done]], tables.buckets(), tables.starts(), &state_[lane_], &source);
      next_ = source.next;
      if (source.ended) return Damaged(position(), "ends too early");
      if (value == kBeyondInt16) return Damaged(position(), "an escape leads beyond 16 bits");
      values[done] = static_cast<int16_t>(value);
      lane_ = (lane_ + 1) & (lanes_ - 1);
    }
    return {};
  };

  NIC_RETURN_IF_ERROR(decode_checked(std::min<size_t>(count, (lanes_ - lane_) & (lanes_ - 1))));
  if (lane_ == 0) {
    bool valid = true;
    const auto rounds = lanes_ == 4   ? DecodeRounds<4, Index>
                        : lanes_ == 2 ? DecodeRounds<2, Index>
                                      : DecodeRounds<1, Index>;
    done += rounds(tables, index + done, count - done, values + done, state_, &next_, end_, &valid);
    if (!valid) return Damaged(position(), "an escape leads beyond 16 bits");
  }
  return decode_checked(count);
}

Status Decoder::Decode(const TableSet& tables, std::span<const uint8_t> table_index, int16_t* values) {
  return DecodeRun(tables, table_index.data(), table_index.size(), values);
}

Status Decoder::Decode(const TableSet& tables, std::span<const uint16_t> table_index, int16_t* values) {
  return DecodeRun(tables, table_index.data(), table_index.size(), values);
}

Status Decoder::Decode(const TableSet& tables, size_t table, size_t count, int16_t* values) {
  return DecodeRun(tables, OneTable{table}, count, values);
}

Status Decoder::Finish() const {
  if (next_ != end_) return Damaged(position(), "bytes are left over");
  for (uint32_t lane = 0; lane < lanes_; ++lane) {
    if (state_[lane] != kStateLow) return Damaged(position(), "a lane does not end in its initial state");
  }
  return {};
}

void Encoder::AppendEscape(const TableSet::Table& table, const uint16_t* starts, int value) {
  const Escape escape = Escape::Of(table.SymbolOf(value), table.escape);
  const uint16_t* start = starts + table.starts + table.escape;
  records_.push_back({start[0], static_cast<uint16_t>(start[1] - start[0]), static_cast<uint16_t>(escape.Prefix()),
                      kEscapePrefixBits});
  const auto add_raw = [this](uint32_t raw, int bits) {
    if (bits) records_.push_back({0, 0, static_cast<uint16_t>(raw), static_cast<uint16_t>(bits)});
  };
  add_raw(escape.Suffix(), escape.SuffixBits());
  add_raw(static_cast<uint32_t>(table.LowOf(value)), table.low_bits);
}

template <typename Index>
void Encoder::AppendRun(const TableSet& tables, Index index, size_t count, const int16_t* values) {
  const uint16_t* const starts = tables.starts();
  for (size_t i = 0; i < count; ++i) {
    const TableSet::Table& table = tables[index[i]];
    const int symbol = table.SymbolOf(values[i]);
    if (symbol < 0 || symbol >= table.escape) {
      AppendEscape(table, starts, values[i]);
      continue;
    }
    const uint16_t* start = starts + table.starts + symbol;
    records_.push_back({start[0], static_cast<uint16_t>(start[1] - start[0]),
                        static_cast<uint16_t>(table.LowOf(values[i])), table.low_bits});
  }
}

void Encoder::Append(const TableSet& tables, std::span<const uint8_t> table_index, const int16_t* values) {
  AppendRun(tables, table_index.data(), table_index.size(), values);
}

void Encoder::Append(const TableSet& tables, std::span<const uint16_t> table_index, const int16_t* values) {
  AppendRun(tables, table_index.data(), table_index.size(), values);
}

void Encoder::Append(const TableSet& tables, size_t table, size_t count, const int16_t* values) {
  AppendRun(tables, OneTable{table}, count, values);
}

namespace {

// Collects the bytes of a stream, last one first.
class BackwardBytes {
 public:
  explicit BackwardBytes(std::pmr::vector<uint8_t>* bytes) : bytes_(bytes), begin_(bytes->size()) {}

  void Push(uint32_t value) {
    if (used_ == sizeof block_) Flush();
    block_[used_++] = static_cast<uint8_t>(value);
  }
  size_t size() const { return bytes_->size() - begin_ + used_; }
  void Finish() {
    Flush();
    std::reverse(bytes_->begin() + static_cast<ptrdiff_t>(begin_), bytes_->end());
  }

 private:
  void Flush() {
    bytes_->insert(bytes_->end(), block_, block_ + used_);
    used_ = 0;
  }

  std::pmr::vector<uint8_t>* bytes_;
  size_t begin_;
  size_t used_ = 0;
  uint8_t block_[4096];
};

// Makes room for a step after which the state must be below 2^32: the step multiplies it by about 2^32 / limit.
uint32_t Drain(uint32_t state, uint64_t limit, BackwardBytes* bytes) {
  while (state >= limit) {
    bytes->Push(state & 0xFF);
    state >>= 8;
  }
  return state;
}

}  // namespace

size_t Encoder::Finish(int lanes, std::pmr::vector<uint8_t>* bytes, size_t head_records) const {
  BackwardBytes out(bytes);
  uint32_t states[kMaxLanes];
  std::fill_n(states, kMaxLanes, kStateLow);

  size_t values = 0;
  for (const Record& record : records_) values += record.frequency != 0;
  const uint32_t mask = static_cast<uint32_t>(lanes) - 1;
  auto lane = static_cast<uint32_t>(values + mask) & mask;  // of the last value
  size_t behind_head = 0;
  for (size_t i = records_.size(); i-- > 0;) {
    if (i + 1 == head_records) behind_head = out.size();
    const Record& record = records_[i];
    uint32_t state = states[lane];
    if (record.raw_bits) {
      state = Drain(state, uint64_t{1} << (32 - record.raw_bits), &out) << record.raw_bits | record.raw;
    }
    if (record.frequency) {
      state = Drain(state, uint64_t{record.frequency} << 16, &out);
      state = (state / record.frequency << kProbabilityBits) + state % record.frequency + record.start;
    }
    states[lane] = state;
    if (record.frequency) lane = (lane + mask) & mask;
  }

  if (head_records == 0) behind_head = out.size();
  for (int i = lanes; i-- > 0;) {
    for (int shift = 24; shift >= 0; shift -= 8) out.Push(states[i] >> shift);
  }
  const size_t head = out.size() - behind_head;
  out.Finish();
  return head;
}

namespace {

template <typename Index>
uint64_t CostOfRun(const TableSet& tables, Index index, size_t count, const int16_t* values) {
  uint64_t cost = 0;
  for (size_t i = 0; i < count; ++i) cost += tables.SymbolCost(index[i], values[i]);
  return cost;
}

}  // namespace

uint64_t Encoder::Cost(const TableSet& tables, std::span<const uint8_t> table_index, const int16_t* values) {
  return CostOfRun(tables, table_index.data(), table_index.size(), values);
}

uint64_t Encoder::Cost(const TableSet& tables, std::span<const uint16_t> table_index, const int16_t* values) {
  return CostOfRun(tables, table_index.data(), table_index.size(), values);
}

}  // namespace nic

#include "image/alpha.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "container/compression.h"

namespace nic {
namespace {

constexpr uint8_t kPremultiplied = 1;
constexpr uint8_t kDeep = 2;
constexpr int kZstdLevel = 12;
constexpr int kFilters = 5;
constexpr int kGuess = kFilters;
// What is tried, the most robust first. With Paeth's filter throughout no mask became smallest.
constexpr int kWays[] = {kGuess, 0, 1, 3, 2};
constexpr uint64_t kWaysPart = 4;  // of the memory's limit, the most that compressing in several ways takes
constexpr size_t kHeadStart = size_t{32} << 10;  // how far any way may fall behind, beside a quarter of the smallest
constexpr size_t kHeldBytes = size_t{16} << 20;  // compressed, in all ways, unless one alone takes more
constexpr uint32_t kBlockSide = 8;

int PredictPaeth(int left, int up, int corner) {
  const int estimate = left + up - corner;
  const int to_left = std::abs(estimate - left);
  const int to_up = std::abs(estimate - up);
  const int to_corner = std::abs(estimate - corner);
  if (to_left <= to_up && to_left <= to_corner) return left;
  return to_up <= to_corner ? up : corner;
}

// The filters of PNG (ISO/IEC 15948, section 9), by their numbers there.
int Predict(int filter, int left, int up, int corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return PredictPaeth(left, up, corner);
    default:
      return 0;
  }
}

template <typename Sample>
void FilterRow(int filter, const Sample* row, const Sample* above, size_t width, Sample* filtered) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    filtered[x] = static_cast<Sample>(row[x] - Predict(filter, left, above[x], corner));
  }
}

// In place.
template <typename Sample>
void UnfilterRow(int filter, const Sample* above, size_t width, Sample* row) {
  for (size_t x = 0; x < width; ++x) {
    const int left = x ? row[x - 1] : 0;
    const int corner = x ? above[x - 1] : 0;
    row[x] = static_cast<Sample>(row[x] + Predict(filter, left, above[x], corner));
  }
}

// How far the samples lie from 0, as signed numbers: the usual guess at what compresses best.
template <typename Sample>
uint64_t SumMagnitudes(const Sample* filtered, size_t width) {
  uint64_t sum = 0;
  for (size_t x = 0; x < width; ++x) {
    sum += static_cast<uint64_t>(std::abs(int{static_cast<std::make_signed_t<Sample>>(filtered[x])}));
  }
  return sum;
}

// A row as bytes: those of 16 bits with all high bytes first, which are mostly alike.
void StoreRow(const uint8_t* row, size_t width, uint8_t* bytes) { std::memcpy(bytes, row, width); }

void StoreRow(const uint16_t* row, size_t width, uint8_t* bytes) {
  for (size_t x = 0; x < width; ++x) {
    bytes[x] = static_cast<uint8_t>(row[x] >> 8);
    bytes[width + x] = static_cast<uint8_t>(row[x]);
  }
}

void LoadRow(const uint8_t* bytes, size_t width, uint8_t* row) { std::memcpy(row, bytes, width); }

void LoadRow(const uint8_t* bytes, size_t width, uint16_t* row) {
  for (size_t x = 0; x < width; ++x) row[x] = static_cast<uint16_t>(bytes[x] << 8 | bytes[width + x]);
}

// Writes the number of the filter that seems best and the filtered row.
template <typename Sample>
void WriteGuessedRow(const Sample* row, const Sample* above, size_t width, Sample* trial, uint8_t* out) {
  uint64_t best = UINT64_MAX;
  for (int filter = 0; filter < kFilters; ++filter) {
    FilterRow(filter, row, above, width, trial);
    const uint64_t magnitudes = SumMagnitudes(trial, width);
    if (magnitudes >= best) continue;
    best = magnitudes;
    out[0] = static_cast<uint8_t>(filter);
    StoreRow(trial, width, out + 1);
  }
}

int SampleAt(const ChannelView& channel, size_t x, uint32_t y) {
  const uint8_t* sample = channel.samples + y * channel.stride + x * channel.step;
  if (channel.depth == 8) return *sample;
  uint16_t wide = 0;
  std::memcpy(&wide, sample, sizeof wide);
  return wide;
}

Status Malformed(uint64_t offset, const char* what) { return Status::Error(NIC_MALFORMED, offset, "alpha: %s", what); }

// Bytes of a row in the frame.
size_t RowBytes(size_t width, bool deep) { return 1 + width * (deep ? 2 : 1); }

// Means of the visible pixels of square blocks, those without any filled from ever coarser blocks.
template <typename Sample>
class BlockMeans {
 public:
  static constexpr uint32_t kSide = kBlockSide;
  static_assert(InvisibleFiller::kBandRows % kSide == 0);

  BlockMeans(const ChannelView& alpha, int channels, Memory& memory, const Sample* pixels)
      : channels_(channels),
        columns_((alpha.width + kSide - 1) / kSide),
        rows_((alpha.height + kSide - 1) / kSide),
        sums_(memory, size_t{columns_} * rows_ * kSlots, 0) {
    for (uint32_t y = 0; y < alpha.height; ++y) {
      for (uint32_t x = 0; x < alpha.width; ++x) {
        if (SampleAt(alpha, x, y) == 0) continue;
        const Sample* pixel = pixels + (size_t{y} * alpha.width + x) * static_cast<size_t>(channels);
        uint64_t* sum = At(x / kSide, y / kSide);
        for (int c = 0; c < channels; ++c) sum[c] += pixel[c];
        ++sum[3];
      }
    }
    for (uint32_t step = 1; step < std::max(columns_, rows_); step *= 2) Spread(2 * step);
  }

  // `fallback`: where not one pixel is visible.
  Sample Mean(uint32_t column, uint32_t row, int channel, uint16_t fallback) {
    const uint64_t* sum = At(column, row);
    return static_cast<Sample>(sum[3] ? (sum[channel] + sum[3] / 2) / sum[3] : fallback);
  }

 private:
  static constexpr size_t kSlots = 4;  // sums of up to three channels, then the count

  uint64_t* At(uint32_t column, uint32_t row) { return &sums_[(size_t{row} * columns_ + column) * kSlots]; }

  // Gives the empty blocks of each group of group x group blocks the sum of the others.
  void Spread(uint32_t group) {
    for (uint32_t row = 0; row < rows_; row += group) {
      for (uint32_t column = 0; column < columns_; column += group) SpreadGroup(column, row, group);
    }
  }

  void SpreadGroup(uint32_t column, uint32_t row, uint32_t group) {
    uint64_t total[kSlots] = {};
    const uint32_t last_row = std::min(row + group, rows_);
    const uint32_t last_column = std::min(column + group, columns_);
    for (uint32_t r = row; r < last_row; ++r) {
      for (uint32_t c = column; c < last_column; ++c) {
        for (size_t i = 0; i < kSlots; ++i) total[i] += At(c, r)[i];
      }
    }
    if (total[3] == 0) return;
    for (int i = 0; i < channels_; ++i) total[i] = (total[i] + total[3] / 2) / total[3];
    total[3] = 1;  // the mean, not the weight, goes on to coarser groups
    for (uint32_t r = row; r < last_row; ++r) {
      for (uint32_t c = column; c < last_column; ++c) {
        if (At(c, r)[3] == 0) std::copy_n(total, kSlots, At(c, r));
      }
    }
  }

  int channels_;
  uint32_t columns_;
  uint32_t rows_;
  Buffer<uint64_t> sums_;
};

}  // namespace

// The plane compressed with one filter, or with a guess at the best of each row.
class AlphaEncoder::Way {
 public:
  Way(int filter, const AlphaEncoder& encoder, uint32_t height, uint8_t flags, Memory& memory)
      : filter_(filter),
        encoder_(encoder),
        trial_(memory, encoder.above_.size()),
        filtered_(memory, RowBytes(encoder.above_.size(), encoder.band_.depth == 16)),
        payload_(&memory) {
    payload_.push_back(flags);
    frame_ =
        std::make_unique<FrameCompressor>(uint64_t{filtered_.size()} * height, kZstdLevel, true, memory, &payload_);
  }

  // Takes the encoder's band. Never throws, like Finish; what was thrown is thrown by RethrowIfAny.
  void Take() {
    Guard([this] { encoder_.band_.depth == 16 ? TakeSamples<uint16_t>() : TakeSamples<uint8_t>(); });
  }
  void Finish() {
    Guard([this] { frame_->Finish(); });
  }
  void RethrowIfAny() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }
  int filter() const { return filter_; }
  std::pmr::vector<uint8_t>& payload() { return payload_; }

 private:
  template <typename Function>
  void Guard(Function&& function) {
    try {
      function();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }

  // Row by row: zstd's bytes depend on how its input is cut.
  template <typename Sample>
  void TakeSamples() {
    const ChannelView& band = encoder_.band_;
    auto* trial = reinterpret_cast<Sample*>(trial_.data());
    auto* above = reinterpret_cast<const Sample*>(encoder_.above_.data());
    for (uint32_t y = 0; y < band.height; ++y) {
      const auto* row = reinterpret_cast<const Sample*>(band.samples + y * band.stride);
      if (filter_ == kGuess) {
        WriteGuessedRow(row, above, band.width, trial, filtered_.data());
      } else {
        filtered_[0] = static_cast<uint8_t>(filter_);
        FilterRow(filter_, row, above, band.width, trial);
        StoreRow(trial, band.width, filtered_.data() + 1);
      }
      frame_->Write({filtered_.data(), filtered_.size()});
      above = row;
    }
  }

  const int filter_;
  const AlphaEncoder& encoder_;
  Buffer<uint16_t> trial_;
  Buffer<uint8_t> filtered_;
  std::pmr::vector<uint8_t> payload_;
  std::unique_ptr<FrameCompressor> frame_;
  std::exception_ptr thrown_;
};

AlphaEncoder::AlphaEncoder(uint32_t width, uint32_t height, int depth, bool premultiplied, bool thorough,
                           Parallel& parallel, Memory& memory, std::pmr::vector<uint8_t>* payload)
    : parallel_(parallel), payload_(payload), above_(memory, width, 0) {
  static_assert(std::size(kWays) == std::tuple_size_v<decltype(ways_)>);
  band_.width = width;
  band_.depth = depth;
  const auto flags = static_cast<uint8_t>((premultiplied ? kPremultiplied : 0) | (depth == 16 ? kDeep : 0));
  const uint64_t each = EstimateCompressor(uint64_t{RowBytes(width, depth == 16)} * height, kZstdLevel);
  const uint64_t most = thorough ? ways_.size() : 1;
  const uint64_t affordable = std::clamp<uint64_t>(memory.limit() / kWaysPart / each, 1, most);
  for (size_t i = 0; i < affordable; ++i) ways_[i] = std::make_unique<Way>(kWays[i], *this, height, flags, memory);
}

AlphaEncoder::~AlphaEncoder() = default;

bool AlphaEncoder::SmallerFirst(const std::unique_ptr<Way>& a, const std::unique_ptr<Way>& b) {
  if (!a || !b) return a != nullptr;
  return a->payload().size() != b->payload().size() ? a->payload().size() < b->payload().size()
                                                    : a->filter() < b->filter();
}

void AlphaEncoder::ForEachWay(void (Way::*function)()) {
  parallel_.ForEach(ways_.size(), [&](size_t i) {
    if (ways_[i]) ((*ways_[i]).*function)();
  });
  for (const std::unique_ptr<Way>& way : ways_) {
    if (way) way->RethrowIfAny();
  }
}

void AlphaEncoder::Push(const ChannelView& band) {
  band_ = band;
  ForEachWay(&Way::Take);
  const size_t row_bytes = band.width * static_cast<size_t>(band.depth / 8);
  std::memcpy(above_.data(), band.samples + (band.height - 1) * band.stride, row_bytes);
  GiveUpFarBehind();
}

void AlphaEncoder::GiveUpFarBehind() {
  std::sort(ways_.begin(), ways_.end(), SmallerFirst);
  const size_t smallest = ways_[0]->payload().size();
  size_t held = smallest;
  for (size_t i = 1; i < ways_.size() && ways_[i]; ++i) {
    const size_t size = ways_[i]->payload().size();
    held += size;
    if (size > smallest + smallest / 4 + kHeadStart || held > kHeldBytes) ways_[i] = nullptr;
  }
}

void AlphaEncoder::Finish() {
  ForEachWay(&Way::Finish);
  *payload_ = std::move((*std::min_element(ways_.begin(), ways_.end(), SmallerFirst))->payload());
}

Status ReadAlphaFlags(std::span<const uint8_t> payload, int depth, AlphaFlags* flags) {
  if (payload.empty()) return Malformed(0, "empty");
  if (payload[0] > (kPremultiplied | kDeep)) return Malformed(0, "flags: a reserved bit is set");
  if ((payload[0] & kDeep) && depth != 16) return Malformed(0, "flags: 16 bits in a picture of 8 bits");
  *flags = {(payload[0] & kPremultiplied) != 0, (payload[0] & kDeep) != 0};
  return {};
}

AlphaDecoder::AlphaDecoder(uint32_t width, uint32_t height, int depth, Memory& memory)
    : width_(width), height_(height), depth_(depth), memory_(memory) {}

AlphaDecoder::~AlphaDecoder() = default;

Status AlphaDecoder::Begin(std::span<const uint8_t> payload) {
  NIC_RETURN_IF_ERROR(ReadAlphaFlags(payload, depth_, &flags_));
  const std::span<const uint8_t> frame = payload.subspan(1);
  const size_t row_bytes = RowBytes(width_, flags_.deep);
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size) || size != uint64_t{row_bytes} * height_) {
    return Malformed(1, "not one zstd frame of the picture's size");
  }
  frame_ = std::make_unique<FrameDecompressor>(frame, memory_);
  rows_ = Buffer<uint16_t>(memory_, 2 * size_t{width_}, 0);
  filtered_ = Buffer<uint8_t>(memory_, row_bytes);
  return {};
}

template <typename Sample>
const Sample* AlphaDecoder::Unfilter() {
  auto* rows = reinterpret_cast<Sample*>(rows_.data());
  Sample* row = rows + (rows_read_ % 2 ? width_ : 0);
  const Sample* above = rows + (rows_read_ % 2 ? 0 : width_);
  LoadRow(filtered_.data() + 1, width_, row);
  UnfilterRow(filtered_[0], above, width_, row);
  return row;
}

Status AlphaDecoder::Next(AlphaRow* alpha) {
  if (!frame_->Read({filtered_.data(), filtered_.size()})) return Malformed(1, "the zstd frame is damaged");
  if (filtered_[0] >= kFilters) return Malformed(1, "a row has an unknown filter");
  *alpha = flags_.deep ? AlphaRow{nullptr, Unfilter<uint16_t>()} : AlphaRow{Unfilter<uint8_t>(), nullptr};
  if (++rows_read_ == height_ && !frame_->AtEnd()) return Malformed(1, "the zstd frame is damaged");
  return {};
}

uint64_t AlphaDecoder::EstimateMemory(std::span<const uint8_t> payload, uint32_t width) {
  return payload.empty() ? 0 : EstimateDecompressor(payload.subspan(1)) + 7 * uint64_t{width};
}

Status AlphaDecoder::Finish() {
  AlphaRow alpha;
  while (rows_read_ < height_) NIC_RETURN_IF_ERROR(Next(&alpha));
  return {};
}

InvisibleFiller::InvisibleFiller(uint32_t width, int channels, int depth, Memory& memory)
    : channels_(channels),
      memory_(memory),
      above_(memory, (size_t{width} + kBlockSide - 1) / kBlockSide * static_cast<size_t>(channels),
             static_cast<uint16_t>(1 << (depth - 1))) {}

void InvisibleFiller::Fill(const ChannelView& alpha, uint8_t* pixels) {
  if (alpha.depth == 16) {
    FillSamples(alpha, reinterpret_cast<uint16_t*>(pixels));
  } else {
    FillSamples(alpha, pixels);
  }
}

template <typename Sample>
void InvisibleFiller::FillSamples(const ChannelView& alpha, Sample* pixels) {
  const auto channels = static_cast<size_t>(channels_);
  BlockMeans<Sample> means(alpha, channels_, memory_, pixels);
  for (uint32_t y = 0; y < alpha.height; ++y) {
    for (uint32_t x = 0; x < alpha.width; ++x) {
      if (SampleAt(alpha, x, y) != 0) continue;
      Sample* pixel = pixels + (size_t{y} * alpha.width + x) * channels;
      const uint16_t* above = &above_[x / kBlockSide * channels];
      for (size_t c = 0; c < channels; ++c) {
        pixel[c] = means.Mean(x / kBlockSide, y / kBlockSide, static_cast<int>(c), above[c]);
      }
    }
  }
  const uint32_t last_row = (alpha.height - 1) / kBlockSide;
  for (size_t i = 0; i < above_.size(); ++i) {
    above_[i] = means.Mean(static_cast<uint32_t>(i / channels), last_row, static_cast<int>(i % channels), above_[i]);
  }
}

}  // namespace nic

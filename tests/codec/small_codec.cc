#include "codec/small_codec.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "codec/synthesis.h"
#include "container/bytes.h"

namespace nic::testing {

SmallCodec::SmallCodec(uint32_t seed, const std::function<void(SmallModel&)>& change) {
  SmallModel small(memory);
  FillSmallModel(seed, &small);
  if (change) change(small);
  hyper_range = small.decoder.hyper_synthesis.inputs[0];
  const Status prepared = PreparedModel::Prepare(std::move(small.decoder), Target::kScalar, memory, &model);
  INFO(prepared.message());
  REQUIRE(prepared.ok());
  const Status encoder = model->PrepareEncoder(std::move(small.encoder), Target::kScalar, memory);
  INFO(encoder.message());
  REQUIRE(encoder.ok());
}

TensorBuffer MakeAnalysed(Memory& memory, int64_t height, int64_t width, int channels, uint32_t seed) {
  TensorBuffer analysed(memory, height, width, channels);
  std::mt19937 random(seed);
  std::normal_distribution<double> value(0, 600);
  for (size_t i = 0; i < analysed.size(); ++i) {
    analysed.data()[i] = static_cast<int16_t>(std::clamp(value(random), -8000.0, 8000.0));
  }
  return analysed;
}

GainField GainsAt(SmallCodec& codec, const RateIndex& rate) {
  return GainField(codec.model->encoder().gain, codec.model->decoder().latent_channels, rate, nullptr, codec.memory);
}

CodedSlice AsCoded(const EncodedSlice& slice, uint64_t offset) {
  CodedSlice coded;
  coded.check = slice.check;
  coded.offset = offset;
  coded.hyper_size = slice.hyper_size;
  coded.stream_offset = offset + kSliceCheckBytes + static_cast<uint64_t>(VarintSize(slice.hyper_size));
  coded.size = coded.stream_offset - offset + slice.stream.size();
  coded.stream = slice.stream;
  return coded;
}

bool SameSamples(const TensorBuffer& a, const TensorBuffer& b) {
  return a.height() == b.height() && a.width() == b.width() && a.channels() == b.channels() &&
         std::equal(a.data(), a.data() + a.size(), b.data());
}

TensorWindow MakeWindow(Memory& memory, int64_t height, int64_t width, int channels) {
  return TensorWindow(memory, {0, 0, width, height}, channels);
}

bool SameInside(const TensorWindow& a, const TensorWindow& b, const Rect& rect) {
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    if (!std::equal(a.at(y, rect.x0), a.at(y, rect.x1 - 1) + a.channels(), b.at(y, rect.x0))) return false;
  }
  return true;
}

bool SameSamples(const TensorWindow& a, const TensorWindow& b) {
  const Rect &x = a.rect(), &y = b.rect();
  const bool same_shape = x.x0 == y.x0 && x.y0 == y.y0 && x.x1 == y.x1 && x.y1 == y.y1 && a.channels() == b.channels();
  return same_shape && SameInside(a, b, x);
}

bool IsFilled(const TensorWindow& a, const Rect& rect, int16_t value) {
  for (int64_t y = rect.y0; y < rect.y1; ++y) {
    const int16_t* end = a.at(y, rect.x1 - 1) + a.channels();
    if (std::any_of(a.at(y, rect.x0), end, [&](int16_t sample) { return sample != value; })) return false;
  }
  return true;
}

TensorWindow AsWindow(Memory& memory, const TensorBuffer& tensor) {
  const Rect all{0, 0, tensor.width(), tensor.height()};
  TensorWindow window(memory, all, tensor.channels());
  window.Take(tensor, all);
  return window;
}

std::vector<int16_t> SynthesiseAll(SmallCodec& codec, const SliceLayout& layout, const TensorWindow& latents,
                                   const RateIndex& rate, const Rect& region, Parallel& parallel, int64_t latent_rows) {
  const DecoderModel& numbers = codec.model->decoder();
  const GainField gains(numbers.inverse_gain, numbers.latent_channels, rate, nullptr, codec.memory);
  SynthesisRun run(*codec.model, layout, gains, region, 0, parallel, codec.memory);
  REQUIRE(run.Begin().ok());
  std::vector<int16_t> values;
  int64_t next = region.y0;
  const auto take = [&](int64_t y, const int16_t* row) -> Status {
    REQUIRE(y == next++);
    values.insert(values.end(), row, row + region.width() * 3);
    return {};
  };
  const Rect wanted = run.wanted();
  int64_t ready = wanted.y0;
  while (!run.done()) {
    if (run.latents_needed() <= ready) {
      REQUIRE(run.Advance(take).ok());
      continue;
    }
    REQUIRE(ready < wanted.y1);
    const int64_t end = std::min(ready + latent_rows, wanted.y1);
    TensorWindow& window = run.Extend(end);
    REQUIRE(window.rect().y1 == end);
    const auto row_samples = wanted.width() * window.channels();
    for (; ready < end; ++ready) std::copy_n(latents.at(ready, wanted.x0), row_samples, window.at(ready, wanted.x0));
  }
  REQUIRE(next == region.y1);
  return values;
}

}  // namespace nic::testing

#include "codec/slice_encoder.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/slice_decoder.h"
#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::DecodeSlice;
using nic::EncodedSlice;
using nic::EncodeSlice;
using nic::Rect;
using nic::Serial;
using nic::SliceChoices;
using nic::Status;
using nic::TensorBuffer;
using nic::TensorWindow;
using nic::testing::AsCoded;
using nic::testing::GainsAt;
using nic::testing::IsFilled;
using nic::testing::MakeAnalysed;
using nic::testing::MakeWindow;
using nic::testing::SameSamples;
using nic::testing::SmallCodec;

namespace {

Status Encode(SmallCodec& codec, const TensorBuffer& analysed, const Rect& place, const SliceChoices& choices,
              EncodedSlice* slice, TensorWindow* decoded) {
  Serial serial;
  return EncodeSlice(*codec.model, nic::testing::AsWindow(codec.memory, analysed), place, choices, serial, codec.memory,
                     slice, decoded);
}

// Encodes all of `analysed`, decodes it and compares with what the encoder says decoding gives.
size_t RoundTrip(SmallCodec& codec, const TensorBuffer& analysed, const SliceChoices& choices) {
  const Rect all{0, 0, analysed.width(), analysed.height()};
  TensorWindow expected = MakeWindow(codec.memory, analysed.height(), analysed.width(), analysed.channels());
  TensorWindow decoded = MakeWindow(codec.memory, analysed.height(), analysed.width(), analysed.channels());
  EncodedSlice slice(codec.memory);
  REQUIRE(Encode(codec, analysed, all, choices, &slice, &expected).ok());
  Serial serial;
  const Status status = DecodeSlice(*codec.model, AsCoded(slice), slice.lanes, all, serial, codec.memory, &decoded);
  INFO(status.message());
  REQUIRE(status.ok());
  REQUIRE(SameSamples(decoded, expected));
  REQUIRE(slice.hyper_size >= 4 * static_cast<uint64_t>(slice.lanes));
  REQUIRE(slice.hyper_size <= slice.stream.size());
  return slice.stream.size();
}

}  // namespace

TEST_CASE("a slice of any size, rate and number of lanes decodes to the encoder's latents") {
  SmallCodec codec(GENERATE(1u, 2u));
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 7}, {4, 4}, {9, 6}, {17, 13}}) {
    const TensorBuffer analysed = MakeAnalysed(codec.memory, height, width, 8, 4);
    for (const nic::RateIndex rate : {nic::RateIndex{0, 0}, nic::RateIndex{1, 77}, nic::RateIndex{2, 0}}) {
      const nic::GainField gains = GainsAt(codec, rate);
      for (const int lanes : {0, 1, 2, 4}) {
        for (const bool optimise : {false, true}) {
          CAPTURE(height, width, rate.level, lanes, optimise);
          RoundTrip(codec, analysed, {&gains, lanes, optimise});
        }
      }
    }
  }
}

TEST_CASE("estimates of latents: begun in the first round, then kept or replaced by their weight") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {1, 77});
  constexpr int64_t kSide = 11;
  const Rect all{0, 0, kSide, kSide};
  const TensorBuffer analysed = MakeAnalysed(codec.memory, kSide, kSide, 8, 4);
  TensorWindow estimates = MakeWindow(codec.memory, kSide, kSide, 8);
  TensorWindow decoded = MakeWindow(codec.memory, kSide, kSide, 8);
  EncodedSlice slice(codec.memory);
  SliceChoices choices{&gains, 1, false};
  choices.refinement.estimates = &estimates;
  REQUIRE(Encode(codec, analysed, all, choices, &slice, &decoded).ok());

  // No difference between gained and analysed latents of what was decoded: its values are the best there are.
  TensorBuffer again(codec.memory, kSide, kSide, 8);
  std::copy_n(decoded.at(0, 0), again.size(), again.data());
  for (const int weight : {0, 8, 16}) {
    TensorWindow refined = MakeWindow(codec.memory, kSide, kSide, 8);
    refined.Take(estimates);
    SliceChoices later{nullptr, 1, true};
    later.refinement = {&decoded, &refined, weight};
    EncodedSlice second(codec.memory);
    REQUIRE(Encode(codec, again, all, later, &second, nullptr).ok());
    for (size_t i = 0; i < again.size(); ++i) {
      const int before = estimates.at(0, 0)[i], found = decoded.at(0, 0)[i];
      CAPTURE(weight, i, before, found);
      REQUIRE(refined.at(0, 0)[i] == (before * weight + found * (16 - weight) + 8) >> 4);
    }
  }
}

TEST_CASE("estimates lie beyond the targets, seen from the means, where zeros are cheap") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {1, 77});
  constexpr int64_t kSide = 12;
  const Rect all{0, 0, kSide, kSide};
  const TensorBuffer analysed = MakeAnalysed(codec.memory, kSide, kSide, 8, 4);
  TensorWindow estimates = MakeWindow(codec.memory, kSide, kSide, 8);
  EncodedSlice slice(codec.memory);
  SliceChoices choices{&gains, 1, false};
  choices.refinement.estimates = &estimates;
  REQUIRE(Encode(codec, analysed, all, choices, &slice, nullptr).ok());
  const nic::Bounds range = nic::TargetRange(*codec.model);
  int stretched = 0;
  for (int64_t i = 0; i < kSide * kSide; ++i) {
    int16_t targets[8];
    nic::GainPosition(analysed.data() + 8 * i, gains.at(0, 0), 8, range, targets);
    for (int c = 0; c < 8; ++c) stretched += estimates.at(0, 0)[8 * i + c] != targets[c];
  }
  REQUIRE(stretched > 0);
}

TEST_CASE("later rounds code the hyper-latents of latents smaller by 246 / 256") {
  SmallCodec codec;
  constexpr int64_t kSide = 12;
  const Rect all{0, 0, kSide, kSide};
  TensorBuffer targets = MakeAnalysed(codec.memory, kSide, kSide, 8, 4);
  TensorBuffer smaller(codec.memory, kSide, kSide, 8);
  const nic::Bounds range = nic::TargetRange(*codec.model);
  for (size_t i = 0; i < targets.size(); ++i) {
    targets.data()[i] = static_cast<int16_t>(std::clamp<int>(8 * targets.data()[i], range.low, range.high));
    smaller.data()[i] = static_cast<int16_t>(targets.data()[i] * 246 / 256);
  }
  Serial serial;
  const auto hyper_of = [&](const TensorBuffer& latents, const nic::Refinement& refinement) {
    SliceChoices choices{nullptr, 1, false};
    choices.refinement = refinement;
    EncodedSlice slice(codec.memory);
    const auto factor = codec.model->decoder().hyper_factor;
    const auto side = static_cast<size_t>((kSide + factor - 1) / factor);
    std::vector<int16_t> hyper(side * side * static_cast<size_t>(codec.model->decoder().hyper_channels));
    REQUIRE(EncodeSlice(*codec.model, nic::testing::AsWindow(codec.memory, latents), all, choices, serial, codec.memory,
                        &slice, nullptr, hyper.data())
                .ok());
    return hyper;
  };
  TensorWindow estimates = MakeWindow(codec.memory, kSide, kSide, 8);
  TensorWindow decoded = MakeWindow(codec.memory, kSide, kSide, 8);
  const std::vector<int16_t> first = hyper_of(targets, {nullptr, &estimates, 0});
  const std::vector<int16_t> later = hyper_of(targets, {&decoded, &estimates, 8});
  REQUIRE(first == hyper_of(targets, {}));
  REQUIRE(later == hyper_of(smaller, {}));
  REQUIRE(later != first);
}

TEST_CASE("extreme latents are coded too") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {2, 0});
  TensorBuffer analysed(codec.memory, 6, 6, 8);
  for (size_t i = 0; i < analysed.size(); ++i) analysed.data()[i] = i % 2 ? INT16_MAX : INT16_MIN;
  RoundTrip(codec, analysed, {&gains, 1, false});
  RoundTrip(codec, analysed, {&gains, 1, true});
  analysed.Fill(0);
  RoundTrip(codec, analysed, {&gains, 0, false});
}

TEST_CASE("latents as wide as int16 allows keep their nearest symbol") {
  // No fractional bits and means at one end: the difference to the other end does not fit int16.
  SmallCodec codec(1, [](nic::testing::SmallModel& small) {
    nic::DecoderModel& decoder = small.decoder;
    decoder.latent_bits = 0;
    decoder.latent_low = -32768;
    decoder.latent_high = 32767;
    small.encoder.hyper_analysis.inputs[0] = {8, -32768, 32767};
    for (nic::Node& node : small.encoder.hyper_analysis.nodes) {
      for (int16_t& weight : node.weight) weight = 0;
    }
    decoder.passes[1].context.inputs[0] = {8, -32768, 32767};
    for (nic::Pass& pass : decoder.passes) {
      for (nic::Node& node : pass.context.nodes) {
        if (node.operation == nic::Operation::kConcatenate) node.low = -32768, node.high = 32767;
        for (int16_t& weight : node.weight) weight = 0;
      }
      nic::Node& means = pass.context.nodes[pass.context.nodes.size() - 2];
      means.low = -32768;
      for (int32_t& bias : means.bias) bias = -32768 << 10;
    }
    for (nic::LogGain& gain : small.encoder.gain) gain = 0;
  });
  TensorBuffer analysed(codec.memory, 4, 4, 8);
  analysed.Fill(32000);
  const nic::GainField gains = GainsAt(codec, {0, 0});
  TensorWindow decoded = MakeWindow(codec.memory, 4, 4, 8);
  EncodedSlice slice(codec.memory);
  REQUIRE(Encode(codec, analysed, {0, 0, 4, 4}, {&gains, 1, false}, &slice, &decoded).ok());
  // The mean is -32768 and the largest symbol 32767.
  REQUIRE(IsFilled(decoded, {0, 0, 4, 4}, -1));
}

TEST_CASE("the latents lie within half a step of the targets") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {2, 0});
  const TensorBuffer analysed = MakeAnalysed(codec.memory, 8, 8, 8, 4);
  TensorWindow decoded = MakeWindow(codec.memory, 8, 8, 8);
  EncodedSlice slice(codec.memory);
  REQUIRE(Encode(codec, analysed, {0, 0, 8, 8}, {&gains, 1, false}, &slice, &decoded).ok());
  int coded = 0;
  for (size_t i = 0; i < analysed.size(); ++i) {
    const int target = nic::ApplyGain(analysed.data()[i], gains.at(0, 0)[i % 8]);
    const int error = std::abs(decoded.at(0, 0)[i] - std::clamp<int>(target, -4096, 4095));
    coded += error <= 32;
  }
  REQUIRE(coded > 450);  // all of 512 but those whose scale is not coded
}

TEST_CASE("a slice depends on its own rectangle alone and writes no other") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {1, 0});
  TensorBuffer analysed = MakeAnalysed(codec.memory, 12, 15, 8, 4);
  const Rect place{5, 3, 11, 10};
  TensorWindow decoded = MakeWindow(codec.memory, 12, 15, 8);
  decoded.Fill(-7777);
  EncodedSlice slice(codec.memory);
  REQUIRE(Encode(codec, analysed, place, {&gains, 1, false}, &slice, &decoded).ok());

  TensorBuffer crop(codec.memory, place.height(), place.width(), 8);
  TensorWindow crop_decoded = MakeWindow(codec.memory, place.height(), place.width(), 8);
  for (int64_t y = 0; y < crop.height(); ++y) {
    for (int64_t x = 0; x < crop.width(); ++x) std::copy_n(analysed.at(place.y0 + y, place.x0 + x), 8, crop.at(y, x));
  }
  EncodedSlice same(codec.memory);
  REQUIRE(Encode(codec, crop, {0, 0, crop.width(), crop.height()}, {&gains, 1, false}, &same, &crop_decoded).ok());
  REQUIRE(same.stream == slice.stream);
  REQUIRE(same.check == slice.check);
  for (int64_t y = 0; y < 12; ++y) {
    for (int64_t x = 0; x < 15; ++x) {
      const bool inside = y >= place.y0 && y < place.y1 && x >= place.x0 && x < place.x1;
      for (int c = 0; c < 8; ++c) {
        REQUIRE(decoded.at(y, x)[c] == (inside ? crop_decoded.at(y - place.y0, x - place.x0)[c] : -7777));
      }
    }
  }
}

TEST_CASE("threads change no byte") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {1, 128});
  const TensorBuffer analysed = MakeAnalysed(codec.memory, 30, 20, 8, 4);
  EncodedSlice alone(codec.memory);
  REQUIRE(Encode(codec, analysed, {0, 0, 20, 30}, {&gains, 2, true}, &alone, nullptr).ok());
  nic::ThreadPool pool(3);
  EncodedSlice together(codec.memory);
  REQUIRE(EncodeSlice(*codec.model, nic::testing::AsWindow(codec.memory, analysed), {0, 0, 20, 30}, {&gains, 2, true},
                      pool, codec.memory, &together, nullptr)
              .ok());
  REQUIRE(together.stream == alone.stream);
  REQUIRE(together.check == alone.check);
}

TEST_CASE("optimised symbols cost less") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {2, 0});
  const TensorBuffer analysed = MakeAnalysed(codec.memory, 24, 24, 8, 4);
  REQUIRE(RoundTrip(codec, analysed, {&gains, 1, true}) < RoundTrip(codec, analysed, {&gains, 1, false}));
}

TEST_CASE("the lanes follow the size unless they are given") {
  SmallCodec codec;
  const nic::GainField gains = GainsAt(codec, {2, 0});
  const auto lanes_of = [&](int64_t side, int lanes) {
    const TensorBuffer analysed = MakeAnalysed(codec.memory, side, side, 8, 4);
    EncodedSlice slice(codec.memory);
    REQUIRE(Encode(codec, analysed, {0, 0, side, side}, {&gains, lanes, false}, &slice, nullptr).ok());
    return slice.lanes;
  };
  REQUIRE(lanes_of(4, 0) == 1);
  REQUIRE(lanes_of(4, 4) == 4);
  REQUIRE(lanes_of(80, 0) == 4);
  REQUIRE(lanes_of(80, 2) == 2);
}

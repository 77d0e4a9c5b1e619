#include "codec/synthesis.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::RateIndex;
using nic::Rect;
using nic::Serial;
using nic::SliceLayout;
using nic::Status;
using nic::SynthesisRun;
using nic::TensorBuffer;
using nic::TensorWindow;
using nic::testing::SmallCodec;

namespace {

constexpr uint32_t kWidth = 70;
constexpr uint32_t kHeight = 90;  // 5 x 6 latents

struct Picture {
  Picture() : latents(nic::testing::MakeWindow(codec.memory, 6, 5, 8)) {
    const TensorBuffer values = nic::testing::MakeAnalysed(codec.memory, 6, 5, 8, 5);
    latents.Take(values, {0, 0, 5, 6});
  }
  nic::GainField InverseGains(const RateIndex& rate) {
    return nic::GainField(codec.model->decoder().inverse_gain, 8, rate, nullptr, codec.memory);
  }
  SliceLayout Layout() const { return SliceLayout(kWidth, kHeight, 64, codec.model->decoder()); }

  std::vector<int16_t> Values(const RateIndex& rate, const Rect& region, nic::Parallel& parallel,
                              int64_t latent_rows = 1000000) {
    return nic::testing::SynthesiseAll(codec, Layout(), latents, rate, region, parallel, latent_rows);
  }

  SmallCodec codec;
  TensorWindow latents;
};

constexpr Rect kWhole{0, 0, kWidth, kHeight};

}  // namespace

TEST_CASE("the rows are the synthesis of the latents times the inverse gains") {
  Picture picture;
  SmallCodec& codec = picture.codec;
  Serial serial;
  const RateIndex rate{1, 200};
  std::vector<nic::Gain> gains(8);
  nic::ComputeGains(codec.model->decoder().inverse_gain, 8, rate, gains.data());
  TensorBuffer input(codec.memory, 6, 5, 8);
  for (size_t i = 0; i < input.size(); ++i) {
    const int16_t latent = picture.latents.at(0, 0)[i];
    input.data()[i] = std::clamp<int16_t>(nic::ApplyGain(latent, gains[i % 8]), -8000, 8000);
  }
  TensorBuffer output(codec.memory, 96, 80, 3);
  nic::BufferSource source({&input});
  nic::BufferSink sink({&output});
  REQUIRE(codec.model->synthesis().Run(6, 5, {0, 0, 80, 96}, 0, source, sink, serial, codec.memory).ok());
  const std::vector<int16_t> values = picture.Values(rate, kWhole, serial);
  for (int64_t y = 0; y < kHeight; ++y)
    REQUIRE(std::equal(output.at(y, 0), output.at(y, kWidth), &values[y * kWidth * 3]));
}

TEST_CASE("a region is a crop of the whole and needs no more latents than its surroundings") {
  Picture picture;
  Serial serial;
  nic::ThreadPool pool(3);
  const std::vector<int16_t> whole = picture.Values({2, 0}, kWhole, serial);
  std::mt19937 random(2);
  for (int trial = 0; trial < 60; ++trial) {
    const auto below = [&](int64_t bound) { return static_cast<int64_t>(random() % static_cast<uint64_t>(bound)); };
    const int64_t x0 = below(kWidth), y0 = below(kHeight);
    const Rect region{x0, y0, x0 + 1 + below(kWidth - x0), y0 + 1 + below(kHeight - y0)};
    CAPTURE(region.x0, region.y0, region.x1, region.y1);
    const std::vector<int16_t> part =
        picture.Values({2, 0}, region, trial % 2 ? static_cast<nic::Parallel&>(pool) : serial, 1 + below(7));
    for (int64_t y = region.y0; y < region.y1; ++y) {
      const int16_t* row = &part[static_cast<size_t>((y - region.y0) * region.width() * 3)];
      REQUIRE(std::equal(row, row + region.width() * 3, &whole[static_cast<size_t>((y * kWidth + region.x0) * 3)]));
    }
    const nic::GainField gains = picture.InverseGains({2, 0});
    SynthesisRun run(*picture.codec.model, picture.Layout(), gains, region, 0, serial, picture.codec.memory);
    REQUIRE(run.Begin().ok());
    const Rect needed = run.wanted();
    // The small synthesis reads less than one latent beyond the region's.
    REQUIRE(needed.x0 >= std::max<int64_t>(region.x0 / 16 - 1, 0));
    REQUIRE(needed.x0 <= region.x0 / 16);
    REQUIRE(needed.y1 <= std::min<int64_t>((region.y1 + 15) / 16 + 1, 6));
    REQUIRE(needed.y1 >= (region.y1 + 15) / 16);
  }
}

TEST_CASE("a rate changes the pixels, a failing row stops them") {
  Picture picture;
  Serial serial;
  REQUIRE(picture.Values({0, 0}, kWhole, serial) != picture.Values({1, 0}, kWhole, serial));
  int calls = 0;
  const auto take = [&](int64_t y, const int16_t*) -> Status {
    ++calls;
    return y == 7 ? Status::Error(NIC_IO, 1, "enough") : Status();
  };
  const nic::GainField gains = picture.InverseGains({0, 0});
  SynthesisRun run(*picture.codec.model, picture.Layout(), gains, kWhole, 0, serial, picture.codec.memory);
  REQUIRE(run.Begin().ok());
  run.Extend(run.wanted().y1).Take(picture.latents);
  Status status;
  while (status.ok()) status = run.Advance(take);
  REQUIRE(status.code() == NIC_IO);
  REQUIRE(calls == 8);
}

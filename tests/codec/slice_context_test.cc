#include "codec/slice_context.h"

#include <catch2/catch.hpp>
#include <xxhash.h>

#include <random>
#include <vector>

#include "codec/small_codec.h"

using nic::Serial;
using nic::SliceContext;
using nic::TensorBuffer;
using nic::testing::SmallCodec;

TEST_CASE("the passes visit every latent once, in raster order, channels innermost") {
  SmallCodec codec;
  Serial serial;
  for (const auto& sides : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 5}, {4, 3}, {5, 6}}) {
    const int64_t height = sides.first, width = sides.second;
    SliceContext context(*codec.model, height, width, serial, codec.memory);
    context.hyper_latents().Fill(0);
    REQUIRE(context.BeginLatents().ok());
    int64_t visited = 0;
    for (size_t pass = 0; pass < 2; ++pass) {
      REQUIRE(context.BeginPass(pass).ok());
      int64_t last = -1;
      context.VisitPass(pass, [&](int16_t& latent, int16_t, int16_t scale, SliceContext::Place at) {
        const int64_t order = (at.y * width + at.x) * 8 + at.channel;
        REQUIRE(order > last);
        last = order;
        REQUIRE(&latent == context.latents().at(at.y, at.x) + at.channel);
        REQUIRE((at.y + at.x) % 2 == static_cast<int64_t>(pass));
        REQUIRE((scale >= 0 && scale < 12));
        REQUIRE(latent == 0);
        latent = 1;
        ++visited;
      });
    }
    REQUIRE(visited == height * width * 8);
    for (size_t i = 0; i < context.latents().size(); ++i) REQUIRE(context.latents().data()[i] == 1);
  }
}

TEST_CASE("a pass codes at each phase the channels that it owns") {
  SmallCodec codec(1, [](nic::testing::SmallModel& small) {
    small.decoder.passes[0].coded[1] = {2, 5};
    small.decoder.passes[1].coded[1] = {5, 8};
    small.decoder.passes.push_back(small.decoder.passes[1]);
    for (nic::ChannelRange& range : small.decoder.passes[2].coded) range = {3, 3};
    small.decoder.passes[2].coded[1] = {0, 2};
  });
  Serial serial;
  SliceContext context(*codec.model, 2, 2, serial, codec.memory);
  context.hyper_latents().Fill(0);
  REQUIRE(context.BeginLatents().ok());
  std::vector<int> channels[3];
  for (size_t pass = 0; pass < 3; ++pass) {
    REQUIRE(context.BeginPass(pass).ok());
    context.VisitPass(pass, [&](int16_t&, int16_t, int16_t, SliceContext::Place at) {
      if (at.y == 0 && at.x == 1) channels[pass].push_back(at.channel);
    });
  }
  REQUIRE(channels[0] == std::vector<int>{2, 3, 4});
  REQUIRE(channels[1] == std::vector<int>{5, 6, 7});
  REQUIRE(channels[2] == std::vector<int>{0, 1});
}

TEST_CASE("means and scales of a pass follow from what is decoded") {
  SmallCodec codec;
  Serial serial;
  const auto means_of_second_pass = [&](int16_t first_latents, int16_t hyper) {
    SliceContext context(*codec.model, 4, 4, serial, codec.memory);
    context.hyper_latents().Fill(hyper);
    REQUIRE(context.BeginLatents().ok());
    REQUIRE(context.BeginPass(0).ok());
    context.VisitPass(0, [&](int16_t& latent, int16_t, int16_t, SliceContext::Place) { latent = first_latents; });
    REQUIRE(context.BeginPass(1).ok());
    std::vector<int16_t> means;
    context.VisitPass(1, [&](int16_t&, int16_t mean, int16_t, SliceContext::Place) { means.push_back(mean); });
    return means;
  };
  REQUIRE(means_of_second_pass(0, 3) == means_of_second_pass(0, 3));
  REQUIRE(means_of_second_pass(900, 3) != means_of_second_pass(0, 3));
  REQUIRE(means_of_second_pass(0, 30) != means_of_second_pass(0, 3));
}

TEST_CASE("a latent is the symbol in fixed point plus the mean, within the model's range") {
  SmallCodec codec;
  Serial serial;
  const SliceContext context(*codec.model, 1, 1, serial, codec.memory);
  REQUIRE(context.Reconstruct(0, 0) == 0);
  REQUIRE(context.Reconstruct(3, -10) == 3 * 64 - 10);
  REQUIRE(context.Reconstruct(-3, 10) == -3 * 64 + 10);
  REQUIRE(context.Reconstruct(32767, 32767) == 4095);
  REQUIRE(context.Reconstruct(-32768, -32768) == -4096);
  REQUIRE(context.Reconstruct(63, 63) == 4095);
  REQUIRE(context.Reconstruct(-64, -1) == -4096);
}

TEST_CASE("the check is XXH32 of both tensors as little-endian bytes") {
  SmallCodec codec;
  Serial serial;
  SliceContext context(*codec.model, 3, 5, serial, codec.memory);
  std::mt19937 random(1);
  std::vector<uint8_t> bytes;
  for (TensorBuffer* tensor : {&context.hyper_latents(), &context.latents()}) {
    for (size_t i = 0; i < tensor->size(); ++i) {
      tensor->data()[i] = static_cast<int16_t>(random());
      const auto value = static_cast<uint16_t>(tensor->data()[i]);
      bytes.push_back(static_cast<uint8_t>(value & 0xFF));
      bytes.push_back(static_cast<uint8_t>(value >> 8));
    }
  }
  REQUIRE(context.hyper_latents().height() == 1);
  REQUIRE(context.hyper_latents().width() == 2);
  REQUIRE(bytes.size() == 2 * (2 * 4 + 15 * 8));
  REQUIRE(context.ComputeCheck() == XXH32(bytes.data(), bytes.size(), 0));
}

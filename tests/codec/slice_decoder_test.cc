#include "codec/slice_decoder.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "codec/slice_encoder.h"
#include "codec/small_codec.h"
#include "entropy/rans.h"

using nic::CodedSlice;
using nic::DecodeSlice;
using nic::EncodedSlice;
using nic::Rect;
using nic::Serial;
using nic::Status;
using nic::TensorBuffer;
using nic::TensorWindow;
using nic::testing::AsCoded;
using nic::testing::IsFilled;
using nic::testing::SmallCodec;

namespace {

constexpr int64_t kHeight = 5;
constexpr int64_t kWidth = 6;
constexpr uint64_t kOffset = 1000;

struct Coded {
  Coded() : slice(codec.memory) {
    Serial serial;
    const TensorBuffer analysed = nic::testing::MakeAnalysed(codec.memory, kHeight, kWidth, 8, 4);
    const nic::GainField gains = GainsAt(codec, {2, 0});
    const Rect all{0, 0, kWidth, kHeight};
    REQUIRE(EncodeSlice(*codec.model, nic::testing::AsWindow(codec.memory, analysed), all, {&gains, 1, false}, serial,
                        codec.memory, &slice, nullptr)
                .ok());
  }

  // Decodes into a larger tensor and requires that a failure leaves it as it was.
  Status Decode(const CodedSlice& coded, int lanes) {
    Serial serial;
    TensorWindow latents = nic::testing::MakeWindow(codec.memory, kHeight + 3, kWidth + 3, 8);
    latents.Fill(-5555);
    const Rect place{1, 2, 1 + kWidth, 2 + kHeight};
    const Status status = DecodeSlice(*codec.model, coded, lanes, place, serial, codec.memory, &latents);
    for (int64_t y = 0; y < kHeight + 3; ++y) {
      for (int64_t x = 0; x < kWidth + 3; ++x) {
        const bool inside = x >= place.x0 && x < place.x1 && y >= place.y0 && y < place.y1;
        if (IsFilled(latents, {x, y, x + 1, y + 1}, -5555) != !(status.ok() && inside))
          FAIL("written at " << x << ", " << y);
      }
    }
    return status;
  }

  void RequireDamaged(const CodedSlice& coded, int lanes = 1) {
    const Status status = Decode(coded, lanes);
    CAPTURE(status.message(), status.offset());
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(status.message()[0] != '\0');
    REQUIRE(status.offset() >= coded.offset);
    REQUIRE(status.offset() <= coded.stream_offset + coded.stream.size());
  }

  SmallCodec codec;
  EncodedSlice slice;
};

}  // namespace

TEST_CASE("a slice decodes into its rectangle") {
  Coded coded;
  REQUIRE(coded.Decode(AsCoded(coded.slice, kOffset), 1).ok());
}

TEST_CASE("a wrong check is told at the slice's first byte") {
  Coded coded;
  CodedSlice slice = AsCoded(coded.slice, kOffset);
  for (int bit = 0; bit < 32; ++bit) {
    slice.check = coded.slice.check ^ (uint32_t{1} << bit);
    const Status status = coded.Decode(slice, 1);
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(status.offset() == kOffset);
    REQUIRE(std::string(status.message()).find("check") == 0);
  }
}

TEST_CASE("hyper_size must be where the hyper-latents end") {
  Coded coded;
  CodedSlice slice = AsCoded(coded.slice, kOffset);
  for (const uint64_t wrong : {uint64_t{0}, slice.hyper_size - 1, slice.hyper_size + 1, UINT64_MAX}) {
    slice.hyper_size = wrong;
    const Status status = coded.Decode(slice, 1);
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(status.message()).find("hyper_size") == 0);
  }
}

TEST_CASE("a hyper-latent that the model does not know is damage") {
  Coded coded;
  const nic::GraphInput range = coded.codec.hyper_range;
  for (const int symbol : {range.high + 1, range.low - 1, 32767, -32768}) {
    CAPTURE(symbol);
    // A stream of the slice's hyper-latents alone, all 0 but one.
    nic::Encoder encoder(coded.codec.memory);
    std::vector<uint16_t> tables;
    std::vector<int16_t> symbols;
    for (int i = 0; i < 2 * 2 * 4; ++i) {
      tables.push_back(coded.codec.model->HyperTable(i % 4));
      symbols.push_back(static_cast<int16_t>(i == 7 ? symbol : 0));
    }
    encoder.Append(coded.codec.model->tables(), tables, symbols.data());
    EncodedSlice forged(coded.codec.memory);
    forged.hyper_size = encoder.Finish(1, &forged.stream, encoder.record_count());
    const Status status = coded.Decode(AsCoded(forged, kOffset), 1);
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(status.message()) == "hyper-latents: a symbol outside the model's range");
  }
}

TEST_CASE("every changed bit and every cut of a stream is damage") {
  Coded coded;
  const CodedSlice good = AsCoded(coded.slice, kOffset);
  for (size_t i = 0; i < 8 * coded.slice.stream.size(); ++i) {
    std::pmr::vector<uint8_t> stream = coded.slice.stream;
    stream[i / 8] ^= static_cast<uint8_t>(1u << i % 8);
    CodedSlice slice = good;
    slice.stream = stream;
    CAPTURE(i);
    coded.RequireDamaged(slice);
  }
  for (size_t size = 0; size < coded.slice.stream.size(); ++size) {
    std::vector<uint8_t> exact(coded.slice.stream.begin(), coded.slice.stream.begin() + static_cast<ptrdiff_t>(size));
    CodedSlice slice = good;
    slice.stream = exact;
    CAPTURE(size);
    coded.RequireDamaged(slice);
  }
  std::pmr::vector<uint8_t> longer = coded.slice.stream;
  longer.push_back(0);
  CodedSlice slice = good;
  slice.stream = longer;
  coded.RequireDamaged(slice);
}

TEST_CASE("a stream read with the wrong number of lanes is damage") {
  Coded coded;
  coded.RequireDamaged(AsCoded(coded.slice, kOffset), 2);
  coded.RequireDamaged(AsCoded(coded.slice, kOffset), 4);
}

TEST_CASE("random bytes never decode") {
  Coded coded;
  std::mt19937 random(8);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<uint8_t> stream(random() % 200);
    for (uint8_t& byte : stream) byte = static_cast<uint8_t>(random());
    CodedSlice slice;
    slice.check = static_cast<uint32_t>(random());
    slice.offset = kOffset;
    slice.stream_offset = kOffset + 5;
    slice.hyper_size = random() % (stream.size() + 1);
    slice.stream = stream;
    CAPTURE(trial);
    coded.RequireDamaged(slice, 1 << random() % 3);
  }
}

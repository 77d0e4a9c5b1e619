#include "torch/picture_search.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>

#include "codec/picture_decoder.h"
#include "codec/picture_encoder.h"
#include "codec/small_codec.h"
#include "container/file.h"
#include "model/model_section.h"

using nic::PictureEncoder;
using nic::SearchRequest;
using nic::Serial;
using nic::Status;
using nic::testing::SmallCodec;

namespace {

constexpr uint32_t kWidth = 150;
constexpr uint32_t kHeight = 100;
constexpr nic::RateIndex kRate{1, 128};

struct Trial {
  uint64_t squares = 0;
  size_t bytes = 0;
  double lambda = 0;
  int reports = 0;
  double last_fraction = 0;
};

// What the plug-in's function does, with a look at what passes through it.
struct Witness {
  int reports = 0;
  int stop_after = 1 << 30;
  uint64_t memory = 0;
  SearchRequest seen;
  double last_fraction = 0;
} witness;

int Search(const SearchRequest* request, char* message) {
  SearchRequest changed = *request;
  if (witness.memory) changed.max_memory = witness.memory;
  witness.seen = *request;
  changed.user = const_cast<SearchRequest*>(request);
  changed.report = [](void* user, double fraction) {
    const auto* original = static_cast<const SearchRequest*>(user);
    witness.last_fraction = fraction;
    return original->report(original->user, fraction) || ++witness.reports >= witness.stop_after ? 1 : 0;
  };
  nic::Memory memory;
  const Status status = nic::SearchPicture(changed, memory);
  std::snprintf(message, 192, "%s", status.message());
  return status.code();
}

class Bench {
 public:
  explicit Bench(int channels = 3, int depth = 8)
      : channels_(channels), depth_(depth), decoder_(&memory_), encoder_(&memory_) {
    nic::testing::SmallModel model(memory_);
    FillSmallModel(1, &model);
    WriteDecoderSection(model.decoder, &decoder_);
    WriteEncoderSection(model.encoder, &encoder_);
    for (size_t y = 0; y < kHeight; ++y) {
      for (size_t i = 0; i < size_t{kWidth} * channels_; ++i) {
        if (depth == 16) pixels_.push_back(static_cast<uint8_t>(i * 37));
        pixels_.push_back(
            static_cast<uint8_t>(128 + 60 * std::sin(0.02 * static_cast<double>(i) + 0.1 * static_cast<double>(y))));
      }
    }
  }

  std::pmr::vector<uint8_t> Encode(int steps, double* psnr, Status* status, int slice_side_code = 4,
                                   const nic::Progress& progress = nic::Progress()) {
    nic::SearchSettings search;
    search.function = Search;
    search.decoder_section = decoder_;
    search.encoder_section = encoder_;
    search.steps = steps;
    search.stop = &stop;
    nic::EncoderSettings settings;
    settings.effort = steps > 0 ? 9 : 5;
    settings.slice_side_code = slice_side_code;
    settings.search = steps > 0 ? &search : nullptr;
    const nic::PixelView picture{kWidth,         kHeight, channels_, size_t{kWidth} * channels_ * (depth_ / 8),
                                 pixels_.data(), depth_};
    PictureEncoder encoder(*codec_.model, settings, picture, serial_, codec_.memory);
    REQUIRE(encoder.BeginAnyRate(true).ok());
    REQUIRE(encoder.Push(picture, true).ok());
    std::pmr::vector<uint8_t> bytes(&memory_);
    nic::Quality quality;
    *status = encoder.Encode(kRate, {}, progress, &bytes, &quality);
    if (psnr) *psnr = quality.psnr;
    return bytes;
  }

  void Decodes(const std::pmr::vector<uint8_t>& bytes) {
    nic::FileReader file(memory_);
    REQUIRE(file.Open(bytes).ok());
    const nic::FileHeader& header = file.header();
    REQUIRE(file.FindSlices(nic::SliceGrid::Of(header.width, header.height, header.slice_side())).ok());
    nic::PictureDecoder decoder(file, *codec_.model, {0, 0, header.width, header.height}, {}, serial_, memory_);
    REQUIRE(decoder.Begin().ok());
    uint32_t rows = 0;
    const auto take = [&](int64_t, const int16_t*) -> Status { return ++rows, Status(); };
    REQUIRE(decoder.Run(nic::Progress(), take).ok());
    REQUIRE(rows == kHeight);
  }

  std::atomic<bool> stop = false;

 private:
  int channels_;
  int depth_;
  nic::Memory memory_;
  SmallCodec codec_;
  Serial serial_;
  std::pmr::vector<uint8_t> decoder_;
  std::pmr::vector<uint8_t> encoder_;
  std::vector<uint8_t> pixels_;
};

// Bits and squared errors by the exchange that the search was given; streams and file differ by a constant.
double Loss(const std::pmr::vector<uint8_t>& bytes, double psnr, int channels) {
  const double samples = double{kWidth} * kHeight * channels;
  const double squares = samples * 255 * 255 / std::pow(10, psnr / 10);
  return 8 * static_cast<double>(bytes.size()) + witness.seen.lambda * squares;
}

}  // namespace

TEST_CASE("gradient descent lowers the true loss, more with more steps, and the file decodes") {
  for (const int channels : {1, 3}) {
    Bench bench(channels);
    Status status;
    witness = {};
    double plain_psnr = 0, few_psnr = 0, many_psnr = 0;
    const auto plain = bench.Encode(0, &plain_psnr, &status);
    REQUIRE(status.ok());
    const auto few = bench.Encode(5, &few_psnr, &status);
    REQUIRE(status.ok());
    REQUIRE(witness.reports == 5);
    const auto many = bench.Encode(120, &many_psnr, &status);
    REQUIRE(status.ok());
    REQUIRE(witness.last_fraction == 1);
    REQUIRE(witness.seen.lambda > 0);
    CAPTURE(channels, plain.size(), plain_psnr, few.size(), few_psnr, many.size(), many_psnr);
    REQUIRE(Loss(few, few_psnr, channels) <= Loss(plain, plain_psnr, channels));
    REQUIRE(Loss(many, many_psnr, channels) < 0.97 * Loss(plain, plain_psnr, channels));
    bench.Decodes(many);
  }
}

TEST_CASE("samples of 16 bits get better too") {
  Bench bench(3, 16);
  Status status;
  witness = {};
  double plain_psnr = 0, psnr = 0;
  const auto plain = bench.Encode(0, &plain_psnr, &status);
  const auto found = bench.Encode(60, &psnr, &status);
  REQUIRE(status.ok());
  REQUIRE(witness.seen.depth == 16);
  REQUIRE(Loss(found, psnr, 3) < 0.99 * Loss(plain, plain_psnr, 3));
  bench.Decodes(found);
}

TEST_CASE("pictures in many tiles and slices get better too") {
  Bench bench;
  Status status;
  double plain_psnr = 0, psnr = 0;
  for (const int slice_side_code : {0, 4}) {  // 64 pixels, and the picture whole
    for (const uint64_t memory : {uint64_t{1}, uint64_t{1} << 30}) {
      const auto plain = bench.Encode(0, &plain_psnr, &status, slice_side_code);
      REQUIRE(status.ok());
      witness = {};
      witness.memory = memory;
      const auto found = bench.Encode(40, &psnr, &status, slice_side_code);
      REQUIRE(status.ok());
      CAPTURE(slice_side_code, memory, witness.reports);
      REQUIRE(witness.reports % 40 == 0);
      REQUIRE((witness.reports > 40) == (memory == 1 || slice_side_code == 0));
      REQUIRE(Loss(found, psnr, 3) < 0.99 * Loss(plain, plain_psnr, 3));
      bench.Decodes(found);
    }
  }
}

TEST_CASE("a search that is told to stop gives the best so far") {
  Bench bench;
  Status status;
  double plain_psnr = 0, psnr = 0;
  const auto plain = bench.Encode(0, &plain_psnr, &status);
  witness = {};
  witness.stop_after = 30;
  const auto found = bench.Encode(1000000, &psnr, &status);
  REQUIRE(status.ok());
  REQUIRE(witness.reports == 30);
  REQUIRE(Loss(found, psnr, 3) <= Loss(plain, plain_psnr, 3));
  bench.Decodes(found);

  bench.stop = true;  // what nic_encoder_finish_early sets
  witness = {};
  bench.Encode(1000000, &psnr, &status);
  REQUIRE(status.ok());
  REQUIRE(witness.reports <= 1);
}

TEST_CASE("a caller that cancels gets nothing") {
  Bench bench;
  Status status;
  witness = {};
  const auto cancel = [](void*, double fraction) { return fraction > 0.2 ? 1 : 0; };
  bench.Encode(50, nullptr, &status, 4, nic::Progress(cancel, nullptr));
  REQUIRE(status.code() == NIC_CANCELLED);
  REQUIRE(witness.reports < 50);
}

TEST_CASE("a search that fails says why") {
  SearchRequest request;
  nic::Memory memory;
  REQUIRE(nic::SearchPicture(request, memory).code() == NIC_MODEL_MALFORMED);
}

#include "preview.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "api/block_model.h"
#include "check.h"
#include "container/package.h"
#include "files.h"
#include "model/model_section.h"
#include "samples.h"

namespace nic::testing {
namespace {

constexpr int kBlocks = 4;   // of 8 x 8 pixels in a latent position, each a latent channel
constexpr int kLatents = 8;  // of which the others are always 0
constexpr int kInner = 10;   // channels of the synthesis at 1/8

// Squares of 8 x 8 pixels in colours of their own: whatever the latents are, they vary freely.
std::vector<uint8_t> MakePack(int count, int width, int height) {
  std::mt19937 random(9);
  std::string pack = "NICPACK1";
  const auto put = [&](int number) {
    for (int shift = 0; shift < 32; shift += 8) pack += static_cast<char>(number >> shift & 255);
  };
  put(count);
  for (int i = 0; i < count; ++i) {
    put(width);
    put(height);
    std::vector<char> colours(static_cast<size_t>(3 * ((width + 7) / 8) * ((height + 7) / 8)));
    for (char& colour : colours) colour = static_cast<char>(random());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < 3 * width; ++x) {
        pack += colours[static_cast<size_t>(3 * (y / 8 * ((width + 7) / 8) + x / 24) + x % 3)];
      }
    }
  }
  return {pack.begin(), pack.end()};
}

// A model whose every 8 x 8 pixels have one colour, a weighted sum of the latents: its means over squares are linear in
// these, with weights that are known.
struct LinearModel {
  LinearModel() {
    SmallModel small(memory);
    FillSmallModel(1, &small);
    KeepBlocks(&small);
    std::vector<Node*> convolutions;
    for (Node& node : small.decoder.synthesis.nodes) {
      if (!node.weight.empty()) convolutions.push_back(&node);
    }
    std::mt19937 random(2);
    Node& first = *convolutions[0];
    for (int block = 0; block < kBlocks; ++block) {
      for (int colour = 0; colour < 3; ++colour) {
        const auto out = static_cast<size_t>(kInner * block + colour);
        for (size_t latent = 0; latent < kBlocks; ++latent) {
          // Below 1/4 each, so that no sum becomes black or white.
          const int most = 1 << first.shift[out] >> 2;
          const int weight = static_cast<int>(random() % static_cast<unsigned>(2 * most)) - most;
          first.weight[out * kLatents + latent] = static_cast<int16_t>(weight);
          weights[block][colour][latent] = std::ldexp(weight, -first.shift[out]);
        }
      }
    }
    Node& depthwise = *convolutions[1];
    for (size_t colour = 0; colour < 3; ++colour) {
      depthwise.weight[colour * 9 + 4] = static_cast<int16_t>(1 << depthwise.shift[colour]);
    }
    Node& last = *convolutions[2];
    std::fill(last.weight.begin(), last.weight.end(), int16_t{0});
    for (size_t sample = 0; sample < 192; ++sample) {
      last.weight[(sample * 9 + 4) * kInner + sample % 3] = static_cast<int16_t>(1 << last.shift[sample]);
    }
    Pack(small);
    REQUIRE(PreparedModel::Prepare(std::move(small.decoder), Target::kScalar, memory, &model).ok());
    REQUIRE(model->PrepareEncoder(std::move(small.encoder), Target::kScalar, memory).ok());
  }

  void Pack(const SmallModel& small) {
    std::pmr::vector<uint8_t> decoder(&memory);
    std::pmr::vector<uint8_t> encoder(&memory);
    WriteDecoderSection(small.decoder, &decoder);
    WriteEncoderSection(small.encoder, &encoder);
    PackageWriter writer(77, 1, "linear", memory);
    std::pmr::vector<uint8_t> bytes(&memory);
    REQUIRE(writer.Add(SectionType::kDecoder, 0, decoder).ok());
    REQUIRE(writer.Add(SectionType::kEncoder, kSectionOptional, encoder).ok());
    REQUIRE(writer.Finish(&bytes).ok());
    package.assign(bytes.begin(), bytes.end());
  }

  Memory memory;
  std::unique_ptr<PreparedModel> model;
  std::vector<uint8_t> package;
  double weights[kBlocks][3][kBlocks] = {};
};

Dataset LoadPictures(int count, int width, int height) {
  Folder folder;
  const std::vector<uint8_t> pack = MakePack(count, width, height);
  REQUIRE(WriteFile(folder / "pack", {reinterpret_cast<const char*>(pack.data()), pack.size()}).ok());
  Dataset pictures;
  REQUIRE(Dataset::Load(folder / "pack", 16, &pictures).ok());
  return pictures;
}

double WeightOf(const Node& node, int out, int tap, int latent) {
  const auto index = static_cast<size_t>((out * node.kernel * node.kernel + tap) * kLatents + latent);
  return std::ldexp(node.weight[index], -node.shift[static_cast<size_t>(out)]);
}

// `wanted`: the weight of each latent at the middle of the kernel; all others are 0, as is the bias.
template <typename Wanted>
void CheckWeights(const Node& node, int outputs, Wanted&& wanted) {
  REQUIRE(node.operation == Operation::kConvolution);
  REQUIRE(node.channels == outputs);
  const int taps = node.kernel * node.kernel;
  double worst = 0;
  for (int out = 0; out < outputs; ++out) {
    for (int tap = 0; tap < taps; ++tap) {
      for (int latent = 0; latent < kLatents; ++latent) {
        const double expected = tap == taps / 2 && latent < kBlocks ? wanted(out, latent) : 0;
        worst = std::max(worst, std::abs(WeightOf(node, out, tap, latent) - expected));
      }
    }
    CHECK(std::abs(std::ldexp(node.bias[static_cast<size_t>(out)], -node.shift[static_cast<size_t>(out)])) < 0.5);
  }
  CHECK(worst < 1e-3);
}

TEST_CASE("preview: the fit finds a linear read-out that is known") {
  LinearModel linear;
  const int kernel = GENERATE(1, 3);
  const Dataset pictures = LoadPictures(12, 131, 118);  // no multiple of anything
  PreviewOptions options;
  options.kernel = kernel;
  options.rates = 2;
  size_t seen = 0;
  const FitProgress count = [&](size_t, size_t all) {
    CHECK(all == 12);
    ++seen;
  };
  PreviewModel preview(linear.memory);
  REQUIRE(FitPreview(*linear.model, pictures, options, linear.memory, count, &preview).ok());
  CHECK(seen == 2 * 11);  // one is held out
  REQUIRE(preview.previews.size() == 2);

  const PreviewModel::Preview& eighth = preview.previews[0];
  CHECK(eighth.scale == 8);
  REQUIRE(eighth.graph.nodes.size() == 2);
  CHECK(eighth.graph.nodes[0].kernel == kernel);
  CHECK(eighth.graph.nodes[1].operation == Operation::kShuffle);
  CheckWeights(eighth.graph.nodes[0], 3 * kBlocks,
               [&](int out, int latent) { return linear.weights[out / 3][out % 3][latent]; });

  const PreviewModel::Preview& sixteenth = preview.previews[1];
  CHECK(sixteenth.scale == 16);
  REQUIRE(sixteenth.graph.nodes.size() == 1);
  CheckWeights(sixteenth.graph.nodes[0], 3, [&](int colour, int latent) {
    double sum = 0;
    for (const auto& block : linear.weights) sum += block[colour][latent];
    return sum / kBlocks;
  });
}

TEST_CASE("preview: what was fitted goes into the package, decodes, and is judged by the pictures held out") {
  LinearModel linear;
  const Dataset pictures = LoadPictures(3, 80, 64);
  PreviewOptions options;
  options.rates = 2;
  PreviewModel preview(linear.memory);
  REQUIRE(FitPreview(*linear.model, pictures, options, linear.memory, {}, &preview).ok());
  std::pmr::vector<uint8_t> bytes(&linear.memory);
  REQUIRE(AddPreview(linear.package, preview, linear.memory, &bytes).ok());
  const std::vector<uint8_t> once(bytes.begin(), bytes.end());
  std::pmr::vector<uint8_t> twice(&linear.memory);
  REQUIRE(AddPreview(once, preview, linear.memory, &twice).ok());
  CHECK(twice == bytes);  // exchanged, not added again
  PackageReader before(linear.memory);
  PackageReader after(linear.memory);
  REQUIRE(before.Open(linear.package).ok());
  REQUIRE(after.Open(once).ok());
  CHECK(after.digest() == before.digest());
  CHECK(after.sections().size() == before.sections().size() + 1);

  REQUIRE(linear.model->PreparePreview(std::move(preview), Target::kScalar, linear.memory).ok());
  std::vector<PreviewReport> reports;
  REQUIRE(JudgePreview(*linear.model, pictures, options, linear.memory, &reports).ok());
  REQUIRE(reports.size() == 2);
  for (const PreviewReport& report : reports) {
    CAPTURE(report.scale, report.psnr, report.source_psnr, report.mean_source_psnr);
    CHECK(report.psnr > 60);         // roundings of 1/16 level alone
    CHECK(report.source_psnr < 40);  // the colours are not the pictures'
    CHECK(std::abs(report.source_psnr - report.mean_source_psnr) < 0.1);
    CHECK(report.work > 0);
    CHECK(report.work < 1);
  }
}

TEST_CASE("preview: one picture of ten is held out, of fewer the last") {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{9}}) {
    for (size_t i = 0; i < count; ++i) CHECK(IsHeldOut(i, count) == (i + 1 == count));
  }
  for (size_t i = 0; i < 35; ++i) CHECK(IsHeldOut(i, 35) == (i == 9 || i == 19 || i == 29));
}

}  // namespace
}  // namespace nic::testing

#include "growth.h"

#include <string>

#include "check.h"
#include "klt.h"
#include "samples.h"

namespace nic::testing {
namespace {

using torch::Tensor;

NetworkShape SmallShape() {
  NetworkShape shape;
  shape.analysis_width = 6;
  shape.synthesis_width = 5;
  shape.inner_width = 7;
  shape.latents = 8;
  shape.hyper_latents = 3;
  shape.hyper_width = 4;
  shape.features = 6;
  shape.levels = 3;
  shape.analysis_blocks8 = shape.analysis_blocks16 = shape.synthesis_blocks8 = shape.synthesis_blocks16 = 1;
  shape.linear = true;
  return shape;
}

NetworkShape LargeShape() {
  NetworkShape shape = SmallShape();
  shape.analysis_width = 9;
  shape.synthesis_width = 8;
  shape.inner_width = 10;
  shape.latents = 12;
  shape.hyper_latents = 5;
  shape.hyper_width = 6;
  shape.features = 9;
  shape.levels = 5;
  shape.analysis_blocks8 = shape.synthesis_blocks16 = 2;
  shape.synthesis_blocks8 = 3;
  shape.passes = 2;
  shape.overlap = 4;
  return shape;
}

struct Pair {
  Pair(const NetworkShape& from, const NetworkShape& to) : small(from), large(to) {
    torch::NoGradGuard no_gradients;
    // Biases and gains away from zero, so that a misplaced one shows.
    for (auto& item : small.named_parameters()) {
      if (item.value().dim() != 4 || item.key().starts_with("z")) item.value().uniform_(-0.2, 0.2);
    }
    Folder folder;
    WritePictures(folder.path(), 3, 64, 48);
    REQUIRE(Dataset::Load(folder.path(), 48, &dataset).ok());
  }
  Network small, large;
  Dataset dataset;
};

bool Near(const Tensor& a, const Tensor& b) { return torch::allclose(a, b, 1e-3, 1e-4); }

// Latents of the small network among those of the large one, which are zero elsewhere.
Tensor Widen(const Tensor& latents, int64_t channels) {
  return torch::constant_pad_nd(latents, {0, 0, 0, 0, 0, channels - latents.size(1)});
}

TEST_CASE("growth: the larger network computes what the smaller one does") {
  torch::NoGradGuard no_gradients;
  torch::manual_seed(3);
  NetworkShape from = SmallShape();
  from.overlap = GENERATE(0, 2);
  Pair pair(from, LargeShape());
  REQUIRE(GrowNetwork(pair.small, pair.dataset, Lambdas(0.01, 0.04, 5), pair.large).ok());
  const Tensor pictures = torch::rand({2, 3, 64, 128}) - 0.5;
  const Tensor y = pair.small.Analyse(pictures);
  CHECK(Near(pair.large.Analyse(pictures).narrow(1, 0, 8), y));
  CHECK(Near(pair.large.Synthesise(Widen(y, 12)), pair.small.Synthesise(y)));
  const Tensor q = torch::tensor({0.3f, 2.0f});
  CHECK(Near(pair.large.Gain(q).narrow(1, 0, 8), pair.small.Gain(q)));
  CHECK(Near(pair.large.InverseGain(q).narrow(1, 0, 8), pair.small.InverseGain(q)));
  const Tensor z = pair.small.HyperAnalyse(y);
  CHECK(Near(pair.large.HyperAnalyse(Widen(y, 12)).narrow(1, 0, 3), z));
  const Tensor features = pair.small.HyperSynthesise(z, 4, 8);
  const Tensor wide = pair.large.HyperSynthesise(Widen(z, 5), 4, 8);
  CHECK(Near(wide.narrow(1, 0, 6), features));
  for (int64_t pass = 0; pass < 2; ++pass) {
    const Moments expected = pair.small.Predict(pass, y, features);
    const Moments moments = pair.large.Predict(pass, Widen(y, 12), wide);
    CHECK(Near(moments.mean.narrow(1, 0, 8), expected.mean));
    CHECK(Near(moments.log_scale.narrow(1, 0, 8), expected.log_scale));
    CHECK(moments.mean.narrow(1, 8, 4).abs().max().item<double>() == 0);
    CHECK(moments.log_scale.narrow(1, 8, 4).abs().max().item<double>() == 0);
  }
}

TEST_CASE("growth: levels go on in the steps of the last ones") {
  torch::manual_seed(4);
  Pair pair(SmallShape(), LargeShape());
  REQUIRE(GrowNetwork(pair.small, pair.dataset, Lambdas(0.01, 0.04, 5), pair.large).ok());
  const Tensor old = pair.small.loggain, grown = pair.large.loggain.narrow(1, 0, 8);
  CHECK(torch::allclose(grown[4] - old[2], 2 * (old[2] - old[1]), 1e-4, 1e-5));
}

TEST_CASE("growth: new latents bring back some of what the smaller network leaves") {
  torch::NoGradGuard no_gradients;
  torch::manual_seed(5);
  Pair pair(SmallShape(), LargeShape());
  StartFromKlt(pair.dataset, Lambdas(0.01, 0.04, 3), pair.small);
  REQUIRE(GrowNetwork(pair.small, pair.dataset, Lambdas(0.01, 0.04, 5), pair.large).ok());
  double before = 0, after = 0;
  ForSomePictures(pair.dataset, [&](const Tensor& picture) {
    const Tensor finest = torch::full({1}, 2.0);
    const auto leftover = [&](Network& network) {
      return (RunRounded(network, network.Analyse(picture), finest).pictures - picture).square().sum().item<double>();
    };
    before += leftover(pair.small);
    after += leftover(pair.large);
  });
  CHECK(after < 0.97 * before);
}

TEST_CASE("growth: four passes begin as two did, and what is smaller is refused") {
  torch::manual_seed(6);
  NetworkShape shape = LargeShape();
  shape.passes = 4;
  Pair pair(SmallShape(), shape);
  REQUIRE(GrowNetwork(pair.small, pair.dataset, Lambdas(0.01, 0.04, 5), pair.large).ok());
  for (size_t pass = 1; pass < 3; ++pass) {
    CHECK(torch::equal(pair.large.contexts[pass]->layers[3]->bias.narrow(0, 0, 8),
                       pair.small.contexts[0]->layers[3]->bias.narrow(0, 0, 8)));
  }
  shape.features = 5;
  Network narrow(shape);
  const Status status = GrowNetwork(pair.small, pair.dataset, Lambdas(0.01, 0.04, 5), narrow);
  CHECK(status.code() == NIC_INVALID_ARGUMENT);
  CHECK(std::string(status.message()).find("features: 5") != std::string::npos);
}

}  // namespace
}  // namespace nic::testing

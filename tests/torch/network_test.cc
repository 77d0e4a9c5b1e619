#include "network.h"

#include <cstddef>
#include <cstring>

#include "check.h"
#include "evaluation.h"
#include "objective.h"
#include "samples.h"

namespace nic::testing {
namespace {

// The values were computed by the network's original definition in PyTorch, with weights and pictures from Numbers.
TEST_CASE("network: the forward pass equals the original definition's") {
  torch::NoGradGuard no_gradients;
  Numbers numbers;
  Network network({8, 8, 12, 12, 4, 128, 256, 8, 1, 1, 1, 1});
  FillNetwork(network, numbers);
  const torch::Tensor pictures = numbers.Fill({2, 3, 64, 128}, 1);
  const torch::Tensor q = torch::tensor({0.0f, 6.4f});

  int64_t parameters = 0;
  for (const auto& tensor : network.parameters()) parameters += tensor.numel();
  CHECK(parameters == 686440);
  const torch::Tensor analysed = network.Analyse(pictures);
  CHECK(analysed[0][0][0][0].item<double>() == Approx(-0.14908880).epsilon(1e-4));
  CHECK(analysed[0][3][0][0].item<double>() == Approx(0.02399079).epsilon(1e-4));
  CHECK(analysed.sum().item<double>() == Approx(-14.28185749).epsilon(1e-4));
  CHECK(analysed.abs().sum().item<double>() == Approx(59.06388474).epsilon(1e-4));

  const Outcome outcome = RunRounded(network, analysed, q);
  CHECK(outcome.bits[0].item<double>() == Approx(1417.4657).epsilon(1e-4));
  CHECK(outcome.bits[1].item<double>() == Approx(1521.0538).epsilon(1e-4));
  CHECK(outcome.pictures[0][0][5][7].item<double>() == Approx(-0.00472567).epsilon(1e-3));
  CHECK(outcome.pictures[1][2][63][127].item<double>() == Approx(0.02096519).epsilon(1e-3));
  CHECK(outcome.pictures.sum().item<double>() == Approx(215.448563).epsilon(1e-3));
  CHECK(outcome.pictures.abs().sum().item<double>() == Approx(1818.48389).epsilon(1e-4));
}

TEST_CASE("network: brain half precision stays close to single") {
  torch::NoGradGuard no_gradients;
  Numbers numbers;
  Network network(GENERATE(kSmallShape, kFullShape));
  FillNetwork(network, numbers);
  const torch::Tensor pictures = numbers.Fill({1, 3, 64, 64}, 1);
  const torch::Tensor single = network.Synthesise(network.Analyse(pictures));
  network.set_precision(Precision::kBrainHalf);
  const torch::Tensor half = network.Synthesise(network.Analyse(pictures));
  CHECK(half.scalar_type() == torch::kFloat);
  CHECK((single - half).abs().max().item<double>() < 0.02 * single.abs().max().item<double>());
}

TEST_CASE("network: noise and rounding cost about the same, and the loss has gradients everywhere") {
  Numbers numbers;
  Network network(GENERATE(kSmallShape, kFullShape));
  FillNetwork(network, numbers);
  const torch::Tensor pictures = numbers.Fill({4, 3, 64, 64}, 1);
  const torch::Tensor q = torch::tensor({0.0f, 2.5f, 3.0f, static_cast<float>(network.shape().levels - 1)});
  torch::manual_seed(1);
  const Outcome noisy = RunNoisy(network, pictures, q);
  const Outcome rounded = RunRounded(network, network.Analyse(pictures), q);
  CHECK(torch::allclose(noisy.pictures, rounded.pictures, 1e-4, 1e-5));
  CHECK(noisy.bits.sum().item<double>() == Approx(rounded.bits.sum().item<double>()).epsilon(0.2));
  const Lambdas lambdas(0.0018, 0.18, 8);
  CHECK(lambdas.At(torch::tensor({6.0f, 7.0f}))[0].item<double>() == Approx(0.0932));
  Judge(noisy, pictures, lambdas.At(q)).total.backward();
  for (const auto& item : network.named_parameters()) {
    INFO(item.key());
    REQUIRE(item.value().grad().defined());
    CHECK(torch::isfinite(item.value().grad()).all().item<bool>());
    CHECK(item.value().grad().abs().max().item<double>() > 0);
  }
}

TEST_CASE("network: halved weights load again, nearly the same") {
  Numbers numbers;
  Network network(kSmallShape);
  FillNetwork(network, numbers);
  const StoredTensors stored = StoreNetwork(network, true);
  CHECK(stored.tensors.at("e8.weight").type == StoredType::kHalf);
  CHECK(stored.tensors.at("e8.bias").type == StoredType::kSingle);
  CHECK(stored.tensors.at("loggain").type == StoredType::kSingle);
  Network read(kSmallShape);
  REQUIRE(LoadNetwork(stored, read).ok());
  CHECK(torch::allclose(network.e8->weight, read.e8->weight, 1e-3, 1e-6));
  CHECK(torch::equal(network.loggain, read.loggain));
}

TEST_CASE("network: a checkpoint of another architecture is refused by the tensor's name") {
  Numbers numbers;
  Network network(kSmallShape);
  FillNetwork(network, numbers);
  const StoredTensors good = StoreNetwork(network);
  Network other(kSmallShape);
  REQUIRE(LoadNetwork(good, other).ok());
  CHECK(torch::equal(other.e8->weight, network.e8->weight));

  const auto refused = [&](const StoredTensors& stored, const char* name, const char* what) {
    Network untouched(kSmallShape);
    const torch::Tensor before = untouched.e8->weight.detach().clone();
    const Status status = LoadNetwork(stored, untouched);
    CHECK(status.code() == NIC_MODEL_MISMATCH);
    CHECK(std::string(status.message()).find(name) != std::string::npos);
    CHECK(std::string(status.message()).find(what) != std::string::npos);
    CHECK(torch::equal(before, untouched.e8->weight));
  };
  StoredTensors stored = good;
  stored.tensors.erase("db8.0.f1.weight");
  refused(stored, "db8.0.f1.weight", "missing");
  stored = good;
  stored.tensors["eb8.9.a.weight"] = stored.tensors["e8.bias"];
  refused(stored, "eb8.9.a.weight", "not part");
  stored = good;
  stored.tensors["zmu"].shape = {4};
  refused(stored, "zmu", "shape");
}

TEST_CASE("network: a shape is read back from the tensors that it made") {
  for (const NetworkShape& shape : {kSmallShape, kFullShape, NetworkShape()}) {
    NetworkShape found;
    REQUIRE(InferShape(StoreNetwork(Network(shape)), &found).ok());
    CHECK(std::memcmp(&found, &shape, offsetof(NetworkShape, linear)) == 0);
    CHECK(found.linear == shape.linear);
    CHECK(found.overlap == shape.overlap);
  }
  NetworkShape found;
  StoredTensors stored = StoreNetwork(Network(kSmallShape));
  stored.tensors.erase("loggain");
  const Status status = InferShape(stored, &found);
  CHECK(status.code() == NIC_MODEL_MISMATCH);
  CHECK(std::string(status.message()).find("loggain") != std::string::npos);
}

TEST_CASE("network: the passes code every latent once, and four of them a quarter each at every position") {
  const auto options = torch::TensorOptions(torch::kFloat);
  for (const NetworkShape& shape : {kSmallShape, kFullShape}) {
    torch::Tensor sum = torch::zeros({1, shape.latents, 5, 7});
    for (int64_t pass = 0; pass < shape.passes; ++pass) {
      const torch::Tensor mask = PassMask(shape, pass, 5, 7, options);
      if (shape.passes == 4) CHECK((mask.sum(1) == shape.latents / 4).all().item<bool>());
      sum += mask;
    }
    CHECK((sum == 1).all().item<bool>());
  }
  // Two passes: a checkerboard.
  const torch::Tensor first = PassMask(kSmallShape, 0, 4, 4, options);
  CHECK(first[0][3][1][1].item<float>() == 1);
  CHECK(first[0][3][1][2].item<float>() == 0);
  // What a channel's first two passes code lies diagonally.
  const torch::Tensor two =
      first.new_zeros({1, 12, 2, 2}) + PassMask(kFullShape, 0, 2, 2, options) + PassMask(kFullShape, 1, 2, 2, options);
  CHECK((two.select(2, 0).select(2, 0) == two.select(2, 1).select(2, 1)).all().item<bool>());
}

TEST_CASE("network: later passes see nothing but what is decoded") {
  torch::NoGradGuard no_gradients;
  Numbers numbers;
  Network network(kFullShape);
  FillNetwork(network, numbers);
  const torch::Tensor features = numbers.Fill({1, kFullShape.features, 4, 4}, 1);
  const torch::Tensor zeros = torch::zeros({1, kFullShape.latents, 4, 4});
  const torch::Tensor some = numbers.Fill({1, kFullShape.latents, 4, 4}, 1);
  CHECK(torch::equal(network.Predict(0, zeros, features).mean, network.Predict(0, some, features).mean));
  for (int64_t pass = 1; pass < 4; ++pass) {
    INFO(pass);
    CHECK(!torch::equal(network.Predict(pass, zeros, features).mean, network.Predict(pass, some, features).mean));
  }
  CHECK(!torch::equal(network.Predict(1, some, features).mean, network.Predict(2, some, features).mean));
}

TEST_CASE("network: numbers that do not go together are refused") {
  NetworkShape shape = kFullShape;
  CHECK(CheckShape(shape).ok());
  shape.passes = 3;
  CHECK(CheckShape(shape).code() == NIC_INVALID_ARGUMENT);
  shape = kFullShape;
  shape.latents = 13;
  CHECK(CheckShape(shape).code() == NIC_INVALID_ARGUMENT);
  shape = kSmallShape;
  shape.inner_width = 11;
  CHECK(CheckShape(shape).code() == NIC_INVALID_ARGUMENT);
}

TEST_CASE("network: the distributed checkpoint gives its published figures") {
  const std::string checkpoint = FolderFromEnvironment("NIC_CHECKPOINT");
  const std::string kodak = FolderFromEnvironment("NIC_KODAK_DIR");
  if (checkpoint.empty() || kodak.empty()) return;
  StoredTensors stored;
  REQUIRE(ReadSafetensors(checkpoint, &stored).ok());
  Network network;
  REQUIRE(LoadNetwork(stored, network).ok());
  Dataset pictures;
  REQUIRE(Dataset::Load(kodak, 1, &pictures).ok());
  torch::set_num_threads(2);
  const auto points = Evaluate(network, pictures, {0, 7}, torch::kCPU, {});
  CHECK(points[0].bpp == Approx(0.2153).margin(0.0001));
  CHECK(points[0].psnr == Approx(28.26).margin(0.006));
  CHECK(points[1].bpp == Approx(1.6845).margin(0.0001));
  CHECK(points[1].psnr == Approx(37.15).margin(0.006));
}

}  // namespace
}  // namespace nic::testing

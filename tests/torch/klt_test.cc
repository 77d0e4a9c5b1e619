#include "klt.h"

#include <cmath>

#include "check.h"
#include "evaluation.h"
#include "samples.h"

namespace nic::testing {
namespace {

// What the transform and its inverse alone leave of a picture, without rounding.
double TransformPsnr(Network& network, const Picture& picture) {
  torch::NoGradGuard no_gradients;
  const torch::Tensor original = ToPaddedTensor(picture);
  const torch::Tensor back = network.Synthesise(network.Analyse(original));
  return Psnr(picture, ToPicture(back, picture.width, picture.height));
}

TEST_CASE("klt: a network begins as a transform that gives back its pictures") {
  torch::manual_seed(1);
  Folder folder;
  WritePictures(folder.path(), 6, 96, 80);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  const Lambdas lambdas(0.001, 0.5, 8);
  NetworkShape shape = GENERATE(NetworkShape{48, 48, 96, 96, 4, 8, 16, 8, 1, 1, 1, 1},
                                NetworkShape{64, 48, 32, 96, 4, 8, 16, 8, 1, 1, 1, 1, 4, true, 6},
                                NetworkShape{48, 64, 128, 96, 4, 8, 16, 8, 1, 1, 1, 1, 2, true, 0});
  Network network(shape);
  const double before = TransformPsnr(network, dataset.picture(0));
  StartFromKlt(dataset, lambdas, network);
  const double after = TransformPsnr(network, dataset.picture(0));
  INFO(before << " dB before");
  CHECK(after > 25);
  CHECK(after > before + 10);

  // The step of the top level, from the formula.
  const double step = std::sqrt(26 / (0.5 * 255 * 255));
  CHECK(std::exp(network.loginv[7][3].item<double>()) == Approx(step).epsilon(1e-4));
  CHECK(std::exp(network.loggain[7][3].item<double>()) == Approx(1 / step).epsilon(1e-4));
}

TEST_CASE("klt: without the paths beside it the transform is orthonormal") {
  torch::NoGradGuard no_gradients;
  Folder folder;
  WritePictures(folder.path(), 6, 96, 80);
  Dataset dataset;
  REQUIRE(Dataset::Load(folder.path(), 64, &dataset).ok());
  Network network({48, 48, 32, 96, 4, 8, 16, 8, 0, 0, 0, 0, 2, true, 0});
  StartFromKlt(dataset, Lambdas(0.001, 0.5, 8), network);
  const torch::Tensor rows = network.e_linear->weight.flatten(1);
  CHECK(torch::allclose(rows.matmul(rows.t()), torch::eye(96), 1e-4, 1e-4));
  CHECK(torch::allclose(network.d_linear->weight.flatten(1), rows.t(), 1e-5, 1e-6));
  CHECK(torch::allclose(network.d8->weight.flatten(1), network.e8->weight.flatten(1).t(), 1e-5, 1e-6));
}

}  // namespace
}  // namespace nic::testing

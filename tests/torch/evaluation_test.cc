#include "evaluation.h"

#include <cmath>

#include "check.h"
#include "samples.h"

namespace nic::testing {
namespace {

TEST_CASE("PSNR: a known difference") {
  Picture a{2, 1, {10, 20, 30, 40, 50, 60}};
  Picture b = a;
  CHECK(Psnr(a, b) == 99);
  for (uint8_t& sample : b.samples) sample = static_cast<uint8_t>(sample + 5);
  CHECK(Psnr(a, b) == Approx(20 * std::log10(255.0 / 5)));
}

TEST_CASE("pictures become tensors and come back") {
  const Picture picture = MakePicture(21, 35, 3);
  const torch::Tensor tensor = ToPaddedTensor(picture);
  CHECK(tensor.sizes() == torch::IntArrayRef({1, 3, 48, 32}));
  CHECK(tensor[0][1][47][31].item<float>() == tensor[0][1][34][20].item<float>());
  CHECK(ToPicture(tensor, 21, 35).samples == picture.samples);
}

}  // namespace
}  // namespace nic::testing

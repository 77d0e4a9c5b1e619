#include "verification.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "samples.h"

namespace nic::testing {
namespace {

class Verification {
 public:
  Verification() {
    Numbers numbers;
    FillNetwork(network_, numbers);
    WritePictures(folder_.path(), 2, 80, 72);
    REQUIRE(Dataset::Load(folder_.path(), 16, &pictures_).ok());
    Export(network_, pictures_, &exported_);
  }

 protected:
  std::vector<TensorReport> Inspect() {
    std::vector<TensorReport> reports;
    const Status status = InspectTensors(exported_.decoder, exported_.encoder, pictures_.picture(0), {2, 0},
                                         exported_.memory, &reports);
    INFO(status.message());
    REQUIRE(status.ok());
    return reports;
  }

  Folder folder_;
  Dataset pictures_;
  Network network_{kSmallShape};
  Exported exported_;
};

TEST_CASE_METHOD(Verification, "verification: every tensor of both transforms is reported, within its bounds") {
  const std::vector<TensorReport> reports = Inspect();
  REQUIRE(reports.size() == exported_.encoder.analysis.nodes.size() + exported_.decoder.synthesis.nodes.size());
  for (const TensorReport& report : reports) {
    INFO(report.graph << " " << report.number);
    CHECK(report.low <= report.high);
    CHECK(report.low >= report.bound_low);
    CHECK(report.high <= report.bound_high);
    if (report.fewest_weight_bits == 0) continue;  // no convolution
    CHECK(report.fewest_weight_bits <= report.mean_weight_bits + 1e-9);
    CHECK(report.mean_weight_bits <= 16);
  }
}

// Samples at a narrowed bound are counted, and nothing passes it.
TEST_CASE_METHOD(Verification, "verification: tensors at their bounds are counted") {
  auto& nodes = exported_.decoder.synthesis.nodes;
  const auto last = std::find_if(nodes.rbegin(), nodes.rend(), [](const Node& node) { return !node.weight.empty(); });
  REQUIRE(last != nodes.rend());
  const auto inspect = [&] { return Inspect().end()[-1 - (last - nodes.rbegin())]; };
  const TensorReport before = inspect();
  REQUIRE(before.at_bounds == 0);
  REQUIRE(before.high > 1);
  last->high = static_cast<int16_t>(before.high / 2);
  const TensorReport after = inspect();
  CHECK(after.high == before.high / 2);
  CHECK(after.at_bounds > 0);
}

TEST_CASE_METHOD(Verification, "verification: a package of another network") {
  CHECK(CheckOrigin(exported_.decoder, kSmallShape).ok());
  const auto message = [&](int64_t NetworkShape::*number) {
    NetworkShape shape = kSmallShape;
    ++(shape.*number);
    const Status status = CheckOrigin(exported_.decoder, shape);
    CHECK(status.code() == NIC_INVALID_ARGUMENT);
    return std::string(status.message());
  };
  CHECK(message(&NetworkShape::levels) == "levels: the package has 8, the checkpoint 9");
  CHECK(message(&NetworkShape::latents) == "latents: the package has 12, the checkpoint 13");
  CHECK(message(&NetworkShape::hyper_latents) == "hyper-latents: the package has 4, the checkpoint 5");
  CHECK(message(&NetworkShape::passes) == "passes: the package has 2, the checkpoint 3");
}

TEST_CASE_METHOD(Verification, "verification: the codec's bytes and errors are means over the pictures") {
  std::vector<tools::CurvePoint> both, first;
  const auto evaluate = [&](size_t count, std::vector<tools::CurvePoint>* points) {
    Dataset some = pictures_;
    some.Keep(count);
    Exported exported;
    Export(network_, pictures_, &exported);
    size_t seen = 0;
    Serial serial;
    const Status status = EvaluateCodec(std::move(exported.decoder), std::move(exported.encoder), some, {{0, 0}, {7, 0}},
                                        serial, exported.memory, [&](size_t done) { seen = done; }, points);
    REQUIRE(status.ok());
    CHECK(seen == count);
  };
  evaluate(2, &both);
  evaluate(1, &first);
  REQUIRE(both.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    const double bytes = first[i].bpp * 80 * 72 / 8;
    CHECK(bytes == Approx(std::round(bytes)));
    CHECK(both[i].bpp != first[i].bpp);
    CHECK(std::abs(both[i].psnr - first[i].psnr) < 20);
  }
}

}  // namespace
}  // namespace nic::testing

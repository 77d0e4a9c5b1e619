#include "nicbench/psnr.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "nicbench/ms_ssim.h"
#include "nicbench/picture_file.h"
#include "nicbench/table.h"
#include "tools/curve.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

nlohmann::json NumberOrNull(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

}  // namespace

int RunPsnr(const PsnrOptions& options) {
  tools::Report report("nicbench", false, false);
  tools::Picture a;
  tools::Picture b;
  for (const auto& [path, picture] : {std::pair{&options.a, &a}, std::pair{&options.b, &b}}) {
    const tools::Outcome outcome = ReadPictureFile(*path, picture);
    report.Error(*path, outcome);
    if (!outcome.ok()) return outcome.exit_status();
  }
  const tools::Outcome outcome = MakeComparable(&a, &b);
  report.Error("", outcome);
  if (!outcome.ok()) return outcome.exit_status();

  const double psnr = tools::Psnr(a, b);
  const double similarity = MsSsim(a, b).value_or(std::numeric_limits<double>::quiet_NaN());
  if (options.json) {
    const nlohmann::json json = {{"psnr", NumberOrNull(psnr)},
                                 {"ms_ssim", NumberOrNull(similarity)},
                                 {"ms_ssim_db", NumberOrNull(tools::MsSsimDecibels(similarity))}};
    std::printf("%s\n", json.dump().c_str());
    return tools::kExitOk;
  }
  std::printf("PSNR %s dB, MS-SSIM %s", Fixed(psnr, 2).c_str(), Fixed(similarity, 5).c_str());
  if (!std::isnan(similarity)) std::printf(" (%s dB)", Fixed(tools::MsSsimDecibels(similarity), 2).c_str());
  std::printf("\n");
  return tools::kExitOk;
}

}  // namespace nic::bench

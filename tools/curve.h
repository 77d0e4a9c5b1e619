// Rate-distortion curves, measured or published, and the JSON files that hold them.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/outcome.h"

namespace nic::tools {

// One rate of a codec, averaged over pictures. NaN stands for what is not known.
struct CurvePoint {
  std::string rate;  // the codec's parameter; may be empty
  double bpp = std::numeric_limits<double>::quiet_NaN();
  double psnr = std::numeric_limits<double>::quiet_NaN();     // dB
  double ms_ssim = std::numeric_limits<double>::quiet_NaN();  // 0..1
  double encode_seconds = std::numeric_limits<double>::quiet_NaN();
  double decode_seconds = std::numeric_limits<double>::quiet_NaN();
  double estimated_bpp = std::numeric_limits<double>::quiet_NaN();  // under the codec's own model
};

struct Curve {
  std::string name;
  std::string source;  // where it comes from, or the codec's settings
  std::vector<CurvePoint> points;
};

enum class Metric { kPsnr, kMsSsim };

// MS-SSIM in dB: -10 log10(1 - similarity); infinite for 1.
double MsSsimDecibels(double similarity);

// "PSNR" or "MS-SSIM".
const char* NameOf(Metric metric);
// The point's quality in dB by a metric; NaN if unknown.
double QualityOf(const CurvePoint& point, Metric metric);
// BD-rate of `tested` against `reference` in percent, see bd_rate.h.
std::optional<double> BdRateOf(const Curve& reference, const Curve& tested, Metric metric);

// {"bpp": [..], "psnr_rgb": [..], "ms_ssim": [..], ..}: what no point knows is left out, what one does not know is
// null.
nlohmann::json ToJson(const Curve& curve);
// Fails with a message that names the field.
Outcome FromJson(const nlohmann::json& json, const std::string& name, Curve* curve);

// Reads a JSON file; fails with the place of the error.
Outcome ReadJson(const std::string& path, nlohmann::json* json);
Outcome WriteJson(const std::string& path, const nlohmann::json& json);

// Reads {"curves": {NAME: curve, ..}} from "FILE", or from "FILE:NAME,NAME" the curves of these names, and appends
// them: by name, but first the one that the file's "nic" names.
Outcome ReadCurves(const std::string& argument, std::vector<Curve>* curves);

}  // namespace nic::tools

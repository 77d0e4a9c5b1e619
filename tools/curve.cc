#include "tools/curve.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <exception>
#include <fstream>
#include <sstream>
#include <utility>

#include "tools/bd_rate.h"
#include "tools/output_file.h"

namespace nic::tools {
namespace {

using nlohmann::json;

// A column of numbers in the file and the member of the point that it fills.
struct Column {
  const char* key;
  double CurvePoint::*member;
};
constexpr Column kColumns[] = {{"bpp", &CurvePoint::bpp},
                               {"psnr_rgb", &CurvePoint::psnr},
                               {"ms_ssim", &CurvePoint::ms_ssim},
                               {"encode_seconds", &CurvePoint::encode_seconds},
                               {"decode_seconds", &CurvePoint::decode_seconds},
                               {"estimated_bpp", &CurvePoint::estimated_bpp}};

Outcome Broken(const std::string& what, const std::string& why) {
  return Outcome::Failure(kExitMalformed, what, why);
}

// Digits beyond these are noise of the last place and make differences unreadable.
double Round(double value) { return std::round(value * 1e6) / 1e6; }

Outcome ReadColumn(const json& array, const Column& column, const std::string& where, std::vector<CurvePoint>* points) {
  if (!array.is_array()) return Broken(where, "is not an array");
  if (array.size() != points->size()) return Broken(where, "differs from bpp in its length");
  for (size_t i = 0; i < array.size(); ++i) {
    if (array[i].is_null()) continue;
    if (!array[i].is_number()) return Broken(where, "holds something that is no number");
    (*points)[i].*column.member = array[i].get<double>();
  }
  return {};
}

// Like dump, but with each array of plain values on one line.
void Print(const json& value, const std::string& margin, std::string* text) {
  const bool nested = std::any_of(value.begin(), value.end(), [](const json& part) { return part.is_structured(); });
  if (!value.is_structured() || value.empty() || (value.is_array() && !nested)) {
    *text += value.dump();
    return;
  }
  const std::string inner = margin + " ";
  *text += value.is_object() ? "{" : "[";
  const char* separator = "\n";
  for (const auto& item : value.items()) {
    *text += separator + inner;
    if (value.is_object()) *text += json(item.key()).dump() + ": ";
    Print(item.value(), inner, text);
    separator = ",\n";
  }
  *text += "\n" + margin + (value.is_object() ? "}" : "]");
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

Outcome AppendCurve(const json& curves, const std::string& name, std::vector<Curve>* out) {
  if (!curves.contains(name)) {
    std::string known;
    for (const auto& item : curves.items()) known += (known.empty() ? "" : ", ") + item.key();
    return Outcome::Failure(kExitUsage, "no curve \"" + name + "\"", "there are " + known);
  }
  Curve curve;
  NIC_TOOLS_RETURN_IF_FAILED(FromJson(curves[name], name, &curve));
  out->push_back(std::move(curve));
  return {};
}

}  // namespace

double MsSsimDecibels(double similarity) {
  if (similarity >= 1) return std::numeric_limits<double>::infinity();
  return -10 * std::log10(1 - similarity);
}

const char* NameOf(Metric metric) { return metric == Metric::kPsnr ? "PSNR" : "MS-SSIM"; }

double QualityOf(const CurvePoint& point, Metric metric) {
  return metric == Metric::kPsnr ? point.psnr : MsSsimDecibels(point.ms_ssim);
}

std::optional<double> BdRateOf(const Curve& reference, const Curve& tested, Metric metric) {
  const auto points = [metric](const Curve& curve) {
    std::vector<RateQuality> result;
    for (const CurvePoint& point : curve.points) result.push_back({point.bpp, QualityOf(point, metric)});
    return result;
  };
  return BdRate(points(reference), points(tested));
}

json ToJson(const Curve& curve) {
  json result;
  bool labelled = false;
  json labels = json::array();
  for (const CurvePoint& point : curve.points) {
    labels.push_back(point.rate);
    labelled = labelled || !point.rate.empty();
  }
  if (labelled) result["rate"] = labels;
  for (const Column& column : kColumns) {
    json array = json::array();
    bool known = false;
    for (const CurvePoint& point : curve.points) {
      const double value = point.*column.member;
      array.push_back(std::isfinite(value) ? json(Round(value)) : json());
      known = known || std::isfinite(value);
    }
    if (known) result[column.key] = array;
  }
  result["source"] = curve.source;
  return result;
}

Outcome FromJson(const json& object, const std::string& name, Curve* curve) {
  const std::string where = "curve \"" + name + "\"";
  if (!object.is_object()) return Broken(where, "is not an object");
  if (!object.contains("bpp") || !object["bpp"].is_array()) return Broken(where + ", bpp", "is not an array");
  curve->name = name;
  curve->source = object.contains("source") && object["source"].is_string() ? object["source"].get<std::string>() : "";
  curve->points.assign(object["bpp"].size(), CurvePoint());
  for (const Column& column : kColumns) {
    if (!object.contains(column.key)) continue;
    NIC_TOOLS_RETURN_IF_FAILED(ReadColumn(object[column.key], column, where + ", " + column.key, &curve->points));
  }
  if (!object.contains("rate")) return {};
  const json& labels = object["rate"];
  if (!labels.is_array() || labels.size() != curve->points.size())
    return Broken(where + ", rate", "is not such an array");
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].is_string()) curve->points[i].rate = labels[i].get<std::string>();
  }
  return {};
}

Outcome ReadJson(const std::string& path, json* value) {
  std::ifstream file(path);
  if (!file) return Outcome::System("cannot open " + path, errno);
  try {
    *value = json::parse(file);
  } catch (const std::exception& error) {
    return Broken(path + " is not JSON", error.what());
  }
  return {};
}

Outcome WriteJson(const std::string& path, const json& value) {
  std::string text;
  Print(value, "", &text);
  text += "\n";
  OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.Write(text.data(), text.size()));
  return file.Commit();
}

Outcome ReadCurves(const std::string& argument, std::vector<Curve>* curves) {
  std::string path = argument;
  std::string names;
  const size_t colon = argument.rfind(':');
  if (colon != std::string::npos && !std::ifstream(argument)) {
    path = argument.substr(0, colon);
    names = argument.substr(colon + 1);
  }
  json file;
  NIC_TOOLS_RETURN_IF_FAILED(ReadJson(path, &file));
  if (!file.is_object() || !file.contains("curves") || !file["curves"].is_object()) {
    return Broken(path, "holds no object \"curves\"");
  }
  std::vector<std::string> wanted = SplitAtCommas(names);
  if (wanted.empty()) {
    const std::string first = file.contains("nic") && file["nic"].is_string() ? file["nic"].get<std::string>() : "";
    for (const auto& item : file["curves"].items())
      wanted.insert(item.key() == first ? wanted.begin() : wanted.end(), item.key());
  }
  for (const std::string& name : wanted) NIC_TOOLS_RETURN_IF_FAILED(AppendCurve(file["curves"], name, curves));
  return {};
}

}  // namespace nic::tools

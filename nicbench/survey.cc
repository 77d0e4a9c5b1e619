#include "nicbench/survey.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "nicbench/ms_ssim.h"
#include "nicbench/picture_file.h"
#include "nicbench/table.h"

namespace nic::bench {
namespace {

using nlohmann::json;
using tools::Outcome;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr Sample kNothing = {0, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};

bool IsComplete(const std::vector<std::optional<Sample>>& samples) {
  return std::all_of(samples.begin(), samples.end(), [](const auto& sample) { return sample.has_value(); });
}

// One picture's samples of one codec, in columns; what failed is null.
json SamplesJson(const std::vector<std::optional<Sample>>& samples) {
  json columns = {{"bytes", json::array()},
                  {"psnr_rgb", json::array()},
                  {"ms_ssim", json::array()},
                  {"encode_seconds", json::array()},
                  {"decode_seconds", json::array()},
                  {"estimated_bpp", json::array()}};
  const auto add = [&columns](const char* key, double value, double digits) {
    columns[key].push_back(std::isfinite(value) ? json(std::round(value * digits) / digits) : json());
  };
  for (const std::optional<Sample>& sample : samples) {
    columns["bytes"].push_back(sample ? json(sample->bytes) : json());
    const Sample known = sample.value_or(kNothing);
    add("psnr_rgb", known.psnr, 1e4);
    add("ms_ssim", known.ms_ssim, 1e6);
    add("encode_seconds", known.encode_seconds, 1e5);
    add("decode_seconds", known.decode_seconds, 1e5);
    add("estimated_bpp", known.estimated_bpp, 1e5);
  }
  return columns;
}

// A cell of a CSV file.
std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

Outcome MeasureSample(Codec* codec, const Source& source, double rate, Sample* sample) {
  Coded coded;
  NIC_TOOLS_RETURN_IF_FAILED(codec->Encode(source, rate, &coded));
  tools::Picture decoded;
  NIC_TOOLS_RETURN_IF_FAILED(codec->Decode(coded, &decoded, &sample->decode_seconds));
  tools::Picture original = source.picture;
  NIC_TOOLS_RETURN_IF_FAILED(MakeComparable(&original, &decoded));
  sample->bytes = coded.bytes.size();
  sample->bpp = source.BitsPerPixel(sample->bytes);
  sample->psnr = tools::Psnr(original, decoded);
  sample->ms_ssim = MsSsim(original, decoded).value_or(std::numeric_limits<double>::quiet_NaN());
  sample->encode_seconds = coded.seconds;
  sample->estimated_bpp = coded.estimated_bits / (static_cast<double>(original.width) * original.height);
  return {};
}

bool CodecSurvey::hopeless() const { return std::none_of(samples.begin(), samples.end(), IsComplete); }

std::vector<size_t> Survey::CompletePictures() const {
  std::vector<size_t> complete;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto has_it = [i](const CodecSurvey& codec) { return codec.hopeless() || IsComplete(codec.samples[i]); };
    if (std::all_of(codecs.begin(), codecs.end(), has_it)) complete.push_back(i);
  }
  return complete;
}

tools::Curve Survey::Average(const CodecSurvey& codec) const {
  tools::Curve curve = {codec.name, codec.settings, {}};
  const std::vector<size_t> complete = CompletePictures();
  if (complete.empty() || codec.hopeless()) return curve;
  for (size_t r = 0; r < codec.rates.size(); ++r) {
    tools::CurvePoint point = {codec.rates[r], 0, 0, 0, 0, 0, 0};
    for (const size_t i : complete) {
      const Sample& sample = *codec.samples[i][r];
      point.bpp += sample.bpp;
      point.psnr += sample.psnr;
      point.ms_ssim += sample.ms_ssim;
      point.encode_seconds += sample.encode_seconds;
      point.decode_seconds += sample.decode_seconds;
      point.estimated_bpp += sample.estimated_bpp;
    }
    for (double* sum : {&point.bpp, &point.psnr, &point.ms_ssim, &point.encode_seconds, &point.decode_seconds,
                        &point.estimated_bpp}) {
      *sum /= static_cast<double>(complete.size());
    }
    curve.points.push_back(point);
  }
  return curve;
}

size_t Survey::CountFalls(const CodecSurvey& codec) const {
  size_t falls = 0;
  for (const auto& samples : codec.samples) {
    for (size_t r = 1; r < samples.size(); ++r) {
      if (!samples[r - 1] || !samples[r]) continue;
      falls += samples[r]->bytes <= samples[r - 1]->bytes || samples[r]->psnr <= samples[r - 1]->psnr;
    }
  }
  return falls;
}

json Survey::Json() const {
  json result;
  for (const CodecSurvey& codec : codecs) result["curves"][codec.name] = tools::ToJson(Average(codec));
  for (size_t i = 0; i < pictures.size(); ++i) {
    json entry = {{"name", pictures[i].name}, {"width", pictures[i].width}, {"height", pictures[i].height}};
    for (const CodecSurvey& codec : codecs) entry["codecs"][codec.name] = SamplesJson(codec.samples[i]);
    result["pictures"].push_back(entry);
  }
  return result;
}

std::string Survey::Csv() const {
  std::string text = "picture,width,height,codec,rate,bytes,bpp,psnr_rgb,ms_ssim,ms_ssim_db,";
  text += "encode_seconds,decode_seconds,estimated_bpp\n";
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (const CodecSurvey& codec : codecs) {
      for (size_t r = 0; r < codec.rates.size(); ++r) {
        if (!codec.samples[i][r]) continue;
        const Sample& sample = *codec.samples[i][r];
        text += Quoted(pictures[i].name) + "," + std::to_string(pictures[i].width) + "," +
                std::to_string(pictures[i].height);
        text += "," + codec.name + "," + codec.rates[r] + "," + std::to_string(sample.bytes);
        text += "," + Fixed(sample.bpp, 5) + "," + Fixed(sample.psnr, 4) + "," + Fixed(sample.ms_ssim, 6);
        text += "," + Fixed(tools::MsSsimDecibels(sample.ms_ssim), 4);
        text += "," + Fixed(sample.encode_seconds, 5) + "," + Fixed(sample.decode_seconds, 5);
        text += "," + (std::isfinite(sample.estimated_bpp) ? Fixed(sample.estimated_bpp, 5) : "") + "\n";
      }
    }
  }
  return text;
}

}  // namespace nic::bench

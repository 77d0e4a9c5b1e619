// What a run of `nicbench rd` measures: every picture with every codec at every rate.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nicbench/codec.h"
#include "tools/curve.h"

namespace nic::bench {

// One picture, coded at one rate.
struct Sample {
  uint64_t bytes = 0;  // of the whole file
  double bpp = 0;
  double psnr = 0;                                            // dB; infinite for equal pictures
  double ms_ssim = std::numeric_limits<double>::quiet_NaN();  // NaN for tiny pictures
  double encode_seconds = 0;
  double decode_seconds = 0;
  double estimated_bpp = std::numeric_limits<double>::quiet_NaN();  // see Coded
};

// Encodes, decodes and compares.
tools::Outcome MeasureSample(Codec* codec, const Source& source, double rate, Sample* sample);

// One codec's part of a survey.
struct CodecSurvey {
  std::string name;
  std::string settings;
  std::vector<std::string> rates;                           // labels
  std::vector<std::vector<std::optional<Sample>>> samples;  // [picture][rate]; empty where it failed

  // True if not one picture was coded at all rates.
  bool hopeless() const;
};

struct Survey {
  struct Entry {
    std::string name;
    uint32_t width;
    uint32_t height;
  };
  std::vector<Entry> pictures;
  std::vector<CodecSurvey> codecs;

  // The pictures that every codec coded at every rate; codecs that coded none so do not count. Averages are over these
  // alone, so that all codecs are compared on the same pictures.
  std::vector<size_t> CompletePictures() const;
  // A codec's averages: PSNR in dB, MS-SSIM as it is. Without complete pictures a curve without points.
  tools::Curve Average(const CodecSurvey& codec) const;
  // How many times the size or the PSNR of a codec's picture falls, or stays, from one rate to the next.
  size_t CountFalls(const CodecSurvey& codec) const;

  nlohmann::json Json() const;
  // One line for each sample, under a line of titles.
  std::string Csv() const;
};

}  // namespace nic::bench

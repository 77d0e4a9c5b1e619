#include "nicbench/exact.h"

#include <xxhash.h>

#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "tools/curve.h"
#include "nicbench/machine.h"
#include "nicbench/picture_file.h"
#include "tools/progress.h"
#include "nicbench/table.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Progress;

constexpr int kDefaultRates = 5;

std::string HashOf(const std::vector<uint8_t>& bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(XXH64(bytes.data(), bytes.size(), 0)));
  return text;
}

// The targets of those that libnic names that this processor has.
std::vector<std::string> FindTargets() {
  std::vector<std::string> targets;
  for (const char* target : {"scalar", "sse4", "avx2", "avx512", "neon"}) {
    nic_context* context = nullptr;
    if (MakeContext(1, target, &context, nullptr) == NIC_OK) targets.push_back(target);
    nic_context_free(context);
  }
  return targets;
}

// One way of doing the same.
struct Way {
  std::string target;
  int threads;
  std::unique_ptr<NicCodec> codec;
  size_t done = 0;
  size_t wrong_bytes = 0;
  size_t wrong_pixels = 0;
};

// The hashes of a file and of its pixels.
struct Expected {
  std::string bytes;
  std::string pixels;
};

class ExactRun {
 public:
  explicit ExactRun(const ExactOptions& options) : options_(options) {}

  Outcome Prepare();
  void Measure();
  void Print() const;
  Outcome Write() const;
  bool failed() const { return failures_ > 0; }

 private:
  Outcome ReadExpected();
  Outcome FindRates();
  void MeasureRate(const Source& source, double rate, Progress* progress);
  Outcome MeasureWay(const Source& source, double rate, Way* way, Expected* got);
  void Compare(const std::string& key, const Expected& got, Way* way, Progress* progress);
  void Fail(const std::string& what, const Outcome& outcome, Progress* progress);

  const ExactOptions& options_;
  tools::Report report_{"nicbench", false, false};
  std::vector<std::string> files_;
  std::vector<double> rates_;
  std::vector<Way> ways_;
  std::map<std::string, Expected> expected_;  // "picture s+l"
  std::map<std::string, Expected> found_;     // the first way's
  size_t compared_with_file_ = 0;
  int failures_ = 0;
};

Outcome ExactRun::ReadExpected() {
  nlohmann::json json;
  NIC_TOOLS_RETURN_IF_FAILED(tools::ReadJson(options_.expect, &json));
  try {
    for (const auto& item : json.at("hashes").items()) {
      expected_[item.key()] = {item.value().at(0).get<std::string>(), item.value().at(1).get<std::string>()};
    }
  } catch (const nlohmann::json::exception& error) {
    return Outcome::Failure(tools::kExitMalformed, options_.expect + " holds no hashes", error.what());
  }
  return {};
}

Outcome ExactRun::FindRates() {
  const Knob& knob = ways_.front().codec->knob();
  for (const std::string& text : options_.rates) {
    double rate = 0;
    NIC_TOOLS_RETURN_IF_FAILED(ParseNicRate(text, &rate));
    rates_.push_back(rate);
  }
  if (!rates_.empty()) return {};
  for (int i = 0; i < kDefaultRates; ++i) rates_.push_back(knob.At((knob.positions - 1) * i / (kDefaultRates - 1)));
  return {};
}

Outcome ExactRun::Prepare() {
  NIC_TOOLS_RETURN_IF_FAILED(ListPictures(options_.pictures, &files_));
  if (!options_.expect.empty()) NIC_TOOLS_RETURN_IF_FAILED(ReadExpected());
  const std::vector<std::string> targets = options_.targets.empty() ? FindTargets() : options_.targets;
  for (const std::string& target : targets) {
    for (const int threads : options_.threads) {
      NicOptions nic = options_.nic;
      nic.target = target;
      nic.threads = static_cast<uint32_t>(threads);
      ways_.push_back({target, threads, std::make_unique<NicCodec>()});
      NIC_TOOLS_RETURN_IF_FAILED(ways_.back().codec->Open(nic, 1));
    }
  }
  return FindRates();
}

void ExactRun::Fail(const std::string& what, const Outcome& outcome, Progress* progress) {
  progress->Wipe();
  report_.Error(what, outcome);
  ++failures_;
}

Outcome ExactRun::MeasureWay(const Source& source, double rate, Way* way, Expected* got) {
  Coded coded;
  tools::Picture picture;
  double seconds = 0;
  NIC_TOOLS_RETURN_IF_FAILED(way->codec->Encode(source, rate, &coded));
  NIC_TOOLS_RETURN_IF_FAILED(way->codec->Decode(coded, &picture, &seconds));
  *got = {HashOf(coded.bytes), HashOf(picture.pixels)};
  return {};
}

void ExactRun::Compare(const std::string& key, const Expected& got, Way* way, Progress* progress) {
  const Expected& first = found_.emplace(key, got).first->second;
  const auto from_file = expected_.find(key);
  const Expected& wanted = from_file == expected_.end() ? first : from_file->second;
  compared_with_file_ += from_file != expected_.end();
  ++way->done;
  way->wrong_bytes += got.bytes != wanted.bytes;
  way->wrong_pixels += got.pixels != wanted.pixels;
  if (got.bytes == wanted.bytes && got.pixels == wanted.pixels) return;
  const std::string what = key + ", " + way->target + ", " + std::to_string(way->threads) + " threads";
  const std::string which = got.bytes == wanted.bytes ? "the pixels" : "the file's bytes";
  Fail(what, Outcome::Failure(tools::kExitFailure, which + " differ"), progress);
}

void ExactRun::MeasureRate(const Source& source, double rate, Progress* progress) {
  const std::string key = source.name + " " + ways_.front().codec->Label(rate);
  for (Way& way : ways_) {
    progress->Show(key + ", " + way.target + ", " + std::to_string(way.threads) + " threads");
    Expected got;
    const Outcome outcome = MeasureWay(source, rate, &way, &got);
    if (outcome.ok()) {
      Compare(key, got, &way, progress);
    } else {
      Fail(key + ", " + way.target, outcome, progress);
    }
    progress->Advance();
  }
}

void ExactRun::Measure() {
  Progress progress(files_.size() * rates_.size() * ways_.size());
  for (const std::string& path : files_) {
    Source source;
    source.name = StemOf(path);
    const Outcome outcome = ReadPictureFile(path, &source.picture);
    if (!outcome.ok()) {
      Fail(path, outcome, &progress);
      progress.Advance(rates_.size() * ways_.size());
      continue;
    }
    for (const double rate : rates_) MeasureRate(source, rate, &progress);
  }
}

void ExactRun::Print() const {
  std::string rates;
  for (const double rate : rates_) rates += (rates.empty() ? "" : ", ") + ways_.front().codec->Label(rate);
  std::printf("%s\n%zu pictures at the rates %s: %zu pairs of a file and a picture\n\n",
              ways_.front().codec->settings().c_str(), files_.size(), rates.c_str(), found_.size());
  Table table({"<target", "threads", "pairs", "other bytes", "other pixels"});
  for (const Way& way : ways_) {
    table.Add({way.target, std::to_string(way.threads), std::to_string(way.done), std::to_string(way.wrong_bytes),
               std::to_string(way.wrong_pixels)});
  }
  std::fputs(table.Text().c_str(), stdout);
  if (!options_.expect.empty()) std::printf("\n%zu compared with the hashes given\n", compared_with_file_);
  std::string all;
  for (const auto& [key, hashes] : found_) all += key + hashes.bytes + hashes.pixels;
  std::printf("\nhash of all hashes: %s\n", HashOf({all.begin(), all.end()}).c_str());
}

Outcome ExactRun::Write() const {
  if (options_.json.empty()) return {};
  nlohmann::json json = {{"kind", "exact"}, {"machine", DescribeMachine()}};
  json["what"] = "XXH64 of the file's bytes and of the decoded pixels, for each picture and rate s+l";
  json["settings"] = ways_.front().codec->settings();
  for (const auto& [key, hashes] : found_) json["hashes"][key] = {hashes.bytes, hashes.pixels};
  for (const Way& way : ways_) {
    json["ways"].push_back({{"target", way.target},
                            {"threads", way.threads},
                            {"pairs", way.done},
                            {"other_bytes", way.wrong_bytes},
                            {"other_pixels", way.wrong_pixels}});
  }
  return tools::WriteJson(options_.json, json);
}

}  // namespace

int RunExact(const ExactOptions& options) {
  tools::Report report("nicbench", false, false);
  ExactRun run(options);
  Outcome outcome = run.Prepare();
  if (outcome.ok()) {
    run.Measure();
    run.Print();
    outcome = run.Write();
  }
  report.Error("", outcome);
  if (!outcome.ok()) return outcome.exit_status();
  return run.failed() ? tools::kExitFailure : tools::kExitOk;
}

}  // namespace nic::bench

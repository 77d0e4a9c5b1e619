#include "nicbench/rd.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <utility>

#include "tools/curve.h"
#include "nicbench/machine.h"
#include "nicbench/ms_ssim.h"
#include "nicbench/peers.h"
#include "nicbench/picture_file.h"
#include "tools/progress.h"
#include "nicbench/survey.h"
#include "nicbench/table.h"
#include "tools/output_file.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Progress;

class RdRun {
 public:
  RdRun(const RdOptions& options, Launcher* launcher) : options_(options), launcher_(launcher) {}

  Outcome Prepare();
  // Measures all pictures; what fails is reported and counted.
  void Measure();
  void Print() const;
  Outcome Write() const;
  bool failed() const { return failures_ > 0; }

 private:
  Outcome OpenNic();
  Outcome OpenPeers();
  void MeasurePicture(const std::string& path, Progress* progress);
  void MeasureCodec(size_t codec, const Source& source, Progress* progress);
  size_t StepsForPicture() const;
  void Fail(Progress* progress, const std::string& what, const Outcome& outcome);
  void PrintCurve(const CodecSurvey& codec) const;
  void PrintComparison() const;
  void PrintEach() const;

  const RdOptions& options_;
  Launcher* launcher_;
  tools::Report report_{"nicbench", false, false};
  std::vector<std::string> files_;
  std::vector<std::unique_ptr<Codec>> codecs_;  // nic first
  std::vector<std::vector<double>> rates_;      // of each codec
  std::vector<tools::Curve> references_;
  Survey survey_;
  int failures_ = 0;
};

Outcome RdRun::OpenNic() {
  auto codec = std::make_unique<NicCodec>();
  NIC_TOOLS_RETURN_IF_FAILED(codec->Open(options_.nic, options_.steps));
  std::vector<double> rates;
  for (const std::string& text : options_.rates) {
    double rate = 0;
    NIC_TOOLS_RETURN_IF_FAILED(ParseNicRate(text, &rate));
    if (rate > codec->knob().best) {
      return Outcome::Failure(tools::kExitUsage, "rate " + text,
                              "the model ends at " + codec->Label(codec->knob().best));
    }
    rates.push_back(rate);
  }
  rates_.push_back(rates.empty() ? codec->rates() : rates);
  codecs_.push_back(std::move(codec));
  return {};
}

Outcome RdRun::OpenPeers() {
  std::vector<const ProgramDescription*> peers;
  std::vector<std::string> skipped;
  NIC_TOOLS_RETURN_IF_FAILED(SelectPeers(options_.peers, &peers, &skipped));
  for (const std::string& text : skipped) report_.Note("", text);
  for (const ProgramDescription* peer : peers) {
    codecs_.push_back(std::make_unique<ProgramCodec>(*peer, launcher_, static_cast<int>(options_.nic.threads)));
    rates_.push_back(peer->rates);
  }
  return {};
}

Outcome RdRun::Prepare() {
  NIC_TOOLS_RETURN_IF_FAILED(ListPictures(options_.pictures, &files_));
  for (const std::string& argument : options_.against)
    NIC_TOOLS_RETURN_IF_FAILED(tools::ReadCurves(argument, &references_));
  NIC_TOOLS_RETURN_IF_FAILED(OpenNic());
  NIC_TOOLS_RETURN_IF_FAILED(OpenPeers());
  for (size_t c = 0; c < codecs_.size(); ++c) {
    CodecSurvey codec = {codecs_[c]->name(), codecs_[c]->settings(), {}, {}};
    if (c == 0 && !options_.name.empty()) codec.name = options_.name;
    for (const double rate : rates_[c]) codec.rates.push_back(codecs_[c]->Label(rate));
    survey_.codecs.push_back(std::move(codec));
  }
  return {};
}

size_t RdRun::StepsForPicture() const {
  size_t steps = 0;
  for (const auto& rates : rates_) steps += rates.size();
  return steps;
}

void RdRun::Fail(Progress* progress, const std::string& what, const Outcome& outcome) {
  progress->Wipe();
  report_.Error(what, outcome);
  ++failures_;
}

void RdRun::MeasureCodec(size_t c, const Source& source, Progress* progress) {
  CodecSurvey& codec = survey_.codecs[c];
  std::vector<std::optional<Sample>> samples(rates_[c].size());
  for (size_t r = 0; r < samples.size(); ++r) {
    progress->Show(source.name + ", " + codec.name + " " + codec.rates[r]);
    Sample sample;
    const Outcome outcome = MeasureSample(codecs_[c].get(), source, rates_[c][r], &sample);
    if (!outcome.ok()) {
      Fail(progress, source.name + ", " + codec.name + " " + codec.rates[r], outcome);
      progress->Advance(samples.size() - r);
      break;
    }
    samples[r] = sample;
    progress->Advance();
  }
  codec.samples.push_back(std::move(samples));
}

void RdRun::MeasurePicture(const std::string& path, Progress* progress) {
  Source source;
  const Outcome outcome = LoadSource(path, launcher_->scratch(), &source);
  if (!outcome.ok()) {
    Fail(progress, path, outcome);
    progress->Advance(StepsForPicture());
    return;
  }
  for (const std::string& note : source.picture.notes) report_.Note(path, note);
  survey_.pictures.push_back({source.name, source.picture.width, source.picture.height});
  for (size_t c = 0; c < codecs_.size(); ++c) MeasureCodec(c, source, progress);
}

void RdRun::Measure() {
  Progress progress(files_.size() * StepsForPicture());
  for (const std::string& path : files_) MeasurePicture(path, &progress);
}

void RdRun::PrintCurve(const CodecSurvey& codec) const {
  std::printf("\n%s: %s\n\n", codec.name.c_str(), codec.settings.c_str());
  Table table({"rate", "bpp", "estimated", "PSNR", "MS-SSIM", "MS-SSIM dB", "encode s", "decode s"});
  for (const tools::CurvePoint& point : survey_.Average(codec).points) {
    table.Add({point.rate, Fixed(point.bpp, 4), Fixed(point.estimated_bpp, 4), Fixed(point.psnr, 3),
               Fixed(point.ms_ssim, 5), Fixed(tools::MsSsimDecibels(point.ms_ssim), 3), Fixed(point.encode_seconds, 3),
               Fixed(point.decode_seconds, 3)});
  }
  std::fputs(table.Text().c_str(), stdout);
}

// Every curve against JPEG, where there is one, and nic against every curve.
void RdRun::PrintComparison() const {
  std::vector<tools::Curve> curves;
  for (const CodecSurvey& codec : survey_.codecs) curves.push_back(survey_.Average(codec));
  const tools::Curve nic = curves.front();
  curves.insert(curves.end(), references_.begin(), references_.end());
  if (curves.size() < 2) return;
  const tools::Curve* jpeg = nullptr;
  for (const tools::Curve& curve : curves) {
    if (!jpeg && (curve.name == "jpeg" || curve.name == "pillow-jpeg-420")) jpeg = &curve;
  }
  const auto percent = [](const tools::Curve& reference, const tools::Curve& tested, tools::Metric metric) {
    return Percent(tools::BdRateOf(reference, tested, metric).value_or(std::numeric_limits<double>::quiet_NaN()));
  };
  std::printf("\nBD-rate\n\n");
  Table table({"<curve", "vs JPEG, PSNR", "vs JPEG, MS-SSIM", nic.name + " vs it, PSNR", nic.name + " vs it, MS-SSIM"});
  for (const tools::Curve& curve : curves) {
    std::vector<std::string> cells = {curve.name, "n/a", "n/a"};
    if (jpeg)
      cells = {curve.name, percent(*jpeg, curve, tools::Metric::kPsnr), percent(*jpeg, curve, tools::Metric::kMsSsim)};
    cells.push_back(percent(curve, nic, tools::Metric::kPsnr));
    cells.push_back(percent(curve, nic, tools::Metric::kMsSsim));
    table.Add(cells);
  }
  std::fputs(table.Text().c_str(), stdout);
}

void RdRun::PrintEach() const {
  std::printf("\n");
  Table table({"<picture", "<codec", "rate", "bytes", "bpp", "estimated", "PSNR", "MS-SSIM", "encode s", "decode s"});
  for (size_t i = 0; i < survey_.pictures.size(); ++i) {
    for (const CodecSurvey& codec : survey_.codecs) {
      for (size_t r = 0; r < codec.rates.size(); ++r) {
        if (!codec.samples[i][r]) continue;
        const Sample& sample = *codec.samples[i][r];
        table.Add({survey_.pictures[i].name, codec.name, codec.rates[r], std::to_string(sample.bytes),
                   Fixed(sample.bpp, 4), Fixed(sample.estimated_bpp, 4),
                   Fixed(sample.psnr, 3), Fixed(sample.ms_ssim, 5),
                   Fixed(sample.encode_seconds, 3), Fixed(sample.decode_seconds, 3)});
      }
    }
  }
  std::fputs(table.Text().c_str(), stdout);
}

void RdRun::Print() const {
  const size_t complete = survey_.CompletePictures().size();
  std::printf("%zu of %zu pictures, averages over %zu\n", survey_.pictures.size(), files_.size(), complete);
  if (options_.each) PrintEach();
  for (const CodecSurvey& codec : survey_.codecs) PrintCurve(codec);
  PrintComparison();
  const size_t falls = survey_.CountFalls(survey_.codecs.front());
  std::printf("\n%s: size or PSNR fails to rise from one rate to the next %zu times\n",
              survey_.codecs.front().name.c_str(), falls);
}

Outcome RdRun::Write() const {
  if (!options_.json.empty()) {
    nlohmann::json json = survey_.Json();
    json["kind"] = "rd";
    json["nic"] = survey_.codecs.front().name;
    json["machine"] = DescribeMachine();
    json["what"] =
        "Mean bpp (whole files), RGB PSNR (dB) and MS-SSIM over the pictures that all codecs coded, mean times in "
        "seconds with " +
        std::to_string(options_.nic.threads) + " thread(s); other codecs as processes, start-up included";
    NIC_TOOLS_RETURN_IF_FAILED(tools::WriteJson(options_.json, json));
  }
  if (options_.csv.empty()) return {};
  const std::string text = survey_.Csv();
  tools::OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(options_.csv));
  NIC_TOOLS_RETURN_IF_FAILED(file.Write(text.data(), text.size()));
  return file.Commit();
}

}  // namespace

int RunRd(const RdOptions& options, Launcher* launcher) {
  tools::Report report("nicbench", false, false);
  RdRun run(options, launcher);
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

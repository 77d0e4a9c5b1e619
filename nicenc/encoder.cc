#include "nicenc/encoder.h"

#include <signal.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tools/number.h"
#include "tools/output_file.h"
#include "tools/picture_reader.h"
#include "tools/stopwatch.h"

namespace nic::tools {
namespace {

constexpr uint32_t kLowestHoldingEffort = 4;
constexpr uint32_t kLowestSearchingEffort = 6;

volatile std::sig_atomic_t interrupted = 0;
nic_encoder* searching = nullptr;

// The second interrupt ends the program as ever.
void OnInterrupt(int) {
  interrupted = 1;
  nic_encoder_finish_early(searching);
}

void CatchInterrupt(nic_encoder* encoder) {
  searching = encoder;
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

std::string Decibels(const char* name, double value, const char* where) {
  char text[64];
  std::snprintf(text, sizeof text, "%s%.2f dB%s, ", name, value, where);
  return text;
}

// "PSNR 38.12 dB, ", with a mask also what it is inside and outside; nothing if it was not measured.
std::string DescribePsnr(const nic_encode_result& result) {
  if (std::isnan(result.psnr)) return "";
  std::string text = Decibels("PSNR ", result.psnr, "");
  if (!std::isnan(result.psnr_inside)) text += Decibels("", result.psnr_inside, " inside the mask");
  if (!std::isnan(result.psnr_outside)) text += Decibels("", result.psnr_outside, " outside");
  return text;
}

// Hands rows to libnic while the picture is read.
class EncoderSink final : public RowSink {
 public:
  EncoderSink(nic_encoder* encoder, bool measure) : encoder_(encoder), measure_(measure) {}

  Outcome Begin(const Picture& picture) override {
    return Told(nic_encoder_begin(encoder_, picture.width, picture.height, picture.format, measure_));
  }
  Outcome Take(const uint8_t* pixels, size_t stride, uint32_t rows) override {
    return Told(nic_encoder_push_rows(encoder_, pixels, stride, rows));
  }

 private:
  Outcome Told(nic_status status) const {
    return status == NIC_OK ? Outcome() : Outcome::Library(*nic_encoder_error(encoder_));
  }

  nic_encoder* encoder_;
  bool measure_;
};

}  // namespace

Encoder::~Encoder() {
  if (searching == encoder_) searching = nullptr;
  nic_encoder_free(encoder_);
}

Outcome Encoder::Set(nic_encoder_parameter parameter, double value, const char* option) {
  if (nic_encoder_set(encoder_, parameter, value) == NIC_OK) return {};
  const Outcome outcome = Outcome::Library(*nic_encoder_error(encoder_));
  return Outcome::Failure(outcome.exit_status(), option, outcome.text());
}

Outcome Encoder::SetRate() {
  if (options_->target_size) return Set(NIC_ENCODER_TARGET_SIZE, *options_->target_size, "--target-size");
  if (options_->target_bpp) return Set(NIC_ENCODER_TARGET_BPP, *options_->target_bpp, "--target-bpp");
  if (options_->target_psnr) return Set(NIC_ENCODER_TARGET_PSNR, *options_->target_psnr, "--target-psnr");
  if (options_->quality) return Set(NIC_ENCODER_QUALITY, *options_->quality, "--quality");
  if (!options_->gain_level) return {};
  NIC_TOOLS_RETURN_IF_FAILED(Set(NIC_ENCODER_GAIN_LEVEL, *options_->gain_level, "--gain-level"));
  return Set(NIC_ENCODER_INTERPOLATION, options_->interpolation.value_or(0) / 256, "--interp");
}

// Reads the mask, which then serves all pictures.
Outcome Encoder::SetRoi() {
  if (options_->roi.empty()) return {};
  constexpr double kDefaultStrength = 2;
  InputFile file;
  Picture mask;
  Outcome outcome = file.Open(options_->roi);
  if (outcome.ok()) outcome = ReadPicture(&file, options_->limits, &mask, {false, false, false, false});
  if (!outcome.ok()) return Outcome::Failure(outcome.exit_status(), "--roi " + options_->roi, outcome.text());
  mask.MakeGrey();
  const nic_image image = mask.image();
  if (nic_encoder_set_roi(encoder_, &image, options_->roi_strength.value_or(kDefaultStrength)) == NIC_OK) return {};
  outcome = Outcome::Library(*nic_encoder_error(encoder_));
  return Outcome::Failure(outcome.exit_status(), "--roi " + options_->roi, outcome.text());
}

// All kinds, so that nothing of the file before is left.
Outcome Encoder::SetMetadata(const Metadata& metadata) {
  for (const MetadataKind& kind : kMetadataKinds) {
    const bool given = !(given_.*kind.content).empty();
    const std::vector<uint8_t>& content = (given ? given_ : metadata).*kind.content;
    if (nic_encoder_set_metadata(encoder_, kind.kind, content.data(), content.size()) == NIC_OK) continue;
    const Outcome outcome = Outcome::Library(*nic_encoder_error(encoder_));
    return Outcome::Failure(outcome.exit_status(), kind.name, outcome.text() + "; leave it out with --strip");
  }
  return {};
}

Outcome Encoder::Open() {
  NIC_TOOLS_RETURN_IF_FAILED(context_.Open(*options_, report_));
  nic_error error = {};
  if (nic_encoder_new(context_.get(), &encoder_, &error) != NIC_OK) return Outcome::Library(error);
  if (!options_->model.empty()) {
    uint32_t id = 0;
    const Outcome found = context_.FindModel(options_->model, &id);
    if (!found.ok()) return Outcome::Failure(found.exit_status(), options_->model, found.text());
    NIC_TOOLS_RETURN_IF_FAILED(Set(NIC_ENCODER_MODEL_ID, id, "--model"));
  }
  NIC_TOOLS_RETURN_IF_FAILED(Set(NIC_ENCODER_EFFORT, options_->effort, "--effort"));
  if (options_->slice_side) {
    NIC_TOOLS_RETURN_IF_FAILED(Set(NIC_ENCODER_SLICE_SIDE, *options_->slice_side, "--slice-side"));
  }
  if (options_->effort >= kLowestSearchingEffort) {
    CatchInterrupt(encoder_);
    // LibTorch's threads wait for each other thousands of times a second; spinning there costs more than it saves as
    // soon as anything else runs on the machine.
    setenv("OMP_WAIT_POLICY", "passive", 0);
  }
  NIC_TOOLS_RETURN_IF_FAILED(SetRoi());
  NIC_TOOLS_RETURN_IF_FAILED(ReadMetadataFiles(options_->given, options_->limits.max_metadata, &given_));
  given_.cicp = options_->cicp;
  return SetRate();
}

// The targets and higher efforts look at pixels more than once, and would hold a copy of their own.
bool Encoder::NeedsWholePicture() const {
  const bool search = options_->target_size || options_->target_bpp || options_->target_psnr;
  return options_->effort >= kLowestHoldingEffort || options_->target_psnr || (search && report_->verbose());
}

Outcome Encoder::Encode(const Job& job, Summary* summary) {
  if (interrupted) return Outcome::Failure(kExitFailure, "interrupted before its turn");
  const Stopwatch stopwatch;
  Picture picture;
  InputFile input;
  NIC_TOOLS_RETURN_IF_FAILED(input.Open(job.input));
  EncoderSink sink(encoder_, report_->verbose());
  if (!NeedsWholePicture()) picture.sink = &sink;
  NIC_TOOLS_RETURN_IF_FAILED(ReadPicture(&input, options_->limits, &picture, options_->kept));
  for (const std::string& note : picture.notes) report_->Note(job.input, note);
  NIC_TOOLS_RETURN_IF_FAILED(SetMetadata(picture.metadata));

  const nic_image image = picture.image();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  nic_encode_result result = {};
  const nic_status status = picture.in_strips
                                ? nic_encoder_finish(encoder_, &bytes, &size, &result)
                                : nic_encoder_encode(encoder_, &image, report_->verbose(), &bytes, &size, &result);
  if (status != NIC_OK) return Outcome::Library(*nic_encoder_error(encoder_));
  if (interrupted) report_->Note(job.input, "interrupted: the file is the best that was found until then");
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.Open(job.output, options_->keep_existing));
  NIC_TOOLS_RETURN_IF_FAILED(output.Write(bytes, size));
  NIC_TOOLS_RETURN_IF_FAILED(output.Commit());
  Tell(job, picture, result, stopwatch.seconds());
  Summarise(picture, result, stopwatch.seconds(), summary);
  return {};
}

void Encoder::Summarise(const Picture& picture, const nic_encode_result& result, double seconds, Summary* summary) {
  summary->Set("width", uint64_t{picture.width});
  summary->Set("height", uint64_t{picture.height});
  summary->Set("channels", uint64_t{nic_format_channels(picture.format)});
  summary->Set("bytes", result.size);
  summary->Set("bits_per_pixel", result.bpp);
  summary->Set("psnr", result.psnr);
  summary->Set("gain_level", uint64_t{result.gain_level});
  summary->Set("interpolation", uint64_t{result.interpolation});
  summary->Set("target_missed", result.target_missed != 0);
  summary->Set("seconds", seconds);
}

void Encoder::Tell(const Job& job, const Picture& picture, const nic_encode_result& result, double seconds) {
  if (result.target_missed) {
    report_->Warn(job.input, "the target lies beyond what the model reaches; the file is the nearest it can make, " +
                                 Grouped(result.size) + " bytes");
  }
  char line[256];
  const std::string psnr = DescribePsnr(result);
  std::snprintf(line, sizeof line, "%u x %u %s, %s bytes, %.3f bpp, %sgain level %u + %u/256, %.2f s", picture.width,
                picture.height, NameOf(picture.format), Grouped(result.size).c_str(), result.bpp, psnr.c_str(),
                result.gain_level, result.interpolation, seconds);
  report_->Detail(job.input, line);
}

}  // namespace nic::tools

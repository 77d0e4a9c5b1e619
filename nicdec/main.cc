// nicdec: .nic files to pictures.
#include <algorithm>

#include "nicdec/decoder.h"
#include "tools/command_line.h"
#include "tools/output_file.h"

namespace {

using nic::tools::DecodeOptions;
using nic::tools::PictureFormat;

// The format of the one output, or of all in --output-dir; nothing if it cannot be told.
std::optional<PictureFormat> ChooseFormat(const DecodeOptions& options) {
  if (!options.output_format.empty()) return nic::tools::FormatNamed(options.output_format);
  if (!options.output_dir.empty() || options.files.back() == "-") return PictureFormat::kPng;
  return nic::tools::FormatOfFile(options.files.back());
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nic::tools;
  IgnoreWriteSignals();
  CommandLine line = NewCommandLine();
  DecodeOptions options;
  if (const auto status = ParseOptions(&line, argc, argv, &options)) return *status;

  Report report(line.program(), options.quiet, options.verbose);
  const std::string named = options.output_format.empty() ? "png" : options.output_format;
  std::vector<Input> inputs;
  std::vector<Job> jobs;
  const int found = FindInputs(options, {"nic"}, &report, &inputs);
  const Outcome paired = PairFiles(inputs, options.output_dir, ExtensionOf(*FormatNamed(named)), &jobs);
  if (!paired.ok()) return line.UsageError(paired.text());
  const std::optional<PictureFormat> format = ChooseFormat(options);
  if (!format) {
    return line.UsageError("cannot tell the format of '" + jobs[0].output +
                           "'; name it .png, .ppm, .pgm, .pnm or .pam, or "
                           "give --output-format");
  }

  Decoder decoder(&options, &report);
  if (const Outcome ready = decoder.Open(); !ready.ok()) {
    report.Error("", ready);
    return ready.exit_status();
  }
  if (const Outcome prepared = PrepareOutputFolder(options); !prepared.ok()) {
    report.Error(options.output_dir, prepared);
    return prepared.exit_status();
  }
  const auto decode = [&](const Job& job, Summary* summary) { return decoder.Decode(job, *format, summary); };
  return std::max(found, RunJobs(jobs, options, &report, decode));
}

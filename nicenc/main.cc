// nicenc: photographs to .nic files.
#include <algorithm>

#include "nicenc/encoder.h"
#include "tools/command_line.h"
#include "tools/folder.h"
#include "tools/output_file.h"

namespace {

using nic::tools::Outcome;

const std::vector<std::string> kPictureExtensions = {"png", "jpg", "jpeg", "jpe", "pnm", "ppm", "pgm", "pbm", "pam"};

// A name that only a picture would have is a slip, for instance `nicenc *.png` with two pictures there.
bool LooksLikePicture(const std::string& path) {
  const std::string extension = nic::tools::ExtensionOfFile(path);
  return std::find(kPictureExtensions.begin(), kPictureExtensions.end(), extension) != kPictureExtensions.end();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nic::tools;
  IgnoreWriteSignals();
  CommandLine line = NewCommandLine();
  EncodeOptions options;
  if (const auto status = ParseOptions(&line, argc, argv, &options)) return *status;

  Report report(line.program(), options.quiet, options.verbose);
  std::vector<Input> inputs;
  std::vector<Job> jobs;
  const int found = FindInputs(options, kPictureExtensions, &report, &inputs);
  const Outcome paired = PairFiles(inputs, options.output_dir, "nic", &jobs);
  if (!paired.ok()) return line.UsageError(paired.text());
  if (options.output_dir.empty() && LooksLikePicture(jobs[0].output)) {
    return line.UsageError("nicenc writes .nic files, not '" + jobs[0].output + "'; use --output-dir for more inputs");
  }

  Encoder encoder(&options, &report);
  if (const Outcome ready = encoder.Open(); !ready.ok()) {
    report.Error("", ready);
    return ready.exit_status();
  }
  if (const Outcome prepared = PrepareOutputFolder(options); !prepared.ok()) {
    report.Error(options.output_dir, prepared);
    return prepared.exit_status();
  }
  const auto encode = [&](const Job& job, Summary* summary) { return encoder.Encode(job, summary); };
  return std::max(found, RunJobs(jobs, options, &report, encode));
}

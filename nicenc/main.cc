// nicenc: photographs to .nic files.
#include "nicenc/encoder.h"
#include "tools/output_file.h"

namespace {

using nic::tools::Outcome;

// A name that only a picture would have is a slip, for instance `nicenc *.png` with two pictures there.
bool LooksLikePicture(const std::string& path) {
  const std::string extension = nic::tools::ExtensionOfFile(path);
  for (const char* picture : {"png", "jpg", "jpeg", "pnm", "ppm", "pgm", "pbm"}) {
    if (extension == picture) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nic::tools;
  IgnoreWriteSignals();
  CommandLine line = NewCommandLine();
  EncodeOptions options;
  if (const auto status = ParseOptions(&line, argc, argv, &options)) return *status;

  std::vector<Job> jobs;
  const Outcome paired = PairFiles(options.files, options.output_dir, "nic", &jobs);
  if (!paired.ok()) return line.UsageError(paired.text());
  if (LooksLikePicture(jobs[0].output)) {
    return line.UsageError("nicenc writes .nic files, not '" + jobs[0].output + "'; use --output-dir for more inputs");
  }

  Report report(line.program(), options.quiet, options.verbose);
  Encoder encoder(&options, &report);
  if (const Outcome ready = encoder.Open(); !ready.ok()) {
    report.Error("", ready);
    return ready.exit_status();
  }
  if (const Outcome made = MakeFolder(options.output_dir); !made.ok()) {
    report.Error(options.output_dir, made);
    return made.exit_status();
  }
  return RunJobs(jobs, &report, [&](const Job& job) { return encoder.Encode(job); });
}

// nicinfo: what .nic files say of themselves.
#include <algorithm>
#include <cstdio>

#include "nicinfo/json.h"
#include "nicinfo/text.h"
#include "tools/command_line.h"
#include "tools/context.h"
#include "tools/number.h"
#include "tools/output_file.h"
#include "tools/report.h"

namespace {

using namespace nic::tools;

constexpr char kPurpose[] =
    "Tells what .nic files hold: the picture, the model, and where the bytes go.\n"
    "Decodes nothing and needs no model. '-' is standard input.";

constexpr char kUsage[] =
    "Usage: nicinfo [--json] INPUT.nic...\n"
    "       nicinfo --icc FILE | --exif FILE | --xmp FILE INPUT.nic\n";

constexpr char kExamples[] =
    "  nicinfo photo.nic                              describe a file\n"
    "  nicinfo *.nic                                  many files\n"
    "  nicinfo --json photo.nic | jq .bits_per_pixel  one figure, for a script\n"
    "  nicinfo --exif photo.exif photo.nic            take the Exif data out\n"
    "  curl -s URL | nicinfo -                        from a pipe\n";

Outcome Print(const std::string& text) {
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.OpenStandardOutput());
  NIC_TOOLS_RETURN_IF_FAILED(output.Write(text.data(), text.size()));
  return output.Commit();
}

// What contradicts itself in the options; empty if nothing does.
std::string CheckTogether(const std::vector<std::string>& files, const MetadataFiles& wanted, bool as_json) {
  if (!AnyGiven(wanted)) return "";
  if (as_json) return "--json and the options that extract metadata exclude each other";
  if (files.size() > 1) return "metadata are extracted from one input at a time";
  if (std::count(wanted.begin(), wanted.end(), "-") > 1) return "standard output takes one kind of metadata only";
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  IgnoreWriteSignals();
  CommandLine line("nicinfo", kPurpose, kUsage, kExamples);
  std::vector<std::string> files;
  bool as_json = false;
  line.app().option_defaults()->group("Options");
  line.app().add_option("files", files)->group("Files");
  line.app().add_flag("--json", as_json, "print JSON: an object for one file, an array for more");
  MetadataFiles wanted;
  line.AddMetadata(&wanted, "write the %s to this file ('-': standard output) and describe nothing");
  if (const auto status = line.Parse(argc, argv)) return *status;
  if (files.empty()) return line.UsageError("no input given");
  const std::string clash = CheckTogether(files, wanted, as_json);
  if (!clash.empty()) return line.UsageError(clash);

  Report report(line.program(), false, false);
  if (AnyGiven(wanted)) {
    const Outcome extracted = Extract(files[0], wanted);
    report.Error(files[0], extracted);
    return extracted.exit_status();
  }
  Arguments arguments;
  arguments.threads = 1;
  arguments.limits.max_pixels = UINT64_MAX;  // what decoding would need is told of every file
  Context context;
  if (const Outcome ready = context.Open(arguments, &report); !ready.ok()) {
    report.Error("", ready);
    return ready.exit_status();
  }
  int worst = kExitOk;
  std::vector<Description> descriptions;
  for (const std::string& file : files) {
    Description description;
    const Outcome outcome = Describe(file, context.get(), &description);
    report.Error(file, outcome);
    worst = std::max(worst, outcome.exit_status());
    if (description.info.width != 0) descriptions.push_back(std::move(description));
  }
  std::string text;
  if (as_json && !descriptions.empty()) text = FormatJson(descriptions, files.size() > 1);
  for (size_t i = 0; !as_json && i < descriptions.size(); ++i) text += (i ? "\n" : "") + FormatText(descriptions[i]);
  const Outcome printed = Print(text);
  report.Error("", printed);
  return std::max(worst, printed.exit_status());
}

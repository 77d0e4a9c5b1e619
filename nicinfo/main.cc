// nicinfo: what .nic files say of themselves.
#include <algorithm>
#include <cstdio>

#include "nicinfo/json.h"
#include "nicinfo/text.h"
#include "tools/arguments.h"
#include "tools/context.h"
#include "tools/number.h"
#include "tools/output_file.h"
#include "tools/report.h"

namespace {

using namespace nic::tools;

constexpr char kPurpose[] =
    "Tells what .nic files hold: the picture, the model, and where the bytes go.\n"
    "Decodes nothing and needs no model. '-' is standard input.";

constexpr char kUsage[] = "Usage: nicinfo [--json] INPUT.nic...\n";

constexpr char kExamples[] =
    "  nicinfo photo.nic\n"
    "  nicinfo --json photo.nic | jq .bits_per_pixel\n"
    "  nicinfo *.nic\n";

Outcome Print(const std::string& text) {
  OutputFile output;
  NIC_TOOLS_RETURN_IF_FAILED(output.OpenStandardOutput());
  NIC_TOOLS_RETURN_IF_FAILED(output.Write(text.data(), text.size()));
  return output.Commit();
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
  if (const auto status = line.Parse(argc, argv)) return *status;
  if (files.empty()) return line.UsageError("no input given");

  Report report(line.program(), false, false);
  Arguments arguments;
  arguments.threads = 1;
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

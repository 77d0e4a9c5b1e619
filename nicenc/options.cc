#include "nicenc/options.h"

#include <bit>
#include <sstream>

#include "tools/cicp.h"
#include "tools/command_line.h"
#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr char kPurpose[] =
    "Compresses a PNG, JPEG or PNM photograph, told apart by content, to a .nic\n"
    "file. '-' is standard input or output.";

constexpr char kUsage[] =
    "Usage: nicenc [options] INPUT OUTPUT.nic\n"
    "       nicenc [options] --output-dir DIR INPUT...\n";

constexpr char kExamples[] =
    "  nicenc photo.png photo.nic                at the default quality\n"
    "  nicenc -q 90 -v photo.jpg photo.nic       better; and tell size and PSNR\n"
    "  nicenc --target-size 40k photo.png p.nic  as good as 40,000 bytes allow\n"
    "  nicenc -r --output-dir small photos       a folder and all below it\n"
    "  djpeg a.jpg | nicenc - - > a.nic          in a pipeline\n";

// An empty name anywhere is no name.
std::string CheckKinds(const std::string& text) {
  std::istringstream names(text + ",");
  std::string name;
  while (std::getline(names, name, ',')) {
    if (name != "all" && name != "exif" && name != "xmp" && name != "icc" && name != "cicp") {
      return "'" + name + "' is none of all, exif, xmp, icc, cicp";
    }
  }
  return "";
}

CLI::Validator PowerOfTwoIn(uint64_t low, uint64_t high) {
  const auto check = [low, high](std::string& text) -> std::string {
    const std::optional<uint64_t> number = ParseWhole(text);
    if (number && std::has_single_bit(*number) && *number >= low && *number <= high) {
      text = std::to_string(*number);  // without leading zeros, which CLI11 would take for octal
      return "";
    }
    return "'" + text + "' is no power of two from " + std::to_string(low) + " to " + std::to_string(high);
  };
  return CLI::Validator(check, "", "power of two");
}

void AddRate(CLI::App* app, EncodeOptions* options) {
  app->option_defaults()->group("Rate (at most one; --quality 60 if none)");
  app->add_option("-q,--quality", options->quality, "0 (smallest) to 100 (best), may have a fraction")
      ->type_name("Q")
      ->check(DecimalIn(0, 100));
  app->add_option("--target-size", options->target_size, "the best file of at most so many bytes; suffixes k, M")
      ->type_name("BYTES")
      ->transform(CountFrom(1));
  app->add_option("--target-bpp", options->target_bpp, "the same, as bits for each pixel")
      ->type_name("X")
      ->check(DecimalIn(0.0001, 1000));
  app->add_option("--target-psnr", options->target_psnr, "the smallest file that reaches so many dB")
      ->type_name("DB")
      ->check(DecimalIn(0, 100));
  app->add_option("--gain-level", options->gain_level, "the model's gain level itself, 0 being the smallest")
      ->type_name("S")
      ->transform(WholeIn(0, 255));
  app->add_option("--interp", options->interpolation, "with --gain-level: L/256 of the way to the next level")
      ->type_name("L")
      ->transform(WholeIn(0, 255));
}

void AddRoi(CLI::App* app, EncodeOptions* options) {
  app->add_option("--roi", options->roi,
                  "a grey picture of the same size: the brighter, the better; black: as asked for")
      ->type_name("MASK.png");
  app->add_option("--roi-strength", options->roi_strength,
                  "with --roi: gain levels by which white is better, 0.125 to 15, default 2")
      ->type_name("N")
      ->check(DecimalIn(0.125, 15));
}

void AddStrip(CLI::App* app, EncodeOptions* options) {
  const auto strip = [options](const std::string& text) {
    std::istringstream names(text);
    std::string name;
    while (std::getline(names, name, ',')) {
      for (const MetadataKind& kind : kMetadataKinds) {
        if (name == "all" || name == kind.option) options->kept.*kind.wanted = false;
      }
    }
  };
  app->add_option_function<std::string>(
         "--strip", strip,
         "leave out metadata, which are kept otherwise: all, exif, xmp, icc, cicp, or several with commas")
      ->type_name("KINDS")
      ->check(CheckKinds);
}

void AddCicp(CLI::App* app, EncodeOptions* options) {
  const auto check = [](const std::string& text) {
    if (ParseCicp(text)) return std::string();
    return "'" + text + "' is no colours by numbers such as 12/13/0/1: primaries, transfer, 0, and 1 for full range";
  };
  app->add_option_function<std::string>(
         "--cicp", [options](const std::string& text) { options->cicp = *ParseCicp(text); },
         "what the samples' colours are, by code points: primaries, transfer, matrix (0), full range; 9/16/0/1 is "
         "BT.2020 with PQ")
      ->type_name("P/T/M/R")
      ->check(check);
}

std::string CheckTogether(const EncodeOptions& options) {
  const std::pair<const char*, bool> rates[] = {{"--quality", options.quality.has_value()},
                                                {"--target-size", options.target_size.has_value()},
                                                {"--target-bpp", options.target_bpp.has_value()},
                                                {"--target-psnr", options.target_psnr.has_value()},
                                                {"--gain-level", options.gain_level.has_value()}};
  const char* first = nullptr;
  for (const auto& [name, given] : rates) {
    if (given && first) return std::string(first) + " and " + name + " exclude each other";
    if (given) first = name;
  }
  if (options.roi_strength && options.roi.empty()) return "--roi-strength needs --roi";
  if (options.interpolation && !options.gain_level) return "--interp needs --gain-level";
  return "";
}

}  // namespace

CommandLine NewCommandLine() { return CommandLine("nicenc", kPurpose, kUsage, kExamples); }

std::optional<int> ParseOptions(CommandLine* line, int argc, char** argv, EncodeOptions* options) {
  AddRate(&line->app(), options);
  line->app().option_defaults()->group("Encoding");
  line->app()
      .add_option("-e,--effort", options->effort,
                  "1 (fast) to 9 (small), default 3; 6 to 9 search for minutes, by a plug-in; an interrupt then keeps "
                  "the best so far")
      ->type_name("E")
      ->transform(WholeIn(1, 9));
  AddRoi(&line->app(), options);
  line->app()
      .add_option("--slice-side", options->slice_side,
                  "pixels a side that decode on their own: 64, 128 .. 2097152, default 1024")
      ->type_name("N")
      ->transform(PowerOfTwoIn(64, 2097152));
  AddStrip(&line->app(), options);
  line->AddMetadata(&options->given, "give outputs this %s, in place of the input's");
  AddCicp(&line->app(), options);
  line->AddModel(options, "encode with this model: its name, or a .nicm package");
  line->AddFiles(options, "PNG, JPEG and PNM files");
  line->app().option_defaults()->group("General");
  line->AddGeneral(options);
  if (const auto status = line->Parse(argc, argv)) return status;
  const std::string clash = CheckTogether(*options);
  if (!clash.empty()) return line->UsageError(clash);
  return std::nullopt;
}

}  // namespace nic::tools

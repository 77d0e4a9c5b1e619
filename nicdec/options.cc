#include "nicdec/options.h"

#include <sstream>

#include "tools/command_line.h"
#include "tools/number.h"
#include "tools/picture_writer.h"

namespace nic::tools {
namespace {

constexpr char kPurpose[] =
    "Decodes a .nic file to PNG or PNM, by the extension of OUTPUT. '-' is standard\n"
    "input or output.";

constexpr char kUsage[] =
    "Usage: nicdec [options] INPUT.nic OUTPUT\n"
    "       nicdec [options] --output-dir DIR INPUT.nic...\n";

constexpr char kExamples[] =
    "  nicdec photo.nic photo.png                to PNG\n"
    "  nicdec --region 0,0,64,64 a.nic a.png     a corner of it\n"
    "  nicdec -r --output-dir pictures small     a folder and all below it\n"
    "  nicdec a.nic - | display -                in a pipeline, as PNG\n"
    "  nicdec --keep-going broken.nic rest.png   what can be saved of a damaged file\n";

std::string CheckFormat(const std::string& name) {
  return FormatNamed(name) ? "" : "'" + name + "' is none of png, pnm, pgm, ppm, pam";
}

std::string CheckDepth(const std::string& text) {
  return text == "8" || text == "16" ? "" : "'" + text + "' is neither 8 nor 16";
}

// "X,Y,W,H" as whole numbers; nothing for anything else.
std::optional<Region> ParseRegion(const std::string& text) {
  std::istringstream parts(text + ",");
  std::string part;
  std::vector<uint32_t> numbers;
  while (std::getline(parts, part, ',')) {
    const auto number = ParseWhole(part);
    if (!number || *number > UINT32_MAX) return std::nullopt;
    numbers.push_back(static_cast<uint32_t>(*number));
  }
  if (numbers.size() != 4 || numbers[2] == 0 || numbers[3] == 0) return std::nullopt;
  return Region{numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::string CheckRegion(const std::string& text) {
  return ParseRegion(text) ? "" : "'" + text + "' is not X,Y,W,H: left, top, width and height in pixels";
}

// How many times smaller, 0 for "auto"; nothing for anything else.
std::optional<uint32_t> ParseScale(const std::string& text) {
  for (const uint32_t scale : {1u, 8u, 16u}) {
    if (text == "1/" + std::to_string(scale)) return scale;
  }
  return text == "auto" ? std::optional<uint32_t>(0) : std::nullopt;
}

std::string CheckScale(const std::string& text) {
  return ParseScale(text) ? "" : "'" + text + "' is none of 1/1, 1/8, 1/16, auto";
}

// What contradicts itself; empty if nothing does.
std::string CheckTogether(const DecodeOptions& options) {
  if (options.region && options.scale != 1) return "--region and --scale exclude each other";
  if (options.scale == 0 && !options.fit) return "--scale auto needs --fit";
  bool taken = (options.output_dir.empty() && options.files.back() == "-") || options.json;
  for (size_t i = 0; i < options.wanted.size(); ++i) {
    const std::string option = std::string("--") + kMetadataKinds[i].option;
    if (options.wanted[i].empty()) continue;
    if (!options.output_dir.empty()) return option + " and --output-dir exclude each other";
    if (options.wanted[i] == "-" && taken) return option + " -: standard output is taken already";
    taken = taken || options.wanted[i] == "-";
  }
  return "";
}

}  // namespace

CommandLine NewCommandLine() { return CommandLine("nicdec", kPurpose, kUsage, kExamples); }

std::optional<int> ParseOptions(CommandLine* line, int argc, char** argv, DecodeOptions* options) {
  line->app().option_defaults()->group("Decoding");
  line->app()
      .add_option(
          "--output-format", options->output_format,
          "png, pnm (grey or colour as the file), pgm (grey), ppm (colour) or pam (with alpha), whatever the name "
          "says; default for '-' and --output-dir: png")
      ->type_name("FORMAT")
      ->check(CheckFormat);
  line->app()
      .add_option_function<std::string>(
          "--region", [options](const std::string& text) { options->region = ParseRegion(text); },
          "decode only these pixels: left, top, width, height")
      ->type_name("X,Y,W,H")
      ->check(CheckRegion);
  line->app()
      .add_option_function<std::string>(
          "--scale", [options](const std::string& text) { options->scale = *ParseScale(text); },
          "a picture so many times smaller, in a fraction of the time: 1/8, 1/16, or auto, the smallest that --fit can "
          "use")
      ->type_name("SCALE")
      ->check(CheckScale);
  line->app()
      .add_option("--depth", options->depth, "8 or 16 bits a sample, whatever the file says; default: the file's")
      ->type_name("BITS")
      ->check(CheckDepth);
  line->app().add_flag("--keep-going", options->keep_going,
                       "decode a damaged file as far as it goes, damaged parts grey; the exit status still tells");
  line->app().add_flag("--auto-orient", options->auto_orient,
                       "turn the picture as its Exif data ask, and let them ask for no more");
  line->app()
      .add_option("--fit", options->fit, "make the picture smaller where its longer side has more than N pixels")
      ->type_name("N")
      ->transform(WholeIn(1, UINT32_MAX));
  line->AddMetadata(&options->wanted, "write the %s to this file, too");
  line->AddModel(options, "a .nicm package that files may need beside the known ones");
  line->AddFiles(options, ".nic files");
  line->app().option_defaults()->group("General");
  line->AddGeneral(options);
  if (const auto status = line->Parse(argc, argv)) return status;
  const std::string clash = CheckTogether(*options);
  if (!clash.empty()) return line->UsageError(clash);
  return std::nullopt;
}

}  // namespace nic::tools

#include "nicdec/options.h"

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
    "  nicdec photo.nic photo.ppm                to PPM, quicker and larger\n"
    "  nicdec --output-dir pictures *.nic        many files, into a folder\n"
    "  nicdec a.nic - | display -                in a pipeline, as PNG\n"
    "  nicdec --keep-going broken.nic rest.png   what can be saved of a damaged file\n";

std::string CheckFormat(const std::string& name) {
  return FormatNamed(name) ? "" : "'" + name + "' is none of png, pnm, pgm, ppm";
}

}  // namespace

CommandLine NewCommandLine() { return CommandLine("nicdec", kPurpose, kUsage, kExamples); }

std::optional<int> ParseOptions(CommandLine* line, int argc, char** argv, DecodeOptions* options) {
  line->app().option_defaults()->group("Decoding");
  line->app()
      .add_option("--output-format", options->output_format,
                  "png, pnm (grey or colour as the file), pgm (grey) or ppm (colour), whatever the name says; "
                  "default for '-' and --output-dir: png")
      ->type_name("FORMAT")
      ->check(CheckFormat);
  line->app().add_flag("--keep-going", options->keep_going,
                       "decode a damaged file as far as it goes, damaged parts grey; the exit status still tells");
  line->AddModel(options, "a .nicm package that files may need beside the known ones");
  line->app().option_defaults()->group("General");
  line->AddFiles(options);
  line->AddGeneral(options);
  return line->Parse(argc, argv);
}

}  // namespace nic::tools

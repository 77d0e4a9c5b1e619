#include "tools/picture_writer.h"

#include <algorithm>
#include <cctype>

#include "tools/png_writer.h"
#include "tools/pnm_writer.h"

namespace nic::tools {

std::optional<PictureFormat> FormatNamed(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const PictureFormat format :
       {PictureFormat::kPng, PictureFormat::kPnm, PictureFormat::kPgm, PictureFormat::kPpm, PictureFormat::kPam}) {
    if (name == ExtensionOf(format)) return format;
  }
  return std::nullopt;
}

std::optional<PictureFormat> FormatOfFile(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] == '/') return std::nullopt;
  return FormatNamed(path.substr(dot + 1));
}

const char* ExtensionOf(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return "png";
    case PictureFormat::kPnm:
      return "pnm";
    case PictureFormat::kPgm:
      return "pgm";
    case PictureFormat::kPpm:
      return "ppm";
    case PictureFormat::kPam:
      return "pam";
  }
  return "";
}

std::unique_ptr<PictureWriter> NewPictureWriter(PictureFormat format, OutputFile* file) {
  if (format == PictureFormat::kPng) return std::make_unique<PngWriter>(file);
  return std::make_unique<PnmWriter>(file, format == PictureFormat::kPam);
}

}  // namespace nic::tools

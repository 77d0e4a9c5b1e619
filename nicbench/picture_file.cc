#include "nicbench/picture_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "tools/input_file.h"
#include "tools/output_file.h"
#include "tools/picture_reader.h"
#include "tools/picture_writer.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Picture;

bool LooksLikePicture(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  constexpr std::array kKnown = {".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".pbm", ".pnm"};
  return std::find(kKnown.begin(), kKnown.end(), extension) != kKnown.end();
}

void MakeColour(Picture* picture) {
  std::vector<uint8_t> colour;
  colour.reserve(picture->pixels.size() * 3);
  for (const uint8_t grey : picture->pixels) colour.insert(colour.end(), 3, grey);
  picture->pixels = std::move(colour);
  picture->format = NIC_RGB8;
}

}  // namespace

Outcome ReadPictureFile(const std::string& path, Picture* picture) {
  tools::InputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(tools::ReadPicture(&file, nic_limits{}, picture));
  picture->MakeShallow();  // what is compared has 8 bits
  if (!tools::HasAlpha(picture->format)) return {};
  return Outcome::Failure(tools::kExitUnsupported, "not supported",
                          "the picture has an alpha channel; flatten it first");
}

Outcome WritePictureFile(const std::string& path, const Picture& picture) {
  const std::optional<tools::PictureFormat> format = tools::FormatOfFile(path);
  if (!format) return Outcome::Failure(tools::kExitUsage, "no picture format has the extension of " + path);
  tools::OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  const std::unique_ptr<tools::PictureWriter> writer = tools::NewPictureWriter(*format, &file);
  NIC_TOOLS_RETURN_IF_FAILED(writer->Begin(picture.width, picture.height, picture.format));
  NIC_TOOLS_RETURN_IF_FAILED(writer->Write(picture.pixels.data(), picture.height, picture.stride()));
  NIC_TOOLS_RETURN_IF_FAILED(writer->End());
  return file.Commit();
}

Outcome ListPictures(const std::string& path, std::vector<std::string>* files) {
  namespace fs = std::filesystem;
  files->clear();
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Outcome::System("cannot open " + path, error ? error.value() : ENOENT);
  if (!fs::is_directory(status)) {
    files->push_back(path);
    return {};
  }
  fs::directory_iterator entries(path, error);
  if (error) return Outcome::System("cannot read " + path, error.value());
  for (const fs::directory_entry& entry : entries) {
    if (LooksLikePicture(entry.path())) files->push_back(entry.path().string());
  }
  std::sort(files->begin(), files->end());
  if (files->empty()) {
    return Outcome::Failure(tools::kExitFailure, "no pictures in " + path,
                            "none is named *.png, *.jpg, *.ppm or *.pgm");
  }
  return {};
}

std::string StemOf(const std::string& path) { return std::filesystem::path(path).stem().string(); }

Outcome MakeComparable(Picture* a, Picture* b) {
  if (a->width != b->width || a->height != b->height) {
    const auto size = [](const Picture& p) { return std::to_string(p.width) + " x " + std::to_string(p.height); };
    return Outcome::Failure(tools::kExitFailure, "the pictures differ in size", size(*a) + " and " + size(*b));
  }
  if (a->format == b->format) return {};
  MakeColour(a->format == NIC_GREY8 ? a : b);
  return {};
}

}  // namespace nic::bench

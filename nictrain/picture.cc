#include "picture.h"

#include <algorithm>

#include "tools/input_file.h"
#include "tools/output_file.h"
#include "tools/picture_reader.h"
#include "tools/png_writer.h"

namespace nic {
namespace {

constexpr uint64_t kMaxPixels = uint64_t{1} << 28;

nic_status StatusOf(int exit_status) {
  switch (exit_status) {
    case tools::kExitMalformed: return NIC_MALFORMED;
    case tools::kExitTruncated: return NIC_TRUNCATED;
    case tools::kExitUnsupported: return NIC_UNSUPPORTED_FEATURE;
    case tools::kExitLimit: return NIC_LIMIT_PIXELS;
    default: return NIC_IO;
  }
}

tools::Outcome Read(const std::string& path, tools::Picture* picture) {
  nic_limits limits = {};
  limits.max_pixels = kMaxPixels;
  tools::InputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  return tools::ReadPicture(&file, limits, picture);
}

tools::Outcome Write(const std::string& path, const Picture& picture) {
  tools::OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  tools::PngWriter writer(&file);
  const auto width = static_cast<uint32_t>(picture.width), height = static_cast<uint32_t>(picture.height);
  NIC_TOOLS_RETURN_IF_FAILED(writer.Begin(width, height, NIC_RGB8, {}));
  NIC_TOOLS_RETURN_IF_FAILED(writer.Write(picture.samples.data(), height, size_t{width} * 3));
  NIC_TOOLS_RETURN_IF_FAILED(writer.End());
  return file.Commit();
}

}  // namespace

PixelView View(const Picture& picture) {
  PixelView view;
  view.width = static_cast<uint32_t>(picture.width);
  view.height = static_cast<uint32_t>(picture.height);
  view.channels = 3;
  view.stride = size_t(picture.width) * 3;
  view.pixels = picture.samples.data();
  return view;
}

Status FromOutcome(const tools::Outcome& outcome, const std::string& path) {
  if (outcome.ok()) return {};
  const bool named = outcome.text().find(path) != std::string::npos;
  return Status::Error(StatusOf(outcome.exit_status()), Status::kNoOffset, "%s%s%s", named ? "" : path.c_str(),
                       named ? "" : ": ", outcome.text().c_str());
}

Status ReadPicture(const std::string& path, Picture* picture) {
  tools::Picture read;
  NIC_RETURN_IF_ERROR(FromOutcome(Read(path, &read), path));
  read.DropAlpha();
  read.MakeShallow();
  picture->width = static_cast<int>(read.width);
  picture->height = static_cast<int>(read.height);
  if (read.format == NIC_RGB8) {
    picture->samples = std::move(read.pixels);
    return {};
  }
  picture->samples.resize(read.pixels.size() * 3);
  for (size_t i = 0; i < read.pixels.size(); ++i) std::fill_n(&picture->samples[3 * i], 3, read.pixels[i]);
  return {};
}

Status WritePng(const std::string& path, const Picture& picture) { return FromOutcome(Write(path, picture), path); }

}  // namespace nic

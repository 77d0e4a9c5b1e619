// Writes a picture row by row as PNG or PNM.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tools/output_file.h"
#include "tools/picture.h"

namespace nic::tools {

enum class PictureFormat {
  kPng,
  kPnm,  // PGM or PPM, as the picture is grey or colour
  kPgm,
  kPpm,
  kPam,  // PNM with alpha
};

// The format that "png", "pnm", "pgm", "ppm" or "pam" names, in either case.
std::optional<PictureFormat> FormatNamed(std::string name);
// The format that the extension of a file name means.
std::optional<PictureFormat> FormatOfFile(const std::string& path);
// The extension for a format, without a dot.
const char* ExtensionOf(PictureFormat format);

// Begin once, Write rows from the top down until all are there, End once. The file is the caller's to open and commit.
class PictureWriter {
 public:
  virtual ~PictureWriter() = default;
  // Metadata that the format has no place for is left out; notes() may tell of it.
  virtual Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata = {}) = 0;
  // `rows` rows, `stride` bytes apart.
  virtual Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) = 0;
  virtual Outcome End() = 0;

  // What writing loses, one sentence each, for the user.
  const std::vector<std::string>& notes() const { return notes_; }

 protected:
  std::vector<std::string> notes_;
};

// A writer into `file`, which must outlive it.
std::unique_ptr<PictureWriter> NewPictureWriter(PictureFormat format, OutputFile* file);

}  // namespace nic::tools

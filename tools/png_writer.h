// Writes PNG, quickly rather than small.
#pragma once

#include <png.h>

#include "tools/picture_writer.h"

namespace nic::tools {

class PngWriter : public PictureWriter {
 public:
  explicit PngWriter(OutputFile* file) : file_(file) {}
  ~PngWriter() override;
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;

  Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) override;
  Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) override;
  Outcome End() override;

 private:
  static void OnWrite(png_structp png, png_bytep bytes, size_t count);
  static void OnFlush(png_structp png);
  static void OnError(png_structp png, png_const_charp message);
  static void OnWarning(png_structp, png_const_charp) {}
  // These call setjmp, and so hold nothing that has a destructor.
  bool WriteHeader(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata);
  bool SetProfile(const std::vector<uint8_t>& icc);
  bool WriteChunks(const Metadata& metadata, const std::vector<uint8_t>& xmp_chunk);
  bool WriteRows(const uint8_t* pixels, uint32_t rows, size_t stride);
  bool WriteEnd();

  OutputFile* file_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  bool profile_refused_ = false;
  Outcome outcome_;  // of the first failure
};

}  // namespace nic::tools

#include "tools/png_writer.h"

#include <csetjmp>

namespace nic::tools {

PngWriter::~PngWriter() { png_destroy_write_struct(&png_, &info_); }

void PngWriter::OnWrite(png_structp png, png_bytep bytes, size_t count) {
  auto* self = static_cast<PngWriter*>(png_get_io_ptr(png));
  self->outcome_ = self->file_->Write(bytes, count);
  if (!self->outcome_.ok()) png_longjmp(png, 1);
}

void PngWriter::OnFlush(png_structp) {}

void PngWriter::OnError(png_structp png, png_const_charp message) {
  auto* self = static_cast<PngWriter*>(png_get_error_ptr(png));
  self->outcome_ = Outcome::Failure(kExitFailure, "cannot write PNG", message);
  png_longjmp(png, 1);
}

bool PngWriter::WriteHeader(uint32_t width, uint32_t height, nic_pixel_format format) {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_set_write_fn(png_, this, OnWrite, OnFlush);
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // On decoded photographs the filter Up at zlib's level 1 takes a third less time than libpng's choice of filters and
  // gives smaller files than Sub, Average or zlib's run-length mode.
  png_set_compression_level(png_, 1);
  png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_set_compression_buffer_size(png_, 65536);
  png_set_IHDR(png_, info_, width, height, 8, format == NIC_GREY8 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png_, info_);
  return true;
}

bool PngWriter::WriteRows(const uint8_t* pixels, uint32_t rows, size_t stride) {
  if (setjmp(png_jmpbuf(png_))) return false;
  for (uint32_t y = 0; y < rows; ++y) png_write_row(png_, pixels + y * stride);
  return true;
}

bool PngWriter::WriteEnd() {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_write_end(png_, info_);
  return true;
}

Outcome PngWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format) {
  png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, OnError, nullptr);
  if (png_) info_ = png_create_info_struct(png_);
  if (!info_) return Outcome::Failure(kExitFailure, "out of memory", "libpng");
  return WriteHeader(width, height, format) ? Outcome() : outcome_;
}

Outcome PngWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  return WriteRows(pixels, rows, stride) ? Outcome() : outcome_;
}

Outcome PngWriter::End() { return WriteEnd() ? Outcome() : outcome_; }

}  // namespace nic::tools

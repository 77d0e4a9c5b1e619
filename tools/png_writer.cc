#include "tools/png_writer.h"

#include <bit>
#include <csetjmp>

namespace nic::tools {
namespace {

int ColorTypeOf(nic_pixel_format format) {
  const int alpha = HasAlpha(format) ? PNG_COLOR_MASK_ALPHA : 0;
  return alpha | (nic_format_channels(format) >= 3 ? PNG_COLOR_MASK_COLOR : 0);
}

// The content of an iTXt chunk, uncompressed, without language; empty for no packet.
std::vector<uint8_t> XmpChunk(const std::vector<uint8_t>& xmp) {
  constexpr char kBegin[] = "XML:com.adobe.xmp\0\0\0\0";  // and a zero more
  if (xmp.empty()) return {};
  std::vector<uint8_t> chunk(kBegin, kBegin + sizeof kBegin);
  chunk.insert(chunk.end(), xmp.begin(), xmp.end());
  return chunk;
}

}  // namespace

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

// False if libpng does not take the profile, which may be one of another colour space or damaged.
bool PngWriter::SetProfile(const std::vector<uint8_t>& icc) {
  png_set_option(png_, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  png_set_benign_errors(png_, 1);
  png_set_iCCP(png_, info_, "ICC profile", PNG_COMPRESSION_TYPE_BASE, icc.data(), static_cast<png_uint_32>(icc.size()));
  return png_get_valid(png_, info_, PNG_INFO_iCCP) != 0;
}

// These go into the file byte by byte as they are: libpng would end a text at a zero, and older ones know no cICP.
bool PngWriter::WriteChunks(const Metadata& metadata, const std::vector<uint8_t>& xmp_chunk) {
  if (setjmp(png_jmpbuf(png_))) return false;
  const png_byte exif_name[] = "eXIf";
  const png_byte text_name[] = "iTXt";
  const png_byte cicp_name[] = "cICP";
  const std::vector<uint8_t>& exif = metadata.exif;
  // Behind it come no palette and all pixels, as PNG wants it.
  if (!metadata.cicp.empty()) png_write_chunk(png_, cicp_name, metadata.cicp.data(), metadata.cicp.size());
  if (!exif.empty()) png_write_chunk(png_, exif_name, exif.data(), exif.size());
  if (!xmp_chunk.empty()) png_write_chunk(png_, text_name, xmp_chunk.data(), xmp_chunk.size());
  return true;
}

bool PngWriter::WriteHeader(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_set_write_fn(png_, this, OnWrite, OnFlush);
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // On decoded photographs the filter Up at zlib's level 1 takes a third less time than libpng's choice of filters and
  // gives smaller files than Sub, Average or zlib's run-length mode.
  png_set_compression_level(png_, 1);
  png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_set_compression_buffer_size(png_, 65536);
  const int depth = static_cast<int>(nic_format_depth(format));
  png_set_IHDR(png_, info_, width, height, depth, ColorTypeOf(format), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!metadata.icc.empty() && !SetProfile(metadata.icc)) profile_refused_ = true;
  png_write_info(png_, info_);
  if (depth == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
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

Outcome PngWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, OnError, OnWarning);
  if (png_) info_ = png_create_info_struct(png_);
  if (!info_) return Outcome::Failure(kExitFailure, "out of memory", "libpng");
  if (!WriteHeader(width, height, format, metadata)) return outcome_;
  if (profile_refused_) notes_.push_back("the ICC profile is not one that PNG can hold, and is not kept");
  return WriteChunks(metadata, XmpChunk(metadata.xmp)) ? Outcome() : outcome_;
}

Outcome PngWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  return WriteRows(pixels, rows, stride) ? Outcome() : outcome_;
}

Outcome PngWriter::End() { return WriteEnd() ? Outcome() : outcome_; }

}  // namespace nic::tools

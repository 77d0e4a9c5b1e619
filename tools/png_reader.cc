#include "tools/png_reader.h"

#include <png.h>

#include <csetjmp>
#include <cstring>

#include "tools/icc_profile.h"

namespace nic::tools {
namespace {

// What libpng's callbacks see. They leave by longjmp, so everything that has a destructor lives outside the functions
// that call setjmp.
struct Source {
  InputFile* file = nullptr;
  bool ended = false;
  char message[160] = {};
};

void OnRead(png_structp png, png_bytep to, size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (source->file->Read(to, count) == count) return;
  source->ended = true;
  png_error(png, "the file ends early");
}

void OnError(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source->message, message, sizeof source->message - 1);
  png_longjmp(png, 1);
}

void OnWarning(png_structp, png_const_charp) {}

class PngReader {
 public:
  explicit PngReader(InputFile* file) { source_.file = file; }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Outcome Read(const nic_limits& limits, Picture* picture);

 private:
  bool ReadHeader();
  void SetTransformations();
  bool ReadRows(png_bytep* rows);
  void AddNotes(Picture* picture) const;
  Outcome Fail() const;

  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

Outcome PngReader::Fail() const {
  NIC_TOOLS_RETURN_IF_FAILED(source_.file->status());
  if (source_.ended) return Outcome::Failure(kExitTruncated, "truncated PNG", source_.message);
  return Outcome::Failure(kExitMalformed, "malformed PNG", source_.message);
}

bool PngReader::ReadHeader() {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_set_read_fn(png_, &source_, OnRead);
  // The tools' own limits come later and have clearer words; these keep libpng's ancillary chunks small.
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png_, 16 << 20);
  png_read_info(png_, info_);
  return true;
}

void PngReader::SetTransformations() {
  png_set_scale_16(png_);
  png_set_palette_to_rgb(png_);
  if (png_get_bit_depth(png_, info_) < 8) png_set_expand_gray_1_2_4_to_8(png_);
  png_set_interlace_handling(png_);
}

bool PngReader::ReadRows(png_bytep* rows) {
  if (setjmp(png_jmpbuf(png_))) return false;
  SetTransformations();
  png_read_update_info(png_, info_);
  png_read_image(png_, rows);
  png_read_end(png_, nullptr);
  return true;
}

void PngReader::AddNotes(Picture* picture) const {
  if (png_get_bit_depth(png_, info_) == 16) picture->notes.push_back("16-bit samples are rounded to 8 bits");
  png_charp name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  if (png_get_iCCP(png_, info_, &name, &compression, &profile, &size) && !IsSrgbProfile({profile, size})) {
    picture->notes.push_back(kProfileDropped);
  }
}

Outcome PngReader::Read(const nic_limits& limits, Picture* picture) {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, OnError, OnWarning);
  if (png_) info_ = png_create_info_struct(png_);
  if (!info_) return Outcome::Failure(kExitFailure, "out of memory", "libpng");
  if (!ReadHeader()) return Fail();

  const int color = png_get_color_type(png_, info_);
  if ((color & PNG_COLOR_MASK_ALPHA) || png_get_valid(png_, info_, PNG_INFO_tRNS)) {
    return Outcome::Failure(kExitUnsupported, "not supported",
                            "the picture has an alpha channel, which .nic cannot hold yet; flatten it first");
  }
  const nic_pixel_format format = color & PNG_COLOR_MASK_COLOR ? NIC_RGB8 : NIC_GREY8;
  NIC_TOOLS_RETURN_IF_FAILED(
      picture->Allocate(png_get_image_width(png_, info_), png_get_image_height(png_, info_), format, limits));
  AddNotes(picture);
  std::vector<png_bytep> rows(picture->height);
  for (uint32_t y = 0; y < picture->height; ++y) rows[y] = picture->row(y);
  return ReadRows(rows.data()) ? Outcome() : Fail();
}

}  // namespace

Outcome ReadPng(InputFile* file, const nic_limits& limits, Picture* picture) {
  return PngReader(file).Read(limits, picture);
}

}  // namespace nic::tools

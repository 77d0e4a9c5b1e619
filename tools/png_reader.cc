#include "tools/png_reader.h"

#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstring>
#include <span>
#include <string>

#include "tools/cicp.h"

namespace nic::tools {
namespace {

constexpr png_alloc_size_t kDefaultMaxMetadata = 64 << 20;  // libnic's
constexpr char kXmpKeyword[] = "XML:com.adobe.xmp";
constexpr png_byte kCicpChunk[] = "cICP";

// What libpng's callbacks see. They leave by longjmp, so everything that has a destructor lives outside the functions
// that call setjmp.
struct Source {
  InputFile* file = nullptr;
  bool ended = false;
  char message[160] = {};
  bool profile_broken = false;
  char refused[160] = {};  // why metadata that is there will not be had
};

// True for libpng's words about a chunk of metadata that is larger than png_set_chunk_malloc_max allows.
bool TellsLimit(const char* message) {
  return std::strstr(message, "exceeds application limits") || std::strstr(message, "insufficient memory") ||
         std::strstr(message, "chunk data is too large");
}

Outcome TooMuchMetadata(const char* message) {
  return Outcome::Failure(kExitLimit, "too much metadata", std::string(message) + "; leave it out with --strip");
}

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

// Warnings about metadata begin with the name of the chunk.
void OnWarning(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  if (std::strncmp(message, "iCCP:", 5) == 0) source->profile_broken = true;
  if (source->refused[0] == 0 && TellsLimit(message))
    std::strncpy(source->refused, message, sizeof source->refused - 1);
}

class PngReader {
 public:
  explicit PngReader(InputFile* file) { source_.file = file; }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Outcome Read(const nic_limits& limits, const MetadataChoice& wanted, Picture* picture);

 private:
  bool ReadHeader(const MetadataChoice& wanted, png_alloc_size_t max_metadata);
  void SkipUnwanted(const MetadataChoice& wanted);
  void SetTransformations();
  Outcome ReadPixels(Picture* picture);
  // These call setjmp, and so hold nothing that has a destructor.
  bool BeginRows();
  bool ReadRow(png_bytep row);
  bool ReadInterlaced(png_bytep* rows);
  bool ReadEnd();
  void TakeMetadata(Metadata* metadata) const;
  void TakeCicp(Picture* picture) const;
  bool IsInterlaced() const { return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE; }
  Outcome Fail() const;

  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

Outcome PngReader::Fail() const {
  NIC_TOOLS_RETURN_IF_FAILED(source_.file->status());
  if (TellsLimit(source_.message)) return TooMuchMetadata(source_.message);
  if (source_.ended) return Outcome::Failure(kExitTruncated, "truncated PNG", source_.message);
  return Outcome::Failure(kExitMalformed, "malformed PNG", source_.message);
}

// What is not wanted is not even unpacked, however large it is.
void PngReader::SkipUnwanted(const MetadataChoice& wanted) {
  const png_byte icc[] = "iCCP";
  const png_byte exif[] = "eXIf";
  const png_byte xmp[] = "iTXt";
  if (!wanted.icc) png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, icc, 1);
  if (!wanted.exif) png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, exif, 1);
  if (!wanted.xmp) png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, xmp, 1);
  // Always as an unknown chunk, whether this libpng knows it or not.
  png_set_keep_unknown_chunks(png_, wanted.cicp ? PNG_HANDLE_CHUNK_ALWAYS : PNG_HANDLE_CHUNK_NEVER, kCicpChunk, 1);
}

bool PngReader::ReadHeader(const MetadataChoice& wanted, png_alloc_size_t max_metadata) {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_set_read_fn(png_, &source_, OnRead);
  // The tools' own limits come later and have clearer words; these keep libpng's ancillary chunks small.
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(png_, max_metadata);
  // Profiles are carried, not used.
  png_set_option(png_, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
  SkipUnwanted(wanted);
  png_read_info(png_, info_);
  return true;
}

void PngReader::SetTransformations() {
  if constexpr (std::endian::native == std::endian::little) png_set_swap(png_);
  png_set_expand(png_);  // palettes to RGB, few bits to 8, a transparent colour to alpha
  png_set_interlace_handling(png_);
}

bool PngReader::BeginRows() {
  if (setjmp(png_jmpbuf(png_))) return false;
  SetTransformations();
  png_read_update_info(png_, info_);
  return true;
}

bool PngReader::ReadRow(png_bytep row) {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_read_row(png_, row, nullptr);
  return true;
}

bool PngReader::ReadInterlaced(png_bytep* rows) {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_read_image(png_, rows);
  return true;
}

// Metadata may stand behind the pixels.
bool PngReader::ReadEnd() {
  if (setjmp(png_jmpbuf(png_))) return false;
  png_read_end(png_, info_);
  return true;
}

Outcome PngReader::ReadPixels(Picture* picture) {
  if (!BeginRows()) return Fail();
  if (IsInterlaced()) {
    std::vector<png_bytep> rows(picture->height);
    for (uint32_t y = 0; y < picture->height; ++y) rows[y] = picture->row(y);
    return ReadInterlaced(rows.data()) ? Outcome() : Fail();
  }
  for (uint32_t y = 0; y < picture->height; ++y) {
    if (!ReadRow(picture->row(y))) return Fail();
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
  }
  return {};
}

// All that is there: what is not wanted was skipped.
void PngReader::TakeMetadata(Metadata* metadata) const {
  png_charp name = nullptr;
  int compression = 0;
  png_bytep bytes = nullptr;
  png_uint_32 size = 0;
  if (png_get_iCCP(png_, info_, &name, &compression, &bytes, &size)) metadata->icc.assign(bytes, bytes + size);
  if (png_get_eXIf_1(png_, info_, &size, &bytes)) metadata->exif.assign(bytes, bytes + size);
  png_textp texts = nullptr;
  const int count = png_get_text(png_, info_, &texts, nullptr);
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(texts[i].key, kXmpKeyword) != 0 || !texts[i].text) continue;
    metadata->xmp.assign(texts[i].text, texts[i].text + std::strlen(texts[i].text));
  }
}

// It has to stand before the pixels.
void PngReader::TakeCicp(Picture* picture) const {
  png_unknown_chunkp chunks = nullptr;
  const int count = png_get_unknown_chunks(png_, info_, &chunks);
  for (int i = 0; i < count; ++i) {
    if (std::memcmp(chunks[i].name, kCicpChunk, sizeof kCicpChunk) != 0) continue;
    const std::span<const uint8_t> content(chunks[i].data, chunks[i].size);
    if (!IsCicp(content) || (chunks[i].location & PNG_AFTER_IDAT)) {
      picture->notes.push_back("the chunk cICP is malformed and is not kept");
      return;
    }
    picture->metadata.cicp.assign(content.begin(), content.end());
    return;
  }
}

Outcome PngReader::Read(const nic_limits& limits, const MetadataChoice& wanted, Picture* picture) {
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, OnError, OnWarning);
  if (png_) info_ = png_create_info_struct(png_);
  if (!info_) return Outcome::Failure(kExitFailure, "out of memory", "libpng");
  if (!ReadHeader(wanted, limits.max_metadata ? limits.max_metadata : kDefaultMaxMetadata)) return Fail();

  const int color = png_get_color_type(png_, info_);
  const bool alpha = (color & PNG_COLOR_MASK_ALPHA) || png_get_valid(png_, info_, PNG_INFO_tRNS);
  const int channels = (color & PNG_COLOR_MASK_COLOR ? 3 : 1) + (alpha ? 1 : 0);
  const auto format = static_cast<nic_pixel_format>(channels + (png_get_bit_depth(png_, info_) == 16 ? 16 : 0));
  const uint32_t width = png_get_image_width(png_, info_);
  const uint32_t height = png_get_image_height(png_, info_);
  NIC_TOOLS_RETURN_IF_FAILED(IsInterlaced() ? picture->Allocate(width, height, format, limits)
                                            : picture->AllocateRows(width, height, format, limits));
  NIC_TOOLS_RETURN_IF_FAILED(ReadPixels(picture));
  if (!ReadEnd()) return Fail();
  if (source_.refused[0] != 0) return TooMuchMetadata(source_.refused);
  TakeMetadata(&picture->metadata);
  TakeCicp(picture);
  if (source_.profile_broken && picture->metadata.icc.empty()) {
    picture->notes.push_back("the ICC profile is damaged and is not kept");
  }
  return {};
}

}  // namespace

Outcome ReadPng(InputFile* file, const nic_limits& limits, const MetadataChoice& wanted, Picture* picture) {
  return PngReader(file).Read(limits, wanted, picture);
}

}  // namespace nic::tools

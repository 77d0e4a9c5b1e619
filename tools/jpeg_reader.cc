#include "tools/jpeg_reader.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

// jpeglib.h needs stdio first.
#include <jerror.h>
#include <jpeglib.h>

#include "tools/exif.h"
#include "tools/extended_xmp.h"
#include "tools/icc_profile.h"
#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr int kMaxScans = 500;  // a progressive file with more is made to waste time
constexpr uint64_t kDefaultMaxMemory = uint64_t{2} << 30;
constexpr char kTurnDropped[] = "the Exif orientation is not kept; the picture will be shown as stored";
constexpr uint8_t kEndOfImage[2] = {0xff, JPEG_EOI};

// libjpeg's structures with what its callbacks need. They leave by longjmp, so everything that has a destructor lives
// outside the functions that call setjmp.
struct Decompressor {
  jpeg_decompress_struct jpeg = {};  // first: callbacks cast back from it
  jpeg_error_mgr errors = {};
  jpeg_source_mgr source = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf escape;
  InputFile* file = nullptr;
  size_t shown = 0;         // bytes of the file's window that libjpeg holds
  bool ended = false;       // the file ended before its end marker
  bool data_ended = false;  // and pixels were missing
  int error_code = 0;
  char message[JMSG_LENGTH_MAX] = {};
};

Decompressor* Of(j_common_ptr jpeg) { return reinterpret_cast<Decompressor*>(jpeg); }
Decompressor* Of(j_decompress_ptr jpeg) { return reinterpret_cast<Decompressor*>(jpeg); }

void OnError(j_common_ptr jpeg) {
  Decompressor* self = Of(jpeg);
  self->error_code = jpeg->err->msg_code;
  jpeg->err->format_message(jpeg, self->message);
  std::longjmp(self->escape, 1);
}

// Warnings come with level -1. All but missing data are left to the eye, as every viewer does.
void OnMessage(j_common_ptr jpeg, int level) {
  if (level < 0 && jpeg->err->msg_code == JWRN_HIT_MARKER) Of(jpeg)->data_ended = true;
}

void OnOutput(j_common_ptr) {}

void OnSourceBegin(j_decompress_ptr) {}
void OnSourceEnd(j_decompress_ptr) {}

boolean OnFill(j_decompress_ptr jpeg) {
  Decompressor* self = Of(jpeg);
  self->file->Skip(self->shown);
  const std::span<const uint8_t> ready = self->file->Peek(1);
  self->shown = ready.size();
  self->ended = ready.empty();
  jpeg->src->next_input_byte = self->ended ? kEndOfImage : ready.data();
  jpeg->src->bytes_in_buffer = self->ended ? sizeof kEndOfImage : ready.size();
  return TRUE;
}

void OnSkip(j_decompress_ptr jpeg, long count) {
  while (count > 0) {
    if (jpeg->src->bytes_in_buffer == 0) OnFill(jpeg);
    if (Of(jpeg)->ended) return;
    const size_t part = std::min(static_cast<size_t>(count), jpeg->src->bytes_in_buffer);
    jpeg->src->next_input_byte += part;
    jpeg->src->bytes_in_buffer -= part;
    count -= static_cast<long>(part);
  }
}

void OnProgress(j_common_ptr jpeg) {
  if (Of(jpeg)->jpeg.input_scan_number > kMaxScans) ERREXIT(jpeg, JERR_BAD_PROGRESSION);
}

class JpegReader {
 public:
  explicit JpegReader(InputFile* file) { self_.file = file; }
  ~JpegReader() { jpeg_destroy_decompress(&self_.jpeg); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Outcome Read(const nic_limits& limits, const MetadataChoice& wanted, Picture* picture);

 private:
  bool ReadHeader(long max_memory);
  Outcome ReadRows(Picture* picture);
  bool BeginRows(nic_pixel_format format);
  bool ReadRow(uint8_t* row);
  bool ReadProfile(std::vector<uint8_t>* profile);
  std::vector<std::span<const uint8_t>> FindSegments(std::string_view signature) const;
  std::span<const uint8_t> FindSegment(std::string_view signature) const;
  void TakeMetadata(const MetadataChoice& wanted, Picture* picture);
  Outcome Fail() const;

  Decompressor self_;
};

Outcome JpegReader::Fail() const {
  NIC_TOOLS_RETURN_IF_FAILED(self_.file->status());
  switch (self_.error_code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
      return Outcome::Failure(kExitUnsupported, "kind of JPEG not supported", self_.message);
    case JERR_NO_BACKING_STORE:
      return Outcome::Failure(kExitLimit, "needs too much memory", "a progressive JPEG; raise --max-memory");
    case JERR_OUT_OF_MEMORY:
      return Outcome::Failure(kExitFailure, "out of memory", self_.message);
    default:
      if (self_.ended) return Outcome::Failure(kExitTruncated, "truncated JPEG", "the file ends early");
      return Outcome::Failure(kExitMalformed, "malformed JPEG", self_.message);
  }
}

bool JpegReader::ReadHeader(long max_memory) {
  self_.jpeg.err = jpeg_std_error(&self_.errors);
  self_.errors.error_exit = OnError;
  self_.errors.emit_message = OnMessage;
  self_.errors.output_message = OnOutput;
  if (setjmp(self_.escape)) return false;
  jpeg_create_decompress(&self_.jpeg);
  self_.jpeg.mem->max_memory_to_use = max_memory;
  self_.source.init_source = OnSourceBegin;
  self_.source.fill_input_buffer = OnFill;
  self_.source.skip_input_data = OnSkip;
  self_.source.resync_to_restart = jpeg_resync_to_restart;
  self_.source.term_source = OnSourceEnd;
  self_.jpeg.src = &self_.source;
  self_.progress.progress_monitor = OnProgress;
  self_.jpeg.progress = &self_.progress;
  jpeg_save_markers(&self_.jpeg, JPEG_APP0 + 1, 0xffff);  // Exif, XMP
  jpeg_save_markers(&self_.jpeg, JPEG_APP0 + 2, 0xffff);  // ICC profile
  jpeg_read_header(&self_.jpeg, TRUE);
  return true;
}

bool JpegReader::BeginRows(nic_pixel_format format) {
  if (setjmp(self_.escape)) return false;
  self_.jpeg.out_color_space = format == NIC_GREY8 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&self_.jpeg);
  return true;
}

bool JpegReader::ReadRow(uint8_t* row) {
  if (setjmp(self_.escape)) return false;
  jpeg_read_scanlines(&self_.jpeg, &row, 1);
  return true;
}

// Of several scans libjpeg holds the coefficients, but rows come in order all the same.
Outcome JpegReader::ReadRows(Picture* picture) {
  if (!BeginRows(picture->format)) return Fail();
  for (uint32_t y = 0; y < picture->height; ++y) {
    if (!ReadRow(picture->row(y))) return Fail();
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
  }
  // A file of one scan that lacks only its end marker is whole; one of several may lack scans.
  const bool cut = self_.data_ended || (self_.ended && jpeg_has_multiple_scans(&self_.jpeg));
  return cut ? Fail() : Outcome();
}

bool JpegReader::ReadProfile(std::vector<uint8_t>* profile) {
  if (setjmp(self_.escape)) return false;
  JOCTET* bytes = nullptr;
  unsigned size = 0;
  if (!jpeg_read_icc_profile(&self_.jpeg, &bytes, &size)) return false;
  profile->assign(bytes, bytes + size);
  std::free(bytes);
  return true;
}

// What stands behind `signature` in the APP1 segments that begin with it.
std::vector<std::span<const uint8_t>> JpegReader::FindSegments(std::string_view signature) const {
  std::vector<std::span<const uint8_t>> found;
  for (jpeg_saved_marker_ptr marker = self_.jpeg.marker_list; marker; marker = marker->next) {
    const std::span<const uint8_t> data(marker->data, marker->data_length);
    if (marker->marker != JPEG_APP0 + 1 || data.size() <= signature.size()) continue;
    const auto* begin = reinterpret_cast<const uint8_t*>(signature.data());
    if (std::equal(begin, begin + signature.size(), data.begin())) found.push_back(data.subspan(signature.size()));
  }
  return found;
}

// The first of them; empty if there is none.
std::span<const uint8_t> JpegReader::FindSegment(std::string_view signature) const {
  const auto found = FindSegments(signature);
  return found.empty() ? std::span<const uint8_t>() : found[0];
}

void JpegReader::TakeMetadata(const MetadataChoice& wanted, Picture* picture) {
  using namespace std::string_view_literals;
  std::vector<uint8_t> profile;
  ReadProfile(&profile);
  if (wanted.icc) {
    picture->metadata.icc = std::move(profile);
  } else if (!profile.empty() && !IsSrgbProfile(profile)) {
    picture->notes.push_back(kProfileDropped);
  }
  const std::span<const uint8_t> exif = FindSegment("Exif\0\0"sv);
  if (wanted.exif) {
    picture->metadata.exif.assign(exif.begin(), exif.end());
  } else if (ExifOrientation(exif) > 1) {
    picture->notes.push_back(kTurnDropped);
  }
  if (!wanted.xmp) return;
  const std::span<const uint8_t> xmp = FindSegment("http://ns.adobe.com/xap/1.0/\0"sv);
  picture->metadata.xmp.assign(xmp.begin(), xmp.end());
  ExtendedXmp extended;
  for (const auto& segment : FindSegments("http://ns.adobe.com/xmp/extension/\0"sv)) extended.Add(segment);
  if (!extended.empty() && !extended.JoinTo(&picture->metadata.xmp)) {
    picture->notes.push_back("of the XMP data only the first segment is kept: the others do not fit it");
  }
}

Outcome JpegReader::Read(const nic_limits& limits, const MetadataChoice& wanted, Picture* picture) {
  const uint64_t max_memory = limits.max_memory ? limits.max_memory : kDefaultMaxMemory;
  if (!ReadHeader(static_cast<long>(std::min<uint64_t>(max_memory, INT64_MAX)))) return Fail();
  const J_COLOR_SPACE space = self_.jpeg.jpeg_color_space;
  if (space == JCS_CMYK || space == JCS_YCCK) {
    return Outcome::Failure(kExitUnsupported, "not supported",
                            "a CMYK JPEG needs its colour profile to become RGB; convert it to RGB first");
  }
  const nic_pixel_format format = space == JCS_GRAYSCALE ? NIC_GREY8 : NIC_RGB8;
  NIC_TOOLS_RETURN_IF_FAILED(picture->AllocateRows(self_.jpeg.image_width, self_.jpeg.image_height, format, limits));
  TakeMetadata(wanted, picture);
  return ReadRows(picture);
}

}  // namespace

Outcome ReadJpeg(InputFile* file, const nic_limits& limits, const MetadataChoice& wanted, Picture* picture) {
  return JpegReader(file).Read(limits, wanted, picture);
}

}  // namespace nic::tools

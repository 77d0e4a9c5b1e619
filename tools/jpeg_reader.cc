#include "tools/jpeg_reader.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

// jpeglib.h needs stdio first.
#include <jerror.h>
#include <jpeglib.h>

#include "tools/icc_profile.h"
#include "tools/number.h"

namespace nic::tools {
namespace {

constexpr int kMaxScans = 500;  // a progressive file with more is made to waste time
constexpr uint64_t kDefaultMaxMemory = uint64_t{2} << 30;
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

  Outcome Read(const nic_limits& limits, Picture* picture);

 private:
  bool ReadHeader(long max_memory);
  bool ReadRows(Picture* picture);
  bool FindForeignProfile();
  bool IsTurned() const;
  void AddNotes(Picture* picture);
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
  jpeg_save_markers(&self_.jpeg, JPEG_APP0 + 1, 0xffff);  // Exif
  jpeg_save_markers(&self_.jpeg, JPEG_APP0 + 2, 0xffff);  // ICC profile
  jpeg_read_header(&self_.jpeg, TRUE);
  return true;
}

bool JpegReader::ReadRows(Picture* picture) {
  if (setjmp(self_.escape)) return false;
  self_.jpeg.out_color_space = picture->format == NIC_GREY8 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&self_.jpeg);
  while (self_.jpeg.output_scanline < self_.jpeg.output_height) {
    JSAMPROW row = picture->row(self_.jpeg.output_scanline);
    jpeg_read_scanlines(&self_.jpeg, &row, 1);
  }
  // A file of one scan that lacks only its end marker is whole; one of several may lack scans.
  return !self_.data_ended && !(self_.ended && jpeg_has_multiple_scans(&self_.jpeg));
}

bool JpegReader::FindForeignProfile() {
  if (setjmp(self_.escape)) return false;
  JOCTET* profile = nullptr;
  unsigned size = 0;
  if (!jpeg_read_icc_profile(&self_.jpeg, &profile, &size)) return false;
  const bool foreign = !IsSrgbProfile({profile, size});
  std::free(profile);
  return foreign;
}

// True if the Exif data ask for the picture to be turned or mirrored. Reads the first directory only.
bool JpegReader::IsTurned() const {
  for (jpeg_saved_marker_ptr marker = self_.jpeg.marker_list; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 20) continue;
    const JOCTET* exif = marker->data;
    if (exif[0] != 'E' || exif[1] != 'x' || exif[2] != 'i' || exif[3] != 'f') continue;
    const JOCTET* tiff = exif + 6;
    const size_t size = marker->data_length - 6;
    const bool little = tiff[0] == 'I';
    const auto get16 = [&](size_t at) { return little ? tiff[at] | tiff[at + 1] << 8 : tiff[at] << 8 | tiff[at + 1]; };
    const size_t directory = little ? size_t(get16(4)) | size_t(get16(6)) << 16 : size_t(get16(4)) << 16 | get16(6);
    if (directory > size - 2) return false;
    const size_t entries = get16(directory);
    for (size_t i = 0; i < entries && directory + 2 + 12 * (i + 1) <= size; ++i) {
      const size_t entry = directory + 2 + 12 * i;
      constexpr int kOrientation = 0x112;
      if (get16(entry) == kOrientation) return get16(entry + 8) > 1;
    }
    return false;
  }
  return false;
}

void JpegReader::AddNotes(Picture* picture) {
  if (FindForeignProfile()) picture->notes.push_back(kProfileDropped);
  if (IsTurned()) {
    picture->notes.push_back("the Exif orientation is neither kept nor applied; the picture will be shown as stored");
  }
}

Outcome JpegReader::Read(const nic_limits& limits, Picture* picture) {
  const uint64_t max_memory = limits.max_memory ? limits.max_memory : kDefaultMaxMemory;
  if (!ReadHeader(static_cast<long>(std::min<uint64_t>(max_memory, INT64_MAX)))) return Fail();
  const J_COLOR_SPACE space = self_.jpeg.jpeg_color_space;
  if (space == JCS_CMYK || space == JCS_YCCK) {
    return Outcome::Failure(kExitUnsupported, "not supported",
                            "a CMYK JPEG needs its colour profile to become RGB; convert it to RGB first");
  }
  const nic_pixel_format format = space == JCS_GRAYSCALE ? NIC_GREY8 : NIC_RGB8;
  NIC_TOOLS_RETURN_IF_FAILED(picture->Allocate(self_.jpeg.image_width, self_.jpeg.image_height, format, limits));
  AddNotes(picture);
  return ReadRows(picture) ? Outcome() : Fail();
}

}  // namespace

Outcome ReadJpeg(InputFile* file, const nic_limits& limits, Picture* picture) {
  return JpegReader(file).Read(limits, picture);
}

}  // namespace nic::tools

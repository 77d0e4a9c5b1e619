#include "picture.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include "files.h"

namespace nic {
namespace {

constexpr uint64_t kMaxPixels = uint64_t{1} << 28;

Status CheckSize(uint64_t width, uint64_t height) {
  if (width * height <= kMaxPixels) return {};
  return Status::Error(NIC_LIMIT_PIXELS, Status::kNoOffset, "%llu x %llu pixels are too many",
                       static_cast<unsigned long long>(width), static_cast<unsigned long long>(height));
}

void Allocate(uint64_t width, uint64_t height, Picture* picture) {
  picture->width = static_cast<int>(width);
  picture->height = static_cast<int>(height);
  picture->samples.resize(width * height * 3);
}

Status ReadPng(const std::vector<uint8_t>& file, Picture* picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, file.data(), file.size())) {
    return Status::Error(NIC_MALFORMED, Status::kNoOffset, "PNG: %s", image.message);
  }
  image.format = PNG_FORMAT_RGB;
  const Status size = CheckSize(image.width, image.height);
  if (!size.ok()) {
    png_image_free(&image);
    return size;
  }
  Allocate(image.width, image.height, picture);
  const png_color black{0, 0, 0};
  if (!png_image_finish_read(&image, &black, picture->samples.data(), 0, nullptr)) {
    return Status::Error(NIC_MALFORMED, Status::kNoOffset, "PNG: %s", image.message);
  }
  return {};
}

struct JpegReader {
  jpeg_decompress_struct decoder;
  jpeg_error_mgr errors;
  std::jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void FailJpeg(j_common_ptr decoder) {
  auto* reader = static_cast<JpegReader*>(decoder->client_data);
  (*decoder->err->format_message)(decoder, reader->message);
  std::longjmp(reader->failed, 1);
}

// A warning means damaged data: training on half a picture helps nobody.
void WarnJpeg(j_common_ptr decoder, int level) {
  if (level < 0) FailJpeg(decoder);
}

// Nothing with a destructor may live in this frame: longjmp returns into it.
bool DecodeJpeg(JpegReader* reader, const std::vector<uint8_t>& file, Picture* picture, bool* too_large) {
  jpeg_decompress_struct* decoder = &reader->decoder;
  decoder->err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = FailJpeg;
  reader->errors.emit_message = WarnJpeg;
  decoder->client_data = reader;
  if (setjmp(reader->failed)) {
    jpeg_destroy_decompress(decoder);
    return false;
  }
  jpeg_create_decompress(decoder);
  jpeg_mem_src(decoder, file.data(), file.size());
  jpeg_read_header(decoder, TRUE);
  decoder->out_color_space = JCS_RGB;
  *too_large = uint64_t{decoder->image_width} * decoder->image_height > kMaxPixels;
  if (!*too_large) {
    jpeg_start_decompress(decoder);
    Allocate(decoder->output_width, decoder->output_height, picture);
    while (decoder->output_scanline < decoder->output_height) {
      JSAMPROW row = picture->samples.data() + size_t{decoder->output_scanline} * decoder->output_width * 3;
      jpeg_read_scanlines(decoder, &row, 1);
    }
    jpeg_finish_decompress(decoder);
  }
  jpeg_destroy_decompress(decoder);
  return true;
}

Status ReadJpeg(const std::vector<uint8_t>& file, Picture* picture) {
  JpegReader reader{};
  bool too_large = false;
  if (!DecodeJpeg(&reader, file, picture, &too_large)) {
    return Status::Error(NIC_MALFORMED, Status::kNoOffset, "JPEG: %s", reader.message);
  }
  return too_large ? CheckSize(reader.decoder.image_width, reader.decoder.image_height) : Status();
}

Status ParsePicture(const std::vector<uint8_t>& file, Picture* picture) {
  static constexpr uint8_t kPng[] = {0x89, 'P', 'N', 'G'};
  static constexpr uint8_t kJpeg[] = {0xff, 0xd8, 0xff};
  if (file.size() > 4 && std::memcmp(file.data(), kPng, 4) == 0) return ReadPng(file, picture);
  if (file.size() > 4 && std::memcmp(file.data(), kJpeg, 3) == 0) return ReadJpeg(file, picture);
  return Status::Error(NIC_MALFORMED, 0, "neither a PNG nor a JPEG file");
}

}  // namespace

Status ReadPicture(const std::string& path, Picture* picture) {
  std::vector<uint8_t> file;
  NIC_RETURN_IF_ERROR(ReadFile(path, &file));
  const Status status = ParsePicture(file, picture);
  return status.ok() ? status : status.Within(path.c_str());
}

Status WritePng(const std::string& path, const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&image, path.c_str(), 0, picture.samples.data(), 0, nullptr)) return {};
  return Status::Error(NIC_IO, Status::kNoOffset, "cannot write %s: %s", path.c_str(), image.message);
}

}  // namespace nic

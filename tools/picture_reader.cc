#include "tools/picture_reader.h"

#include <cstring>

#include "tools/jpeg_reader.h"
#include "tools/png_reader.h"
#include "tools/pnm_reader.h"

namespace nic::tools {
namespace {

bool StartsWith(std::span<const uint8_t> bytes, const char* magic, size_t size) {
  return bytes.size() >= size && std::memcmp(bytes.data(), magic, size) == 0;
}

// Names of formats that people may reasonably try, so that the message can say what the file is.
const char* NameForeign(std::span<const uint8_t> head) {
  if (StartsWith(head, "\x8aNIC\r\n\x1a\n", 8)) return "it is a .nic file already";
  if (StartsWith(head, "GIF8", 4)) return "GIF";
  if (StartsWith(head, "RIFF", 4) && head.size() >= 12 && std::memcmp(head.data() + 8, "WEBP", 4) == 0) return "WebP";
  if (head.size() >= 12 && std::memcmp(head.data() + 4, "ftypavi", 7) == 0) return "AVIF";
  if (head.size() >= 12 && std::memcmp(head.data() + 4, "ftyphei", 7) == 0) return "HEIC";
  if (StartsWith(head, "\xff\x0a", 2) || StartsWith(head, "\0\0\0\x0cJXL ", 8)) return "JPEG XL";
  if (StartsWith(head, "II*\0", 4) || StartsWith(head, "MM\0*", 4)) return "TIFF";
  if (StartsWith(head, "BM", 2)) return "BMP";
  return nullptr;
}

}  // namespace

Outcome ReadPicture(InputFile* file, const nic_limits& limits, Picture* picture, const MetadataChoice& wanted) {
  const std::span<const uint8_t> head = file->Peek(12);
  NIC_TOOLS_RETURN_IF_FAILED(file->status());
  if (head.empty()) return Outcome::Failure(kExitTruncated, "empty file");
  if (StartsWith(head, "\x89PNG", 4)) return ReadPng(file, limits, wanted, picture);
  if (StartsWith(head, "\xff\xd8\xff", 3)) return ReadJpeg(file, limits, wanted, picture);
  if (head.size() >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7') return ReadPnm(file, limits, picture);
  const char* foreign = NameForeign(head);
  return Outcome::Failure(kExitMalformed, "not a PNG, JPEG or PNM picture", foreign ? foreign : "");
}

}  // namespace nic::tools

// Says what the public API makes of files, one line each: the status, the byte offset or "-", and the message.
//
//   conformance_status [--scale N] MODEL.nicm... -- FILE.nic...
//
// or what metadata it gives out of each: NAME=HEXADECIMAL or NAME=STATUS of each kind that a file has.
//
//   conformance_status --metadata FILE.nic...
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "nic/nic.h"

namespace {

// In memory of exactly their size, so that a checker sees a read behind them.
std::vector<unsigned char> ReadFile(const char* path) {
  std::vector<unsigned char> bytes;
  std::FILE* file = std::fopen(path, "rb");
  if (!file) return bytes;
  bytes.resize(size_t{8} << 20);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return {bytes.begin(), bytes.end()};
}

void Print(const nic_error& error) {
  std::printf("%s ", nic_status_name(error.status));
  error.offset == NIC_NO_OFFSET ? std::printf("-") : std::printf("%" PRIu64, error.offset);
  std::printf(" %s\n", error.message);
}

int TakeRows(void*, uint32_t, uint32_t, const uint8_t*, size_t) { return 0; }

// A picture that is `scale` times smaller.
void DecodeSmaller(nic_context* context, const std::vector<unsigned char>& bytes, double scale) {
  nic_decoder* decoder = nullptr;
  nic_status status = nic_decoder_new(context, &decoder, nullptr);
  if (status == NIC_OK) status = nic_decoder_set(decoder, NIC_DECODER_SCALE, scale);
  if (status == NIC_OK) status = nic_decoder_open(decoder, bytes.data(), bytes.size());
  if (status == NIC_OK) status = nic_decoder_decode_rows(decoder, TakeRows, nullptr);
  Print(*nic_decoder_error(decoder));
  nic_decoder_free(decoder);
}

void Decode(nic_context* context, const char* path, double scale) {
  const std::vector<unsigned char> bytes = ReadFile(path);
  if (scale != 1) return DecodeSmaller(context, bytes, scale);
  static const unsigned char kNothing = 0;
  nic_image image;
  nic_error error;
  nic_decode(context, bytes.empty() ? &kNothing : bytes.data(), bytes.size(), &image, &error);
  nic_free(context, image.pixels);
  Print(error);
}

std::string MetadataOf(const std::vector<unsigned char>& bytes, nic_metadata kind) {
  uint64_t size = 0;
  nic_error error;
  nic_read_metadata_size(bytes.data(), bytes.size(), nullptr, kind, &size, &error);
  std::vector<unsigned char> content(static_cast<size_t>(size));
  if (error.status == NIC_OK) {
    nic_read_metadata(bytes.data(), bytes.size(), nullptr, kind, content.data(), content.size(), &size, &error);
  }
  if (error.status != NIC_OK) return nic_status_name(error.status);
  std::string text;
  for (const unsigned char byte : content) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

void PrintMetadata(const char* path) {
  const std::vector<unsigned char> bytes = ReadFile(path);
  const std::pair<const char*, nic_metadata> kinds[] = {{"icc", NIC_METADATA_ICC},
                                                        {"exif", NIC_METADATA_EXIF},
                                                        {"xmp", NIC_METADATA_XMP},
                                                        {"cicp", NIC_METADATA_CICP}};
  const char* gap = "";
  for (const auto& [name, kind] : kinds) {
    const std::string content = MetadataOf(bytes, kind);
    if (content.empty()) continue;
    std::printf("%s%s=%s", gap, name, content.c_str());
    gap = " ";
  }
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--metadata") == 0) {
    for (int i = 2; i < argc; ++i) PrintMetadata(argv[i]);
    return 0;
  }
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  nic_context* context = nullptr;
  if (nic_context_new(&options, &context, nullptr) != NIC_OK) return 1;
  int i = 1;
  double scale = 1;
  if (argc > 2 && std::strcmp(argv[1], "--scale") == 0) {
    scale = std::atof(argv[2]);
    i = 3;
  }
  nic_error error;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const std::vector<unsigned char> package = ReadFile(argv[i]);
    const nic_status status = nic_context_add_model(context, package.data(), package.size(), nullptr, nullptr, &error);
    if (status == NIC_OK) continue;
    Print(error);  // in place of what its files would say
    nic_context_free(context);
    return 0;
  }
  for (++i; i < argc; ++i) Decode(context, argv[i], scale);
  nic_context_free(context);
  return 0;
}

// What is not a .nic file, or only pretends to be one: a status and a message, in bounded memory.
#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

#include "api/handles.h"
#include "container/header.h"

using namespace nic::testing;

namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;

Context NewHostileContext(uint64_t max_memory) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  options.limits.max_memory = max_memory;
  return NewSmallContext(options);
}

// Decodes and inspects bytes in every way there is; requires that no way succeeds, crashes or blames libnic, and that
// a message is there. Returns the status of decoding.
nic_status Refuse(const Context& context, const Bytes& bytes) {
  const Bytes exact(bytes);  // its own block: a sanitizer sees reads past the end
  const uint8_t* data = exact.empty() ? reinterpret_cast<const uint8_t*>("") : exact.data();
  nic_image image;
  nic_error error;
  const nic_status status = nic_decode(context.get(), data, exact.size(), &image, &error);
  CAPTURE(status, error.message);
  REQUIRE(status != NIC_OK);
  REQUIRE(error.status == status);
  const int band = nic_status_band(status);
  REQUIRE((band >= 200 && band <= 600));
  REQUIRE(error.message[0] != '\0');
  REQUIRE((error.offset == NIC_NO_OFFSET || error.offset <= exact.size()));
  REQUIRE(image.pixels == nullptr);

  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  const nic_status opened = nic_decoder_open(decoder.get(), data, exact.size());
  if (opened != NIC_OK) REQUIRE(opened == status);
  nic_info info;
  if (opened == NIC_OK && nic_decoder_info(decoder.get(), &info) == NIC_OK &&
      uint64_t{info.width} * info.height < 1000000) {
    Picture picture{info.width, info.height, info.format,
                    Bytes(size_t{info.width} * info.height * nic_format_bytes(info.format))};
    const nic_image into = picture.View();
    REQUIRE(nic_decoder_decode(decoder.get(), &into) != NIC_OK);
  }
  const nic_status told = nic_read_info(data, exact.size(), nullptr, &info, &error);
  REQUIRE((told == NIC_OK || (nic_status_band(told) >= 200 && nic_status_band(told) <= 600)));
  nic_slice_info slices[4];
  size_t count = 0;
  const nic_status sliced = nic_read_slices(data, exact.size(), nullptr, 0, slices, 4, &count, &error);
  REQUIRE((sliced == NIC_OK || sliced == told));
  return status;
}

Bytes WithHeader(const nic::FileHeader& header, const Bytes& rest) {
  std::pmr::vector<uint8_t> bytes;
  REQUIRE(nic::WriteHeader(header, &bytes).ok());
  Bytes file(bytes.begin(), bytes.end());
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

// The header of a file, and where it ends.
nic::FileHeader HeaderOf(const Bytes& file, size_t* size) {
  nic::FileHeader header;
  REQUIRE(nic::ReadHeader(file, &header, size).ok());
  return header;
}

struct Sample {
  Sample() : context(NewHostileContext(64 * kMegabyte)) {
    Picture picture = MakePicture(150, 70, NIC_RGBA8);
    for (size_t i = 0; i < picture.pixels.size(); i += 4) picture.pixels[i + 3] = static_cast<uint8_t>(i / 600 * 3);
    file = EncodeSmall(context, picture, 60, 64);
    header = HeaderOf(file, &header_size);
    alpha_flags = header_size + 2;
    REQUIRE(file[header_size] == 0x02);  // alpha comes first, in less than 128 bytes
    REQUIRE(file[header_size + 1] < 128);
  }
  Bytes Rest() const { return Bytes(file.begin() + static_cast<ptrdiff_t>(header_size), file.end()); }
  Context context;
  Bytes file;
  nic::FileHeader header;
  size_t header_size = 0;
  size_t alpha_flags = 0;
};

}  // namespace

TEST_CASE("no bytes at all are a truncated file") {
  const Context context = NewHostileContext(kMegabyte);
  REQUIRE(Refuse(context, {}) == NIC_TRUNCATED);
}

TEST_CASE("other kinds of files are no .nic files") {
  const Context context = NewHostileContext(kMegabyte);
  const std::string text = "#!/bin/sh\necho this is not a picture\n";
  REQUIRE(Refuse(context, Bytes(text.begin(), text.end())) == NIC_NOT_NIC);
  REQUIRE(Refuse(context, {0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1}) == NIC_NOT_NIC);
  REQUIRE(Refuse(context, {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13}) == NIC_NOT_NIC);
  REQUIRE(Refuse(context, Bytes(1000, 0)) == NIC_NOT_NIC);
  REQUIRE(Refuse(context, SmallPackage()) == NIC_NOT_NIC);
  REQUIRE(Refuse(context, {0x8A, 'N', 'I', 'C', 0x0A, 0x1A, 0x0A, 0x10, 0, 0}) == NIC_NOT_NIC);  // through text mode
  REQUIRE(Refuse(context, {0x0A, 'N', 'I', 'C', 0x0D, 0x0A, 0x1A, 0x0A, 0x10}) == NIC_NOT_NIC);  // through 7 bits
}

TEST_CASE("every bit of the header is guarded") {
  Sample sample;
  for (size_t bit = 0; bit < 8 * sample.header_size; ++bit) {
    CAPTURE(bit);
    Bytes changed = sample.file;
    changed[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    const nic_status status = Refuse(sample.context, changed);
    if (bit < 64) REQUIRE(status == NIC_NOT_NIC);
    if (bit >= 68 && bit < 72) REQUIRE(status == NIC_UNSUPPORTED_VERSION);  // the major version
    if (bit >= 72) REQUIRE((status == NIC_HEADER_DAMAGED || status == NIC_MALFORMED));
  }
}

TEST_CASE("every cut is a truncated file") {
  Sample sample;
  for (size_t size = 0; size < sample.file.size(); ++size) {
    CAPTURE(size);
    REQUIRE(Refuse(sample.context, Bytes(sample.file.begin(), sample.file.begin() + static_cast<ptrdiff_t>(size))) ==
            NIC_TRUNCATED);
  }
}

TEST_CASE("every changed byte is refused or found") {
  Sample sample;
  std::mt19937 random(3);
  for (size_t i = 0; i < sample.file.size(); ++i) {
    CAPTURE(i);
    Bytes changed = sample.file;
    const auto flip = static_cast<uint8_t>(1 + random() % 255);
    changed[i] ^= flip;
    if (i == sample.alpha_flags) changed[i] = 2;  // 1 would mean that colours are premultiplied
    Refuse(sample.context, changed);
  }
}

TEST_CASE("bytes behind the end are malformed") {
  Sample sample;
  Bytes longer = sample.file;
  longer.push_back(0);
  REQUIRE(Refuse(sample.context, longer) == NIC_MALFORMED);
  longer.insert(longer.end(), sample.file.begin(), sample.file.end());
  REQUIRE(Refuse(sample.context, longer) == NIC_MALFORMED);
}

TEST_CASE("headers of absurd pictures cost nothing") {
  Sample sample;
  const uint64_t peak = nic_context_peak_memory(sample.context.get());
  nic::FileHeader header = sample.header;
  for (const auto& [width, height] : std::vector<std::pair<uint32_t, uint32_t>>{
           {1u << 31, 1u << 31}, {UINT32_MAX, UINT32_MAX}, {65536, 1}, {1, 65536}, {65535, 65535}, {65535, 4098}}) {
    for (const uint8_t code : {0, 4, 15}) {
      header.width = width;
      header.height = height;
      header.slice_side_code = code;
      CAPTURE(width, height, static_cast<int>(code));
      const nic_status status = Refuse(sample.context, WithHeader(header, sample.Rest()));
      REQUIRE(status == (width > 65535 || height > 65535 ? NIC_LIMIT_SIDE : NIC_LIMIT_PIXELS));
      REQUIRE(Refuse(sample.context, WithHeader(header, {})) == status);
    }
  }
  REQUIRE(nic_context_peak_memory(sample.context.get()) == peak);
}

TEST_CASE("a picture within the limits but not within the memory is refused by its number") {
  Sample sample;
  nic::FileHeader header = sample.header;
  header.width = 16384;
  header.height = 8192;
  header.slice_side_code = 15;  // one slice
  header.lanes_log2 = 0;
  Bytes latents = {0x01, 100};
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) latents.push_back(static_cast<uint8_t>(random()));
  latents[2 + 4] = 4;  // hyper_size
  const Bytes file = WithHeader(header, latents);
  const Context small = NewHostileContext(8 * kMegabyte);
  REQUIRE(Refuse(small, file) == NIC_LIMIT_MEMORY);
  REQUIRE(nic_context_peak_memory(small.get()) <= 8 * kMegabyte);
  nic_image image;
  nic_error error;
  REQUIRE(nic_decode(small.get(), file.data(), file.size(), &image, &error) == NIC_LIMIT_MEMORY);
  REQUIRE(std::string(error.message).find("max_memory: ") == 0);
}

TEST_CASE("pictures larger than an address space are refused even without limits") {
  Sample sample;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  options.limits = {UINT64_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, {}};
  const Context context = NewSmallContext(options);
  nic::FileHeader header = sample.header;
  header.width = UINT32_MAX;
  header.height = UINT32_MAX;
  header.slice_side_code = 15;  // 2048 x 2048 slices
  header.lanes_log2 = 0;
  // An index of 2^22 slices of 9 bytes, and as many slices.
  const uint64_t count = uint64_t{1} << 22;
  Bytes latents = {0x01};
  for (uint64_t size = count * 10; size; size >>= 7)
    latents.push_back(static_cast<uint8_t>((size & 0x7F) | (size >> 7 ? 0x80 : 0)));
  latents.resize(latents.size() + count, 9);
  latents.resize(latents.size() + count * 9, 4);
  const Bytes file = WithHeader(header, latents);
  nic_image image;
  nic_error error;
  const nic_status status = nic_decode(context.get(), file.data(), file.size(), &image, &error);
  CAPTURE(status, error.message);
  REQUIRE((status == NIC_OUT_OF_MEMORY || status == NIC_LIMIT_MEMORY));
  REQUIRE(image.pixels == nullptr);
}

TEST_CASE("rates above the model's highest are malformed, at their place") {
  Sample sample;
  for (const auto& [level, interpolation] : std::vector<std::pair<uint8_t, uint8_t>>{{2, 1}, {3, 0}, {15, 255}}) {
    nic::FileHeader header = sample.header;
    header.gain_level = level;
    header.interpolation = interpolation;
    const Bytes file = WithHeader(header, sample.Rest());
    REQUIRE(Refuse(sample.context, file) == NIC_MALFORMED);
    nic_image image;
    nic_error error;
    REQUIRE(nic_decode(sample.context.get(), file.data(), file.size(), &image, &error) == NIC_MALFORMED);
    REQUIRE(std::string(error.message).find("gain_level: ") == 0);
    REQUIRE(file[error.offset] >> 4 == level);
  }
}

TEST_CASE("anything behind a valid header is refused in bounded memory") {
  Sample sample;
  std::mt19937 random(7);
  for (int trial = 0; trial < 1500; ++trial) {
    nic::FileHeader header = sample.header;
    header.slice_side_code = static_cast<uint8_t>(random() % 16);
    header.lanes_log2 = static_cast<uint8_t>(random() % 3);
    if (trial % 2) {
      header.width = 1 + random() % 500;
      header.height = 1 + random() % 500;
    }
    Bytes rest(random() % 400);
    for (uint8_t& byte : rest) byte = static_cast<uint8_t>(random());
    // Let it often begin as a latents element of the right size.
    if (trial % 3 && rest.size() > 10) {
      const size_t size = rest.size() - 3;
      rest[0] = 0x01;
      rest[1] = static_cast<uint8_t>(size | 0x80);
      rest[2] = static_cast<uint8_t>(size >> 7);
      rest[7] = static_cast<uint8_t>(4 << header.lanes_log2);
    }
    CAPTURE(trial);
    Refuse(sample.context, WithHeader(header, rest));
  }
  REQUIRE(nic_context_peak_memory(sample.context.get()) <= 64 * kMegabyte);
}

TEST_CASE("metadata elements of every shape are skipped or refused") {
  Sample sample;
  std::mt19937 random(9);
  const Bytes expected = Decode(sample.context, sample.file).pixels;
  for (int trial = 0; trial < 300; ++trial) {
    Bytes elements;
    bool plain = true;  // known to be harmless
    bool seen[256] = {};
    for (uint32_t i = 0; i <= random() % 3; ++i) {
      const auto type = static_cast<uint8_t>(0x80 + random() % 128);
      Bytes content(random() % 50);
      for (uint8_t& byte : content) byte = static_cast<uint8_t>(random());
      plain = plain && (!seen[type] || type >= 0x85);
      seen[type] = true;
      elements.push_back(type);
      elements.push_back(static_cast<uint8_t>(content.size()));
      elements.insert(elements.end(), content.begin(), content.end());
    }
    const Bytes rest = sample.Rest();
    elements.insert(elements.end(), rest.begin(), rest.end());
    const Bytes file = WithHeader(sample.header, elements);
    CAPTURE(trial);
    if (plain) REQUIRE(Decode(sample.context, file).pixels == expected);
    if (!plain) REQUIRE(Refuse(sample.context, file) == NIC_MALFORMED);
    // Metadata that does not unpack is an error of its own.
    const Decoder decoder = NewDecoder(sample.context);
    if (nic_decoder_open(decoder.get(), file.data(), file.size()) != NIC_OK) continue;
    for (const nic_metadata kind : {NIC_METADATA_ICC, NIC_METADATA_EXIF, NIC_METADATA_XMP, NIC_METADATA_CICP}) {
      const uint8_t* bytes = nullptr;
      size_t size = 0;
      const nic_status status = nic_decoder_metadata(decoder.get(), kind, &bytes, &size);
      REQUIRE((status == NIC_OK || status == NIC_MALFORMED || status == NIC_LIMIT_METADATA));
    }
  }
}

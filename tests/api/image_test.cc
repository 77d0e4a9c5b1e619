#include "nic/image.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "api/handles.h"
#include "container/package.h"

using namespace nic::testing;

namespace {

uint32_t SmallDigest() {
  nic::Memory memory;
  nic::PackageReader package(memory);
  REQUIRE(package.Open(SmallPackage()).ok());
  return package.short_digest();
}

nic_info InfoOf(const Bytes& file) {
  nic_info info;
  nic_error error;
  const nic_status status = nic_read_info(file.data(), file.size(), nullptr, &info, &error);
  INFO(error.message);
  REQUIRE(status == NIC_OK);
  return info;
}

Bytes MakeFile(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t slice_side, bool metadata) {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_GAIN_LEVEL, 1);
  Set(encoder, NIC_ENCODER_INTERPOLATION, 77.0 / 256);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, slice_side);
  const uint8_t text[] = "<x:xmpmeta/>";
  if (metadata) REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_XMP, text, sizeof text) == NIC_OK);
  return Encode(encoder, MakePicture(width, height, format));
}

std::vector<nic_slice_info> SlicesOf(const Bytes& file) {
  std::vector<nic_slice_info> slices(10000);
  size_t count = 0;
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 0, slices.data(), slices.size(), &count, nullptr) ==
          NIC_OK);
  slices.resize(count);
  return slices;
}

bool Same(const nic_slice_info& a, const nic_slice_info& b) {
  return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height && a.offset == b.offset &&
         a.size == b.size && a.hyper_size == b.hyper_size && a.check == b.check;
}

}  // namespace

TEST_CASE("every field of a file is told without a model") {
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_GREY_ALPHA8, NIC_RGB8, NIC_RGBA8);
  const Bytes file = MakeFile(150, 70, format, 64, true);
  const nic_info info = InfoOf(file);
  REQUIRE(info.width == 150);
  REQUIRE(info.height == 70);
  REQUIRE(info.format == format);
  REQUIRE(info.bit_depth == 8);
  REQUIRE(info.has_alpha == (format % 2 == 0));
  REQUIRE(info.container_major == 1);
  REQUIRE(info.container_minor == 0);
  REQUIRE(info.model_id == kSmallModelId);
  REQUIRE(info.model_digest == SmallDigest());
  REQUIRE(info.gain_level == 1);
  REQUIRE(info.interpolation == 77);
  REQUIRE(info.lanes == 4);
  REQUIRE(info.slice_side == 64);
  REQUIRE(info.slice_columns == 3);
  REQUIRE(info.slice_rows == 2);
  REQUIRE(info.file_size == file.size());
  REQUIRE(info.metadata_size == 2 + 1 + 13);  // type, length, coding, content
  REQUIRE((info.alpha_size > 0) == (info.has_alpha == 1));
  REQUIRE(info.hyper_size > 0);
  REQUIRE(info.latent_size > 0);
  REQUIRE(info.header_size + info.metadata_size + info.alpha_size + info.hyper_size + info.latent_size == file.size());
}

TEST_CASE("a file of one slice says so") {
  const Bytes file = MakeFile(150, 70, NIC_RGB8, 2097152, false);
  const nic_info info = InfoOf(file);
  REQUIRE(info.slice_side == 2097152);
  REQUIRE(info.slice_columns == 1);
  REQUIRE(info.slice_rows == 1);
  REQUIRE(info.lanes == 1);
  REQUIRE(info.metadata_size == 0);
  REQUIRE(info.header_size <= 32);
  const std::vector<nic_slice_info> slices = SlicesOf(file);
  REQUIRE(slices.size() == 1);
  REQUIRE((slices[0].x == 0 && slices[0].y == 0 && slices[0].width == 150 && slices[0].height == 70));
}

TEST_CASE("slices tile the picture and follow one another to the end of the file") {
  const Bytes file = MakeFile(300, 130, NIC_RGB8, 64, true);
  const nic_info info = InfoOf(file);
  const std::vector<nic_slice_info> slices = SlicesOf(file);
  REQUIRE(slices.size() == 15);
  uint64_t hyper = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    const nic_slice_info& slice = slices[i];
    CAPTURE(i);
    REQUIRE(slice.x == i % 5 * 64);
    REQUIRE(slice.y == i / 5 * 64);
    REQUIRE(slice.width == std::min<uint32_t>(64, 300 - slice.x));
    REQUIRE(slice.height == std::min<uint32_t>(64, 130 - slice.y));
    REQUIRE(slice.hyper_size < slice.size);
    REQUIRE(slice.offset + slice.size == (i + 1 < slices.size() ? slices[i + 1].offset : file.size()));
    hyper += slice.hyper_size;
    nic_slice_info alone;
    REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, i, &alone, nullptr) == NIC_OK);
    REQUIRE(Same(alone, slice));
    // The check stands at the slice's first bytes.
    const uint8_t* check = &file[slice.offset];
    REQUIRE(slice.check == (check[0] | uint32_t{check[1]} << 8 | uint32_t{check[2]} << 16 | uint32_t{check[3]} << 24));
  }
  REQUIRE(hyper == info.hyper_size);
}

TEST_CASE("slices past the last are no slices") {
  const Bytes file = MakeFile(300, 130, NIC_RGB8, 64, false);
  const std::vector<nic_slice_info> all = SlicesOf(file);
  nic_slice_info slice;
  nic_error error;
  for (const uint64_t index : {uint64_t{15}, uint64_t{16}, UINT64_MAX}) {
    REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, index, &slice, &error) == NIC_INVALID_ARGUMENT);
    REQUIRE(std::string(error.message).find("15 slices") != std::string::npos);
    size_t count = 7;
    REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, index, &slice, 1, &count, &error) == NIC_OK);
    REQUIRE(count == 0);
  }
  std::vector<nic_slice_info> some(4);
  size_t count = 0;
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 13, some.data(), 4, &count, nullptr) == NIC_OK);
  REQUIRE(count == 2);
  REQUIRE(Same(some[1], all[14]));
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 3, some.data(), 4, &count, nullptr) == NIC_OK);
  REQUIRE(count == 4);
  REQUIRE(Same(some[0], all[3]));
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 3, some.data(), 0, &count, nullptr) == NIC_OK);
  REQUIRE(count == 0);
}

TEST_CASE("of every beginning of a file as much is told as it holds") {
  const bool several = GENERATE(true, false);
  const Bytes file = MakeFile(150, 70, NIC_RGBA8, several ? 64 : 1024, true);
  const nic_info whole = InfoOf(file);
  const std::vector<nic_slice_info> slices = SlicesOf(file);
  bool header_seen = false;
  for (size_t size = 0; size < file.size(); ++size) {
    CAPTURE(several, size);
    const Bytes prefix(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));  // of exact size, for sanitizers
    nic_info info;
    nic_error error;
    REQUIRE(nic_read_info(prefix.data() ? prefix.data() : file.data(), size, nullptr, &info, &error) == NIC_TRUNCATED);
    REQUIRE(error.offset == size);
    if (info.width == 0) {
      REQUIRE_FALSE(header_seen);
      REQUIRE(info.file_size == 0);
      continue;
    }
    header_seen = true;
    REQUIRE(info.width == whole.width);
    REQUIRE(info.height == whole.height);
    REQUIRE(info.model_digest == whole.model_digest);
    REQUIRE(info.slice_columns == whole.slice_columns);
    REQUIRE(info.slice_rows == whole.slice_rows);
    REQUIRE((info.metadata_size == 0 || info.metadata_size == whole.metadata_size));
    REQUIRE((info.alpha_size == 0 || info.alpha_size == whole.alpha_size));
    REQUIRE((info.file_size == 0 || info.file_size == whole.file_size));
    REQUIRE(info.header_size <= whole.header_size);
    REQUIRE(info.hyper_size <= whole.hyper_size);
    REQUIRE(info.latent_size <= whole.latent_size);
    // The payload of the latents is announced by the bytes before it.
    if (size >= slices[0].offset) REQUIRE(info.file_size == whole.file_size);

    std::vector<nic_slice_info> some(slices.size());
    size_t count = 0;
    REQUIRE(nic_read_slices(prefix.data(), size, nullptr, 0, some.data(), some.size(), &count, &error) ==
            NIC_TRUNCATED);
    const auto there = std::count_if(slices.begin(), slices.end(),
                                     [&](const auto& slice) { return slice.offset + slice.size <= size; });
    REQUIRE(count == static_cast<size_t>(there));
    for (size_t i = 0; i < slices.size(); ++i) {
      nic_slice_info alone;
      const nic_status status = nic_read_slice_info(prefix.data(), size, nullptr, i, &alone, nullptr);
      REQUIRE(status == (i < count ? NIC_OK : NIC_TRUNCATED));
      if (i < count) REQUIRE(Same(alone, slices[i]));
      if (i < count) REQUIRE(Same(some[i], slices[i]));
    }
  }
  REQUIRE(header_seen);
}

TEST_CASE("null arguments are refused, a null error is allowed") {
  const Bytes file = MakeFile(20, 20, NIC_RGB8, 64, false);
  nic_info info;
  nic_slice_info slice;
  size_t count = 0;
  nic_error error;
  REQUIRE(nic_read_info(nullptr, 10, nullptr, &info, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(error.offset == NIC_NO_OFFSET);
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, nullptr, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info, nullptr) == NIC_OK);
  REQUIRE(nic_read_slice_info(nullptr, 10, nullptr, 0, &slice, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, 0, nullptr, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_slices(nullptr, 10, nullptr, 0, &slice, 1, &count, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 0, nullptr, 1, &count, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_slices(file.data(), file.size(), nullptr, 0, &slice, 1, nullptr, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info, &error) == NIC_OK);
  REQUIRE(error.status == NIC_OK);
  REQUIRE(error.message[0] == '\0');
}

TEST_CASE("metadata are read without a model") {
  const Bytes file = MakeFile(70, 50, NIC_RGB8, 1024, true);
  const std::string content("<x:xmpmeta/>", sizeof "<x:xmpmeta/>");
  std::string read(content.size() + 1, '#');
  uint64_t size = 9;
  nic_error error;
  const auto take = [&](nic_metadata kind, void* to, size_t capacity) {
    return nic_read_metadata(file.data(), file.size(), nullptr, kind, to, capacity, &size, &error);
  };
  REQUIRE(take(NIC_METADATA_XMP, read.data(), content.size()) == NIC_OK);
  CHECK(size == content.size());
  CHECK(read == content + "#");
  read.assign(read.size(), '#');
  CHECK(take(NIC_METADATA_XMP, read.data(), content.size() - 1) == NIC_INVALID_ARGUMENT);
  CHECK(size == content.size());
  CHECK(read == std::string(read.size(), '#'));
  CHECK(take(NIC_METADATA_ICC, nullptr, 0) == NIC_OK);
  CHECK(size == 0);
  CHECK(take(NIC_METADATA_XMP, nullptr, 100) == NIC_INVALID_ARGUMENT);
  CHECK(take(static_cast<nic_metadata>(0x80), read.data(), 1) == NIC_INVALID_ARGUMENT);
  CHECK(nic_read_metadata(nullptr, 5, nullptr, NIC_METADATA_ICC, read.data(), 1, &size, &error) ==
        NIC_INVALID_ARGUMENT);
}

TEST_CASE("the size of metadata is told without a model, from the beginning of a file") {
  const Bytes file = MakeFile(70, 50, NIC_RGB8, 1024, true);
  uint64_t size = 9;
  nic_error error;
  const auto read = [&](size_t prefix, nic_metadata kind, const nic_limits* limits = nullptr) {
    return nic_read_metadata_size(file.data(), prefix, limits, kind, &size, &error);
  };
  REQUIRE(read(file.size(), NIC_METADATA_XMP) == NIC_OK);
  CHECK(size == sizeof "<x:xmpmeta/>");
  REQUIRE(read(file.size(), NIC_METADATA_ICC) == NIC_OK);
  CHECK(size == 0);
  for (size_t prefix = 0; prefix < file.size(); ++prefix) {
    CAPTURE(prefix);
    const nic_status status = read(prefix, NIC_METADATA_XMP);
    CHECK((status == NIC_OK || status == NIC_TRUNCATED));
    CHECK(size == (status == NIC_OK ? sizeof "<x:xmpmeta/>" : 0));
  }
  nic_limits limits = {};
  limits.max_metadata = 5;
  CHECK(read(file.size(), NIC_METADATA_XMP, &limits) == NIC_LIMIT_METADATA);
  CHECK(read(file.size(), static_cast<nic_metadata>(0x85)) == NIC_INVALID_ARGUMENT);
  CHECK(nic_read_metadata_size(nullptr, 5, nullptr, NIC_METADATA_ICC, &size, &error) == NIC_INVALID_ARGUMENT);
  CHECK(nic_read_metadata_size(file.data(), 5, nullptr, NIC_METADATA_ICC, nullptr, &error) == NIC_INVALID_ARGUMENT);
}

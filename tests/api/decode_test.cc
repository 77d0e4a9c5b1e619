#include "nic/decode.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "api/handles.h"
#include "support/small_model.h"

using namespace nic::testing;

namespace {

constexpr int kSynthesisReach = 32;  // pixels beyond a slice that the small synthesis reads, amply

nic_status DecodeTo(const Decoder& decoder, Picture* picture) {
  const nic_image image = picture->View();
  return nic_decoder_decode(decoder.get(), &image);
}

Picture Blank(uint32_t width, uint32_t height, nic_pixel_format format) {
  return {width, height, format, Bytes(size_t{width} * height * static_cast<size_t>(format), 0xEE)};
}

void Open(const Decoder& decoder, const Bytes& file) {
  const nic_status status = nic_decoder_open(decoder.get(), file.data(), file.size());
  INFO(nic_decoder_error(decoder.get())->message);
  REQUIRE(status == NIC_OK);
}

nic_slice_info SliceOf(const Bytes& file, uint64_t index) {
  nic_slice_info slice;
  REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, index, &slice, nullptr) == NIC_OK);
  return slice;
}

void DamageSlice(Bytes& file, uint64_t index) {
  const nic_slice_info slice = SliceOf(file, index);
  file[slice.offset + slice.size - 2] ^= 0x10;
}

// Rows as a callback gets them.
struct Rows {
  static int Take(void* user, uint32_t y, uint32_t rows, const uint8_t* pixels, size_t stride) {
    auto* self = static_cast<Rows*>(user);
    if (y != self->next || rows == 0) self->in_order = false;
    self->next = y + rows;
    self->pixels.insert(self->pixels.end(), pixels, pixels + stride * rows);
    return ++self->calls == self->fail_at;
  }
  uint32_t next = 0;
  bool in_order = true;
  int calls = 0;
  int fail_at = 0;
  Bytes pixels;
};

int Grey(const uint8_t* rgb) { return (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8; }

}  // namespace

TEST_CASE("each format decodes to each other one") {
  const Context context = NewSmallContext();
  const nic_pixel_format coded = GENERATE(NIC_GREY8, NIC_GREY_ALPHA8, NIC_RGB8, NIC_RGBA8);
  const Picture picture = MakePicture(50, 37, coded);
  const Bytes file = EncodeSmall(context, picture);
  const Picture own = Decode(context, file);
  REQUIRE(own.format == coded);
  const size_t own_channels = coded;
  const Decoder decoder = NewDecoder(context);
  for (const nic_pixel_format wanted : {NIC_GREY8, NIC_GREY_ALPHA8, NIC_RGB8, NIC_RGBA8}) {
    CAPTURE(coded, wanted);
    REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_FORMAT, wanted) == NIC_OK);
    Open(decoder, file);
    Picture converted = Blank(50, 37, wanted);
    REQUIRE(DecodeTo(decoder, &converted) == NIC_OK);
    bool right = true;
    for (size_t i = 0; i < 50 * 37; ++i) {
      const uint8_t* from = &own.pixels[i * own_channels];
      const uint8_t* to = &converted.pixels[i * static_cast<size_t>(wanted)];
      const bool from_grey = coded <= NIC_GREY_ALPHA8;
      if (wanted <= NIC_GREY_ALPHA8) right = right && to[0] == (from_grey ? from[0] : Grey(from));
      for (int c = 0; wanted >= NIC_RGB8 && c < 3; ++c) right = right && to[c] == from[from_grey ? 0 : c];
      if (wanted % 2 == 0) right = right && to[wanted - 1] == (coded % 2 == 0 ? from[coded - 1] : 255);
    }
    REQUIRE(right);
  }
}

TEST_CASE("a stride larger than a row leaves the bytes between rows alone") {
  const Context context = NewSmallContext();
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_RGB8, NIC_RGBA8);
  const Bytes file = EncodeSmall(context, MakePicture(21, 18, format));
  const Picture expected = Decode(context, file);
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  const size_t row = 21 * static_cast<size_t>(format);
  const size_t stride = row + 13;
  Bytes pixels(17 * stride + row, 0x5A);  // exactly as much as is needed
  const nic_image image = {21, 18, format, stride, pixels.data()};
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_OK);
  for (size_t y = 0; y < 18; ++y) {
    REQUIRE(std::equal(&pixels[y * stride], &pixels[y * stride] + row, &expected.pixels[y * row]));
    for (size_t i = row; y < 17 && i < stride; ++i) REQUIRE(pixels[y * stride + i] == 0x5A);
  }
}

TEST_CASE("an image that does not fit the file is refused") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(21, 18, NIC_RGB8));
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  Bytes pixels(30 * 30 * 4);
  const nic_image good = {21, 18, NIC_RGB8, 63, pixels.data()};
  const auto refused = [&](nic_image image, const char* about) {
    const nic_status status = nic_decoder_decode(decoder.get(), &image);
    CAPTURE(nic_decoder_error(decoder.get())->message);
    REQUIRE(std::string(nic_decoder_error(decoder.get())->message).find(about) != std::string::npos);
    return status;
  };
  nic_image image = good;
  image.width = 22;
  REQUIRE(refused(image, "width or height") == NIC_INVALID_ARGUMENT);
  image = good;
  image.height = 17;
  REQUIRE(refused(image, "width or height") == NIC_INVALID_ARGUMENT);
  image = good;
  image.format = NIC_GREY8;
  REQUIRE(refused(image, "format") == NIC_INVALID_ARGUMENT);
  image = good;
  image.pixels = nullptr;
  REQUIRE(refused(image, "pixels") == NIC_INVALID_ARGUMENT);
  image = good;
  image.stride = 62;
  REQUIRE(refused(image, "stride") == NIC_BUFFER_TOO_SMALL);
  REQUIRE(nic_decoder_decode(decoder.get(), nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_decode(decoder.get(), &good) == NIC_OK);
}

TEST_CASE("parameters out of their bounds are refused and change nothing") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(21, 18, NIC_RGB8));
  const Decoder decoder = NewDecoder(context);
  for (const double value : {-1.0, 0.5, 2.0, double(NAN), double(INFINITY)}) {
    REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, value) == NIC_INVALID_ARGUMENT);
  }
  for (const double value : {-1.0, 0.5, 1.5, 5.0, 1e300, double(NAN), double(-INFINITY)}) {
    REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_FORMAT, value) == NIC_INVALID_ARGUMENT);
  }
  for (const double value : {-1.0, 0.0, 2.0, 7.0, 8.5, 15.0, 17.0, 32.0, double(NAN)}) {
    REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, value) == NIC_INVALID_ARGUMENT);
  }
  for (const int parameter : {0, 4}) {
    REQUIRE(nic_decoder_set(decoder.get(), static_cast<nic_decoder_parameter>(parameter), 0) == NIC_INVALID_ARGUMENT);
  }
  Open(decoder, file);
  Picture picture = Blank(21, 18, NIC_RGB8);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
}

TEST_CASE("the bounds of every decoder parameter are those that are enforced") {
  const Context context = NewSmallContext();
  const Decoder decoder = NewDecoder(context);
  nic_bounds bounds;
  for (const nic_decoder_parameter parameter : {NIC_DECODER_KEEP_GOING, NIC_DECODER_FORMAT, NIC_DECODER_SCALE}) {
    CAPTURE(parameter);
    REQUIRE(nic_decoder_bounds(parameter, &bounds) == NIC_OK);
    REQUIRE(bounds.whole == 1);
    for (const double value : {bounds.lowest, bounds.highest, bounds.preset}) {
      REQUIRE(nic_decoder_set(decoder.get(), parameter, value) == NIC_OK);
    }
    for (const double value : {bounds.lowest - 1, bounds.highest + 1, bounds.lowest + 0.5}) {
      REQUIRE(nic_decoder_set(decoder.get(), parameter, value) == NIC_INVALID_ARGUMENT);
    }
  }
  for (const int parameter : {0, 4}) {
    REQUIRE(nic_decoder_bounds(static_cast<nic_decoder_parameter>(parameter), &bounds) == NIC_INVALID_ARGUMENT);
  }
  REQUIRE(nic_decoder_bounds(NIC_DECODER_FORMAT, nullptr) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("calls out of order say NIC_WRONG_STATE") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(21, 18, NIC_RGB8));
  const Decoder decoder = NewDecoder(context);
  Picture picture = Blank(21, 18, NIC_RGB8);
  Rows rows;
  nic_info info;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  int premultiplied = 0;
  const auto all_wrong = [&] {
    return DecodeTo(decoder, &picture) == NIC_WRONG_STATE &&
           nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_WRONG_STATE &&
           nic_decoder_info(decoder.get(), &info) == NIC_WRONG_STATE &&
           nic_decoder_set_region(decoder.get(), 0, 0, 1, 1) == NIC_WRONG_STATE &&
           nic_decoder_metadata(decoder.get(), NIC_METADATA_ICC, &bytes, &size) == NIC_WRONG_STATE &&
           nic_decoder_premultiplied(decoder.get(), &premultiplied) == NIC_WRONG_STATE && rows.calls == 0;
  };
  REQUIRE(all_wrong());
  Open(decoder, file);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);  // as often as one likes
  REQUIRE(nic_decoder_open(decoder.get(), "junk", 4) == NIC_NOT_NIC);
  REQUIRE(all_wrong());  // a file that does not open well closes the one before
  REQUIRE(nic_decoder_open(decoder.get(), nullptr, 4) == NIC_INVALID_ARGUMENT);
  REQUIRE(all_wrong());
  Open(decoder, file);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
}

TEST_CASE("null objects and arguments are refused") {
  const Context context = NewSmallContext();
  nic_decoder* decoder = nullptr;
  nic_image image;
  nic_info info;
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  int premultiplied = 0;
  REQUIRE(nic_decode(context.get(), nullptr, 3, &image, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decode(context.get(), "abc", 3, nullptr, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_new(nullptr, &decoder, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_new(context.get(), nullptr, nullptr) == NIC_INVALID_ARGUMENT);
  nic_decoder_free(nullptr);
  REQUIRE(nic_decoder_set(nullptr, NIC_DECODER_FORMAT, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_open(nullptr, "abc", 3) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_info(nullptr, &info) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set_region(nullptr, 0, 0, 1, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_metadata(nullptr, NIC_METADATA_ICC, &bytes, &size) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_premultiplied(nullptr, &premultiplied) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_decode(nullptr, &image) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_decode_rows(nullptr, Rows::Take, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_damaged_slices(nullptr) == 0);
  REQUIRE(nic_decoder_error(nullptr) == nullptr);

  const Decoder owner = NewDecoder(context);
  const Bytes file = EncodeSmall(context, MakePicture(21, 18, NIC_RGB8));
  Open(owner, file);
  REQUIRE(nic_decoder_info(owner.get(), nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_decode_rows(owner.get(), nullptr, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_metadata(owner.get(), NIC_METADATA_ICC, nullptr, &size) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_metadata(owner.get(), NIC_METADATA_ICC, &bytes, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_premultiplied(owner.get(), nullptr) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("the info of an opened file is that of its bytes") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(150, 70, NIC_RGBA8), 60, 64);
  nic_info from_bytes;
  nic_info from_decoder;
  std::memset(&from_bytes, 0, sizeof from_bytes);
  std::memset(&from_decoder, 0, sizeof from_decoder);
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &from_bytes, nullptr) == NIC_OK);
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  REQUIRE(nic_decoder_info(decoder.get(), &from_decoder) == NIC_OK);
  REQUIRE(from_decoder.width == from_bytes.width);
  REQUIRE(from_decoder.format == from_bytes.format);
  REQUIRE(from_decoder.gain_level == from_bytes.gain_level);
  REQUIRE(from_decoder.slice_columns == from_bytes.slice_columns);
  REQUIRE(from_decoder.file_size == from_bytes.file_size);
  REQUIRE(from_decoder.header_size == from_bytes.header_size);
  REQUIRE(from_decoder.latent_size == from_bytes.latent_size);
}

TEST_CASE("rows come once, from the top down, and are the picture's") {
  const Context context = NewSmallContext();
  const Decoder decoder = NewDecoder(context);
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_RGB8, NIC_RGBA8);
  for (const uint32_t height : {1u, 15u, 16u, 17u, 70u}) {
    const Bytes file = EncodeSmall(context, MakePicture(50, height, format), 60, 64);
    Open(decoder, file);
    Rows rows;
    REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_OK);
    REQUIRE(rows.in_order);
    REQUIRE(rows.next == height);
    REQUIRE(rows.pixels == Decode(context, file).pixels);
  }
}

TEST_CASE("rows of a region count from its first") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(90, 80, NIC_RGBA8), 60, 64);
  const Picture whole = Decode(context, file);
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  REQUIRE(nic_decoder_set_region(decoder.get(), 13, 37, 40, 35) == NIC_OK);
  Rows rows;
  REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_OK);
  REQUIRE(rows.in_order);
  REQUIRE(rows.next == 35);
  REQUIRE(rows.pixels.size() == 40 * 35 * 4);
  for (size_t y = 0; y < 35; ++y) {
    REQUIRE(std::equal(&rows.pixels[y * 160], &rows.pixels[y * 160] + 160, &whole.pixels[((y + 37) * 90 + 13) * 4]));
  }
  Open(decoder, file);  // forgets the region
  Picture again = Blank(90, 80, NIC_RGBA8);
  REQUIRE(DecodeTo(decoder, &again) == NIC_OK);
  REQUIRE(again.pixels == whole.pixels);
}

TEST_CASE("a callback that fails stops with NIC_IO, and the decoder goes on to serve") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(50, 70, NIC_RGB8), 60, 64);
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  for (int fail_at = 1; fail_at <= 5; ++fail_at) {
    Rows rows;
    rows.fail_at = fail_at;
    REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_IO);
    REQUIRE(rows.calls == fail_at);
    REQUIRE(std::string(nic_decoder_error(decoder.get())->message).find("callback") == 0);
  }
  Rows rows;
  REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_OK);
  REQUIRE(nic_decoder_error(decoder.get())->status == NIC_OK);
  REQUIRE(nic_decoder_error(decoder.get())->message[0] == '\0');
}

TEST_CASE("no row is handed out before all latents are checked") {
  const Context context = NewSmallContext();
  Bytes file = EncodeSmall(context, MakePicture(200, 200, NIC_RGB8), 60, 64);
  DamageSlice(file, 15);
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  Rows rows;
  REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_SLICE_DAMAGED);
  REQUIRE(rows.calls == 0);
}

TEST_CASE("damage fails the call with the slice's number and place") {
  const uint32_t threads = GENERATE(1u, 3u);
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = threads;
  const Context context = NewSmallContext(options);
  Bytes file = EncodeSmall(context, MakePicture(300, 300, NIC_RGB8), 60, 64);
  DamageSlice(file, 7);
  DamageSlice(file, 12);
  nic_image image;
  nic_error error;
  REQUIRE(nic_decode(context.get(), file.data(), file.size(), &image, &error) == NIC_SLICE_DAMAGED);
  REQUIRE(image.pixels == nullptr);
  REQUIRE(std::string(error.message).find("slice 7: ") == 0);
  const nic_slice_info slice = SliceOf(file, 7);
  REQUIRE(error.offset >= slice.offset);
  REQUIRE(error.offset <= slice.offset + slice.size);
}

namespace {

// Which pixels lie so near to a damaged slice that the synthesis may have read its latents.
std::vector<bool> NearSlices(const Bytes& file, const std::vector<uint64_t>& damaged, uint32_t width, uint32_t height) {
  std::vector<bool> near_one(size_t{width} * height);
  for (const uint64_t index : damaged) {
    const nic_slice_info slice = SliceOf(file, index);
    const auto reaches = [](uint32_t begin, uint32_t size, uint32_t at) {
      return at + kSynthesisReach >= begin && at < begin + size + kSynthesisReach;
    };
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        if (reaches(slice.x, slice.width, x) && reaches(slice.y, slice.height, y))
          near_one[size_t{y} * width + x] = true;
      }
    }
  }
  return near_one;
}

}  // namespace

TEST_CASE("going on over damage leaves the pixels of good slices as they were") {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = GENERATE(1u, 3u);
  const Context context = NewSmallContext(options);
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_RGBA8);
  const Bytes good = EncodeSmall(context, MakePicture(640, 400, format), 90, 128);  // 5 x 4 slices
  const Picture expected = Decode(context, good);
  Bytes file = good;
  const std::vector<uint64_t> damaged = {2, 14, 19};
  for (const uint64_t index : damaged) DamageSlice(file, index);

  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  Open(decoder, file);
  Picture picture = Blank(640, 400, format);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_SLICE_DAMAGED);
  REQUIRE(nic_decoder_damaged_slices(decoder.get()) == 3);
  REQUIRE(std::string(nic_decoder_error(decoder.get())->message).find("slice 2: ") == 0);

  const std::vector<bool> near_one = NearSlices(good, damaged, 640, 400);
  const size_t channels = format;
  size_t same = 0, changed = 0, wrong = 0;
  for (size_t i = 0; i < near_one.size(); ++i) {
    const bool equal = std::equal(&picture.pixels[i * channels], &picture.pixels[i * channels] + channels,
                                  &expected.pixels[i * channels]);
    if (!near_one[i]) ++(equal ? same : wrong);
    if (near_one[i] && !equal) ++changed;
  }
  REQUIRE(wrong == 0);
  REQUIRE(same > 100000);
  REQUIRE(changed > 10000);

  Rows rows;
  REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_SLICE_DAMAGED);
  REQUIRE(rows.pixels == picture.pixels);

  Open(decoder, good);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
  REQUIRE(nic_decoder_damaged_slices(decoder.get()) == 0);
  REQUIRE(picture.pixels == expected.pixels);
}

TEST_CASE("going on over missing slices keeps those that are there") {
  const Context context = NewSmallContext();
  const Bytes good = EncodeSmall(context, MakePicture(640, 400, NIC_RGB8), 90, 128);
  const Picture expected = Decode(context, good);
  const nic_slice_info eleventh = SliceOf(good, 10);
  const Bytes file(good.begin(), good.begin() + static_cast<ptrdiff_t>(eleventh.offset + eleventh.size - 1));
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);  // a file that is cut inside its slices opens well
  Picture picture = Blank(640, 400, NIC_RGB8);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_TRUNCATED);
  REQUIRE(nic_decoder_error(decoder.get())->offset == file.size());
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_TRUNCATED);
  REQUIRE(nic_decoder_damaged_slices(decoder.get()) == 10);
  const size_t rows = 256 - kSynthesisReach;
  REQUIRE(std::equal(picture.pixels.begin(), picture.pixels.begin() + static_cast<ptrdiff_t>(rows * 640 * 3),
                     expected.pixels.begin()));

  Bytes both = file;
  DamageSlice(both, 4);
  Open(decoder, both);
  REQUIRE(DecodeTo(decoder, &picture) == NIC_SLICE_DAMAGED);  // the first of the failures
  REQUIRE(nic_decoder_damaged_slices(decoder.get()) == 11);
}

TEST_CASE("a file cut anywhere in its slices decodes as far as it goes") {
  const Context context = NewSmallContext();
  const Bytes good = EncodeSmall(context, MakePicture(130, 70, NIC_RGBA8), 60, 64);
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  const nic_slice_info first = SliceOf(good, 0);
  Picture picture = Blank(130, 70, NIC_RGBA8);
  uint64_t last = 7;
  for (size_t size = first.offset; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    Open(decoder, cut);
    REQUIRE(DecodeTo(decoder, &picture) == NIC_TRUNCATED);
    const uint64_t missing = nic_decoder_damaged_slices(decoder.get());
    REQUIRE(missing <= last);
    REQUIRE(missing >= 1);
    last = missing;
  }
  REQUIRE(last == 1);
}

TEST_CASE("one decoder serves many files of different kinds") {
  const Context context = NewSmallContext();
  const Decoder decoder = NewDecoder(context);
  for (uint32_t i = 0; i < 12; ++i) {
    const auto format = static_cast<nic_pixel_format>(1 + i % 4);
    const Bytes file =
        EncodeSmall(context, MakePicture(10 + 7 * i, 90 - 5 * i, format, i), 10.0 * (i % 10), 64u << i % 3);
    if (i % 3 == 2) {
      Bytes damaged = file;
      damaged[damaged.size() - 2] ^= 1;
      Open(decoder, damaged);
      Picture junk = Blank(10 + 7 * i, 90 - 5 * i, format);
      REQUIRE(DecodeTo(decoder, &junk) != NIC_OK);
    }
    Open(decoder, file);
    Picture picture = Blank(10 + 7 * i, 90 - 5 * i, format);
    REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
    REQUIRE(picture.pixels == Decode(context, file).pixels);
  }
}

TEST_CASE("colours by code points come back as they went in, beside a profile") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const Decoder decoder = NewDecoder(context);
  const auto set = [&](Bytes content) {
    return nic_encoder_set_metadata(encoder.get(), NIC_METADATA_CICP, content.data(), content.size());
  };
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_ICC, "a profile", 9) == NIC_OK);
  const uint64_t size_before = Encode(encoder, MakePicture(30, 30, NIC_GREY8)).size();
  for (const Bytes& content : {Bytes{9, 16, 0, 1}, Bytes{255, 0, 0, 0}}) {
    REQUIRE(set(content) == NIC_OK);
    const Bytes file = Encode(encoder, MakePicture(30, 30, NIC_GREY8));
    REQUIRE(file.size() == size_before + 6);
    Open(decoder, file);
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    REQUIRE(nic_decoder_metadata(decoder.get(), NIC_METADATA_CICP, &bytes, &size) == NIC_OK);
    REQUIRE(Bytes(bytes, bytes + size) == content);
    REQUIRE(nic_decoder_metadata(decoder.get(), NIC_METADATA_ICC, &bytes, &size) == NIC_OK);
    REQUIRE(size == 9);
  }
  for (const Bytes& content : {Bytes{9, 16, 0}, Bytes{9, 16, 0, 1, 0}, Bytes{9, 16, 1, 1}, Bytes{9, 16, 0, 2}}) {
    REQUIRE(set(content) == NIC_INVALID_ARGUMENT);
  }
  REQUIRE(set({}) == NIC_OK);
  REQUIRE(Encode(encoder, MakePicture(30, 30, NIC_GREY8)).size() == size_before);
}

TEST_CASE("metadata comes back as it went in") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const Bytes icc = MakePicture(60, 10, NIC_RGB8, 3).pixels;
  const Bytes xmp(5000, 'x');
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_ICC, icc.data(), icc.size()) == NIC_OK);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_XMP, xmp.data(), xmp.size()) == NIC_OK);
  const Bytes file = Encode(encoder, MakePicture(30, 30, NIC_RGB8));
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  const auto metadata = [&](nic_metadata kind) {
    const uint8_t* bytes = nullptr;
    size_t size = 1;
    REQUIRE(nic_decoder_metadata(decoder.get(), kind, &bytes, &size) == NIC_OK);
    return Bytes(bytes, bytes + size);
  };
  for (int twice = 0; twice < 2; ++twice) {
    REQUIRE(metadata(NIC_METADATA_ICC) == icc);
    REQUIRE(metadata(NIC_METADATA_XMP) == xmp);
    REQUIRE(metadata(NIC_METADATA_EXIF).empty());
  }
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_decoder_metadata(decoder.get(), static_cast<nic_metadata>(0x80), &bytes, &size) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_metadata(decoder.get(), static_cast<nic_metadata>(0x85), &bytes, &size) == NIC_INVALID_ARGUMENT);
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kSmallModelId);
  const Bytes without = Encode(encoder, MakePicture(30, 30, NIC_RGB8));
  Open(decoder, without);
  REQUIRE(metadata(NIC_METADATA_ICC).empty());
}

namespace {

Picture DecodeScaled(const Context& context, const Bytes& file, uint32_t scale, nic_pixel_format format) {
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, scale) == NIC_OK);
  Open(decoder, file);
  nic_info info;
  REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_OK);
  Picture picture;
  picture.width = nic_scaled_side(info.width, scale);
  picture.height = nic_scaled_side(info.height, scale);
  picture.format = format;
  picture.pixels.resize(size_t{picture.width} * picture.height * nic_format_bytes(format));
  REQUIRE(DecodeTo(decoder, &picture) == NIC_OK);
  Rows rows;
  REQUIRE(nic_decoder_decode_rows(decoder.get(), Rows::Take, &rows) == NIC_OK);
  REQUIRE(rows.in_order);
  REQUIRE(rows.pixels == picture.pixels);
  return picture;
}

}  // namespace

TEST_CASE("a smaller picture has the sides told, the same pixels with any threads, and the means of alpha") {
  const bool with_preview = GENERATE(false, true);
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_RGB8, NIC_RGBA8, NIC_GREY_ALPHA16, NIC_RGB16);
  for (const uint32_t scale : {8u, 16u}) {
    CAPTURE(with_preview, static_cast<int>(format), scale);
    std::vector<Picture> seen;
    Bytes file;
    for (const uint32_t threads : {1u, 3u}) {
      nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
      options.threads = threads;
      options.target = threads == 1 ? "scalar" : nullptr;
      const Context context = NewContext(options);
      AddModel(context, MakeSmallPackage(1, kSmallModelId, with_preview));
      if (file.empty()) file = EncodeSmall(context, MakePicture(150, 101, format), 75, 64);
      seen.push_back(DecodeScaled(context, file, scale, format));
    }
    REQUIRE(seen[0].width == (150 + scale - 1) / scale);
    REQUIRE(seen[0].height == (101 + scale - 1) / scale);
    REQUIRE(seen[0].pixels == seen[1].pixels);
    if (nic_format_channels(format) % 2) continue;
    const Context context = NewSmallContext();
    const Picture whole = Decode(context, file);
    const size_t channels = nic_format_channels(format);
    for (uint32_t row = 0; row < seen[0].height; ++row) {
      for (uint32_t column = 0; column < seen[0].width; ++column) {
        int64_t sum = 0, count = 0;
        for (uint32_t y = row * scale; y < std::min((row + 1) * scale, whole.height); ++y) {
          for (uint32_t x = column * scale; x < std::min((column + 1) * scale, whole.width); ++x, ++count) {
            sum += SampleOf(whole, (size_t{y} * whole.width + x) * channels + channels - 1);
          }
        }
        const int alpha = SampleOf(seen[0], (size_t{row} * seen[0].width + column) * channels + channels - 1);
        REQUIRE(std::abs(alpha * count - sum) <= (nic_format_depth(format) == 16 ? 257 : 1) * count / 2);
      }
    }
  }
}

TEST_CASE("without previews a smaller picture is close to the mean of the decoded pixels") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(96, 80, NIC_RGB8));
  const Picture whole = Decode(context, file);
  const Picture scaled = DecodeScaled(context, file, 8, NIC_RGB8);
  for (size_t row = 0; row < 10; ++row) {
    for (size_t column = 0; column < 12; ++column) {
      for (size_t c = 0; c < 3; ++c) {
        int sum = 0;
        for (size_t i = 0; i < 64; ++i) sum += whole.pixels[((row * 8 + i / 8) * 96 + column * 8 + i % 8) * 3 + c];
        // Each pixel was rounded by half a level at most.
        REQUIRE(std::abs(64 * scaled.pixels[(row * 12 + column) * 3 + c] - sum) <= 64);
      }
    }
  }
}

TEST_CASE("a region and a scale exclude one another, until the next file") {
  const Context context = NewSmallContext();
  const Bytes file = EncodeSmall(context, MakePicture(50, 40, NIC_RGB8));
  const Decoder decoder = NewDecoder(context);
  Open(decoder, file);
  REQUIRE(nic_decoder_set_region(decoder.get(), 1, 2, 30, 20) == NIC_OK);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, 8) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, 1) == NIC_OK);
  Picture part = Blank(30, 20, NIC_RGB8);
  REQUIRE(DecodeTo(decoder, &part) == NIC_OK);
  Open(decoder, file);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, 8) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder.get(), 1, 2, 30, 20) == NIC_INVALID_ARGUMENT);
  REQUIRE(std::string(nic_decoder_error(decoder.get())->message).find("NIC_DECODER_SCALE") != std::string::npos);
  REQUIRE(DecodeTo(decoder, &part) == NIC_INVALID_ARGUMENT);
  Picture scaled = Blank(7, 5, NIC_RGB8);
  REQUIRE(DecodeTo(decoder, &scaled) == NIC_OK);
}

TEST_CASE("the memory of a smaller picture is told beforehand") {
  const bool with_preview = GENERATE(false, true);
  const auto drop = [](void*, uint32_t, uint32_t, const uint8_t*, size_t) { return 0; };
  Bytes file;
  {
    const Context context = NewSmallContext();
    file = EncodeSmall(context, MakePicture(1500, 1400, NIC_RGBA8), 75, 64);
  }
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  const Context context = NewContext(options);
  AddModel(context, MakeSmallPackage(1, kSmallModelId, with_preview));
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, 8) == NIC_OK);
  Open(decoder, file);
  uint64_t told = 0;
  REQUIRE(nic_decoder_memory(decoder.get(), &told) == NIC_OK);
  REQUIRE(nic_decoder_decode_rows(decoder.get(), drop, nullptr) == NIC_OK);
  const uint64_t peak = nic_context_peak_memory(context.get());
  CAPTURE(told, peak, with_preview);
  REQUIRE(told >= peak * 0.85);
  REQUIRE(told <= peak * 1.35);
}

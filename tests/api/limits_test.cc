// nic_limits: each at its boundary, in decoding, encoding and reading of headers.
#include <catch2/catch.hpp>

#include <functional>
#include <string>

#include "api/context.h"
#include "api/handles.h"
#include "container/header.h"

using namespace nic::testing;

namespace {

Context NewLimited(const std::function<void(nic_limits&)>& limit) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  limit(options.limits);
  return NewSmallContext(options);
}

struct Tried {
  nic_status encode;
  nic_status decode;
  nic_status info;
};

// Encodes the picture and decodes and inspects the file under the limits.
Tried Try(const std::function<void(nic_limits&)>& limit, Picture picture, const Bytes& file) {
  const Context context = NewLimited(limit);
  Tried tried;
  const Encoder encoder = NewEncoder(context);
  const nic_image image = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  tried.encode = nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr);
  nic_image decoded;
  nic_error error;
  tried.decode = nic_decode(context.get(), file.data(), file.size(), &decoded, &error);
  REQUIRE((decoded.pixels == nullptr) == (tried.decode != NIC_OK));
  nic_free(context.get(), decoded.pixels);
  nic_limits limits = {};
  limit(limits);
  nic_info info;
  tried.info = nic_read_info(file.data(), file.size(), &limits, &info, &error);
  return tried;
}

void RequireAll(const Tried& tried, nic_status status) {
  REQUIRE(tried.encode == status);
  REQUIRE(tried.decode == status);
  REQUIRE(tried.info == status);
}

double PixelWork(const Context& context, uint32_t model_id) {
  nic_model_info info = {};
  for (size_t i = 0; info.id != model_id; ++i) REQUIRE(nic_context_model(context.get(), i, &info, nullptr) == NIC_OK);
  REQUIRE(info.decode_work > info.decode_macs);
  return info.decode_work;
}

}  // namespace

TEST_CASE("max_side counts width and height each") {
  const auto [width, height] = GENERATE(table<uint32_t, uint32_t>({{100, 40}, {40, 100}}));
  const Picture picture = MakePicture(width, height, NIC_RGB8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture);
  RequireAll(Try([](nic_limits& limits) { limits.max_side = 100; }, picture, file), NIC_OK);
  RequireAll(Try([](nic_limits& limits) { limits.max_side = 99; }, picture, file), NIC_LIMIT_SIDE);
  RequireAll(Try([](nic_limits& limits) { limits.max_side = 1; }, picture, file), NIC_LIMIT_SIDE);
}

TEST_CASE("max_pixels counts width times height") {
  const Picture picture = MakePicture(70, 50, NIC_GREY8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture);
  RequireAll(Try([](nic_limits& limits) { limits.max_pixels = 3500; }, picture, file), NIC_OK);
  RequireAll(Try([](nic_limits& limits) { limits.max_pixels = 3499; }, picture, file), NIC_LIMIT_PIXELS);
  RequireAll(Try([](nic_limits& limits) { limits.max_pixels = 1; }, picture, file), NIC_LIMIT_PIXELS);
}

TEST_CASE("a limit of 0 is the default") {
  const Picture picture = MakePicture(70, 50, NIC_GREY8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture);
  RequireAll(Try([](nic_limits&) {}, picture, file), NIC_OK);
  nic_image wide = {65536, 1, NIC_GREY8, 65536, nullptr};
  Bytes row(65536);
  wide.pixels = row.data();
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_encode(encoder.get(), &wide, 0, &bytes, &size, nullptr) == NIC_LIMIT_SIDE);
  nic_image large = {65535, 65535, NIC_GREY8, 65535, row.data()};  // refused before a pixel is read
  REQUIRE(nic_encoder_encode(encoder.get(), &large, 0, &bytes, &size, nullptr) == NIC_LIMIT_PIXELS);
  wide.width = 65535;
  REQUIRE(nic_encoder_encode(encoder.get(), &wide, 0, &bytes, &size, nullptr) == NIC_OK);
}

TEST_CASE("the message of a limit names it and gives both numbers") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(70, 50, NIC_GREY8));
  nic_limits limits = {};
  nic_info info;
  nic_error error;
  limits.max_side = 69;
  REQUIRE(nic_read_info(file.data(), file.size(), &limits, &info, &error) == NIC_LIMIT_SIDE);
  REQUIRE(std::string(error.message) == "max_side: the picture has 70 x 50 pixels, the limit is 69");
  REQUIRE(error.offset == 10);  // of the width in the file
  limits = {};
  limits.max_pixels = 42;
  REQUIRE(nic_read_info(file.data(), file.size(), &limits, &info, &error) == NIC_LIMIT_PIXELS);
  REQUIRE(std::string(error.message) == "max_pixels: the picture has 70 x 50 pixels, the limit is 42 in all");
  REQUIRE(error.offset == 10);
}

TEST_CASE("max_work counts what decoding takes, and nothing that reading a header does") {
  const Picture picture = MakePicture(70, 50, NIC_GREY8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture);
  const auto work = static_cast<uint64_t>(PixelWork(NewSmallContext(), kSmallModelId) * 80 * 64);  // whole latents
  const Tried enough = Try([&](nic_limits& limits) { limits.max_work = work + 1; }, picture, file);
  RequireAll(enough, NIC_OK);
  const Tried less = Try([&](nic_limits& limits) { limits.max_work = work - 1; }, picture, file);
  REQUIRE(less.encode == NIC_LIMIT_WORK);
  REQUIRE(less.decode == NIC_LIMIT_WORK);
  REQUIRE(less.info == NIC_OK);
}

TEST_CASE("max_work counts a region by the slices that it touches and its own pixels") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(256, 256, NIC_GREY8), 75, 64);
  const double pixel = PixelWork(NewSmallContext(), kSmallModelId);
  const Context context =
      NewLimited([&](nic_limits& limits) { limits.max_work = static_cast<uint64_t>(pixel * 20000); });
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  Bytes pixels(256 * 256);
  const nic_image all = {256, 256, NIC_GREY8, 256, pixels.data()};
  REQUIRE(nic_decoder_decode(decoder.get(), &all) == NIC_LIMIT_WORK);
  const nic_image part = {16, 16, NIC_GREY8, 256, pixels.data()};
  REQUIRE(nic_decoder_set_region(decoder.get(), 24, 24, 16, 16) == NIC_OK);
  REQUIRE(nic_decoder_decode(decoder.get(), &part) == NIC_OK);
}

TEST_CASE("by default a small file may take less work than a large one") {
  constexpr double kAnyFile = 7e11;
  nic_limits limits;
  REQUIRE(nic::CompleteLimits(nullptr, &limits).ok());
  for (const uint64_t size : {0, 999'999, 1'000'000}) {
    REQUIRE(nic::CheckWork(kAnyFile, size, limits).ok());
    REQUIRE(nic::CheckWork(kAnyFile * 1.0001, size, limits).code() == NIC_LIMIT_WORK);
  }
  REQUIRE(nic::CheckWork(2 * kAnyFile, 1'070'000, limits).ok());
  REQUIRE(nic::CheckWork(2 * kAnyFile, 1'069'999, limits).code() == NIC_LIMIT_WORK);
  nic_limits without = limits;
  without.max_work = UINT64_MAX;
  REQUIRE(nic::CheckWork(1e300, 0, without).ok());
}

TEST_CASE("a small file of a huge picture is refused before anything is decoded") {
  const Context context = NewContext();
  const Picture picture = MakePicture(64, 64, NIC_RGB8);
  Bytes file = Encode(NewEncoder(context, 1), picture);
  nic::FileHeader header;
  size_t size = 0;
  REQUIRE(nic::ReadHeader(file, &header, &size).ok());
  header.width = header.height = 16384;  // 2^28 pixels: as many as max_pixels allows
  header.slice_side_code = 15;           // in one slice
  std::pmr::vector<uint8_t> bytes;
  REQUIRE(nic::WriteHeader(header, &bytes).ok());
  bytes.insert(bytes.end(), file.begin() + static_cast<ptrdiff_t>(size), file.end());
  nic_image image;
  nic_error error;
  REQUIRE(nic_decode(context.get(), bytes.data(), bytes.size(), &image, &error) == NIC_LIMIT_WORK);
  REQUIRE(std::string(error.message).find("max_work: decoding takes ") == 0);
  REQUIRE(nic_context_peak_memory(context.get()) < uint64_t{64} << 20);
}

TEST_CASE("max_memory is never exceeded and tells when it was too little") {
  const Picture picture = MakePicture(300, 260, NIC_RGBA8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture, 60, 64);
  CountingAllocator allocator;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.allocator = allocator.Hooks();
  options.threads = GENERATE(1u, 3u);
  int encoded = 0, decoded = 0, refused = 0;
  for (uint64_t limit = 20000; limit < 12000000; limit += limit / 7) {
    CAPTURE(limit);
    options.limits.max_memory = limit;
    nic_context* made = nullptr;
    nic_error error = {};
    REQUIRE(nic_context_new(&options, &made, &error) == NIC_OK);
    const Context context(made);
    const Bytes& package = SmallPackage();
    nic_status status =
        nic_context_add_model(context.get(), package.data(), package.size(), nullptr, nullptr, &error);
    REQUIRE((status == NIC_OK || status == NIC_LIMIT_MEMORY));
    if (status != NIC_OK) continue;

    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
    Picture copy = picture;
    const nic_image image = copy.View();
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    status = nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr);
    REQUIRE((status == NIC_OK || status == NIC_LIMIT_MEMORY));
    if (status == NIC_OK) {
      ++encoded;
      REQUIRE(Bytes(bytes, bytes + size) == file);
    } else {
      ++refused;
      REQUIRE(std::string(nic_encoder_error(encoder.get())->message).find("max_memory: ") == 0);
    }

    nic_image pixels;
    status = nic_decode(context.get(), file.data(), file.size(), &pixels, &error);
    REQUIRE((status == NIC_OK || status == NIC_LIMIT_MEMORY));
    decoded += status == NIC_OK;
    nic_free(context.get(), pixels.pixels);
    REQUIRE(nic_context_peak_memory(context.get()) <= limit);
  }
  REQUIRE(encoded > 0);
  REQUIRE(decoded > 0);
  REQUIRE(refused > 0);
}

TEST_CASE("max_metadata holds for the file: what is written under it is read under it") {
  Picture picture = MakePicture(40, 30, NIC_RGB8);
  const Bytes noise = MakePicture(50, 20, NIC_GREY8, 99).pixels;  // 1000 bytes
  const Context generous = NewSmallContext();
  const Encoder encoder = NewEncoder(generous);
  for (const nic_metadata kind : {NIC_METADATA_ICC, NIC_METADATA_EXIF, NIC_METADATA_XMP}) {
    REQUIRE(nic_encoder_set_metadata(encoder.get(), kind, noise.data(), noise.size()) == NIC_OK);
  }
  const Bytes file = Encode(encoder, picture);
  nic_info info;
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info, nullptr) == NIC_OK);
  REQUIRE(info.metadata_size > 300);

  for (const int64_t difference : {-1, 0}) {
    const uint64_t limit = info.metadata_size + static_cast<uint64_t>(difference);
    CAPTURE(limit);
    const nic_status expected = difference < 0 ? NIC_LIMIT_METADATA : NIC_OK;
    const Context context = NewLimited([&](nic_limits& limits) { limits.max_metadata = limit; });
    nic_image decoded;
    REQUIRE(nic_decode(context.get(), file.data(), file.size(), &decoded, nullptr) == expected);
    nic_free(context.get(), decoded.pixels);
    const Encoder limited = NewEncoder(context);
    nic_status status = NIC_OK;
    for (const nic_metadata kind : {NIC_METADATA_ICC, NIC_METADATA_EXIF, NIC_METADATA_XMP}) {
      if (status == NIC_OK) status = nic_encoder_set_metadata(limited.get(), kind, noise.data(), noise.size());
    }
    const nic_image image = picture.View();
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    if (status == NIC_OK) status = nic_encoder_encode(limited.get(), &image, 0, &bytes, &size, nullptr);
    REQUIRE(status == expected);
  }
}

TEST_CASE("metadata that unpacks to more than the limit is refused") {
  Picture picture = MakePicture(40, 30, NIC_RGB8);
  const Bytes zeros(100000);
  const Context generous = NewSmallContext();
  const Encoder encoder = NewEncoder(generous);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_XMP, zeros.data(), zeros.size()) == NIC_OK);
  const Bytes file = Encode(encoder, picture);
  REQUIRE(file.size() < 5000);
  const Context context = NewLimited([](nic_limits& limits) { limits.max_metadata = 99999; });
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_decoder_metadata(decoder.get(), NIC_METADATA_XMP, &bytes, &size) == NIC_LIMIT_METADATA);
  REQUIRE(bytes == nullptr);
  const Encoder limited = NewEncoder(context);
  REQUIRE(nic_encoder_set_metadata(limited.get(), NIC_METADATA_XMP, zeros.data(), zeros.size()) == NIC_LIMIT_METADATA);
}

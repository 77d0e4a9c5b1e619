#include "nic/encode.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "api/block_model.h"
#include "api/handles.h"

using namespace nic::testing;

namespace {

constexpr int kParameters = 10;
constexpr int kHighestStep = 512;  // of the small models, which have 3 levels

Context NewBlockContext() {
  static const Bytes package = MakeBlockPackage(kBlockModelId);
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 1;
  Context context = NewContext(options);
  AddModel(context, package);
  return context;
}

nic_status TrySet(const Encoder& encoder, int parameter, double value) {
  return nic_encoder_set(encoder.get(), static_cast<nic_encoder_parameter>(parameter), value);
}

nic_encode_result Result(const Encoder& encoder, const Picture& picture, bool measure = false) {
  nic_encode_result result;
  const Bytes file = Encode(encoder, picture, &result, measure);
  REQUIRE(result.size == file.size());
  REQUIRE(result.bpp == Approx(8.0 * static_cast<double>(file.size()) / picture.width / picture.height));
  // A lane's state costs 32 bits at most, and a stream of one lane is what small pictures have.
  const double excess = (result.bpp - result.estimated_bpp) * picture.width * picture.height;
  REQUIRE(excess > 0);
  REQUIRE(excess < 40);
  return result;
}

int StepOf(const nic_encode_result& result) { return static_cast<int>(result.gain_level * 256 + result.interpolation); }

// Encodes at a step of the rate given as the raw pair.
nic_encode_result AtStep(const Encoder& encoder, const Picture& picture, int step, bool measure = false) {
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
  Set(encoder, NIC_ENCODER_GAIN_LEVEL, step / 256);
  Set(encoder, NIC_ENCODER_INTERPOLATION, step % 256 / 256.0);
  const nic_encode_result result = Result(encoder, picture, measure);
  REQUIRE(StepOf(result) == step);
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
  return result;
}

}  // namespace

TEST_CASE("the bounds of every parameter are those that are enforced") {
  const Context context = NewSmallContext();
  for (int parameter = 1; parameter <= kParameters; ++parameter) {
    CAPTURE(parameter);
    nic_bounds bounds;
    REQUIRE(nic_encoder_bounds(static_cast<nic_encoder_parameter>(parameter), &bounds) == NIC_OK);
    REQUIRE(bounds.lowest < bounds.highest);
    const auto status = [&](double value) { return TrySet(NewEncoder(context), parameter, value); };
    REQUIRE(status(bounds.lowest) == NIC_OK);
    REQUIRE(status(bounds.highest) == NIC_OK);
    if (!std::isnan(bounds.preset)) REQUIRE(status(bounds.preset) == NIC_OK);
    REQUIRE(status(std::nextafter(bounds.lowest, -INFINITY)) == NIC_INVALID_ARGUMENT);
    REQUIRE(status(std::nextafter(bounds.highest, INFINITY)) == NIC_INVALID_ARGUMENT);
    REQUIRE(status(NAN) == NIC_INVALID_ARGUMENT);
    REQUIRE(status(INFINITY) == NIC_INVALID_ARGUMENT);
    REQUIRE(status(-INFINITY) == NIC_INVALID_ARGUMENT);
    const double between = std::floor((bounds.lowest + std::min(bounds.highest, 1e6)) / 2) + 0.5;
    if (bounds.whole) REQUIRE(status(between) == NIC_INVALID_ARGUMENT);
    if (!bounds.whole) REQUIRE(status((bounds.lowest + bounds.highest) / 2) == NIC_OK);
  }
  nic_bounds bounds;
  for (const int parameter : {0, 11, 15}) {
    REQUIRE(nic_encoder_bounds(static_cast<nic_encoder_parameter>(parameter), &bounds) == NIC_INVALID_ARGUMENT);
    REQUIRE(TrySet(NewEncoder(context), parameter, 1) == NIC_INVALID_ARGUMENT);
  }
  REQUIRE(nic_encoder_bounds(NIC_ENCODER_QUALITY, nullptr) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("presets are those that the header states") {
  nic_bounds bounds;
  REQUIRE(nic_encoder_bounds(NIC_ENCODER_EFFORT, &bounds) == NIC_OK);
  REQUIRE(bounds.preset == 3);
  REQUIRE(nic_encoder_bounds(NIC_ENCODER_SLICE_SIDE, &bounds) == NIC_OK);
  REQUIRE(bounds.preset == 1024);
  for (int rate = NIC_ENCODER_QUALITY; rate <= NIC_ENCODER_TARGET_PSNR; ++rate) {
    REQUIRE(nic_encoder_bounds(static_cast<nic_encoder_parameter>(rate), &bounds) == NIC_OK);
    REQUIRE(std::isnan(bounds.preset));
  }
}

TEST_CASE("a slice side is a power of two") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  for (double side = 64; side <= 2097152; side *= 2) REQUIRE(TrySet(encoder, NIC_ENCODER_SLICE_SIDE, side) == NIC_OK);
  for (const double side : {65.0, 96.0, 1000.0, 2097151.0}) {
    REQUIRE(TrySet(encoder, NIC_ENCODER_SLICE_SIDE, side) == NIC_INVALID_ARGUMENT);
  }
}

TEST_CASE("two rates exclude one another, the same may be set again, reset forgets it") {
  const Context context = NewSmallContext();
  const double values[] = {0, 50, 1, 1000, 2, 30};
  for (int first = NIC_ENCODER_QUALITY; first <= NIC_ENCODER_TARGET_PSNR; ++first) {
    for (int second = NIC_ENCODER_QUALITY; second <= NIC_ENCODER_TARGET_PSNR; ++second) {
      CAPTURE(first, second);
      const Encoder encoder = NewEncoder(context);
      REQUIRE(TrySet(encoder, first, values[first]) == NIC_OK);
      REQUIRE(TrySet(encoder, second, values[second]) == (first == second ? NIC_OK : NIC_WRONG_STATE));
      nic_encoder_reset(encoder.get());
      REQUIRE(TrySet(encoder, second, values[second]) == NIC_OK);
    }
  }
}

TEST_CASE("an interpolation needs a gain level, and both must lie within the model's") {
  const Context context = NewSmallContext();
  Picture picture = MakePicture(20, 20, NIC_RGB8);
  const nic_image image = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const auto encode = [&](const Encoder& encoder) {
    return nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr);
  };
  const Encoder alone = NewEncoder(context);
  Set(alone, NIC_ENCODER_INTERPOLATION, 0.5);
  REQUIRE(encode(alone) == NIC_INVALID_ARGUMENT);
  Set(alone, NIC_ENCODER_GAIN_LEVEL, 1);
  REQUIRE(encode(alone) == NIC_OK);
  Set(alone, NIC_ENCODER_GAIN_LEVEL, 2);
  REQUIRE(encode(alone) == NIC_INVALID_ARGUMENT);  // above the highest level
  Set(alone, NIC_ENCODER_INTERPOLATION, 0);
  REQUIRE(encode(alone) == NIC_OK);
  Set(alone, NIC_ENCODER_GAIN_LEVEL, 3);
  REQUIRE(encode(alone) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("quality runs from the lowest gain to the highest, 60 without any rate") {
  const Context context = NewSmallContext();
  const Picture picture = MakePicture(60, 50, NIC_RGB8);
  const auto step_at = [&](double quality) {
    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_QUALITY, quality);
    return StepOf(Result(encoder, picture));
  };
  REQUIRE(step_at(0) == 0);
  REQUIRE(step_at(100) == kHighestStep);
  REQUIRE(step_at(50) == 256);
  REQUIRE(step_at(75.1) == 385);
  REQUIRE(StepOf(Result(NewEncoder(context), picture)) == 307);
}

TEST_CASE("size rises with quality, and PSNR of a model that compresses does too") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const Picture picture = MakeBlocks(250, 200, NIC_RGB8);
  uint64_t last_size = 0;
  double last_psnr = 0;
  for (int quality = 0; quality <= 100; quality += 20) {
    nic_encoder_reset(encoder.get());
    Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
    Set(encoder, NIC_ENCODER_QUALITY, quality);
    const nic_encode_result result = Result(encoder, picture, true);
    CAPTURE(quality, result.size, result.psnr);
    REQUIRE(result.size > last_size);
    REQUIRE(result.psnr > last_psnr);
    last_size = result.size;
    last_psnr = result.psnr;
  }
  REQUIRE(last_psnr > 40);
}

TEST_CASE("a PSNR is measured when asked for, and is that of the decoded pixels") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_RGB8);
  const Picture picture = MakeBlocks(100, 90, format);
  REQUIRE(std::isnan(Result(encoder, picture).psnr));
  nic_encode_result result;
  const Bytes measured = Encode(encoder, picture, &result, true);
  REQUIRE(result.psnr == Approx(PsnrOf(Decode(context, measured), picture)).epsilon(1e-9));
  REQUIRE(Encode(encoder, picture) == measured);
}

TEST_CASE("a target size is met from below by the largest file within 1 %") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const Picture picture = MakeBlocks(320, 120, NIC_RGB8);
  std::vector<uint64_t> sizes;
  for (int step = 0; step <= kHighestStep; ++step) sizes.push_back(AtStep(encoder, picture, step).size);
  for (int twentieth = 0; twentieth <= 20; ++twentieth) {
    const bool by_bpp = twentieth % 2 == 1;
    const uint64_t target = sizes.front() + (sizes.back() - sizes.front()) * static_cast<uint64_t>(twentieth) / 20;
    CAPTURE(by_bpp, target, sizes.front(), sizes.back());
    nic_encoder_reset(encoder.get());
    Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
    if (by_bpp) Set(encoder, NIC_ENCODER_TARGET_BPP, static_cast<double>(target) * 8 / (320 * 120));
    if (!by_bpp) Set(encoder, NIC_ENCODER_TARGET_SIZE, static_cast<double>(target));
    const nic_encode_result result = Result(encoder, picture);
    REQUIRE(result.target_missed == 0);
    REQUIRE(result.size <= target);
    REQUIRE(result.size == sizes[static_cast<size_t>(StepOf(result))]);
    uint64_t best = 0;
    for (const uint64_t size : sizes) best = size <= target ? std::max(best, size) : best;
    REQUIRE(static_cast<double>(result.size) >= 0.99 * static_cast<double>(best));
  }
}

TEST_CASE("a target size outside the model's range gives the nearest end and says so") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const Picture picture = MakeBlocks(160, 120, NIC_RGB8);
  const nic_encode_result lowest = AtStep(encoder, picture, 0);
  const nic_encode_result highest = AtStep(encoder, picture, kHighestStep);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, static_cast<double>(lowest.size - 1));
  nic_encode_result result = Result(encoder, picture);
  REQUIRE(result.target_missed == 1);
  REQUIRE(result.size == lowest.size);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, static_cast<double>(2 * highest.size));
  result = Result(encoder, picture);
  REQUIRE(result.target_missed == 1);
  REQUIRE(result.size == highest.size);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, 1);
  REQUIRE(Result(encoder, picture).target_missed == 1);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, 9007199254740992.0);
  REQUIRE(Result(encoder, picture).target_missed == 1);
}

TEST_CASE("a target PSNR is met by the smallest file that reaches it") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const Picture picture = MakeBlocks(160, 120, NIC_RGB8);
  const nic_encode_result lowest = AtStep(encoder, picture, 0, true);
  const nic_encode_result highest = AtStep(encoder, picture, kHighestStep, true);
  REQUIRE(highest.psnr > lowest.psnr + 5);
  for (double target = std::ceil(lowest.psnr); target < highest.psnr; target += 1) {
    nic_encoder_reset(encoder.get());
    Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
    Set(encoder, NIC_ENCODER_TARGET_PSNR, target);
    nic_encode_result result;
    const Bytes file = Encode(encoder, picture, &result);
    CAPTURE(target, result.psnr);
    REQUIRE(result.target_missed == 0);
    REQUIRE(result.psnr >= target);
    REQUIRE(result.psnr == Approx(PsnrOf(Decode(context, file), picture)));
    // The step below does not reach it, or this one does so by a hair.
    const int step = StepOf(result);
    if (result.psnr > target + 0.005) REQUIRE(AtStep(encoder, picture, step - 1, true).psnr < target);
  }
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kBlockModelId);
  Set(encoder, NIC_ENCODER_TARGET_PSNR, 1000);
  nic_encode_result result = Result(encoder, picture);
  REQUIRE(result.target_missed == 1);
  REQUIRE(StepOf(result) == kHighestStep);
  Set(encoder, NIC_ENCODER_TARGET_PSNR, 1);
  result = Result(encoder, picture);
  REQUIRE(result.target_missed == 1);
  REQUIRE(StepOf(result) == 0);
}

TEST_CASE("efforts up to 5 are there, those above say what they lack") {
  const Context context = NewSmallContext();
  Picture picture = MakePicture(100, 90, NIC_RGB8);
  const auto file_at = [&](double effort) {
    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_EFFORT, effort);
    const Bytes file = Encode(encoder, picture);
    REQUIRE(Decode(context, file).pixels.size() == picture.pixels.size());
    return file;
  };
  const Bytes plain = file_at(3);
  REQUIRE(Encode(NewEncoder(context), picture) == plain);
  REQUIRE(file_at(1) == plain);
  REQUIRE(file_at(4).size() <= plain.size());
  REQUIRE(file_at(5).size() <= plain.size());
  for (double effort = 6; effort <= 9; ++effort) {
    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_EFFORT, effort);
    const nic_image image = picture.View();
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_UNSUPPORTED_FEATURE);
  }
}

TEST_CASE("targets, threads and efforts: the same bytes and pixels") {
  const Picture picture = MakePicture(333, 190, NIC_RGBA8);
  std::vector<nic_context_options> contexts;
  for (const char* target : {"scalar", "sse4", "avx2", "avx512", "neon"}) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.target = target;
    nic_context* probe = nullptr;
    if (nic_context_new(&options, &probe, nullptr) != NIC_OK) continue;
    nic_context_free(probe);
    for (const uint32_t threads : {1u, 2u, 3u}) {
      options.threads = threads;
      contexts.push_back(options);
    }
  }
  for (const double slice_side : {64.0, 1024.0}) {
    for (const double effort : {3.0, 5.0}) {
      Bytes expected;
      Bytes pixels;
      for (const nic_context_options& options : contexts) {
        CAPTURE(options.target, options.threads, slice_side, effort);
        const Context context = NewSmallContext(options);
        const Encoder encoder = NewEncoder(context);
        Set(encoder, NIC_ENCODER_SLICE_SIDE, slice_side);
        Set(encoder, NIC_ENCODER_EFFORT, effort);
        const Bytes file = Encode(encoder, picture);
        if (expected.empty()) expected = file;
        if (pixels.empty()) pixels = Decode(context, file).pixels;
        REQUIRE(file == expected);
        REQUIRE(Decode(context, file).pixels == pixels);
      }
    }
  }
}

TEST_CASE("from effort 2 on alpha is as small as one of several ways makes it") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Picture picture = MakePicture(200, 150, NIC_RGBA8);
  for (size_t i = 0; i < size_t{200} * 150; ++i) picture.pixels[4 * i + 3] = i * i / 77 % 200 < i % 200 ? 255 : 0;
  nic_info info[4] = {};
  for (const int effort : {1, 2, 3}) {
    Set(encoder, NIC_ENCODER_EFFORT, effort);
    const Bytes file = Encode(encoder, picture);
    REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info[effort], nullptr) == NIC_OK);
    const Picture decoded = Decode(context, file);
    for (size_t i = 3; i < picture.pixels.size(); i += 4) REQUIRE(decoded.pixels[i] == picture.pixels[i]);
  }
  CAPTURE(info[1].alpha_size, info[2].alpha_size);
  CHECK(info[2].alpha_size < info[1].alpha_size);
  CHECK(info[3].alpha_size == info[2].alpha_size);
  CHECK(info[2].latent_size == info[1].latent_size);
}

TEST_CASE("parameters stay for the next picture, reset forgets all of them") {
  const Context context = NewSmallContext();
  const Picture a = MakePicture(70, 60, NIC_RGB8, 1);
  const Picture b = MakePicture(130, 20, NIC_GREY8, 2);
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_QUALITY, 20);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
  const Bytes first = Encode(encoder, a);
  const Bytes second = Encode(encoder, b);
  REQUIRE(first == EncodeSmall(context, a, 20, 64));
  REQUIRE(second == EncodeSmall(context, b, 20, 64));
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kSmallModelId);
  REQUIRE(Encode(encoder, a) == EncodeSmall(context, a, 60, 1024));
}

TEST_CASE("a stride is honoured and the picture is not changed") {
  const Context context = NewSmallContext();
  const nic_pixel_format format = GENERATE(NIC_GREY8, NIC_GREY_ALPHA8, NIC_RGB8, NIC_RGBA8);
  Picture picture = MakePicture(37, 21, format);
  const Bytes expected = Encode(NewEncoder(context), picture);
  const size_t row = 37 * static_cast<size_t>(format);
  const size_t stride = row + 9;
  Bytes pixels(20 * stride + row, 0x77);
  for (size_t y = 0; y < 21; ++y) std::copy_n(&picture.pixels[y * row], row, &pixels[y * stride]);
  const Bytes before = pixels;
  const nic_image image = {37, 21, format, stride, pixels.data()};
  const Encoder encoder = NewEncoder(context);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_OK);
  REQUIRE(Bytes(bytes, bytes + size) == expected);
  REQUIRE(pixels == before);
}

TEST_CASE("images that cannot be are refused, and the encoder goes on to serve") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Picture picture = MakePicture(20, 10, NIC_RGB8);
  const nic_image good = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  const auto encode = [&](const nic_image& image) {
    return nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr);
  };
  nic_image image = good;
  image.pixels = nullptr;
  REQUIRE(encode(image) == NIC_INVALID_ARGUMENT);
  image = good;
  image.width = 0;
  REQUIRE(encode(image) == NIC_INVALID_ARGUMENT);
  image = good;
  image.height = 0;
  REQUIRE(encode(image) == NIC_INVALID_ARGUMENT);
  image = good;
  image.stride = 59;
  REQUIRE(encode(image) == NIC_INVALID_ARGUMENT);
  image = good;
  for (const int format : {0, 5, 7}) {
    image.format = static_cast<nic_pixel_format>(format);
    REQUIRE(encode(image) == NIC_INVALID_ARGUMENT);
    REQUIRE(nic_encoder_error(encoder.get())->status == NIC_INVALID_ARGUMENT);
    REQUIRE(nic_encoder_error(encoder.get())->message[0] != '\0');
  }
  REQUIRE(bytes == nullptr);
  REQUIRE(size == 0);
  REQUIRE(encode(good) == NIC_OK);
  REQUIRE(bytes != nullptr);
  REQUIRE(nic_encoder_error(encoder.get())->message[0] == '\0');
}

TEST_CASE("null objects and arguments of the encoder are refused") {
  const Context context = NewSmallContext();
  Picture picture = MakePicture(20, 10, NIC_RGB8);
  const nic_image image = picture.View();
  nic_encoder* none = nullptr;
  const uint8_t* bytes = nullptr;
  uint8_t* owned = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_new(nullptr, &none, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_new(context.get(), nullptr, nullptr) == NIC_INVALID_ARGUMENT);
  nic_encoder_free(nullptr);
  nic_encoder_reset(nullptr);
  REQUIRE(nic_encoder_set(nullptr, NIC_ENCODER_QUALITY, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_set_metadata(nullptr, NIC_METADATA_ICC, "x", 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_encode(nullptr, &image, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_error(nullptr) == nullptr);
  const Encoder encoder = NewEncoder(context);
  REQUIRE(nic_encoder_encode(encoder.get(), nullptr, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, nullptr, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, nullptr, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_ICC, nullptr, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_ICC, nullptr, 0) == NIC_OK);
  REQUIRE(nic_encoder_set_metadata(encoder.get(), static_cast<nic_metadata>(0x85), "x", 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encode(context.get(), nullptr, 50, &owned, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encode(context.get(), &image, 50, nullptr, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encode(context.get(), &image, 50, &owned, nullptr, nullptr) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("one call encodes with the embedded model, or says that there is none") {
  const Context context = NewContext();
  nic_model_info info;
  const bool embedded = nic_context_model(context.get(), 0, &info, nullptr) == NIC_OK && info.is_default;
  Picture picture = MakePicture(64, 48, NIC_RGB8);
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<uint8_t>(40 + i / 3 % 64 * 2 + i % 3 * 20);
  const nic_image image = picture.View();
  uint8_t* bytes = nullptr;
  size_t size = 0;
  nic_error error;
  for (nic_context* with : {context.get(), static_cast<nic_context*>(nullptr)}) {
    const nic_status status = nic_encode(with, &image, 80, &bytes, &size, &error);
    REQUIRE(status == (embedded ? NIC_OK : NIC_MODEL_MISSING));
    REQUIRE((bytes != nullptr) == embedded);
    if (!embedded) continue;
    nic_image decoded;
    REQUIRE(nic_decode(with, bytes, size, &decoded, &error) == NIC_OK);
    const Picture back{64, 48, NIC_RGB8, Bytes(decoded.pixels, decoded.pixels + 64 * 48 * 3)};
    REQUIRE(PsnrOf(back, picture) > 30);
    nic_free(with, decoded.pixels);
    nic_free(with, bytes);
  }
  for (const double quality : {-1.0, 100.5, double(NAN)}) {
    REQUIRE(nic_encode(context.get(), &image, quality, &bytes, &size, &error) == NIC_INVALID_ARGUMENT);
    REQUIRE(bytes == nullptr);
  }
}

namespace {

// White in the middle third of the columns.
Picture MakeMask(uint32_t width, uint32_t height) {
  Picture mask = MakePicture(width, height, NIC_GREY8);
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = i % width / (width / 3) == 1 ? 255 : 0;
  return mask;
}

nic_status SetRoi(const Encoder& encoder, Picture mask, double strength) {
  const nic_image view = mask.View();
  return nic_encoder_set_roi(encoder.get(), &view, strength);
}

}  // namespace

TEST_CASE("a mask makes its region better and the file larger") {
  const Context context = NewBlockContext();
  const Encoder encoder = NewEncoder(context, kBlockModelId);
  const Picture picture = MakeBlocks(192, 128, NIC_RGB8);
  Set(encoder, NIC_ENCODER_GAIN_LEVEL, 0);
  const nic_encode_result plain = Result(encoder, picture, true);
  REQUIRE(std::isnan(plain.psnr_inside));
  REQUIRE(std::isnan(plain.psnr_outside));
  REQUIRE(SetRoi(encoder, MakeMask(192, 128), 2) == NIC_OK);
  const nic_encode_result local = Result(encoder, picture, true);
  REQUIRE(local.size > plain.size);
  REQUIRE(local.psnr > plain.psnr);
  REQUIRE(local.psnr_inside > local.psnr_outside + 1);
  REQUIRE(local.gain_level == 0);
  const nic_encode_result unmeasured = Result(encoder, picture);
  REQUIRE(std::isnan(unmeasured.psnr_inside));
  REQUIRE(unmeasured.size == local.size);

  REQUIRE(nic_encoder_set_roi(encoder.get(), nullptr, 0) == NIC_OK);
  REQUIRE(Result(encoder, picture, true).size == plain.size);
}

TEST_CASE("what a mask gives is what is decoded, region for region") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  const Picture picture = MakePicture(200, 150, NIC_RGB8);
  Set(encoder, NIC_ENCODER_GAIN_LEVEL, 1);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
  REQUIRE(SetRoi(encoder, MakePicture(200, 150, NIC_GREY8), 1.5) == NIC_OK);
  nic_encode_result result;
  const Bytes file = Encode(encoder, picture, &result, true);
  nic_info info;
  REQUIRE(nic_read_info(file.data(), file.size(), nullptr, &info, nullptr) == NIC_OK);
  REQUIRE(info.gain_map_size > 0);
  REQUIRE(info.header_size + info.gain_map_size + info.hyper_size + info.latent_size == file.size());
  const Picture whole = Decode(context, file);
  REQUIRE(PsnrOf(whole, picture) == Approx(result.psnr).epsilon(1e-9));

  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  REQUIRE(nic_decoder_set_region(decoder.get(), 70, 40, 90, 60) == NIC_OK);
  Bytes part(size_t{90} * 60 * 3);
  const nic_image image = {90, 60, NIC_RGB8, 270, part.data()};
  REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_OK);
  for (size_t y = 0; y < 60; ++y) {
    const auto from = whole.pixels.begin() + static_cast<ptrdiff_t>(((40 + y) * 200 + 70) * 3);
    REQUIRE(std::equal(from, from + 270, part.begin() + static_cast<ptrdiff_t>(y * 270)));
  }
}

TEST_CASE("masks that cannot be used are refused") {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  for (const double strength : {0.0, 0.1, -1.0, 15.5, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    REQUIRE(SetRoi(encoder, MakeMask(30, 30), strength) == NIC_INVALID_ARGUMENT);
  }
  REQUIRE(SetRoi(encoder, MakePicture(30, 30, NIC_RGB8), 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_encoder_set_roi(nullptr, nullptr, 1) == NIC_INVALID_ARGUMENT);
  nic_image none = {30, 30, NIC_GREY8, 30, nullptr};
  REQUIRE(nic_encoder_set_roi(encoder.get(), &none, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(SetRoi(encoder, MakeMask(30, 30), 1) == NIC_OK);
  Picture other = MakePicture(30, 31, NIC_RGB8);
  const nic_image image = other.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(std::string(nic_encoder_error(encoder.get())->message) ==
          "mask: 30 x 30 pixels, but the picture has 30 x 31");
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kSmallModelId);
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_OK);
}

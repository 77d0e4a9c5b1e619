// Every allocation of loading, encoding and decoding made to fail in turn: the right status, nothing lost, and
// everything usable afterwards.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>

#include "api/handles.h"
#include "api/plain_new.h"

using namespace nic::testing;

namespace {

// Makes allocation number n fail for n = 1, 2, ... until `work` succeeds. It must say NIC_OUT_OF_MEMORY until then.
// Returns how many allocations it needs.
int FailEach(const std::function<void(uint64_t)>& arm, const std::function<nic_status()>& work) {
  for (uint64_t number = 1; number < 20000; ++number) {
    arm(number);
    const nic_status status = work();
    arm(0);
    if (status == NIC_OK) return static_cast<int>(number) - 1;
    CAPTURE(number, nic_status_name(status));
    REQUIRE(status == NIC_OUT_OF_MEMORY);
  }
  FAIL("never succeeds");
  return 0;
}

// The two ways that libnic gets memory.
struct ByHook {
  explicit ByHook(CountingAllocator& counting) : allocator(counting) {}
  void operator()(uint64_t number) const { allocator.FailAt(number); }
  CountingAllocator& allocator;
};

struct ByPlainNew {
  void operator()(uint64_t number) const {
    watch->reset();
    if (number) *watch = std::make_unique<PlainNew>(number);
  }
  std::shared_ptr<std::unique_ptr<PlainNew>> watch = std::make_shared<std::unique_ptr<PlainNew>>();
};

struct Fixture {
  explicit Fixture(uint32_t threads) {
    options.allocator = allocator.Hooks();
    options.threads = threads;
  }
  CountingAllocator allocator;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
};

// Runs a test with both kinds of failure.
void WithBoth(const std::function<void(Fixture&, const std::function<void(uint64_t)>&)>& test) {
  for (const uint32_t threads : {1u, 3u}) {
    CAPTURE(threads);
    Fixture hooked(threads);
    test(hooked, ByHook(hooked.allocator));
    Fixture plain(threads);
    test(plain, ByPlainNew());
    REQUIRE(hooked.allocator.blocks() == 0);
    REQUIRE(plain.allocator.blocks() == 0);
  }
}

}  // namespace

TEST_CASE("making a context and loading a model survive every failed allocation") {
  WithBoth([](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Bytes& package = SmallPackage();
    nic_context* made = nullptr;
    FailEach(arm, [&] {
      nic_error error;
      const nic_status status = nic_context_new(&fixture.options, &made, &error);
      if (status != NIC_OK && (made != nullptr || error.status != status)) return NIC_INTERNAL;
      return status;
    });
    const Context context(made);
    const int adding = FailEach(arm, [&] {
      return nic_context_add_model(context.get(), package.data(), package.size(), nullptr, nullptr, nullptr);
    });
    REQUIRE(adding > 0);
    nic_model_info info;
    size_t index = 0;
    while (nic_context_model(context.get(), index, &info, nullptr) == NIC_OK && info.id != kSmallModelId) ++index;
    REQUIRE(info.id == kSmallModelId);
  });
}

TEST_CASE("describing a model, which unpacks it, survives every failed allocation") {
  WithBoth([](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    nic_model_info info;
    // Number 0 is the embedded model, if there is one.
    const size_t index = nic_context_model(context.get(), 0, &info, nullptr) == NIC_OK && info.id != kSmallModelId;
    const Context fresh = NewSmallContext(fixture.options);
    FailEach(arm, [&] { return nic_context_model(fresh.get(), index, &info, nullptr); });
    REQUIRE(info.id == kSmallModelId);
    REQUIRE(info.levels == 3);
  });
}

TEST_CASE("encoding survives every failed allocation and gives the same bytes afterwards") {
  const Picture picture = MakePicture(150, 70, NIC_RGBA8);
  const Bytes expected = EncodeSmall(NewSmallContext(), picture, 60, 64);
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    nic_encoder* made = nullptr;
    FailEach(arm, [&] { return nic_encoder_new(context.get(), &made, nullptr); });
    const Encoder encoder(made);
    Set(encoder, NIC_ENCODER_MODEL_ID, kSmallModelId);
    Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
    Picture copy = picture;
    const nic_image image = copy.View();
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    const int needed = FailEach(arm, [&] {
      const nic_status status = nic_encoder_encode(encoder.get(), &image, 1, &bytes, &size, nullptr);
      if (status != NIC_OK && (bytes || size)) return NIC_INTERNAL;
      return status;
    });
    REQUIRE(needed > 3);
    REQUIRE(Bytes(bytes, bytes + size) == expected);
  });
}

TEST_CASE("decoding survives every failed allocation and gives the same pixels afterwards") {
  const Bytes file = EncodeSmall(NewSmallContext(), MakePicture(150, 70, NIC_RGBA8), 75, 64);
  const Bytes expected = Decode(NewSmallContext(), file).pixels;
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    nic_image image;
    const int needed = FailEach(arm, [&] {
      const nic_status status = nic_decode(context.get(), file.data(), file.size(), &image, nullptr);
      if (status != NIC_OK && image.pixels) return NIC_INTERNAL;
      return status;
    });
    REQUIRE(needed > 3);
    REQUIRE(Bytes(image.pixels, image.pixels + image.stride * image.height) == expected);
    nic_free(context.get(), image.pixels);
  });
}

TEST_CASE("a decoder object survives every failed allocation, going on over damage too") {
  const Bytes good = EncodeSmall(NewSmallContext(), MakePicture(150, 70, NIC_RGB8), 75, 64);
  Bytes file = good;
  file[file.size() - 3] ^= 1;  // the last slice
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    nic_decoder* made = nullptr;
    FailEach(arm, [&] { return nic_decoder_new(context.get(), &made, nullptr); });
    const Decoder decoder(made);
    REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
    FailEach(arm, [&] { return nic_decoder_open(decoder.get(), file.data(), file.size()); });
    Picture picture{150, 70, NIC_RGB8, Bytes(150 * 70 * 3)};
    const nic_image image = picture.View();
    FailEach(arm, [&] {
      const nic_status status = nic_decoder_decode(decoder.get(), &image);
      return status == NIC_SLICE_DAMAGED ? NIC_OK : status;
    });
    REQUIRE(nic_decoder_damaged_slices(decoder.get()) == 1);
    FailEach(arm, [&] { return nic_decoder_open(decoder.get(), good.data(), good.size()); });
    const auto take = [](void*, uint32_t, uint32_t, const uint8_t*, size_t) { return 0; };
    FailEach(arm, [&] { return nic_decoder_decode_rows(decoder.get(), take, nullptr); });
  });
}

TEST_CASE("setting and reading metadata survive every failed allocation") {
  const Bytes icc = MakePicture(30, 30, NIC_RGB8).pixels;
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    const Encoder encoder = NewEncoder(context);
    FailEach(arm, [&] { return nic_encoder_set_metadata(encoder.get(), NIC_METADATA_ICC, icc.data(), icc.size()); });
    const Bytes file = Encode(encoder, MakePicture(20, 20, NIC_RGB8));
    const Decoder decoder = NewDecoder(context);
    REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    FailEach(arm, [&] { return nic_decoder_metadata(decoder.get(), NIC_METADATA_ICC, &bytes, &size); });
    REQUIRE(Bytes(bytes, bytes + size) == icc);
  });
}

namespace {

// A picture of 16 bits with alpha, and a mask for it: all that a file can hold besides metadata.
Picture MakeDeep() { return MakePicture(100, 70, NIC_RGBA16); }
Picture MakeDeepMask() { return MakePicture(100, 70, NIC_GREY8, 5); }

Encoder NewDeepEncoder(const Context& context) {
  Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
  Picture mask = MakeDeepMask();
  const nic_image view = mask.View();
  REQUIRE(nic_encoder_set_roi(encoder.get(), &view, 1) == NIC_OK);
  return encoder;
}

// Takes all rows that a file pushed in pieces gives into `pixels`, without any allocation of its own.
nic_status PushAll(const Decoder& decoder, const Bytes& file, Bytes* pixels) {
  nic_status status = nic_decoder_begin_push(decoder.get());
  size_t position = 0;
  nic_event event = NIC_EVENT_INIT;
  while (status == NIC_OK && event.type != NIC_EVENT_DONE) {
    status = nic_decoder_next(decoder.get(), &event);
    if (status != NIC_OK) break;
    if (event.type == NIC_EVENT_ROWS) {
      std::copy_n(event.pixels, event.rows * event.stride,
                  pixels->begin() + static_cast<ptrdiff_t>(event.y * event.stride));
    }
    if (event.type != NIC_EVENT_NEED_MORE) continue;
    if (position == file.size()) {
      status = nic_decoder_end_push(decoder.get());
      continue;
    }
    const size_t size = std::min<size_t>(97, file.size() - position);
    status = nic_decoder_push(decoder.get(), file.data() + position, size);
    position += size;
  }
  return status;
}

}  // namespace

TEST_CASE("a mask, 16 bits, alpha, a target and corrected latents survive every failed allocation") {
  for (const bool target : {false, true}) {
    CAPTURE(target);
    const auto choose = [&](const Encoder& encoder) {
      Set(encoder, NIC_ENCODER_EFFORT, target ? 1 : 4);
      if (target) Set(encoder, NIC_ENCODER_TARGET_BPP, 6);
    };
    const Context other = NewSmallContext();
    const Encoder plain = NewDeepEncoder(other);
    choose(plain);
    const Bytes expected = Encode(plain, MakeDeep());
    Picture picture = MakeDeep();
    const nic_image image = picture.View();
    Picture mask = MakeDeepMask();
    const nic_image view = mask.View();
    WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
      const Context context = NewSmallContext(fixture.options);
      const Encoder encoder = NewDeepEncoder(context);
      choose(encoder);
      FailEach(arm, [&] { return nic_encoder_set_roi(encoder.get(), &view, 1); });
      const uint8_t* bytes = nullptr;
      size_t size = 0;
      const int needed = FailEach(arm, [&] {
        const nic_status status = nic_encoder_encode(encoder.get(), &image, 1, &bytes, &size, nullptr);
        return status != NIC_OK && (bytes || size) ? NIC_INTERNAL : status;
      });
      REQUIRE(needed > 3);
      REQUIRE(Bytes(bytes, bytes + size) == expected);
    });
  }
}

TEST_CASE("encoding rows as they come survives every failed allocation") {
  const Bytes expected = Encode(NewDeepEncoder(NewSmallContext()), MakeDeep());
  const Picture picture = MakeDeep();
  const size_t stride = size_t{picture.width} * nic_format_bytes(picture.format);
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    const Encoder encoder = NewDeepEncoder(context);
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    const int needed = FailEach(arm, [&] {
      nic_status status = nic_encoder_begin(encoder.get(), picture.width, picture.height, picture.format, 0);
      for (uint32_t y = 0; status == NIC_OK && y < picture.height; y += 10) {
        status = nic_encoder_push_rows(encoder.get(), &picture.pixels[y * stride], stride, 10);
      }
      return status == NIC_OK ? nic_encoder_finish(encoder.get(), &bytes, &size, nullptr) : status;
    });
    REQUIRE(needed > 3);
    REQUIRE(Bytes(bytes, bytes + size) == expected);
  });
}

TEST_CASE("a file in pieces, of 16 bits with a gain map, survives every failed allocation") {
  const Bytes file = Encode(NewDeepEncoder(NewSmallContext()), MakeDeep());
  const Bytes expected = Decode(NewSmallContext(), file).pixels;
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    const Decoder decoder = NewDecoder(context);
    Bytes pixels(expected.size());
    const int needed = FailEach(arm, [&] { return PushAll(decoder, file, &pixels); });
    REQUIRE(needed > 3);
    REQUIRE(pixels == expected);
  });
}

TEST_CASE("a region of 16 bits with a gain map survives every failed allocation") {
  const Bytes file = Encode(NewDeepEncoder(NewSmallContext()), MakeDeep());
  const Picture whole = Decode(NewSmallContext(), file);
  const size_t sample = nic_format_bytes(NIC_RGBA16);
  WithBoth([&](Fixture& fixture, const std::function<void(uint64_t)>& arm) {
    const Context context = NewSmallContext(fixture.options);
    const Decoder decoder = NewDecoder(context);
    Picture part{30, 20, NIC_RGBA16, Bytes(30 * 20 * sample)};
    const nic_image image = part.View();
    const int needed = FailEach(arm, [&] {
      nic_status status = nic_decoder_open(decoder.get(), file.data(), file.size());
      if (status == NIC_OK) status = nic_decoder_set_region(decoder.get(), 50, 40, 30, 20);
      return status == NIC_OK ? nic_decoder_decode(decoder.get(), &image) : status;
    });
    REQUIRE(needed > 3);
    for (size_t y = 0; y < 20; ++y) {
      const auto from = whole.pixels.begin() + static_cast<ptrdiff_t>(((40 + y) * 100 + 50) * sample);
      REQUIRE(std::equal(from, from + static_cast<ptrdiff_t>(30 * sample), &part.pixels[y * 30 * sample]));
    }
  });
}

TEST_CASE("when memory is gone for good, everything says so and is freed well") {
  Fixture fixture(2);
  {
    const Context context = NewSmallContext(fixture.options);
    const Bytes file = EncodeSmall(context, MakePicture(150, 70, NIC_RGB8), 75, 64);
    for (const uint64_t from : {1u, 2u, 5u, 20u, 50u}) {
      fixture.allocator.FailAt(from, true);
      nic_image image;
      REQUIRE(nic_decode(context.get(), file.data(), file.size(), &image, nullptr) == NIC_OUT_OF_MEMORY);
      fixture.allocator.FailAt(0);
    }
    nic_image image;
    REQUIRE(nic_decode(context.get(), file.data(), file.size(), &image, nullptr) == NIC_OK);
    nic_free(context.get(), image.pixels);
  }
  REQUIRE(fixture.allocator.blocks() == 0);
}

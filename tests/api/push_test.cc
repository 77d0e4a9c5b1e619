// nic_decoder_begin_push, nic_decoder_push, nic_decoder_end_push, nic_decoder_next; nic_decoder_memory.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <string>

#include "api/handles.h"
#include "support/small_model.h"

using namespace nic::testing;

namespace {

struct Pushed {
  nic_status status = NIC_OK;
  Bytes pixels;
  std::vector<nic_event_type> events;  // but those that ask for more
  std::vector<uint64_t> slices;
  std::vector<uint64_t> damaged;
  size_t bytes_at_first_rows = 0;
};

// Pushes a file in pieces of 1 .. `most` bytes from memory that is overwritten, and collects what comes.
Pushed Push(const Decoder& decoder, const Bytes& file, size_t most, uint32_t seed = 1) {
  std::mt19937 random(seed);
  Pushed pushed;
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  size_t position = 0;
  for (;;) {
    nic_event event = NIC_EVENT_INIT;
    pushed.status = nic_decoder_next(decoder.get(), &event);
    if (pushed.status != NIC_OK) {
      REQUIRE(nic_decoder_next(decoder.get(), &event) == pushed.status);
      return pushed;
    }
    if (event.type == NIC_EVENT_NEED_MORE) {
      if (position == file.size()) {
        REQUIRE(nic_decoder_end_push(decoder.get()) == NIC_OK);
        continue;
      }
      const size_t size = std::min<size_t>(1 + random() % most, file.size() - position);
      Bytes piece(file.begin() + static_cast<ptrdiff_t>(position),
                  file.begin() + static_cast<ptrdiff_t>(position + size));
      REQUIRE(nic_decoder_push(decoder.get(), piece.data(), size) == NIC_OK);
      std::fill(piece.begin(), piece.end(), uint8_t{0x55});
      position += size;
      continue;
    }
    pushed.events.push_back(event.type);
    if (event.type == NIC_EVENT_SLICE) (event.damaged ? pushed.damaged : pushed.slices).push_back(event.slice);
    if (event.type == NIC_EVENT_ROWS) {
      if (pushed.pixels.empty()) pushed.bytes_at_first_rows = position;
      REQUIRE(pushed.pixels.size() == event.y * event.stride);
      pushed.pixels.insert(pushed.pixels.end(), event.pixels, event.pixels + event.rows * event.stride);
    }
    if (event.type == NIC_EVENT_DONE) return pushed;
  }
}

// A file of several slices with everything that can stand in one.
Bytes MakeFile(const Context& context, const Picture& picture, bool rich) {
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
  if (rich) {
    Picture mask = MakePicture(picture.width, picture.height, NIC_GREY8, 5);
    const nic_image view = mask.View();
    REQUIRE(nic_encoder_set_roi(encoder.get(), &view, 1) == NIC_OK);
    REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_XMP, "<x>packet</x>", 13) == NIC_OK);
    REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_EXIF, "II*\0", 4) == NIC_OK);
    REQUIRE(nic_encoder_set_metadata(encoder.get(), NIC_METADATA_CICP, "\x0c\x0d\0\1", 4) == NIC_OK);
  }
  return Encode(encoder, picture);
}

// What one call gives with NIC_DECODER_KEEP_GOING.
nic_status KeepGoing(const Context& context, const Bytes& file, Picture* picture) {
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  const nic_status opened = nic_decoder_open(decoder.get(), file.data(), file.size());
  if (opened != NIC_OK) return opened;
  nic_info info;
  REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_OK);
  *picture = {info.width, info.height, info.format,
              Bytes(size_t{info.width} * info.height * nic_format_bytes(info.format))};
  const nic_image view = picture->View();
  return nic_decoder_decode(decoder.get(), &view);
}

}  // namespace

TEST_CASE("a file gives the same pixels however it is cut") {
  std::mt19937 random(33);
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  for (int trial = 0; trial < 24; ++trial) {
    options.threads = 1 + trial % 3;
    const Context context = NewSmallContext(options);
    const auto format = static_cast<nic_pixel_format>(1 + trial % 4 + (trial % 8 < 4 ? 0 : 16));
    const Picture picture = MakePicture(1 + random() % 260, 1 + random() % 260, format, trial);
    const Bytes file = MakeFile(context, picture, trial % 2);
    const Bytes expected = Decode(context, file).pixels;
    const Decoder decoder = NewDecoder(context);
    for (const size_t most : {size_t{1}, size_t{2}, size_t{100}, size_t{3000}, file.size()}) {
      CAPTURE(trial, picture.width, picture.height, static_cast<int>(format), most);
      const Pushed pushed = Push(decoder, file, most, static_cast<uint32_t>(trial));
      REQUIRE(pushed.status == NIC_OK);
      REQUIRE(pushed.pixels == expected);
      REQUIRE(pushed.damaged.empty());
      REQUIRE(std::is_sorted(pushed.slices.begin(), pushed.slices.end()));
      REQUIRE(pushed.slices.size() == size_t{(picture.width + 63) / 64} * ((picture.height + 63) / 64));
      REQUIRE(pushed.events.front() == NIC_EVENT_HEADER);
      REQUIRE(pushed.events.back() == NIC_EVENT_DONE);
      REQUIRE(std::count(pushed.events.begin(), pushed.events.end(), NIC_EVENT_METADATA) == (trial % 2 ? 3 : 0));
      REQUIRE(std::count(pushed.events.begin(), pushed.events.end(), NIC_EVENT_PICTURE) == 1);
    }
  }
}

TEST_CASE("rows come before the file is whole") {
  const Context context = NewSmallContext();
  const Bytes file = MakeFile(context, MakePicture(128, 640, NIC_RGB8), false);
  const Pushed pushed = Push(NewDecoder(context), file, 50);
  REQUIRE(pushed.status == NIC_OK);
  REQUIRE(pushed.bytes_at_first_rows < file.size() / 4);
}

TEST_CASE("what the file says can be asked as soon as it is told") {
  const Context context = NewSmallContext();
  const Bytes file = MakeFile(context, MakePicture(100, 90, NIC_RGBA8), true);
  const Decoder decoder = NewDecoder(context);
  nic_info info;
  const uint8_t* content = nullptr;
  size_t size = 0;
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_WRONG_STATE);
  std::set<int> kinds;
  size_t position = 0;
  nic_event event = NIC_EVENT_INIT;
  while (event.type != NIC_EVENT_PICTURE) {
    REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_OK);
    if (event.type == NIC_EVENT_NEED_MORE) {
      REQUIRE(nic_decoder_push(decoder.get(), &file[position++], 1) == NIC_OK);
    } else if (event.type == NIC_EVENT_HEADER) {
      REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_OK);
      REQUIRE(info.width == 100);
      REQUIRE(info.height == 90);
    } else if (event.type == NIC_EVENT_METADATA) {
      kinds.insert(event.metadata);
      REQUIRE(nic_decoder_push(decoder.get(), &file[position++], 1) == NIC_OK);  // moves what has arrived
      REQUIRE(nic_decoder_metadata(decoder.get(), event.metadata, &content, &size) == NIC_OK);
      REQUIRE(size == (event.metadata == NIC_METADATA_XMP ? 13 : 4));
      const char* expected = event.metadata == NIC_METADATA_XMP    ? "<x>packet</x>"
                             : event.metadata == NIC_METADATA_CICP ? "\x0c\x0d\0\1"
                                                                   : "II*\0";
      REQUIRE(std::memcmp(content, expected, size) == 0);
    }
  }
  REQUIRE(kinds == std::set<int>{NIC_METADATA_EXIF, NIC_METADATA_XMP, NIC_METADATA_CICP});
  REQUIRE(nic_decoder_info(decoder.get(), &info) == NIC_OK);
  REQUIRE(info.format == NIC_RGBA8);
  // A region, and only its slices, from here on.
  REQUIRE(nic_decoder_set_region(decoder.get(), 10, 20, 30, 5) == NIC_OK);
  const Picture whole = Decode(context, file);
  Bytes pixels;
  while (event.type != NIC_EVENT_DONE) {
    REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_OK);
    if (event.type == NIC_EVENT_NEED_MORE) {
      REQUIRE(nic_decoder_push(decoder.get(), &file[position], file.size() - position) == NIC_OK);
      position = file.size();
    } else if (event.type == NIC_EVENT_ROWS) {
      REQUIRE(nic_decoder_set_region(decoder.get(), 0, 0, 1, 1) == NIC_WRONG_STATE);
      pixels.insert(pixels.end(), event.pixels, event.pixels + event.rows * event.stride);
    }
  }
  REQUIRE(pixels.size() == 30 * 5 * 4);
  for (size_t y = 0; y < 5; ++y) {
    REQUIRE(std::equal(&pixels[y * 120], &pixels[y * 120] + 120, &whole.pixels[((y + 20) * 100 + 10) * 4]));
  }
}

TEST_CASE("a file that ends early gives every slice that arrived") {
  const Context context = NewSmallContext();
  const Bytes file = MakeFile(context, MakePicture(150, 260, NIC_GREY_ALPHA8), true);
  const Bytes whole = Decode(context, file).pixels;
  const Decoder plain = NewDecoder(context);
  const Decoder going_on = NewDecoder(context);
  REQUIRE(nic_decoder_set(going_on.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  std::mt19937 random(4);
  for (size_t size = 1; size < file.size(); size += 1 + random() % 40) {
    const Bytes cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    CAPTURE(size, file.size());
    nic_info info;
    nic_read_info(cut.data(), cut.size(), nullptr, &info, nullptr);
    std::vector<nic_slice_info> slices(20);
    size_t arrived = 0;
    nic_read_slices(cut.data(), cut.size(), nullptr, 0, slices.data(), slices.size(), &arrived, nullptr);

    const Pushed refused = Push(plain, cut, 64);
    REQUIRE(refused.status == NIC_TRUNCATED);
    REQUIRE(refused.slices.size() == arrived);
    REQUIRE(std::equal(refused.pixels.begin(), refused.pixels.end(), whole.begin()));
    if (arrived >= 6) REQUIRE(refused.pixels.size() >= 2 * 150 * 64);

    Picture expected;
    const nic_status status = KeepGoing(context, cut, &expected);
    const Pushed pushed = Push(going_on, cut, 64);
    REQUIRE(pushed.status == status);
    REQUIRE(pushed.pixels == expected.pixels);
    REQUIRE(pushed.slices.size() == arrived);
    if (!expected.pixels.empty()) REQUIRE(pushed.damaged.size() == 15 - arrived);
  }
}

TEST_CASE("damage is told as by one call") {
  const Context context = NewSmallContext();
  const Bytes file = MakeFile(context, MakePicture(150, 200, NIC_RGB8), true);
  const Decoder plain = NewDecoder(context);
  const Decoder going_on = NewDecoder(context);
  REQUIRE(nic_decoder_set(going_on.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  std::mt19937 random(6);
  for (int trial = 0; trial < 150; ++trial) {
    Bytes damaged = file;
    damaged[random() % file.size()] ^= static_cast<uint8_t>(1 + random() % 255);
    CAPTURE(trial);
    Picture expected;
    const nic_status status = KeepGoing(context, damaged, &expected);
    const Pushed pushed = Push(going_on, damaged, 1 + random() % 500);
    REQUIRE(pushed.status == status);
    if (status == NIC_OK || status == NIC_SLICE_DAMAGED) REQUIRE(pushed.pixels == expected.pixels);
    nic_image image = {};
    const nic_status once = nic_decode(context.get(), damaged.data(), damaged.size(), &image, nullptr);
    nic_free(context.get(), image.pixels);
    REQUIRE(Push(plain, damaged, 1 + random() % 500).status == once);
  }
}

TEST_CASE("bytes behind the end are found, whenever they come") {
  const Context context = NewSmallContext();
  Bytes file = MakeFile(context, MakePicture(70, 40, NIC_RGB8), false);
  file.push_back(0);
  const Decoder decoder = NewDecoder(context);
  REQUIRE(Push(decoder, file, 100000).status == NIC_MALFORMED);
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  REQUIRE(nic_decoder_push(decoder.get(), file.data(), file.size() - 1) == NIC_OK);
  nic_event event = NIC_EVENT_INIT;
  while (event.type != NIC_EVENT_DONE) REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_OK);
  REQUIRE(nic_decoder_push(decoder.get(), &file.back(), 1) == NIC_OK);
  REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_MALFORMED);
}

TEST_CASE("limits hold for what is pushed") {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  const Context roomy = NewSmallContext();
  const Bytes file = MakeFile(roomy, MakePicture(150, 100, NIC_RGB8), true);
  options.limits.max_pixels = 14999;
  REQUIRE(Push(NewDecoder(NewSmallContext(options)), file, 10).status == NIC_LIMIT_PIXELS);
  options.limits.max_pixels = 0;
  options.limits.max_metadata = 10;
  REQUIRE(Push(NewDecoder(NewSmallContext(options)), file, 10).status == NIC_LIMIT_METADATA);
  options.limits.max_metadata = 0;
  options.limits.max_work = 1000;
  REQUIRE(Push(NewDecoder(NewSmallContext(options)), file, 10).status == NIC_LIMIT_WORK);
  options.limits.max_work = 0;
  options.limits.max_memory = 2 << 20;
  const Context tight = NewSmallContext(options);
  const Decoder decoder = NewDecoder(tight);
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  const Bytes endless(8 << 20, 0x81);
  REQUIRE(nic_decoder_push(decoder.get(), endless.data(), endless.size()) == NIC_LIMIT_MEMORY);
}

TEST_CASE("calls in the wrong order are refused") {
  const Context context = NewSmallContext();
  const Decoder decoder = NewDecoder(context);
  nic_event event = NIC_EVENT_INIT;
  REQUIRE(nic_decoder_push(decoder.get(), "x", 1) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_end_push(decoder.get()) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_begin_push(nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  REQUIRE(nic_decoder_push(decoder.get(), nullptr, 1) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_next(decoder.get(), nullptr) == NIC_INVALID_ARGUMENT);
  event.struct_size = 1;
  REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_INVALID_ARGUMENT);
  REQUIRE(nic_decoder_end_push(decoder.get()) == NIC_OK);
  REQUIRE(nic_decoder_push(decoder.get(), "x", 1) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_end_push(decoder.get()) == NIC_WRONG_STATE);
  event = NIC_EVENT_INIT;
  REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_TRUNCATED);

  const Bytes file = MakeFile(context, MakePicture(40, 30, NIC_RGB8), false);
  REQUIRE(Push(decoder, file, 1000).status == NIC_OK);
  Picture picture = MakePicture(40, 30, NIC_RGB8);
  const nic_image view = picture.View();
  REQUIRE(nic_decoder_decode(decoder.get(), &view) == NIC_WRONG_STATE);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  REQUIRE(nic_decoder_decode(decoder.get(), &view) == NIC_OK);
  REQUIRE(nic_decoder_next(decoder.get(), &event) == NIC_WRONG_STATE);
}

TEST_CASE("an event of a newer header keeps its new fields") {
  const Context context = NewSmallContext();
  const Bytes file = MakeFile(context, MakePicture(40, 30, NIC_RGB8), false);
  const Decoder decoder = NewDecoder(context);
  struct {
    nic_event known;
    uint64_t later;
  } event = {NIC_EVENT_INIT, 77};
  event.known.struct_size = sizeof event;
  REQUIRE(nic_decoder_begin_push(decoder.get()) == NIC_OK);
  REQUIRE(nic_decoder_push(decoder.get(), file.data(), file.size()) == NIC_OK);
  while (event.known.type != NIC_EVENT_DONE) {
    REQUIRE(nic_decoder_next(decoder.get(), &event.known) == NIC_OK);
    REQUIRE(event.known.struct_size == sizeof event);
    REQUIRE(event.later == 77);
  }
}

TEST_CASE("the memory that decoding needs is told beforehand") {
  const auto drop = [](void*, uint32_t, uint32_t, const uint8_t*, size_t) { return 0; };
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  for (const uint32_t threads : {1u, 3u}) {
    for (const nic_pixel_format format : {NIC_RGB8, NIC_RGBA8}) {
      for (const uint32_t side : {64u, 1024u}) {
        options.threads = threads;
        CAPTURE(threads, static_cast<int>(format), side);
        Bytes file;
        {
          const Context context = NewSmallContext();
          const Encoder encoder = NewEncoder(context);
          Set(encoder, NIC_ENCODER_SLICE_SIDE, side);
          file = Encode(encoder, MakePicture(1500, 1400, format));
        }
        const Context context = NewSmallContext(options);
        const Decoder decoder = NewDecoder(context);
        REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
        uint64_t told = 0;
        REQUIRE(nic_decoder_memory(decoder.get(), &told) == NIC_OK);
        REQUIRE(nic_decoder_decode_rows(decoder.get(), drop, nullptr) == NIC_OK);
        const uint64_t peak = nic_context_peak_memory(context.get());
        CAPTURE(told, peak);
        REQUIRE(told >= peak * 0.85);
        REQUIRE(told <= peak * 1.35);
      }
    }
  }
}

TEST_CASE("a smaller picture is the same however its file is cut, and its scale stays once decoding has begun") {
  std::mt19937 random(5);
  for (const bool with_preview : {false, true}) {
    const Context context = NewContext();
    AddModel(context, MakeSmallPackage(1, kSmallModelId, with_preview));
    const Picture picture = MakePicture(201, 150, NIC_RGBA8);
    const Bytes file = MakeFile(context, picture, true);
    for (const uint32_t scale : {8u, 16u}) {
      const Decoder decoder = NewDecoder(context);
      REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, scale) == NIC_OK);
      REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
      const uint32_t width = nic_scaled_side(201, scale), height = nic_scaled_side(150, scale);
      Bytes expected(size_t{width} * height * 4);
      const nic_image image = {width, height, NIC_RGBA8, size_t{width} * 4, expected.data()};
      REQUIRE(nic_decoder_decode(decoder.get(), &image) == NIC_OK);
      for (const size_t most : {size_t{7}, size_t{900}, file.size()}) {
        const Pushed pushed = Push(decoder, file, most, static_cast<uint32_t>(random()));
        REQUIRE(pushed.status == NIC_OK);
        REQUIRE(pushed.pixels == expected);
        REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_SCALE, 1) == NIC_WRONG_STATE);
      }
    }
  }
}

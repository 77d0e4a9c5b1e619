#include "codec/picture_decoder.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "codec/picture_encoder.h"
#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::DecodedLatents;
using nic::DecodeLatents;
using nic::FileReader;
using nic::Progress;
using nic::Rect;
using nic::SliceLayout;
using nic::Status;
using nic::ThreadPool;
using nic::testing::IsFilled;
using nic::testing::SameInside;
using nic::testing::SameSamples;
using nic::testing::SmallCodec;

namespace {

constexpr uint32_t kWidth = 300;
constexpr uint32_t kHeight = 250;  // 5 x 4 slices of 64 pixels

// A coded picture of 20 slices and ways to damage it.
struct File {
  File() : bytes(&codec.memory) {
    std::mt19937 random(3);
    std::vector<uint8_t> pixels(size_t{kWidth} * kHeight * 3);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random() % 200);
    const nic::PixelView picture{kWidth, kHeight, 3, kWidth * 3, pixels.data()};
    nic::Serial serial;
    nic::EncoderSettings settings;
    settings.slice_side_code = 0;
    nic::PictureEncoder encoder(*codec.model, settings, picture, serial, codec.memory);
    REQUIRE(encoder.Analyse().ok());
    REQUIRE(encoder.Encode({1, 0}, Progress(), &bytes, nullptr).ok());
  }

  SliceLayout Layout() const { return SliceLayout(kWidth, kHeight, 64, codec.model->decoder()); }

  // Damages the middle of a slice.
  void Damage(size_t index) {
    FileReader file(codec.memory);
    REQUIRE((Open(&file).ok() || file.slices_available() > index));
    const nic::CodedSlice& slice = file.slices()[index];
    bytes[static_cast<size_t>(slice.offset + slice.size / 2)] ^= 0x40;
  }

  // Finds as many slices as there are.
  Status Open(FileReader* file) const {
    const Status status = file->Open(bytes);
    if (!status.ok() && status.code() != NIC_TRUNCATED) return status;
    return file->FindSlices(nic::SliceGrid::Of(kWidth, kHeight, 64));
  }

  Status Decode(const Rect& wanted, bool keep_going, nic::Parallel& parallel, DecodedLatents* decoded) {
    FileReader file(codec.memory);
    const Status opened = Open(&file);
    if (!opened.ok() && opened.code() != NIC_TRUNCATED) return opened;
    return DecodeLatents(file, *codec.model, Layout(), wanted, keep_going, Progress(), parallel, codec.memory, decoded);
  }

  SmallCodec codec;
  std::pmr::vector<uint8_t> bytes;
};

constexpr Rect kAll{0, 0, 19, 16};

}  // namespace

TEST_CASE("all slices decode, with any number of threads to the same latents") {
  File file;
  nic::Serial serial;
  DecodedLatents expected;
  REQUIRE(file.Decode(kAll, false, serial, &expected).ok());
  REQUIRE(expected.damaged == 0);
  REQUIRE(expected.first_damage.ok());
  for (const size_t width : {2u, 3u, 8u}) {
    ThreadPool pool(width);
    DecodedLatents decoded;
    REQUIRE(file.Decode(kAll, true, pool, &decoded).ok());
    REQUIRE(SameSamples(decoded.latents, expected.latents));
  }
}

TEST_CASE("a part has the latents of the whole, whatever happened to slices that it does not touch") {
  File file;
  nic::Serial serial;
  DecodedLatents whole;
  REQUIRE(file.Decode(kAll, false, serial, &whole).ok());
  for (const size_t index : {0u, 1u, 2u, 3u, 4u, 5u, 9u, 10u, 14u, 19u}) file.Damage(index);
  // Slices have 4 x 4 latents: these touch numbers 6, 7, 8, 11, 12, 13.
  for (const Rect& wanted : {Rect{4, 4, 16, 12}, Rect{7, 6, 13, 9}, Rect{5, 5, 6, 6}, Rect{8, 8, 12, 12}}) {
    DecodedLatents part;
    REQUIRE(file.Decode(wanted, false, serial, &part).ok());
    REQUIRE(part.damaged == 0);
    REQUIRE(SameInside(part.latents, whole.latents, wanted));
  }
  DecodedLatents part;
  REQUIRE(file.Decode({3, 4, 16, 12}, false, serial, &part).code() == NIC_SLICE_DAMAGED);
  REQUIRE(file.Decode({3, 4, 17, 13}, true, serial, &part).ok());
  REQUIRE(part.damaged == 5);  // 5, 9, 10, 14, 19
}

TEST_CASE("a damaged slice ends decoding with its number") {
  File file;
  for (const size_t index : {17u, 9u, 3u}) file.Damage(index);
  for (const size_t width : {1u, 2u, 3u}) {
    ThreadPool pool(width);
    DecodedLatents decoded;
    const Status status = file.Decode(kAll, false, pool, &decoded);
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(status.message()).find("slice 3: ") == 0);
    FileReader reader(file.codec.memory);
    REQUIRE(file.Open(&reader).ok());
    const nic::CodedSlice& slice = reader.slices()[3];
    REQUIRE(status.offset() >= slice.offset);
    REQUIRE(status.offset() <= slice.offset + slice.size);
  }
}

TEST_CASE("when going on, good slices are exact, damaged ones zero and counted") {
  File file;
  nic::Serial serial;
  DecodedLatents expected;
  REQUIRE(file.Decode(kAll, false, serial, &expected).ok());
  for (const size_t index : {4u, 11u, 12u, 19u}) file.Damage(index);
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    DecodedLatents decoded;
    REQUIRE(file.Decode(kAll, true, pool, &decoded).ok());
    REQUIRE(decoded.damaged == 4);
    REQUIRE(decoded.first_damage.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(decoded.first_damage.message()).find("slice 4: ") == 0);
    const SliceLayout layout = file.Layout();
    for (int64_t i = 0; i < layout.count(); ++i) {
      CAPTURE(i);
      const bool damaged = i == 4 || i == 11 || i == 12 || i == 19;
      const Rect rect = layout.Latents(i);
      REQUIRE((damaged ? IsFilled(decoded.latents, rect, 0) : SameInside(decoded.latents, expected.latents, rect)));
    }
  }
}

TEST_CASE("missing slices end decoding, or are counted while those before them decode") {
  File file;
  nic::Serial serial;
  DecodedLatents expected;
  REQUIRE(file.Decode(kAll, false, serial, &expected).ok());
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  file.bytes.resize(static_cast<size_t>(reader.slices()[13].offset + 3));

  DecodedLatents decoded;
  const Status status = file.Decode(kAll, false, serial, &decoded);
  REQUIRE(status.code() == NIC_TRUNCATED);
  REQUIRE(status.offset() == file.bytes.size());
  REQUIRE(std::string(status.message()).find("slice 13: ") == 0);
  REQUIRE(file.Decode({0, 0, 19, 8}, false, serial, &decoded).ok());  // needs slices 0 .. 9
  REQUIRE(file.Decode({0, 0, 1, 9}, false, serial, &decoded).ok());   // 0, 5, 10
  REQUIRE(file.Decode({12, 8, 13, 9}, false, serial, &decoded).code() == NIC_TRUNCATED);

  REQUIRE(file.Decode(kAll, true, serial, &decoded).ok());
  REQUIRE(decoded.damaged == 7);
  REQUIRE(decoded.first_damage.code() == NIC_TRUNCATED);
  file.Damage(2);
  REQUIRE(file.Decode(kAll, true, serial, &decoded).ok());
  REQUIRE(decoded.damaged == 8);
  REQUIRE(decoded.first_damage.code() == NIC_SLICE_DAMAGED);
  const SliceLayout layout = file.Layout();
  for (int64_t i = 0; i < layout.count(); ++i) {
    CAPTURE(i);
    const Rect rect = layout.Latents(i);
    const bool there = i < 13 && i != 2;
    REQUIRE((there ? SameInside(decoded.latents, expected.latents, rect) : IsFilled(decoded.latents, rect, 0)));
  }
}

TEST_CASE("a file cut inside its index has no slice") {
  File file;
  nic::Serial serial;
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  file.bytes.resize(static_cast<size_t>(reader.latents().payload_offset + 7));
  DecodedLatents decoded;
  REQUIRE(file.Decode(kAll, false, serial, &decoded).code() == NIC_TRUNCATED);
  REQUIRE(file.Decode(kAll, true, serial, &decoded).ok());
  REQUIRE(decoded.damaged == 20);
  REQUIRE(IsFilled(decoded.latents, kAll, 0));
}

TEST_CASE("running out of memory is not taken for damage") {
  File file;
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    nic::Memory small(7000);
    DecodedLatents decoded;
    REQUIRE_THROWS_AS(DecodeLatents(reader, *file.codec.model, file.Layout(), kAll, true, Progress(), pool, small, &decoded),
                      nic::LimitReached);
    decoded = {};
    REQUIRE(small.held() == 0);
  }
}

#include "codec/picture_decoder.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

#include "codec/picture_encoder.h"
#include "codec/slice_decoder.h"
#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::DecoderStep;
using nic::FileReader;
using nic::PictureDecoder;
using nic::Progress;
using nic::Rect;
using nic::SliceLayout;
using nic::Status;
using nic::TensorWindow;
using nic::ThreadPool;
using nic::testing::SmallCodec;

namespace {

constexpr uint32_t kWidth = 300;
constexpr uint32_t kHeight = 250;  // 5 x 4 slices of 64 pixels, of 4 x 4 latents
constexpr Rect kWhole{0, 0, kWidth, kHeight};
const nic::RateIndex kRate{1, 0};

// What decoding gave.
struct Decoded {
  Status status;
  std::vector<int16_t> values;  // three a pixel
  uint64_t damaged = 0;
  Status first_damage;
};

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
    REQUIRE(encoder.BeginAt(kRate, false).ok());
    REQUIRE(encoder.Push(picture).ok());
    REQUIRE(encoder.Finish({}, &bytes, nullptr).ok());
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

  Decoded Decode(const Rect& region, bool keep_going, nic::Parallel& parallel, int64_t strip_rows = 0, int scale = 1) {
    FileReader file(codec.memory);
    Decoded decoded;
    decoded.status = Open(&file);
    if (!decoded.status.ok() && decoded.status.code() != NIC_TRUNCATED) return decoded;
    PictureDecoder decoder(file, *codec.model, region, {keep_going, nullptr, strip_rows, scale}, parallel,
                           codec.memory);
    REQUIRE(decoder.Begin().ok());
    int64_t next = region.y0;
    const auto take = [&](int64_t y, const int16_t* row) -> Status {
      REQUIRE(y == next++);
      decoded.values.insert(decoded.values.end(), row, row + region.width() * 3);
      return {};
    };
    decoded.status = decoder.Run(Progress(), take);
    if (decoded.status.ok()) REQUIRE(next == region.y1);
    decoded.damaged = decoder.damaged();
    decoded.first_damage = decoder.first_damage();
    return decoded;
  }

  // The plain way: every slice that decodes, zeros elsewhere, one synthesis over all.
  std::vector<int16_t> Expected(const Rect& region, const std::set<int64_t>& bad) {
    FileReader file(codec.memory);
    static_cast<void>(Open(&file).ok());
    const SliceLayout layout = Layout();
    TensorWindow latents(codec.memory, {0, 0, layout.latent_width(), layout.latent_height()}, 8);
    latents.Fill(0);
    nic::Serial serial;
    for (int64_t i = 0; i < layout.count(); ++i) {
      if (bad.count(i)) continue;
      REQUIRE(DecodeSlice(*codec.model, file.slices()[static_cast<size_t>(i)], file.header().lanes(), layout.Latents(i),
                          serial, codec.memory, &latents)
                  .ok());
    }
    return nic::testing::SynthesiseAll(codec, layout, latents, kRate, region, serial);
  }

  // Gives the model previews.
  void AddPreviews(nic::Target target) {
    nic::PreviewModel preview(codec.memory);
    nic::testing::FillSmallPreview(1, &preview);
    REQUIRE(codec.model->PreparePreview(std::move(preview), target, codec.memory).ok());
  }

  // Gives the model filters across borders.
  void AddDeblocking(nic::Target target) {
    nic::DeblockingModel deblocking(codec.memory);
    nic::testing::FillSmallDeblocking(1, &deblocking);
    REQUIRE(codec.model->PrepareDeblocking(deblocking, target, codec.memory).ok());
  }

  SmallCodec codec;
  std::pmr::vector<uint8_t> bytes;
};

// The plain way: the whole synthesis first, then the filters over all of it.
std::vector<int16_t> ExpectDeblocked(File& file, const Rect& region) {
  const SliceLayout layout = file.Layout();
  const Rect padded{0, 0, layout.latent_width() * 16, layout.latent_height() * 16};
  const std::vector<int16_t> synthesised = file.Expected(padded, {});
  nic::DeblockingModel deblocking(file.codec.memory);
  nic::testing::FillSmallDeblocking(1, &deblocking);
  const nic::DecoderModel& decoder = file.codec.model->decoder();
  const nic::DeblockingFilters filters(deblocking, decoder, nic::Target::kScalar, file.codec.memory);
  const nic::GainField gains(decoder.inverse_gain, 8, kRate, nullptr, file.codec.memory);
  nic::Serial serial;
  nic::Deblocking whole(filters, gains, 16, padded, padded.y1, padded.x1, serial, file.codec.memory);
  std::vector<int16_t> expected;
  const auto take = [&](int64_t y, const int16_t* row) -> Status {
    if (y >= region.y0 && y < region.y1) expected.insert(expected.end(), row + 3 * region.x0, row + 3 * region.x1);
    return {};
  };
  for (int64_t y = 0; y < padded.y1; ++y) {
    REQUIRE(whole.Add(y, &synthesised[static_cast<size_t>(y * padded.x1 * 3)], take).ok());
  }
  return expected;
}

Rect Scaled(int scale) { return {0, 0, (kWidth + scale - 1) / scale, (kHeight + scale - 1) / scale}; }

// Of three values a pixel, by the letter of the specification.
std::vector<int16_t> MeansOf(const std::vector<int16_t>& values, int scale, int output_bits) {
  const Rect size = Scaled(scale);
  const int half = 128 << output_bits;
  std::vector<int16_t> means;
  for (int64_t row = 0; row < size.y1; ++row) {
    for (int64_t column = 0; column < size.x1; ++column) {
      for (int64_t c = 0; c < 3; ++c) {
        int64_t sum = 0, count = 0;
        for (int64_t y = row * scale; y < std::min<int64_t>((row + 1) * scale, kHeight); ++y) {
          for (int64_t x = column * scale; x < std::min<int64_t>((column + 1) * scale, kWidth); ++x, ++count) {
            sum += std::clamp<int>(values[static_cast<size_t>((y * kWidth + x) * 3 + c)], -half, half);
          }
        }
        means.push_back(
            static_cast<int16_t>(std::floor(static_cast<double>(2 * sum + count) / static_cast<double>(2 * count))));
      }
    }
  }
  return means;
}

}  // namespace

TEST_CASE("band by band and with any number of threads the rows are those of the whole") {
  File file;
  const std::vector<int16_t> expected = file.Expected(kWhole, {});
  for (const size_t width : {1u, 2u, 3u, 8u}) {
    ThreadPool pool(width);
    const Decoded decoded = file.Decode(kWhole, width == 2, pool, width == 3 ? 1 : 0);
    REQUIRE(decoded.status.ok());
    REQUIRE(decoded.damaged == 0);
    REQUIRE(decoded.first_damage.ok());
    REQUIRE(decoded.values == expected);
  }
}

TEST_CASE("a region has the rows of the whole, whatever happened to slices that it does not touch") {
  File file;
  nic::Serial serial;
  ThreadPool pool(2);
  const std::vector<int16_t> whole = file.Expected(kWhole, {});
  for (const size_t index : {0u, 1u, 2u, 3u, 4u, 5u, 9u, 10u, 14u, 19u}) file.Damage(index);
  // These touch numbers 6, 7, 8, 11, 12, 13, the synthesis' reach included.
  for (const Rect& region :
       {Rect{80, 80, 240, 176}, Rect{112, 96, 208, 144}, Rect{81, 85, 82, 86}, Rect{128, 128, 190, 170}}) {
    const Decoded part = file.Decode(region, false, region.x0 == 80 ? static_cast<nic::Parallel&>(pool) : serial);
    REQUIRE(part.status.ok());
    REQUIRE(part.damaged == 0);
    for (int64_t y = region.y0; y < region.y1; ++y) {
      const int16_t* row = &part.values[static_cast<size_t>((y - region.y0) * region.width() * 3)];
      REQUIRE(std::equal(row, row + region.width() * 3, &whole[static_cast<size_t>((y * kWidth + region.x0) * 3)]));
    }
  }
  REQUIRE(file.Decode({48, 80, 240, 176}, false, serial).status.code() == NIC_SLICE_DAMAGED);
  const Decoded part = file.Decode({48, 80, 272, 208}, true, serial);
  REQUIRE(part.status.ok());
  REQUIRE(part.damaged == 5);  // 5, 9, 10, 14, 19
}

TEST_CASE("a damaged slice ends decoding with its number") {
  File file;
  for (const size_t index : {17u, 9u, 3u}) file.Damage(index);
  for (const size_t width : {1u, 2u, 3u}) {
    ThreadPool pool(width);
    const Status status = file.Decode(kWhole, false, pool).status;
    REQUIRE(status.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(status.message()).find("slice 3: ") == 0);
    FileReader reader(file.codec.memory);
    REQUIRE(file.Open(&reader).ok());
    const nic::CodedSlice& slice = reader.slices()[3];
    REQUIRE(status.offset() >= slice.offset);
    REQUIRE(status.offset() <= slice.offset + slice.size);
  }
}

TEST_CASE("no row depends on a slice that did not match its check") {
  File file;
  const std::vector<int16_t> expected = file.Expected(kWhole, {});
  file.Damage(12);  // of the third row of slices
  nic::Serial serial;
  const Decoded decoded = file.Decode(kWhole, false, serial, 16);
  REQUIRE(decoded.status.code() == NIC_SLICE_DAMAGED);
  REQUIRE(!decoded.values.empty());
  REQUIRE(std::equal(decoded.values.begin(), decoded.values.end(), expected.begin()));
}

TEST_CASE("when going on, good slices are exact, damaged ones zero and counted") {
  File file;
  for (const size_t index : {4u, 11u, 12u, 19u}) file.Damage(index);
  const std::vector<int16_t> expected = file.Expected(kWhole, {4, 11, 12, 19});
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    const Decoded decoded = file.Decode(kWhole, true, pool);
    REQUIRE(decoded.status.ok());
    REQUIRE(decoded.damaged == 4);
    REQUIRE(decoded.first_damage.code() == NIC_SLICE_DAMAGED);
    REQUIRE(std::string(decoded.first_damage.message()).find("slice 4: ") == 0);
    REQUIRE(decoded.values == expected);
  }
}

TEST_CASE("missing slices end decoding before the first row, or are counted while those before them decode") {
  File file;
  nic::Serial serial;
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  const std::set<int64_t> missing = {13, 14, 15, 16, 17, 18, 19};
  const std::vector<int16_t> expected = file.Expected(kWhole, missing);
  file.bytes.resize(static_cast<size_t>(reader.slices()[13].offset + 3));

  const Decoded refused = file.Decode(kWhole, false, serial);
  REQUIRE(refused.status.code() == NIC_TRUNCATED);
  REQUIRE(refused.status.offset() == file.bytes.size());
  REQUIRE(std::string(refused.status.message()).find("slice 13: ") == 0);
  REQUIRE(refused.values.empty());
  REQUIRE(file.Decode({0, 0, kWidth, 100}, false, serial).status.ok());  // needs slices 0 .. 9
  REQUIRE(file.Decode({0, 0, 10, 140}, false, serial).status.ok());      // 0, 5, 10
  REQUIRE(file.Decode({200, 130, 210, 140}, false, serial).status.code() == NIC_TRUNCATED);

  const Decoded decoded = file.Decode(kWhole, true, serial);
  REQUIRE(decoded.status.ok());
  REQUIRE(decoded.damaged == 7);
  REQUIRE(decoded.first_damage.code() == NIC_TRUNCATED);
  REQUIRE(decoded.values == expected);
  file.Damage(2);
  const Decoded damaged = file.Decode(kWhole, true, serial);
  REQUIRE(damaged.damaged == 8);
  REQUIRE(damaged.first_damage.code() == NIC_SLICE_DAMAGED);
}

TEST_CASE("a file cut inside its index has no slice") {
  File file;
  nic::Serial serial;
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  TensorWindow zeros = nic::testing::MakeWindow(file.codec.memory, 16, 19, 8);
  zeros.Fill(0);
  const std::vector<int16_t> grey =
      nic::testing::SynthesiseAll(file.codec, file.Layout(), zeros, kRate, kWhole, serial);
  file.bytes.resize(static_cast<size_t>(reader.latents().payload_offset + 7));
  REQUIRE(file.Decode(kWhole, false, serial).status.code() == NIC_TRUNCATED);
  const Decoded decoded = file.Decode(kWhole, true, serial);
  REQUIRE(decoded.status.ok());
  REQUIRE(decoded.damaged == 20);
  REQUIRE(decoded.values == grey);
}

TEST_CASE("running out of memory is not taken for damage") {
  File file;
  FileReader reader(file.codec.memory);
  REQUIRE(file.Open(&reader).ok());
  const auto take = [](int64_t, const int16_t*) { return Status(); };
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    nic::Memory small(7000);
    {
      PictureDecoder decoder(reader, *file.codec.model, kWhole, {true, nullptr, 0}, pool, small);
      REQUIRE_THROWS_AS(decoder.Begin().ok() && decoder.Run(Progress(), take).ok(), nic::LimitReached);
    }
    REQUIRE(small.held() == 0);
  }
}

TEST_CASE("without previews a smaller picture is the means over squares of the whole one") {
  File file;
  const std::vector<int16_t> whole = file.Expected(kWhole, {});
  for (const int scale : {8, 16}) {
    const std::vector<int16_t> means = MeansOf(whole, scale, file.codec.model->decoder().output_bits);
    for (const size_t threads : {1u, 3u}) {
      ThreadPool pool(threads);
      const Decoded decoded = file.Decode(Scaled(scale), false, pool, threads == 3 ? 1 : 0, scale);
      REQUIRE(decoded.status.ok());
      REQUIRE(decoded.values == means);
    }
  }
}

TEST_CASE("a preview is its graph over the gained latents of the whole picture, on every target and with any threads") {
  // The plain way: the synthesis exchanged for the preview, in the scalar kernels, over all latents at once.
  for (const int scale : {8, 16}) {
    File plain;
    plain.AddPreviews(nic::Target::kScalar);
    FileReader reader(plain.codec.memory);
    REQUIRE(plain.Open(&reader).ok());
    const SliceLayout layout = plain.Layout();
    const nic::DecoderModel& numbers = plain.codec.model->decoder();
    TensorWindow latents(plain.codec.memory, {0, 0, layout.latent_width(), layout.latent_height()}, 8);
    nic::Serial serial;
    for (int64_t i = 0; i < layout.count(); ++i) {
      REQUIRE(DecodeSlice(*plain.codec.model, reader.slices()[static_cast<size_t>(i)], reader.header().lanes(),
                          layout.Latents(i), serial, plain.codec.memory, &latents)
                  .ok());
    }
    const nic::PreparedModel::Reader preview = plain.codec.model->reader(scale);
    std::vector<nic::Gain> gains(8);
    nic::ComputeGains(numbers.inverse_gain, 8, kRate, gains.data());
    nic::TensorBuffer gained(plain.codec.memory, layout.latent_height(), layout.latent_width(), 8);
    for (size_t i = 0; i < gained.size(); ++i) {
      gained.data()[i] =
          std::clamp(nic::ApplyGain(latents.at(0, 0)[i], gains[i % 8]), preview.range.low, preview.range.high);
    }
    nic::TensorBuffer values(plain.codec.memory, Scaled(scale).y1, Scaled(scale).x1, 3);
    nic::BufferSource source({&gained});
    nic::BufferSink sink({&values});
    REQUIRE(
        preview.program.Run(gained.height(), gained.width(), Scaled(scale), 0, source, sink, serial, plain.codec.memory)
            .ok());
    const std::vector<int16_t> expected(values.data(), values.data() + values.size());

    for (const nic::Target target :
         {nic::Target::kScalar, nic::Target::kSse4, nic::Target::kAvx2, nic::Target::kAvx512, nic::Target::kNeon}) {
      if (!nic::TargetSupported(target)) continue;
      File file;
      file.AddPreviews(target);
      REQUIRE(file.codec.model->has_preview(scale));
      for (const size_t threads : {1u, 2u, 5u}) {
        ThreadPool pool(threads);
        const Decoded decoded = file.Decode(Scaled(scale), false, pool, threads == 2 ? 1 : 0, scale);
        REQUIRE(decoded.status.ok());
        REQUIRE(decoded.values == expected);
      }
      REQUIRE(file.Decode(kWhole, false, serial).values == file.Expected(kWhole, {}));
    }
  }
}

TEST_CASE("a damaged slice fails a smaller picture too, or counts as zeros") {
  File file;
  file.AddPreviews(nic::Target::kScalar);
  nic::Serial serial;
  const std::vector<int16_t> good = file.Decode(Scaled(8), false, serial, 0, 8).values;
  file.Damage(19);
  REQUIRE(file.Decode(Scaled(8), false, serial, 0, 8).status.code() == NIC_SLICE_DAMAGED);
  const Decoded decoded = file.Decode(Scaled(8), true, serial, 0, 8);
  REQUIRE(decoded.status.ok());
  REQUIRE(decoded.damaged == 1);
  REQUIRE(decoded.values.size() == good.size());
  REQUIRE(decoded.values != good);
  REQUIRE(std::equal(good.begin(), good.begin() + static_cast<ptrdiff_t>(good.size() / 2), decoded.values.begin()));
}

TEST_CASE("a preview counts as less work than the whole picture, means as as much") {
  File file;
  const SliceLayout layout = file.Layout();
  double means = 0, preview = 0, whole = 0;
  REQUIRE(CountDecodeWork(*file.codec.model, layout, {Scaled(8), 8}, file.codec.memory, &means).ok());
  file.AddPreviews(nic::Target::kScalar);
  REQUIRE(CountDecodeWork(*file.codec.model, layout, {Scaled(8), 8}, file.codec.memory, &preview).ok());
  REQUIRE(CountDecodeWork(*file.codec.model, layout, {kWhole, 1}, file.codec.memory, &whole).ok());
  REQUIRE(means == whole);
  REQUIRE(preview < whole);
}

TEST_CASE("deblocking: regions equal crops of the whole, on every target and with any threads and strips") {
  File plain;
  const std::vector<int16_t> bare = plain.Expected(kWhole, {});
  const std::vector<int16_t> all = ExpectDeblocked(plain, kWhole);
  REQUIRE(all != bare);
  const Rect regions[] = {kWhole, {0, 0, 1, 1}, {kWidth - 1, kHeight - 1, kWidth, kHeight}, {17, 33, 90, 60},
                          {60, 3, 61, kHeight}};
  for (const nic::Target target :
       {nic::Target::kScalar, nic::Target::kSse4, nic::Target::kAvx2, nic::Target::kAvx512, nic::Target::kNeon}) {
    if (!nic::TargetSupported(target)) continue;
    File file;
    file.AddDeblocking(target);
    for (const Rect& region : regions) {
      const std::vector<int16_t> expected = ExpectDeblocked(plain, region);
      for (const size_t threads : {1u, 3u}) {
        ThreadPool pool(threads);
        const Decoded decoded = file.Decode(region, false, pool, threads == 3 ? 1 : 0);
        REQUIRE(decoded.status.ok());
        REQUIRE(decoded.values == expected);
      }
    }
  }
}

TEST_CASE("deblocking: means over squares are of filtered pixels and count as that, previews are not filtered") {
  File file, previewing;
  nic::Serial serial;
  previewing.AddPreviews(nic::Target::kScalar);
  const std::vector<int16_t> preview = previewing.Decode(Scaled(8), false, serial, 0, 8).values;
  const auto work = [](File& of, const Rect& region, int scale) {
    double counted = 0;
    REQUIRE(CountDecodeWork(*of.codec.model, of.Layout(), {region, scale}, of.codec.memory, &counted).ok());
    return counted;
  };
  const double whole_work = work(file, kWhole, 1), preview_work = work(previewing, Scaled(8), 8);
  for (File* each : {&file, &previewing}) each->AddDeblocking(nic::Target::kScalar);
  REQUIRE(work(file, kWhole, 1) > whole_work);
  REQUIRE(work(file, Scaled(16), 16) == work(file, kWhole, 1));
  REQUIRE(work(previewing, Scaled(8), 8) == preview_work);
  const std::vector<int16_t> whole = file.Decode(kWhole, false, serial).values;
  const std::vector<int16_t> means = MeansOf(whole, 16, file.codec.model->decoder().output_bits);
  REQUIRE(file.Decode(Scaled(16), false, serial, 0, 16).values == means);
  REQUIRE(previewing.Decode(Scaled(8), false, serial, 0, 8).values == preview);
}

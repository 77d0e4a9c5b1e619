#include "codec/analysis.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "codec/small_codec.h"
#include "codec/thread_pool.h"

using nic::AnalysisRun;
using nic::Memory;
using nic::Node;
using nic::Operation;
using nic::PixelView;
using nic::Serial;
using nic::Status;
using nic::TensorBuffer;
using nic::testing::SameSamples;
using nic::testing::SmallCodec;

namespace {

std::vector<uint8_t> RandomPixels(size_t count) {
  std::mt19937 random(4);
  std::vector<uint8_t> pixels(count);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random());
  return pixels;
}

// The picture extended to width x height by repeating its last column and row, as RGB.
std::vector<uint8_t> Padded(const PixelView& picture, uint32_t width, uint32_t height) {
  std::vector<uint8_t> padded;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const uint8_t* pixel = picture.row(std::min(y, picture.height - 1)) +
                             std::min(x, picture.width - 1) * static_cast<uint32_t>(picture.channels);
      for (int c = 0; c < 3; ++c) padded.push_back(pixel[picture.channels == 3 ? c : 0]);
    }
  }
  return padded;
}

// The analysis of a picture that comes in pieces of `rows` rows, each of which is gone after the call.
Status Analyse(const nic::Program& analysis, int factor, const PixelView& picture, nic::Parallel& parallel,
               Memory& memory, TensorBuffer* latents, const nic::Progress& progress = nic::Progress(),
               uint32_t rows = UINT32_MAX) {
  AnalysisRun run(analysis, factor, picture, parallel, memory);
  REQUIRE(run.Begin().ok());
  int64_t next = 0;
  const auto take = [&](const nic::ConstTensorView& view) -> Status {
    REQUIRE(view.rect.x0 == 0);
    REQUIRE(view.rect.x1 == latents->width());
    REQUIRE(view.rect.y0 == next);
    next = view.rect.y1;
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      nic::CopyRow(view.at(y, 0), view.pixel_stride, latents->at(y, 0), latents->channels(), view);
    }
    return {};
  };
  std::vector<uint8_t> copy;
  for (uint32_t y = 0; y < picture.height; y += rows) {
    PixelView piece = picture;
    piece.height = std::min(rows, picture.height - y);
    copy.assign(picture.row(y), picture.row(y) + piece.stride * (piece.height - 1) + picture.width * picture.channels);
    piece.pixels = copy.data();
    const Status status = run.Push(piece, progress, take);
    if (!status.ok()) return status;
    REQUIRE(run.rows_pushed() == y + piece.height);
    std::fill(copy.begin(), copy.end(), uint8_t{99});
    if (rows == UINT32_MAX) break;
  }
  REQUIRE(next == latents->height());
  return {};
}

}  // namespace

TEST_CASE("a picture is analysed as if its last column and row went on") {
  SmallCodec codec;
  Serial serial;
  for (const auto& [width, height] : std::vector<std::pair<uint32_t, uint32_t>>{{1, 1}, {16, 16}, {17, 15}, {40, 33}}) {
    for (const int channels : {1, 3}) {
      CAPTURE(width, height, channels);
      const size_t stride = width * static_cast<size_t>(channels) + 5;
      const std::vector<uint8_t> pixels = RandomPixels(stride * height);
      const PixelView picture{width, height, channels, stride, pixels.data()};
      const uint32_t full_width = (width + 15) / 16 * 16, full_height = (height + 15) / 16 * 16;
      const std::vector<uint8_t> padded = Padded(picture, full_width, full_height);
      const PixelView full{full_width, full_height, 3, size_t{full_width} * 3, padded.data()};
      TensorBuffer latents(codec.memory, full_height / 16, full_width / 16, 8);
      TensorBuffer expected(codec.memory, full_height / 16, full_width / 16, 8);
      REQUIRE(Analyse(codec.model->analysis(), 16, picture, serial, codec.memory, &latents).ok());
      REQUIRE(Analyse(codec.model->analysis(), 16, full, serial, codec.memory, &expected).ok());
      REQUIRE(SameSamples(latents, expected));
    }
  }
}

TEST_CASE("rows that come in pieces of any number give the same latents") {
  SmallCodec codec;
  Serial serial;
  nic::ThreadPool pool(3);
  std::mt19937 random(12);
  for (int trial = 0; trial < 40; ++trial) {
    const uint32_t width = 1 + random() % 70;
    const uint32_t height = 1 + random() % 400;
    const uint32_t rows = trial % 4 == 0 ? 1 : 1 + random() % height;
    const int channels = random() % 2 ? 3 : 1;
    CAPTURE(width, height, rows, channels);
    const size_t stride = width * static_cast<size_t>(channels);
    const std::vector<uint8_t> pixels = RandomPixels(stride * height);
    const PixelView picture{width, height, channels, stride, pixels.data()};
    TensorBuffer expected(codec.memory, (height + 15) / 16, (width + 15) / 16, 8);
    TensorBuffer latents(codec.memory, expected.height(), expected.width(), 8);
    REQUIRE(Analyse(codec.model->analysis(), 16, picture, serial, codec.memory, &expected).ok());
    REQUIRE(Analyse(codec.model->analysis(), 16, picture, trial % 2 ? static_cast<nic::Parallel&>(pool) : serial,
                    codec.memory, &latents, nic::Progress(), rows)
                .ok());
    REQUIRE(SameSamples(latents, expected));
  }
}

TEST_CASE("the network sees 2 p - 255, the rows of the picture in their order") {
  // A graph that copies: one sample of the result for every 8 x 8 pixels and colour.
  Memory memory;
  nic::Graph graph(memory);
  graph.inputs.push_back({3, -255, 255});
  Node unshuffle(memory);
  unshuffle.operation = Operation::kUnshuffle;
  unshuffle.a = 0;
  unshuffle.factor = 8;
  unshuffle.channels = 192;
  graph.nodes.push_back(unshuffle);
  graph.outputs.push_back(1);
  std::unique_ptr<nic::Program> program;
  REQUIRE(nic::Program::Prepare(graph, nic::Target::kScalar, memory, &program).ok());

  const std::vector<uint8_t> pixels = RandomPixels(24 * 16 * 3);
  const PixelView picture{24, 16, 3, 72, pixels.data()};
  nic::ThreadPool pool(2);
  TensorBuffer latents(memory, 2, 3, 192);
  REQUIRE(Analyse(*program, 8, picture, pool, memory, &latents).ok());
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t x = 0; x < 24; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const int16_t value = latents.at(y / 8, x / 8)[(y % 8 * 8 + x % 8) * 3 + c];
        REQUIRE(value == 2 * pixels[static_cast<size_t>(y * 72 + x * 3 + c)] - 255);
      }
    }
  }
}

TEST_CASE("analysis tells how far it is and stops when told to") {
  SmallCodec codec;
  Serial serial;
  const std::vector<uint8_t> pixels = RandomPixels(64 * 3000);
  const PixelView picture{64, 3000, 1, 64, pixels.data()};
  TensorBuffer latents(codec.memory, 188, 4, 8);
  struct Watcher {
    static int Call(void* user, double fraction) {
      auto* self = static_cast<Watcher*>(user);
      self->seen.push_back(fraction);
      return self->seen.size() == self->stop_at;
    }
    std::vector<double> seen;
    size_t stop_at = 0;
  } watcher;
  const nic::Progress progress(Watcher::Call, &watcher);
  REQUIRE(Analyse(codec.model->analysis(), 16, picture, serial, codec.memory, &latents, progress).ok());
  REQUIRE(std::is_sorted(watcher.seen.begin(), watcher.seen.end()));
  REQUIRE(watcher.seen.front() == 0);
  REQUIRE(watcher.seen.back() <= 1);
  REQUIRE(watcher.seen.size() >= 3);
  watcher.seen.clear();
  watcher.stop_at = 2;
  const nic::Status status = Analyse(codec.model->analysis(), 16, picture, serial, codec.memory, &latents, progress);
  REQUIRE(status.code() == NIC_CANCELLED);
  REQUIRE(watcher.seen.size() == 2);
}

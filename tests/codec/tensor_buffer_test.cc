#include "codec/tensor_buffer.h"

#include <catch2/catch.hpp>

#include <vector>

using nic::BufferSink;
using nic::BufferSource;
using nic::ConstTensorView;
using nic::Memory;
using nic::Rect;
using nic::TensorBuffer;
using nic::TensorView;
using nic::TensorWindow;

namespace {

TensorBuffer Numbered(Memory& memory, int64_t height, int64_t width, int channels) {
  TensorBuffer buffer(memory, height, width, channels);
  for (size_t i = 0; i < buffer.size(); ++i) buffer.data()[i] = static_cast<int16_t>(i);
  return buffer;
}

}  // namespace

TEST_CASE("samples lie channels innermost, without gaps") {
  Memory memory;
  TensorBuffer buffer = Numbered(memory, 3, 4, 5);
  REQUIRE(buffer.height() == 3);
  REQUIRE(buffer.width() == 4);
  REQUIRE(buffer.channels() == 5);
  REQUIRE(buffer.size() == 60);
  REQUIRE(buffer.at(2, 3)[4] == 59);
  REQUIRE(buffer.at(1, 0)[0] == 20);
  buffer.Fill(-3);
  for (size_t i = 0; i < buffer.size(); ++i) REQUIRE(buffer.data()[i] == -3);
  REQUIRE(TensorBuffer().size() == 0);
}

TEST_CASE("sizes beyond the address space or the limit throw") {
  Memory memory(1 << 20);
  REQUIRE_THROWS_AS(TensorBuffer(memory, int64_t{1} << 40, int64_t{1} << 40, 1), std::bad_alloc);
  REQUIRE_THROWS_AS(TensorBuffer(memory, int64_t{1} << 31, int64_t{1} << 31, 1024), std::bad_alloc);
  REQUIRE_THROWS_AS(TensorBuffer(memory, int64_t{1} << 31, int64_t{1} << 31, 2), std::bad_alloc);
  REQUIRE_THROWS_AS(TensorBuffer(memory, 1024, 1024, 1), nic::LimitReached);
  REQUIRE(memory.held() == 0);
}

TEST_CASE("what two rectangles have in common") {
  const auto same = [](const Rect& a, const Rect& b) {
    return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
  };
  REQUIRE(same(nic::Intersect({0, 0, 5, 5}, {3, -2, 9, 4}), {3, 0, 5, 4}));
  REQUIRE(same(nic::Intersect({1, 1, 2, 2}, {0, 0, 9, 9}), {1, 1, 2, 2}));
  REQUIRE(nic::Intersect({0, 0, 5, 5}, {5, 0, 9, 5}).width() == 0);
  REQUIRE(nic::Intersect({0, 0, 5, 5}, {0, 7, 5, 9}).height() < 0);
}

TEST_CASE("a window is addressed by the positions of the whole") {
  Memory memory;
  TensorWindow window(memory, {10, 20, 13, 22}, 2);
  window.Fill(4);
  window.at(21, 12)[1] = 9;
  const TensorWindow& constant = window;
  REQUIRE(constant.at(21, 12)[1] == 9);
  REQUIRE(constant.at(21, 12) - constant.at(20, 10) == (3 + 2) * 2);
  REQUIRE(constant.at(20, 10)[0] == 4);
  REQUIRE(constant.channels() == 2);
  REQUIRE(constant.rect().x0 == 10);
}

TEST_CASE("a window takes of a part what lies inside it and nothing else") {
  Memory memory;
  const TensorBuffer part = Numbered(memory, 4, 5, 2);
  for (int64_t x0 = -6; x0 <= 7; ++x0) {
    for (int64_t y0 = -5; y0 <= 6; ++y0) {
      CAPTURE(x0, y0);
      TensorWindow window(memory, {0, 0, 6, 5}, 2);
      window.Fill(-1);
      window.Take(part, {x0, y0, x0 + 5, y0 + 4});
      bool right = true;
      for (int64_t y = 0; y < 5; ++y) {
        for (int64_t x = 0; x < 6; ++x) {
          const bool inside = x >= x0 && x < x0 + 5 && y >= y0 && y < y0 + 4;
          for (int c = 0; c < 2; ++c) {
            right = right && window.at(y, x)[c] == (inside ? ((y - y0) * 5 + x - x0) * 2 + c : -1);
          }
        }
      }
      REQUIRE(right);
    }
  }
}

TEST_CASE("a source writes the rectangle asked for, with the view's strides") {
  Memory memory;
  const TensorBuffer first = Numbered(memory, 4, 5, 2);
  TensorBuffer second = Numbered(memory, 4, 5, 3);
  second.at(2, 1)[2] = -77;
  BufferSource source({&first, &second});
  std::vector<int16_t> block(1000, -9);
  const TensorView view{block.data() + 10, {1, 2, 4, 4}, 3, 4, 50};
  REQUIRE(source.Read(1, view).ok());
  for (int64_t y = 2; y < 4; ++y) {
    for (int64_t x = 1; x < 4; ++x) {
      for (int c = 0; c < 3; ++c) REQUIRE(view.at(y, x)[c] == second.at(y, x)[c]);
    }
  }
  REQUIRE(block[9] == -9);
  REQUIRE(block[13] == -9);  // between two pixels
  REQUIRE(block[10 + 12] == -9);
  const TensorView one{block.data(), {4, 3, 5, 4}, 2, 2, 2};
  REQUIRE(source.Read(0, one).ok());
  REQUIRE((block[0] == 38 && block[1] == 39));
}

TEST_CASE("a sink takes rows in pieces") {
  Memory memory;
  TensorBuffer a(memory, 3, 4, 1);
  TensorBuffer b(memory, 3, 4, 2);
  BufferSink sink({&a, &b});
  std::vector<int16_t> values(200);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int16_t>(i);
  for (int64_t y = 0; y < 3; ++y) {
    REQUIRE(sink.Write(0, ConstTensorView{values.data(), {0, y, 4, y + 1}, 1, 3, 40}).ok());
    REQUIRE(sink.Write(1, ConstTensorView{values.data() + y, {0, y, 4, y + 1}, 2, 5, 40}).ok());
  }
  for (int64_t y = 0; y < 3; ++y) {
    for (int64_t x = 0; x < 4; ++x) {
      REQUIRE(a.at(y, x)[0] == 3 * x);
      REQUIRE(b.at(y, x)[0] == y + 5 * x);
      REQUIRE(b.at(y, x)[1] == y + 5 * x + 1);
    }
  }
}

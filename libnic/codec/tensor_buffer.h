// A tensor held whole, and the ends by which a Program reads and writes it.
#pragma once

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "base/memory.h"
#include "intnet/program.h"

namespace nic {

// Empty (a width or height of 0 or less) where they have nothing in common.
inline Rect Intersect(const Rect& a, const Rect& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

// height x width x channels samples of int16, channels innermost, no gaps.
class TensorBuffer {
 public:
  TensorBuffer() = default;
  TensorBuffer(Memory& memory, int64_t height, int64_t width, int channels)
      : samples_(memory, CountSamples(height, width, channels)), height_(height), width_(width), channels_(channels) {}

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  int channels() const { return channels_; }
  size_t size() const { return samples_.size(); }
  int16_t* data() { return samples_.data(); }
  const int16_t* data() const { return samples_.data(); }
  int16_t* at(int64_t y, int64_t x) { return data() + (y * width_ + x) * channels_; }
  const int16_t* at(int64_t y, int64_t x) const { return data() + (y * width_ + x) * channels_; }
  void Fill(int16_t value) { std::fill_n(data(), size(), value); }

 private:
  static size_t CountSamples(int64_t height, int64_t width, int channels) {
    size_t samples = 0;
    if (__builtin_mul_overflow(static_cast<size_t>(height), static_cast<size_t>(width), &samples) ||
        __builtin_mul_overflow(samples, static_cast<size_t>(channels), &samples)) {
      throw std::bad_alloc();
    }
    return samples;
  }

  Buffer<int16_t> samples_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  int channels_ = 0;
};

// A rectangle of a larger tensor, addressed by the positions of the whole.
class TensorWindow {
 public:
  TensorWindow() = default;
  TensorWindow(Memory& memory, const Rect& rect, int channels)
      : rect_(rect), samples_(memory, rect.height(), rect.width(), channels) {}

  const Rect& rect() const { return rect_; }
  int channels() const { return samples_.channels(); }
  int16_t* at(int64_t y, int64_t x) { return samples_.at(y - rect_.y0, x - rect_.x0); }
  const int16_t* at(int64_t y, int64_t x) const { return samples_.at(y - rect_.y0, x - rect_.x0); }
  void Fill(int16_t value) { samples_.Fill(value); }

  // Copies of another window what lies in this one.
  void Take(const TensorWindow& other) { Take(other.samples_, other.rect_); }
  // Copies of `part`, whose first sample stands at (place.y0, place.x0) of the whole, what lies in the window.
  void Take(const TensorBuffer& part, const Rect& place) {
    const Rect common = Intersect(rect_, place);
    if (common.width() <= 0) return;
    const size_t bytes = static_cast<size_t>(common.width()) * static_cast<size_t>(channels()) * sizeof(int16_t);
    for (int64_t y = common.y0; y < common.y1; ++y) {
      std::memcpy(at(y, common.x0), part.at(y - place.y0, common.x0 - place.x0), bytes);
    }
  }

 private:
  Rect rect_;
  TensorBuffer samples_;
};

// Copies the samples of one row of `view`, from and to positions that lie the given strides apart.
template <typename T>
void CopyRow(const int16_t* from, int64_t from_stride, int16_t* to, int64_t to_stride, const TensorViewOf<T>& view) {
  const auto bytes = static_cast<size_t>(view.channels) * sizeof(int16_t);
  if (from_stride == view.channels && to_stride == view.channels) {
    std::memcpy(to, from, bytes * static_cast<size_t>(view.rect.width()));
    return;
  }
  for (int64_t x = 0; x < view.rect.width(); ++x) std::memcpy(to + x * to_stride, from + x * from_stride, bytes);
}

// Reads a Program's inputs from buffers, in their order.
class BufferSource final : public TensorSource {
 public:
  BufferSource(std::initializer_list<const TensorBuffer*> buffers) {
    for (const TensorBuffer* buffer : buffers) buffers_[count_++] = buffer;
  }
  Status Read(int input, const TensorView& view) override {
    const TensorBuffer& buffer = *buffers_[input];
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      CopyRow(buffer.at(y, view.rect.x0), buffer.channels(), view.at(y, view.rect.x0), view.pixel_stride, view);
    }
    return {};
  }

 private:
  const TensorBuffer* buffers_[2] = {};
  int count_ = 0;
};

// Writes a Program's outputs, restricted to the rectangle that starts at (0, 0), into buffers in their order.
class BufferSink final : public TensorSink {
 public:
  BufferSink(std::initializer_list<TensorBuffer*> buffers) {
    for (TensorBuffer* buffer : buffers) buffers_[count_++] = buffer;
  }
  Status Write(int output, const ConstTensorView& view) override {
    TensorBuffer& buffer = *buffers_[output];
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      CopyRow(view.at(y, view.rect.x0), view.pixel_stride, buffer.at(y, view.rect.x0), buffer.channels(), view);
    }
    return {};
  }

 private:
  TensorBuffer* buffers_[2] = {};
  int count_ = 0;
};

}  // namespace nic

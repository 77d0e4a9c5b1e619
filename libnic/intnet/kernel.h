// The kernels of one target: plain functions over rows of samples, in a struct of pointers. The scalar ones are the
// reference; those of every other target agree with them exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/memory.h"
#include "intnet/graph.h"
#include "intnet/layer.h"
#include "intnet/program.h"

namespace nic {

constexpr int kMaximalKernel = 5;

// A run of samples in one row of a layer's result, channels innermost and without gaps. Input samples outside the
// tensor are there as zeros, so a kernel never asks where the border is. Up to Buffer::kSlack bytes behind an input
// segment may be read, nothing outside the result's samples is written.
struct Segment {
  // The input's first sample for each row of the kernel: for a convolution that of column stride * x - kernel / 2,
  // where x is the first column of the result; in[0] alone for what works sample by sample.
  const int16_t* in[kMaximalKernel] = {};
  const int16_t* b = nullptr;  // the second operand or the residual, or null
  int16_t* out = nullptr;
  int64_t pixels = 0;
};

// Filters for one kind of border at one rate (format-spec/codec.md, "Deblocking").
struct DeblockFilter {
  const int16_t* activity = nullptr;  // thresholds, rising
  int activities = 0;
  const int16_t* step = nullptr;
  int steps = 0;
  // For each class, that of the step innermost, w[i][j] for i, j in 0 .. 7 in the order [j / 2][i][j % 2]: the products
  // with a pair of samples lie side by side.
  const int16_t* weight = nullptr;
  int bits = 0;
};

// The number of the class that a line of samples t is in. Not for code that is made for one target (kernel_simd-inl.h),
// which has its own.
template <typename T>
size_t FindDeblockClass(const DeblockFilter& filter, const T* t) {
  const auto magnitude = [](int32_t value) { return value < 0 ? -value : value; };
  const int32_t activity = magnitude(t[1] - 2 * t[2] + t[3]) + magnitude(t[4] - 2 * t[5] + t[6]);
  const int32_t step = magnitude(t[4] - t[3]);
  size_t active = 0, steep = 0;
  for (int i = 0; i < filter.activities; ++i) active += activity >= filter.activity[i];
  for (int i = 0; i < filter.steps; ++i) steep += step >= filter.step[i];
  return active * static_cast<size_t>(filter.steps + 1) + steep;
}

// Lines of eight samples across a border, filtered in place: sample j of line k is at[j * stride + k].
struct DeblockLines {
  int16_t* at = nullptr;
  int64_t stride = 0;
  int64_t count = 0;
};

struct Kernels {
  // Runs the layer over every segment.
  using Run = void (*)(const Layer& layer, const Segment* segments, size_t count);
  using Deblock = void (*)(const DeblockFilter& filter, const DeblockLines& lines);

  Target target = Target::kScalar;
  const char* name = "scalar";  // names the instructions more closely than the target, for instance "avx512-vnni"
  PackedOrder order;            // in which the kernels want their constants
  Run convolve = nullptr;
  Run convolve_depthwise = nullptr;
  Run add = nullptr;
  Run multiply = nullptr;
  Run activate = nullptr;
  Run look_up = nullptr;
  Deblock deblock = nullptr;
};

const Kernels& ScalarKernels();

// All that this build has and this processor runs, the slowest first; a target may have several.
std::span<const Kernels* const> SupportedKernels();
// The fastest of those for `target`, or null.
const Kernels* FindKernels(Target target);

}  // namespace nic

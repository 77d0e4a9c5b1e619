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

struct Kernels {
  // Runs the layer over every segment.
  using Run = void (*)(const Layer& layer, const Segment* segments, size_t count);

  Target target = Target::kScalar;
  const char* name = "scalar";  // names the instructions more closely than the target, for instance "avx512-vnni"
  PackedOrder order;            // in which the kernels want their constants
  Run convolve = nullptr;
  Run convolve_depthwise = nullptr;
  Run add = nullptr;
  Run multiply = nullptr;
  Run activate = nullptr;
  Run look_up = nullptr;
};

const Kernels& ScalarKernels();

// All that this build has and this processor runs, the slowest first; a target may have several.
std::span<const Kernels* const> SupportedKernels();
// The fastest of those for `target`, or null.
const Kernels* FindKernels(Target target);

}  // namespace nic

// The kernels for vector units, by Highway: compiled once for each target, all kept side by side.
//
// Products are taken in pairs: a 32-bit lane holds two neighbouring int16 values of an input segment and two weights of
// one output channel, and one instruction adds both products to the lane's sum (vpmaddwd and vpaddd, or vpdpwssd). Sums
// may wrap inside no instruction: a weight is never -32768, so a pair of products is less than 2^31 in magnitude, and
// CheckGraph proves the rest for any order of summation.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "intnet/kernel_simd.cc"
// What adds nothing here: older than SSE4, and vectors whose length is not known when compiling.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL)
#include <hwy/foreach_target.h>
// Highway's header comes after foreach_target.h.
#include <hwy/highway.h>

#include "intnet/kernel_simd-inl.h"
#include "intnet/kernel_simd.h"

#if HWY_ONCE
#if HWY_TARGETS & HWY_AVX2
#include <cpuid.h>
#endif

namespace nic {
namespace {

#if HWY_TARGETS & HWY_AVX2
// Clang 14's __builtin_cpu_supports does not know this one.
bool HasAvxVnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
#endif

}  // namespace

std::vector<const Kernels*> SimdKernels() {
  std::vector<const Kernels*> all;
  const int64_t supported = hwy::SupportedTargets();
  const auto append = [&all](bool runs, const Kernels& kernels) {
    if (runs) all.push_back(&kernels);
  };
#if HWY_TARGETS & HWY_NEON
  append(supported & HWY_NEON, N_NEON::TargetKernels::kPlain);
#endif
#if HWY_TARGETS & HWY_SSE4
  append(supported & HWY_SSE4, N_SSE4::TargetKernels::kPlain);
#endif
#if HWY_TARGETS & HWY_AVX2
  append(supported & HWY_AVX2, N_AVX2::TargetKernels::kPlain);
  append((supported & HWY_AVX2) && HasAvxVnni(), N_AVX2::TargetKernels::kDot);
#endif
#if HWY_TARGETS & HWY_AVX3
  append(supported & HWY_AVX3, N_AVX3::TargetKernels::kPlain);
  append((supported & HWY_AVX3) && __builtin_cpu_supports("avx512vnni"), N_AVX3::TargetKernels::kDot);
#endif
  return all;
}

}  // namespace nic
#endif

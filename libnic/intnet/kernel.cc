#include "intnet/kernel.h"

#include <cstring>

#include "intnet/kernel_simd.h"

namespace nic {

std::span<const Kernels* const> SupportedKernels() {
  static const std::vector<const Kernels*> all = [] {
    std::vector<const Kernels*> kernels = SimdKernels();
    kernels.insert(kernels.begin(), &ScalarKernels());
    return kernels;
  }();
  return all;
}

const Kernels* FindKernels(Target target) {
  const Kernels* found = nullptr;
  for (const Kernels* kernels : SupportedKernels()) {
    if (kernels->target == target) found = kernels;
  }
  return found;
}

const char* TargetName(Target target) {
  switch (target) {
    case Target::kScalar:
      return "scalar";
    case Target::kSse4:
      return "sse4";
    case Target::kAvx2:
      return "avx2";
    case Target::kAvx512:
      return "avx512";
    case Target::kNeon:
      return "neon";
  }
  return "unknown";
}

bool ParseTarget(const char* name, Target* target) {
  for (const Target each : {Target::kScalar, Target::kSse4, Target::kAvx2, Target::kAvx512, Target::kNeon}) {
    if (std::strcmp(name, TargetName(each)) != 0) continue;
    *target = each;
    return true;
  }
  return false;
}

bool TargetSupported(Target target) { return FindKernels(target) != nullptr; }

Target BestTarget() { return SupportedKernels().back()->target; }

}  // namespace nic

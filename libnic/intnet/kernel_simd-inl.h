// Per target: included by kernel_simd.cc once for each (Highway's foreach_target).
#if defined(NIC_INTNET_KERNEL_SIMD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef NIC_INTNET_KERNEL_SIMD_INL
#undef NIC_INTNET_KERNEL_SIMD_INL
#else
#define NIC_INTNET_KERNEL_SIMD_INL
#endif

#include <hwy/highway.h>

#include <cstring>

#include "intnet/kernel.h"

#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON

HWY_BEFORE_NAMESPACE();
namespace nic::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D16 = hn::ScalableTag<int16_t>;
using D32 = hn::ScalableTag<int32_t>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;
constexpr int kLanes16 = HWY_LANES(int16_t);
constexpr int kLanes32 = HWY_LANES(int32_t);
#if HWY_TARGET == HWY_AVX3
constexpr PackedOrder kOrder = {kLanes16, 4};  // 32 registers: 6 x 4 sums, 4 weights, 1 pair
#else
constexpr PackedOrder kOrder = {kLanes16, 2};  // 16 registers: 6 x 2 sums, 2 weights, 1 pair, 1 product
#endif

// Nothing of the standard library, nor any template or inline function with a loop, may be called in here: its code
// would be made for this target, and the linker might choose that for all.

template <int value>
struct Constant {
  constexpr operator int() const { return value; }
};

// Calls function(Constant<i>) for i in [0, n), unrolled, so that arrays of vectors stay in registers.
template <int n, typename F>
HWY_INLINE void Unroll(const F& function) {
  if constexpr (n > 0) {
    Unroll<n - 1>(function);
    function(Constant<n - 1>());
  }
}

// How pairs of products are added to a vector of sums.
struct MultiplyThenAdd {
  static HWY_INLINE void Accumulate(V16 a, V16 b, V32& sum0, V32& sum1) {
    sum0 = hn::ReorderWidenMulAccumulate(D32(), a, b, sum0, sum1);
  }
};

#if HWY_TARGET == HWY_AVX3
// In assembler because Highway 1.0.3 compiles no target with AVX512-VNNI but without the rest of Ice Lake.
struct DotProduct {
  static HWY_INLINE void Accumulate(V16 a, V16 b, V32& sum0, V32&) {
    auto sum = sum0.raw;  // a copy of the register, since an address would keep the sums in memory
    asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a.raw), "v"(b.raw));
    sum0 = V32{sum};
  }
};
#elif HWY_TARGET == HWY_AVX2
struct DotProduct {
  static HWY_INLINE void Accumulate(V16 a, V16 b, V32& sum0, V32&) {
    auto sum = sum0.raw;
    asm("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(a.raw), "x"(b.raw));
    sum0 = V32{sum};
  }
};
#endif

// Two int16 as a 32-bit lane, in every lane.
HWY_INLINE V16 BroadcastPair(const int16_t* pair) {
  int32_t bits;
  std::memcpy(&bits, pair, sizeof bits);
  return hn::BitCast(D16(), hn::Set(D32(), bits));
}

// Sums to results: narrowing, clamp, activation.
class Finisher {
 public:
  explicit HWY_INLINE Finisher(const Layer& layer)
      : low_(hn::Set(D16(), FoldRelu(layer, layer.low))),
        high_(hn::Set(D16(), FoldRelu(layer, layer.high))),
        slope_shift_(layer.slope_shift),
        absolute_(layer.activation == Activation::kAbsolute) {}

  // Narrowing saturates, which the clamp to int16 or less that follows makes no difference to.
  HWY_INLINE V16 operator()(V32 sum0, V32 sum1) const { return (*this)(hn::ReorderDemote2To(D16(), sum0, sum1)); }
  HWY_INLINE V16 operator()(V16 value) const {
    V16 result = hn::Max(hn::Min(value, high_), low_);
    if (slope_shift_) result = hn::Max(result, hn::ShiftRightSame(result, slope_shift_));
    if (absolute_) result = hn::Max(result, hn::SaturatedSub(hn::Zero(D16()), result));
    return result;
  }

 private:
  static int16_t FoldRelu(const Layer& layer, int32_t bound) {
    return static_cast<int16_t>(layer.activation == Activation::kRelu ? HWY_MAX(bound, 0) : bound);
  }
  const V16 low_, high_;
  const int slope_shift_;
  const bool absolute_;
};

HWY_INLINE void StoreFirst(V16 value, int16_t* to, int64_t count) {
  if (count >= kLanes16) return hn::StoreU(value, D16(), to);
  HWY_ALIGN int16_t lanes[kLanes16];
  hn::Store(value, D16(), lanes);
  std::memcpy(to, lanes, static_cast<size_t>(count) * sizeof(int16_t));
}

// Sign-extends into the two orders that narrowing undoes.
HWY_INLINE V32 WidenLower(V16 v) {
  return hn::ShiftRight<16>(hn::BitCast(D32(), hn::InterleaveLower(D16(), hn::Zero(D16()), v)));
}
HWY_INLINE V32 WidenUpper(V16 v) {
  return hn::ShiftRight<16>(hn::BitCast(D32(), hn::InterleaveUpper(D16(), hn::Zero(D16()), v)));
}

// The constants of the channels that one vector of results takes: two vectors each.
struct ChannelConstants {
  HWY_INLINE ChannelConstants(const Layer& layer, int64_t first)
      : shift{hn::Load(D32(), &layer.channel_shift[first]), hn::Load(D32(), &layer.channel_shift[first + kLanes32])} {
    if (layer.skip_shift.empty()) return;
    skip_shift[0] = hn::Load(D32(), &layer.skip_shift[first]);
    skip_shift[1] = hn::Load(D32(), &layer.skip_shift[first + kLanes32]);
  }
  HWY_INLINE V16 Finish(const Finisher& finisher, const int16_t* skip, V32 sum0, V32 sum1) const {
    if (skip) {
      const V16 residual = hn::LoadU(D16(), skip);
      sum0 = hn::Add(sum0, hn::Shl(WidenLower(residual), skip_shift[0]));
      sum1 = hn::Add(sum1, hn::Shl(WidenUpper(residual), skip_shift[1]));
    }
    return finisher(hn::Shr(sum0, shift[0]), hn::Shr(sum1, shift[1]));
  }
  V32 shift[2];
  V32 skip_shift[2] = {hn::Zero(D32()), hn::Zero(D32())};
};

#include "intnet/deblock-inl.h"
#include "intnet/dense-inl.h"
#include "intnet/depthwise-inl.h"
#include "intnet/pointwise-inl.h"

template <typename Products>
constexpr Kernels MakeKernels(Target target, const char* name) {
  return {
      .target = target,
      .name = name,
      .order = kOrder,
      .convolve = ConvolveDense<Products>,
      .convolve_depthwise = ConvolveDepthwise<Products>,
      .add = Add,
      .multiply = Multiply,
      .activate = Activate,
      .look_up = LookUpPlainly,
      .deblock = Deblock,
  };
}

}  // namespace

// The plain ones, and those with dot products where the target knows such.
struct TargetKernels {
#if HWY_TARGET == HWY_NEON
  static constexpr Kernels kPlain = MakeKernels<MultiplyThenAdd>(Target::kNeon, "neon");
#elif HWY_TARGET == HWY_SSE4
  static constexpr Kernels kPlain = MakeKernels<MultiplyThenAdd>(Target::kSse4, "sse4");
#elif HWY_TARGET == HWY_AVX2
  static constexpr Kernels kPlain = MakeKernels<MultiplyThenAdd>(Target::kAvx2, "avx2");
  static constexpr Kernels kDot = MakeKernels<DotProduct>(Target::kAvx2, "avx2-vnni");
#else
  static constexpr Kernels kPlain = MakeKernels<MultiplyThenAdd>(Target::kAvx512, "avx512");
  static constexpr Kernels kDot = MakeKernels<DotProduct>(Target::kAvx512, "avx512-vnni");
#endif
};

}  // namespace nic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // a target with kernels
#endif  // include guard

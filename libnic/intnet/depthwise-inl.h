// Depthwise convolutions. Part of kernel_simd-inl.h, inside its namespace.
//
// A vector of channels of two taps is interleaved, so that one multiplication of pairs takes both.

constexpr int DepthwisePairs(int kernel) { return (kernel * kernel + 1) / 2; }

template <typename Products, int kKernel>
HWY_INLINE void ConvolveDepthwiseChannels(const Layer& layer, const Finisher& finisher, const Segment& segment,
                                          int first) {
  constexpr int kTaps = kKernel * kKernel, kPairs = DepthwisePairs(kKernel);
  const int16_t* weight = layer.weight.data() + int64_t{first} / kLanes16 * kPairs * 2 * kLanes16;
  const V32 bias0 = hn::Load(D32(), &layer.bias[first]), bias1 = hn::Load(D32(), &layer.bias[first + kLanes32]);
  const ChannelConstants constants(layer, first);
  const int64_t channels = layer.channels;
  for (int64_t x = 0; x < segment.pixels; ++x) {
    V32 low0 = hn::Zero(D32()), low1 = low0, high0 = low0, high1 = low0;
    Unroll<kPairs>([&](auto pair) HWY_ATTR {
      constexpr int one = 2 * pair, other = one + 1;
      const int64_t at = x * channels + first;
      const V16 a = hn::LoadU(D16(), segment.in[one / kKernel] + at + one % kKernel * channels);
      V16 b = hn::Zero(D16());
      if constexpr (other < kTaps) b = hn::LoadU(D16(), segment.in[other / kKernel] + at + other % kKernel * channels);
      const int16_t* weights = weight + 2 * pair * kLanes16;
      Products::Accumulate(hn::InterleaveLower(D16(), a, b), hn::Load(D16(), weights), low0, low1);
      Products::Accumulate(hn::InterleaveUpper(D16(), a, b), hn::Load(D16(), weights + kLanes16), high0, high1);
    });
    const V32 low = hn::Add(hn::RearrangeToOddPlusEven(low0, low1), bias0);
    const V32 high = hn::Add(hn::RearrangeToOddPlusEven(high0, high1), bias1);
    const int64_t out = x * channels + first;
    const V16 result = constants.Finish(finisher, segment.b ? segment.b + out : nullptr, low, high);
    StoreFirst(result, segment.out + out, channels - first);
  }
}

template <typename Products>
void ConvolveDepthwise(const Layer& layer, const Segment* segments, size_t count) {
  const Finisher finisher(layer);
  for (size_t i = 0; i < count; ++i) {
    for (int first = 0; first < layer.channels; first += kLanes16) {
      if (layer.kernel == 3) {
        ConvolveDepthwiseChannels<Products, 3>(layer, finisher, segments[i], first);
      } else {
        ConvolveDepthwiseChannels<Products, 5>(layer, finisher, segments[i], first);
      }
    }
  }
}

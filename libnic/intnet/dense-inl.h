// Dense convolutions. Part of kernel_simd-inl.h, inside its namespace.
//
// The input of one sample is `kernel` segments of kernel * channels values, each a run of memory, cut into pairs (an
// odd one ends in a pair whose second weight is zero). A block of kPixels samples by kVectors vectors of output
// channels is summed in registers. Weights lie in the order of their use: for each block of channels, each segment,
// each pair, the block's vectors.

constexpr int kDensePixels = 6;
constexpr int kDenseVectors = kOrder.dense_vectors;

int DensePairs(const Layer& layer) { return (layer.kernel * layer.in_channels + 1) / 2; }  // of a segment

// kPixels samples anywhere.
template <int kPixels>
struct DensePixels {
  const int16_t* in[kMaximalKernel][kPixels];
  const int16_t* skip[kPixels];
  int16_t* out[kPixels];
};

template <typename Products, int kPixels, int kVectors>
HWY_INLINE void ConvolveBlock(const Layer& layer, const Finisher& finisher, const int16_t* weight, int vector,
                              const DensePixels<kPixels>& pixels) {
  V32 sum0[kPixels][kVectors], sum1[kPixels][kVectors];
  const int64_t first = int64_t{vector} * kLanes32;
  Unroll<kVectors>([&](auto v) HWY_ATTR {
    const V32 bias = hn::Load(D32(), &layer.bias[first + v * kLanes32]);
    Unroll<kPixels>([&](auto p) HWY_ATTR {
      // Highway's sums are rearranged in the end where a target keeps two; a bias fits neither of them.
      sum0[p][v] = HWY_TARGET == HWY_NEON ? hn::Zero(D32()) : bias;
      sum1[p][v] = hn::Zero(D32());
    });
  });
  const int64_t values = 2 * DensePairs(layer);
  for (int row = 0; row < layer.kernel; ++row) {
    const int16_t* in[kPixels];
    Unroll<kPixels>([&](auto p) HWY_ATTR { in[p] = pixels.in[row][p]; });
    for (int64_t i = 0; i < values; i += 2) {
      V16 weights[kVectors];
      Unroll<kVectors>([&](auto v) HWY_ATTR { weights[v] = hn::Load(D16(), weight + v * kLanes16); });
      weight += kVectors * kLanes16;
      Unroll<kPixels>([&](auto p) HWY_ATTR {
        const V16 pair = BroadcastPair(in[p] + i);
        Unroll<kVectors>([&](auto v) HWY_ATTR { Products::Accumulate(pair, weights[v], sum0[p][v], sum1[p][v]); });
      });
    }
  }
  Unroll<kVectors / 2>([&](auto half) HWY_ATTR {
    constexpr int v = 2 * half;
    const ChannelConstants constants(layer, first + v * kLanes32);
    const int64_t channel = (vector + v) / 2 * kLanes16;
    Unroll<kPixels>([&](auto p) HWY_ATTR {
      V32 low = hn::RearrangeToOddPlusEven(sum0[p][v], sum1[p][v]);
      V32 high = hn::RearrangeToOddPlusEven(sum0[p][v + 1], sum1[p][v + 1]);
      if (HWY_TARGET == HWY_NEON) {
        low = hn::Add(low, hn::Load(D32(), &layer.bias[first + v * kLanes32]));
        high = hn::Add(high, hn::Load(D32(), &layer.bias[first + (v + 1) * kLanes32]));
      }
      const int16_t* skip = pixels.skip[p] ? pixels.skip[p] + channel : nullptr;
      StoreFirst(constants.Finish(finisher, skip, low, high), pixels.out[p] + channel, layer.channels - channel);
    });
  });
}

// Steps through the samples of segments.
class SampleCursor {
 public:
  SampleCursor(const Layer& layer, const Segment* segments, size_t count)
      : layer_(layer), segment_(segments), end_(segments + count) {}

  bool done() const { return segment_ == end_; }

  template <int kPixels>
  HWY_INLINE int Take(DensePixels<kPixels>* pixels) {  // how many there were
    int taken = 0;
    for (; taken < kPixels && segment_ != end_; ++taken) {
      const int64_t in = x_ * layer_.stride * layer_.in_channels, out = x_ * layer_.channels;
      for (int i = 0; i < layer_.kernel; ++i) pixels->in[i][taken] = segment_->in[i] + in;
      pixels->skip[taken] = segment_->b ? segment_->b + out : nullptr;
      pixels->out[taken] = segment_->out + out;
      if (++x_ < segment_->pixels) continue;
      x_ = 0;
      ++segment_;
    }
    return taken;
  }

 private:
  const Layer& layer_;
  const Segment* segment_;
  const Segment* end_;
  int64_t x_ = 0;
};

// The last samples, fewer than kPixels.
template <typename Products, int kPixels, int kVectors>
HWY_NOINLINE void ConvolveRest(const Layer& layer, const Finisher& finisher, const int16_t* weight, int vector,
                               const DensePixels<kDensePixels>& pixels, int count) {
  if constexpr (kPixels > 0) {
    if (count < kPixels)
      return ConvolveRest<Products, kPixels - 1, kVectors>(layer, finisher, weight, vector, pixels, count);
    DensePixels<kPixels> rest;
    for (int p = 0; p < kPixels; ++p) {
      for (int i = 0; i < layer.kernel; ++i) rest.in[i][p] = pixels.in[i][p];
      rest.skip[p] = pixels.skip[p];
      rest.out[p] = pixels.out[p];
    }
    ConvolveBlock<Products, kPixels, kVectors>(layer, finisher, weight, vector, rest);
  }
}

template <typename Products, int kVectors>
HWY_NOINLINE void ConvolveChannels(const Layer& layer, const Finisher& finisher, const int16_t* weight, int vector,
                                   const Segment* segments, size_t count) {
  SampleCursor cursor(layer, segments, count);
  while (!cursor.done()) {
    DensePixels<kDensePixels> pixels;
    const int taken = cursor.Take(&pixels);
    if (taken == kDensePixels) {
      ConvolveBlock<Products, kDensePixels, kVectors>(layer, finisher, weight, vector, pixels);
    } else {
      ConvolveRest<Products, kDensePixels - 1, kVectors>(layer, finisher, weight, vector, pixels, taken);
    }
  }
}

template <typename Products>
void ConvolveDense(const Layer& layer, const Segment* segments, size_t count) {
  const Finisher finisher(layer);
  const int vectors = kOrder.VectorsOf(layer.channels);
  const int64_t step = int64_t{layer.kernel} * DensePairs(layer) * kLanes16;  // weights of one vector
  const int16_t* weight = layer.weight.data();
  int vector = 0;
  for (; vector + kDenseVectors <= vectors; vector += kDenseVectors, weight += kDenseVectors * step)
    ConvolveChannels<Products, kDenseVectors>(layer, finisher, weight, vector, segments, count);
  if constexpr (kDenseVectors > 2) {
    if (vector < vectors) ConvolveChannels<Products, 2>(layer, finisher, weight, vector, segments, count);
  }
}

// What works value by value. Part of kernel_simd-inl.h, inside its namespace.

// Calls result(a, b) for every vector of every segment.
template <typename F>
HWY_INLINE void ForEachVector(const Layer& layer, const Segment* segments, size_t count, const F& result) {
  for (size_t s = 0; s < count; ++s) {
    const Segment& segment = segments[s];
    const int16_t *a = segment.in[0], *b = segment.b ? segment.b : a;
    const int64_t values = segment.pixels * layer.channels;
    for (int64_t i = 0; i < values; i += kLanes16)
      StoreFirst(result(hn::LoadU(D16(), a + i), hn::LoadU(D16(), b + i)), segment.out + i, values - i);
  }
}

void Add(const Layer& layer, const Segment* segments, size_t count) {
  const Finisher finisher(layer);
  const V32 round = hn::Set(D32(), layer.round);
  ForEachVector(layer, segments, count, [&](V16 a, V16 b) HWY_ATTR {
    const auto sum = [&](V32 wide_a, V32 wide_b) HWY_ATTR {
      const V32 both =
          hn::Add(hn::ShiftLeftSame(wide_a, layer.left_shift_a), hn::ShiftLeftSame(wide_b, layer.left_shift_b));
      return hn::ShiftRightSame(hn::Add(both, round), layer.shift);
    };
    return finisher(sum(WidenLower(a), WidenLower(b)), sum(WidenUpper(a), WidenUpper(b)));
  });
}

void Multiply(const Layer& layer, const Segment* segments, size_t count) {
  const Finisher finisher(layer);
  const V32 round = hn::Set(D32(), layer.round);
  const V16 zero = hn::Zero(D16());
  ForEachVector(layer, segments, count, [&](V16 a, V16 b) HWY_ATTR {
    const auto product = [&](V16 pair_a, V16 pair_b) HWY_ATTR {  // the second of each pair is zero
      V32 sum0 = hn::Zero(D32()), sum1 = sum0;
      MultiplyThenAdd::Accumulate(pair_a, pair_b, sum0, sum1);
      return hn::ShiftRightSame(hn::Add(hn::RearrangeToOddPlusEven(sum0, sum1), round), layer.shift);
    };
    return finisher(product(hn::InterleaveLower(D16(), a, zero), hn::InterleaveLower(D16(), b, zero)),
                    product(hn::InterleaveUpper(D16(), a, zero), hn::InterleaveUpper(D16(), b, zero)));
  });
}

void Activate(const Layer& layer, const Segment* segments, size_t count) {
  const Finisher finisher(layer);
  ForEachVector(layer, segments, count, [&](V16 a, V16) HWY_ATTR { return finisher(a); });
}

// A gather of 16 bits is no faster.
void LookUpPlainly(const Layer& layer, const Segment* segments, size_t count) {
  ScalarKernels().look_up(layer, segments, count);
}

// Filters across borders. Part of kernel_simd-inl.h, inside its namespace.

// At most eight results at a time: a part.
using DPart = hn::CappedTag<int16_t, 16>;
using DPartSums = hn::Repartition<int32_t, DPart>;
using DPartResults = hn::Rebind<int16_t, DPartSums>;
constexpr int kPartPairs = HWY_MIN(kLanes16, 16) / 2;

HWY_INLINE int32_t Magnitude(int32_t value) { return value < 0 ? -value : value; }

HWY_INLINE int CountReached(const int16_t* thresholds, int count, int32_t value) {
  int reached = 0;
  for (int i = 0; i < count; ++i) reached += value >= thresholds[i];
  return reached;
}

HWY_INLINE int ClassOf(const DeblockFilter& filter, const int16_t* t) {
  const int32_t activity = Magnitude(t[1] - 2 * t[2] + t[3]) + Magnitude(t[4] - 2 * t[5] + t[6]);
  const int active = CountReached(filter.activity, filter.activities, activity);
  return active * (filter.steps + 1) + CountReached(filter.step, filter.steps, Magnitude(t[4] - t[3]));
}

HWY_INLINE void FilterPart(const DeblockFilter& filter, const int16_t* weight, const int16_t* t, int part,
                           int16_t* results) {
  const DPart d16;
  const DPartSums d32;
  auto sum0 = hn::Zero(d32), sum1 = sum0;
  for (int pair = 0; pair < 4; ++pair) {
    int32_t bits;
    std::memcpy(&bits, t + 2 * pair, sizeof bits);
    const auto samples = hn::BitCast(d16, hn::Set(d32, bits));
    const auto weights = hn::LoadU(d16, weight + 16 * pair + 2 * part);
    sum0 = hn::ReorderWidenMulAccumulate(d32, samples, weights, sum0, sum1);
  }
  const auto round = hn::Set(d32, filter.bits ? 1 << (filter.bits - 1) : 0);
  const auto change = hn::ShiftRightSame(hn::Add(hn::RearrangeToOddPlusEven(sum0, sum1), round), filter.bits);
  const auto sample = hn::PromoteTo(d32, hn::LoadU(DPartResults(), t + part));
  hn::StoreU(hn::DemoteTo(DPartResults(), hn::Add(sample, change)), DPartResults(), results + part);
}

HWY_INLINE void DeblockLine(const DeblockFilter& filter, int16_t* at, int64_t stride) {
  HWY_ALIGN int16_t t[8], results[8];
  for (int j = 0; j < 8; ++j) t[j] = at[j * stride];
  const int16_t* weight = filter.weight + 64 * ClassOf(filter, t);
  for (int part = 0; part < 8; part += kPartPairs) FilterPart(filter, weight, t, part, results);
  for (int j = 0; j < 8; ++j) at[j * stride] = results[j];
}

void Deblock(const DeblockFilter& filter, const DeblockLines& lines) {
  for (int64_t k = 0; k < lines.count; ++k) DeblockLine(filter, lines.at + k, lines.stride);
}

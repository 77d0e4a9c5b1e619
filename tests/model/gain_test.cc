#include "model/gain.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using nic::ApplyGain;
using nic::ExponentiateGain;
using nic::Gain;
using nic::InterpolateGain;
using nic::LogGain;

namespace {

// A natural number, least significant digit of 32 bits first, no leading zeros.
using Natural = std::vector<uint32_t>;

Natural Square(const Natural& a) {
  Natural result(2 * a.size(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < a.size(); ++j) {
      carry += uint64_t{a[i]} * a[j] + result[i + j];
      result[i + j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    result[i + a.size()] = static_cast<uint32_t>(carry);
  }
  while (!result.empty() && result.back() == 0) result.pop_back();
  return result;
}

Natural PowerOf256(uint32_t base) {
  Natural power = {base};
  for (int i = 0; i < 8; ++i) power = Square(power);
  return power;
}

Natural PowerOfTwo(size_t exponent) {
  Natural power(exponent / 32 + 1, 0);
  power.back() = uint32_t{1} << (exponent % 32);
  return power;
}

bool IsLess(const Natural& a, const Natural& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// Entry i of the table of powers, as ExponentiateGain shows it.
int TableEntry(int i) { return i == 256 ? 32768 : ExponentiateGain(i << 4).mantissa; }

double FactorOf(Gain gain) { return std::ldexp(gain.mantissa, -gain.shift); }

}  // namespace

TEST_CASE("the table holds 2^(14 + i / 256), rounded to nearest") {
  // T = round(x) with x^256 = 2^(14 * 256 + i) means 2T - 1 <= 2x < 2T + 1, and (2x)^256 = 2^(15 * 256 + i).
  for (int i = 0; i < 256; ++i) {
    CAPTURE(i);
    const auto entry = static_cast<uint32_t>(TableEntry(i));
    const Natural exact = PowerOfTwo(static_cast<size_t>(15 * 256 + i));
    REQUIRE_FALSE(IsLess(exact, PowerOf256(2 * entry - 1)));
    REQUIRE(IsLess(exact, PowerOf256(2 * entry + 1)));
  }
}

TEST_CASE("between the table's entries the mantissa is interpolated") {
  for (int index = 0; index < 256; ++index) {
    for (int fraction = 0; fraction < 16; ++fraction) {
      CAPTURE(index, fraction);
      const int sum = TableEntry(index) * (16 - fraction) + TableEntry(index + 1) * fraction;
      REQUIRE(ExponentiateGain(index * 16 + fraction).mantissa == (sum + 8) / 16);
    }
  }
}

TEST_CASE("every allowed logarithm gives a factor within 2^-14 of the power, rising") {
  double last = 0;
  double worst = 0;
  for (LogGain log = nic::kLogGainLowest; log <= nic::kLogGainHighest; ++log) {
    const Gain gain = ExponentiateGain(log);
    if (gain.mantissa < 16384 || gain.shift > 31) FAIL("out of range at " << log);
    const double factor = FactorOf(gain);
    if (factor < last) FAIL("falls at " << log);
    last = factor;
    worst = std::max(worst, std::abs(factor / std::exp2(log / 4096.0) - 1));
  }
  REQUIRE(worst < 1.0 / 16384);
  REQUIRE(FactorOf(ExponentiateGain(nic::kLogGainLowest)) == std::exp2(-17));
  REQUIRE(FactorOf(ExponentiateGain(nic::kLogGainHighest)) == std::exp2(14));
  REQUIRE(FactorOf(ExponentiateGain(0)) == 1);
}

TEST_CASE("gains between two levels are linear in the logarithm") {
  REQUIRE(InterpolateGain(100, 900, 0) == 100);
  REQUIRE(InterpolateGain(100, 900, 128) == 500);
  REQUIRE(InterpolateGain(0, 1, 127) == 0);
  REQUIRE(InterpolateGain(0, 1, 128) == 1);
  REQUIRE(InterpolateGain(0, -1, 128) == 0);
  REQUIRE(InterpolateGain(0, -1, 129) == -1);
  for (const LogGain a : {nic::kLogGainLowest, nic::kLogGainHighest}) {
    for (const LogGain b : {nic::kLogGainLowest, nic::kLogGainHighest}) {
      for (int l = 0; l < 256; ++l) {
        const double exact = (static_cast<double>(a) * (256 - l) + static_cast<double>(b) * l) / 256;
        REQUIRE(InterpolateGain(a, b, l) == std::floor(exact + 0.5));
      }
    }
  }
}

TEST_CASE("the gains of a rate are those of its level, and at the highest level read nothing behind it") {
  const std::vector<LogGain> table = {0, 4096, -4096, 8192, 2048, 4096};  // 2 levels of 3 channels
  std::vector<Gain> gains(3);
  nic::ComputeGains(table, 3, {0, 0}, gains.data());
  REQUIRE(FactorOf(gains[0]) == 1);
  REQUIRE(FactorOf(gains[1]) == 2);
  REQUIRE(FactorOf(gains[2]) == 0.5);
  nic::ComputeGains(table, 3, {1, 0}, gains.data());
  REQUIRE(FactorOf(gains[0]) == 4);
  REQUIRE(FactorOf(gains[2]) == 2);
  nic::ComputeGains(table, 3, {0, 128}, gains.data());
  REQUIRE(FactorOf(gains[0]) == 2);
  REQUIRE(FactorOf(gains[1]) == FactorOf(ExponentiateGain(3072)));
  REQUIRE(FactorOf(gains[2]) == 1);
}

TEST_CASE("a gain multiplies, rounds half up and saturates, for every sample") {
  const std::vector<LogGain> logs = {nic::kLogGainLowest, nic::kLogGainHighest, 0, 1, -1, 4095, -4095, 12345, -30001,
                                     nic::kLogGainLowest + 1, nic::kLogGainHighest - 1};
  for (const LogGain log : logs) {
    const Gain gain = ExponentiateGain(log);
    for (int x = -32768; x <= 32767; ++x) {
      const int64_t product = int64_t{x} * gain.mantissa;
      const int64_t divisor = int64_t{1} << gain.shift;
      const int64_t doubled = 2 * product + divisor;  // floor((2p + d) / 2d) rounds p / d half up
      const int64_t floored = doubled >= 0 ? doubled / (2 * divisor) : -((-doubled + 2 * divisor - 1) / (2 * divisor));
      if (ApplyGain(static_cast<int16_t>(x), gain) != std::clamp<int64_t>(floored, -32768, 32767)) {
        FAIL("x " << x << ", log " << log);
      }
    }
  }
}

TEST_CASE("the extremes of sample and gain stay within int32 and int16") {
  REQUIRE(ApplyGain(-32768, {32767, 31}) == 0);  // -0.49998, rounded half up
  REQUIRE(ApplyGain(32767, {32767, 31}) == 0);
  REQUIRE(ApplyGain(-32768, {32767, 0}) == -32768);
  REQUIRE(ApplyGain(32767, {32767, 0}) == 32767);
  REQUIRE(ApplyGain(-32768, {16384, 14}) == -32768);
  REQUIRE(ApplyGain(32767, {16384, 14}) == 32767);
  REQUIRE(ApplyGain(0, {32767, 0}) == 0);
}

// Speed and overhead of the entropy coder on values drawn from tables like those of trained models.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

#include "entropy/rans.h"
#include "tests/entropy/sample_tables.h"

namespace {

using nic::sample::Shape;

// How table indices follow one another.
enum class Order {
  kMixed,   // each drawn anew
  kSmooth,  // runs of 192 channels whose scales repeat with small changes, as in latents
};

struct Workload {
  Workload(Shape shape, Order order, double low, double high, size_t count)
      : owned(nic::sample::Scales(shape, low, high, 64)), tables(nic::sample::Build(owned, memory)) {
    std::mt19937 random(1);
    for (size_t i = 0; i < count; ++i) {
      const auto drawn = static_cast<uint8_t>(random() % 64);
      const int step = static_cast<int>(random() % 3) - 1;
      const bool smooth = order == Order::kSmooth && i >= 192;
      index.push_back(smooth ? static_cast<uint8_t>(std::clamp(index[i - 192] + step, 0, 63)) : drawn);
      values.push_back(nic::sample::Draw(owned[index[i]], random));
    }
  }

  nic::Memory memory;
  std::vector<nic::sample::OwnedTable> owned;
  nic::TableSet tables;
  std::vector<uint8_t> index;
  std::vector<int16_t> values;
};

constexpr size_t kCount = size_t{1} << 20;

void Decode(benchmark::State& state, Shape shape, Order order, double low, double high) {
  Workload work(shape, order, low, high, kCount);
  nic::Encoder encoder(work.memory);
  std::pmr::vector<uint8_t> bytes(&work.memory);
  encoder.Append(work.tables, work.index, work.values.data());
  const int lanes = static_cast<int>(state.range(0));
  encoder.Finish(lanes, &bytes);

  std::vector<int16_t> decoded(kCount);
  bool good = true;
  for (auto _ : state) {
    nic::Decoder decoder;
    good &= decoder.Begin(bytes, lanes).ok();
    good &= decoder.Decode(work.tables, work.index, decoded.data()).ok();
    good &= decoder.Finish().ok();
    benchmark::DoNotOptimize(decoded.data());
  }
  if (!good || decoded != work.values) state.SkipWithError("decoded wrongly");
  const double bits = static_cast<double>(nic::Encoder::Cost(work.tables, work.index, work.values.data())) / 65536;
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kCount));
  state.counters["bits/symbol"] = bits / kCount;
  state.counters["overhead_%"] = (static_cast<double>(bytes.size()) * 8 / bits - 1) * 100;
}

void Encode(benchmark::State& state, Shape shape, Order order) {
  Workload work(shape, order, 0.2, 30, kCount);
  nic::Encoder encoder(work.memory);
  std::pmr::vector<uint8_t> bytes(&work.memory);
  for (auto _ : state) {
    bytes.clear();
    encoder.Begin();
    encoder.Append(work.tables, work.index, work.values.data());
    encoder.Finish(static_cast<int>(state.range(0)), &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kCount));
}

void Cost(benchmark::State& state) {
  Workload work(Shape::kGauss, Order::kMixed, 0.2, 30, kCount);
  for (auto _ : state) {
    benchmark::DoNotOptimize(nic::Encoder::Cost(work.tables, work.index, work.values.data()));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kCount));
}

BENCHMARK_CAPTURE(Decode, gauss_mixed, Shape::kGauss, Order::kMixed, 0.2, 30)->Arg(1)->Arg(2)->Arg(4);
BENCHMARK_CAPTURE(Decode, gauss_smooth, Shape::kGauss, Order::kSmooth, 0.2, 30)->Arg(1)->Arg(2)->Arg(4);
BENCHMARK_CAPTURE(Decode, laplace_mixed, Shape::kLaplace, Order::kMixed, 0.2, 30)->Arg(4);
BENCHMARK_CAPTURE(Decode, laplace_smooth, Shape::kLaplace, Order::kSmooth, 0.2, 30)->Arg(4);
BENCHMARK_CAPTURE(Decode, gauss_low_rate, Shape::kGauss, Order::kSmooth, 0.11, 2)->Arg(4);
BENCHMARK_CAPTURE(Decode, gauss_wide, Shape::kGauss, Order::kSmooth, 30, 240)->Arg(4);
BENCHMARK_CAPTURE(Encode, gauss_mixed, Shape::kGauss, Order::kMixed)->Arg(1)->Arg(4);
BENCHMARK(Cost);

}  // namespace

BENCHMARK_MAIN();

#include "intnet/execution.h"

#include <algorithm>
#include <cstring>

namespace nic {
namespace {

// Parts begin at multiples of this many samples, so that few of the kernels' blocks of samples are cut.
constexpr int64_t kPartUnit = 24;
// A part's operands should stay in a second-level cache while the kernel takes one block of channels after another.
constexpr int64_t kPartBytes = 256 * 1024;
// Less than this many multiply-accumulates (or as many bytes moved) are not worth a task.
constexpr int64_t kPartCost = 1 << 16;
constexpr size_t kMaximalSegments = 16;

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

int64_t CostPerSample(const Layer& layer) {
  const int64_t taps = int64_t{layer.kernel} * layer.kernel;
  if (layer.operation == Operation::kConvolution) return taps * layer.in_channels * layer.channels;
  return (2 + taps) * layer.channels;
}

Kernels::Run KernelOf(const Kernels& kernels, Operation operation) {
  switch (operation) {
    case Operation::kConvolution:
      return kernels.convolve;
    case Operation::kDepthwise:
      return kernels.convolve_depthwise;
    case Operation::kAdd:
      return kernels.add;
    case Operation::kMultiply:
      return kernels.multiply;
    case Operation::kActivate:
      return kernels.activate;
    case Operation::kLookup:
      return kernels.look_up;
    default:
      return nullptr;  // copies
  }
}

// Joined where memory is: rows without padding between them make one long segment for what works sample by sample.
bool Append(Segment* last, const Segment& next, int a_channels, int channels) {
  if (last->in[0] + last->pixels * a_channels != next.in[0] || last->out + last->pixels * channels != next.out)
    return false;
  if (last->b && last->b + last->pixels * channels != next.b) return false;
  last->pixels += next.pixels;
  return true;
}

}  // namespace

// Rows [y0, y1) of what one layer makes.
struct Execution::Work {
  const Layer* layer = nullptr;
  Kernels::Run kernel = nullptr;
  int number = 0;
  int64_t y0 = 0;
  int64_t x0 = 0;
  int64_t width = 0;
};

Execution::Execution(const PreparedGraph& graph, const Kernels& kernels, const WindowPlan& plan, const Rect& rect,
                     TensorSource& source, TensorSink& sink, Parallel& parallel, Memory& memory)
    : graph_(graph),
      kernels_(kernels),
      plan_(plan),
      rect_(rect),
      source_(source),
      sink_(sink),
      parallel_(parallel),
      next_step_(plan.first_step),
      pool_(memory, plan.pool_samples),
      zeros_(memory, plan.zero_samples, 0) {
  for (const Window& window : plan.windows) {  // the columns beyond the sides, which nothing writes to
    if (!window.live || !window.padded) continue;
    std::memset(pool_.data() + window.offset, 0, window.capacity * window.row_stride() * sizeof(int16_t));
  }
}

Status Execution::Run() {
  while (!done()) NIC_RETURN_IF_ERROR(Advance());
  return {};
}

int64_t Execution::NextEnd() const { return std::min(next_step_ + plan_.strip_steps, plan_.last_step); }

int64_t Execution::RowsNeeded() const {
  int64_t rows = 0;
  for (int input = 0; input < graph_.input_count(); ++input) {
    const Window& window = plan_.windows[input];
    if (window.live) rows = std::max(rows, window.RowsDone(NextEnd()));
  }
  return rows;
}

Status Execution::Advance() {
  const int64_t from = next_step_;
  next_step_ = NextEnd();
  return RunStrip(from, next_step_);
}

Status Execution::RunStrip(int64_t from_step, int64_t to_step) {
  const int count = static_cast<int>(plan_.windows.size());
  for (int number = 0; number < count; ++number) {
    const Window& window = plan_.windows[number];
    if (!window.live) continue;
    const int64_t y0 = window.RowsDone(from_step), y1 = window.RowsDone(to_step);
    if (y0 >= y1) continue;
    const int layer = number - graph_.input_count();
    if (layer < 0) {
      NIC_RETURN_IF_ERROR(ReadRows(number, y0, y1));
    } else {
      ComputeRows(graph_.layers[layer], number, y0, y1);
    }
    NIC_RETURN_IF_ERROR(WriteRows(number, y0, y1));
  }
  return {};
}

int16_t* Execution::Row(int number, int64_t y) const {
  const Window& window = plan_.windows[number];
  const int64_t slot = (y - window.origin) % window.capacity;
  const int64_t wrapped = slot < 0 ? slot + window.capacity : slot;
  return const_cast<int16_t*>(pool_.data()) + window.offset + wrapped * window.row_stride();
}

int16_t* Execution::Sample(int number, int64_t y, int64_t x) const {
  const Window& window = plan_.windows[number];
  return Row(number, y) + (x - window.column0) * window.channels;
}

int64_t Execution::RowsBeforeWrap(int number, int64_t y0, int64_t y1) const {
  const Window& window = plan_.windows[number];
  const int64_t slot = (y0 - window.origin) % window.capacity;
  return std::min(y1 - y0, window.capacity - (slot < 0 ? slot + window.capacity : slot));
}

Status Execution::ReadRows(int input, int64_t y0, int64_t y1) {
  const Window& window = plan_.windows[input];
  while (y0 < y1) {
    const int64_t rows = RowsBeforeWrap(input, y0, y1);
    const Rect& wanted = window.wanted;
    const TensorView view{Sample(input, y0, wanted.x0),
                          {wanted.x0, y0, wanted.x1, y0 + rows},
                          window.channels,
                          window.channels,
                          window.row_stride()};
    NIC_RETURN_IF_ERROR(source_.Read(input, view));
    y0 += rows;
  }
  return {};
}

Status Execution::WriteRows(int number, int64_t y0, int64_t y1) {
  y0 = std::max(y0, rect_.y0);
  y1 = std::min(y1, rect_.y1);
  for (size_t i = 0; i < graph_.outputs.size(); ++i) {
    if (graph_.outputs[i] == number) NIC_RETURN_IF_ERROR(WriteOutput(static_cast<int>(i), y0, y1));
  }
  return {};
}

Status Execution::WriteOutput(int output, int64_t y0, int64_t y1) {
  const int number = graph_.outputs[output];
  const Window& window = plan_.windows[number];
  while (y0 < y1) {
    const int64_t rows = RowsBeforeWrap(number, y0, y1);
    const ConstTensorView view{Sample(number, y0, rect_.x0),
                               {rect_.x0, y0, rect_.x1, y0 + rows},
                               window.channels,
                               window.channels,
                               window.row_stride()};
    NIC_RETURN_IF_ERROR(sink_.Write(output, view));
    y0 += rows;
  }
  return {};
}

// Splits the rows' samples, counted row by row, into parts; each is computed whole by one task.
void Execution::ComputeRows(const Layer& layer, int number, int64_t y0, int64_t y1) {
  const Rect& wanted = plan_.windows[number].wanted;
  const Work work{&layer, KernelOf(kernels_, layer.operation), number, y0, wanted.x0, wanted.width()};
  const int64_t samples = (y1 - y0) * work.width, threads = static_cast<int64_t>(parallel_.width());
  const int64_t fair = threads > 1 ? samples / (4 * threads) + 1 : samples;
  const int64_t cached = kPartBytes / (sizeof(int16_t) * (layer.in_channels + layer.channels)) + 1;
  const int64_t worthwhile = kPartCost / CostPerSample(layer) + 1;
  const int64_t part = RoundUp(std::max(std::min(fair, cached), worthwhile), kPartUnit);
  const int64_t parts = (samples + part - 1) / part;
  auto compute = [&](size_t i) {
    const int64_t begin = static_cast<int64_t>(i) * part;
    ComputePart(work, begin, std::min(begin + part, samples));
  };
  if (parts == 1) return compute(0);
  parallel_.ForEach(static_cast<size_t>(parts), compute);
}

void Execution::ComputePart(const Work& work, int64_t begin, int64_t end) const {
  if (work.kernel) return ComputeSegments(work, begin, end);
  while (begin < end) {
    const int64_t x = begin % work.width, pixels = std::min(end - begin, work.width - x);
    CopyRow(work, work.y0 + begin / work.width, work.x0 + x, work.x0 + x + pixels);
    begin += pixels;
  }
}

void Execution::ComputeSegments(const Work& work, int64_t begin, int64_t end) const {
  const Layer& layer = *work.layer;
  const int64_t a_height = plan_.windows[layer.a].height, a_column0 = plan_.windows[layer.a].column0;
  const int pad = layer.kernel / 2;
  const bool joins = layer.kernel == 1 && layer.stride == 1;
  Segment segments[kMaximalSegments];
  size_t count = 0;
  while (begin < end) {
    const int64_t y = work.y0 + begin / work.width, x = work.x0 + begin % work.width;
    Segment segment;
    segment.pixels = std::min(end - begin, work.x0 + work.width - x);
    for (int i = 0; i < layer.kernel; ++i) {
      const int64_t a_y = layer.stride * y - pad + i;
      const int16_t* row = a_y < 0 || a_y >= a_height ? zeros_.data() : Row(layer.a, a_y);
      segment.in[i] = row + (layer.stride * x - pad - a_column0) * layer.in_channels;
    }
    if (layer.b != kNoTensor) segment.b = Sample(layer.b, y, x);
    segment.out = Sample(work.number, y, x);
    begin += segment.pixels;
    if (joins && count > 0 && Append(&segments[count - 1], segment, layer.in_channels, layer.channels)) continue;
    if (count == kMaximalSegments) {
      work.kernel(layer, segments, count);
      count = 0;
    }
    segments[count++] = segment;
  }
  if (count > 0) work.kernel(layer, segments, count);
}

// One row's part of a copying layer.
void Execution::CopyRow(const Work& work, int64_t y, int64_t x0, int64_t x1) const {
  const Layer& layer = *work.layer;
  const int64_t f = layer.factor, channels = layer.channels, a_channels = layer.in_channels;
  const auto copy = [](int16_t* to, const int16_t* from, int64_t samples) {
    std::memcpy(to, from, static_cast<size_t>(samples) * sizeof(int16_t));
  };
  int16_t* out = Sample(work.number, y, x0);
  switch (layer.operation) {
    case Operation::kShuffle:
      for (int64_t x = x0, pixels = 0; x < x1; x += pixels, out += pixels * channels) {
        pixels = std::min(f - x % f, x1 - x);
        copy(out, Sample(layer.a, y / f, x / f) + (y % f * f + x % f) * channels, pixels * channels);
      }
      break;
    case Operation::kUnshuffle:
      for (int64_t x = x0; x < x1; ++x) {
        for (int64_t i = 0; i < f; ++i, out += f * a_channels)
          copy(out, Sample(layer.a, f * y + i, f * x), f * a_channels);
      }
      break;
    default:  // kConcatenate
      for (int64_t x = x0; x < x1; ++x, out += channels) {
        copy(out, Sample(layer.a, y, x), a_channels);
        copy(out + a_channels, Sample(layer.b, y, x), channels - a_channels);
      }
  }
}

}  // namespace nic

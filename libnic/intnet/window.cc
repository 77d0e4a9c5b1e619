#include "intnet/window.h"

#include <algorithm>

namespace nic {
namespace {

constexpr int64_t kMaximalSide = int64_t{1} << 31;
constexpr uint64_t kMaximalPool = uint64_t{1} << 56;  // samples
// What a strip's windows should fit into when the caller leaves the choice: about half a second-level cache for each
// thread. Longer strips also mean that threads wait for each other less often.
constexpr uint64_t kStripBytes = uint64_t{1} << 20;
constexpr size_t kMaximalThreads = 16;
constexpr int64_t kMaximalStripSteps = 64;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t CeilDivide(int64_t a, int64_t b) { return a / b + (a % b > 0); }

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

// The rows (or columns) of operand a that rows [begin, end) of the layer's result are made from.
Range ReadRange(const Layer& layer, Range result) {
  switch (layer.operation) {
    case Operation::kConvolution:
    case Operation::kDepthwise: {
      const int pad = layer.kernel / 2;
      return {layer.stride * result.begin - pad, layer.stride * (result.end - 1) + pad + 1};
    }
    case Operation::kShuffle:
      return {FloorDivide(result.begin, layer.factor), CeilDivide(result.end, layer.factor)};
    case Operation::kUnshuffle:
      return {layer.factor * result.begin, layer.factor * result.end};
    default:
      return result;
  }
}

Range Cut(Range range, int64_t size) { return {std::max<int64_t>(range.begin, 0), std::min(range.end, size)}; }

class Planner {
 public:
  Planner(const PreparedGraph& graph, int64_t height, int64_t width, const Rect& rect, WindowPlan* plan)
      : graph_(graph), height_(height), width_(width), rect_(rect), plan_(*plan) {}

  Status Plan(int64_t strip_rows, size_t threads) {
    NIC_RETURN_IF_ERROR(CheckArguments());
    SetSizes();
    for (const int output : graph_.outputs) WantOutput(output);
    for (int i = static_cast<int>(graph_.layers.size()) - 1; i >= 0; --i) {
      if (WindowOf(graph_.input_count() + i).live) NIC_RETURN_IF_ERROR(WantOperands(i));
    }
    SetSteps();
    return SetStripSteps(strip_rows, threads);
  }

 private:
  Status CheckArguments() const {
    const auto side_fits = [](int64_t side) { return side >= 1 && side <= kMaximalSide; };
    if (!side_fits(height_) || !side_fits(width_))
      return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "a tensor of %lld x %lld samples",
                           static_cast<long long>(width_), static_cast<long long>(height_));
    const Rect whole = TensorSize(graph_.tensors[graph_.outputs[0]], height_, width_);
    const bool inside = rect_.x0 >= 0 && rect_.y0 >= 0 && rect_.x1 <= whole.x1 && rect_.y1 <= whole.y1;
    if (!inside || rect_.x0 >= rect_.x1 || rect_.y0 >= rect_.y1)
      return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "a rectangle that is empty or outside the output");
    return {};
  }

  Window& WindowOf(int number) { return plan_.windows[number]; }

  void SetSizes() {
    const Resolution output = graph_.tensors[graph_.outputs[0]].resolution;
    plan_.windows.assign(graph_.tensors.size(), {});
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      const TensorShape& shape = graph_.tensors[i];
      Window& window = plan_.windows[i];
      const Rect size = TensorSize(shape, height_, width_);
      window.channels = shape.channels;
      window.height = size.y1;
      window.width = size.x1;
      // A live tensor's scale divides the output's; of a dead one the rate is of no interest.
      window.rate =
          std::max(1, output.up > 1 || output.down == 1 ? shape.resolution.up : output.down / shape.resolution.down);
      window.last_reader = static_cast<int>(i);
    }
  }

  void WantOutput(int number) { Want(number, {rect_.y0, rect_.y1}, {rect_.x0, rect_.x1}, 0, 0); }

  // Notes a consumer's needs: rows and columns (without regard to borders), and the steady state.
  void Want(int number, Range rows, Range columns, int64_t done, int64_t keep) {
    Window& window = WindowOf(number);
    const Range cut_rows = Cut(rows, window.height), cut_columns = Cut(columns, window.width);
    if (!window.live) {
      window.live = true;
      window.wanted = {cut_columns.begin, cut_rows.begin, cut_columns.end, cut_rows.end};
      window.column0 = columns.begin;
      window.column1 = columns.end;
      window.done = done;
      window.keep = keep;
      return;
    }
    Rect& wanted = window.wanted;
    wanted = {std::min(wanted.x0, cut_columns.begin), std::min(wanted.y0, cut_rows.begin),
              std::max(wanted.x1, cut_columns.end), std::max(wanted.y1, cut_rows.end)};
    window.column0 = std::min(window.column0, columns.begin);
    window.column1 = std::max(window.column1, columns.end);
    window.done = std::max(window.done, done);
    window.keep = std::min(window.keep, keep);
  }

  Status WantOperands(int index) {
    const Layer& layer = graph_.layers[index];
    const int number = graph_.input_count() + index;
    const Window own = WindowOf(number);
    const Range rows{own.wanted.y0, own.wanted.y1}, columns{own.wanted.x0, own.wanted.x1};
    const Range reach = ReadRange(layer, {own.done, own.done});  // of no rows: where the next begins, the last ended
    Want(layer.a, ReadRange(layer, rows), ReadRange(layer, columns), reach.end, reach.begin);
    NoteReader(layer.a, number, layer.kernel > 1);
    if (layer.b != kNoTensor) {
      Want(layer.b, rows, columns, own.done, own.done);
      NoteReader(layer.b, number, false);
    }
    return CheckUnshuffle(layer, index);
  }

  void NoteReader(int number, int reader, bool pads) {
    Window& window = WindowOf(number);
    window.last_reader = std::max(window.last_reader, reader);
    window.padded = window.padded || pads;
  }

  Status CheckUnshuffle(const Layer& layer, int index) {
    const Window& a = WindowOf(layer.a);
    if (layer.operation != Operation::kUnshuffle || (a.height % layer.factor == 0 && a.width % layer.factor == 0))
      return {};
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "node %d: unshuffle by %d of %lld x %lld samples",
                         index, layer.factor, static_cast<long long>(a.width), static_cast<long long>(a.height));
  }

  void SetSteps() {
    plan_.first_step = INT64_MAX;
    for (Window& window : plan_.windows) {
      if (!window.live) continue;
      window.keep = std::min(window.keep, window.done);
      plan_.first_step = std::min(plan_.first_step, FloorDivide(window.wanted.y0 - window.done, window.rate));
    }
    plan_.last_step = CeilDivide(rect_.y1, WindowOf(graph_.outputs[0]).rate);
  }

  Status SetStripSteps(int64_t strip_rows, size_t threads) {
    const int64_t rate = WindowOf(graph_.outputs[0]).rate, all = plan_.last_step - plan_.first_step;
    if (strip_rows > 0) return Place(std::clamp<int64_t>(CeilDivide(strip_rows, rate), 1, all));
    NIC_RETURN_IF_ERROR(Place(1));
    const uint64_t bytes = plan_.pool_samples * sizeof(int16_t) + 1;
    const uint64_t room = kStripBytes * std::clamp<size_t>(threads, 1, kMaximalThreads);
    return Place(std::clamp<int64_t>(room / bytes, 1, std::min(all, kMaximalStripSteps)));
  }

  // Gives every window its place in the pool. What holds rows from strip to strip, or zeros at its sides, keeps its
  // place; the others share.
  Status Place(int64_t strip_steps) {
    plan_.strip_steps = strip_steps;
    plan_.pool_samples = 0;
    plan_.zero_samples = 0;
    for (Window& window : plan_.windows) {
      if (!window.live) continue;
      window.capacity = strip_steps * window.rate + window.done - window.keep;
      window.origin = window.done + plan_.first_step * window.rate;
      if (!Fits(window)) return TooLarge();
      if (window.padded) plan_.zero_samples = std::max<uint64_t>(plan_.zero_samples, window.row_stride());
      if (IsLasting(window)) {
        window.offset = plan_.pool_samples;
        plan_.pool_samples += Samples(window);
      }
      if (plan_.pool_samples > kMaximalPool) return TooLarge();
    }
    return PlaceShared();
  }

  static bool IsLasting(const Window& window) { return window.padded || window.keep < window.done; }
  static Status TooLarge() {
    return Status::Error(NIC_LIMIT_MEMORY, Status::kNoOffset, "tensors larger than an address space");
  }
  static bool Fits(const Window& window) {
    return static_cast<unsigned __int128>(window.capacity) * window.row_stride() < kMaximalPool;
  }
  // Whole vectors, and room for those that begin inside.
  static uint64_t Samples(const Window& window) {
    constexpr uint64_t kUnit = Buffer<int16_t>::kSlack / sizeof(int16_t);
    return (static_cast<uint64_t>(window.capacity) * window.row_stride() + 2 * kUnit - 1) / kUnit * kUnit;
  }

  // First fit over the tensors that live at the same time, in the order of their numbers.
  Status PlaceShared() {
    const uint64_t base = plan_.pool_samples;
    std::pmr::vector<int> present(plan_.windows.get_allocator());  // ascending by offset
    for (int number = 0; number < static_cast<int>(plan_.windows.size()); ++number) {
      Window& window = WindowOf(number);
      if (!window.live || IsLasting(window)) continue;
      std::erase_if(present, [&](int other) { return WindowOf(other).last_reader < number; });
      uint64_t offset = base;
      auto place = present.begin();
      for (; place != present.end() && WindowOf(*place).offset < offset + Samples(window); ++place)
        offset = WindowOf(*place).offset + Samples(WindowOf(*place));
      present.insert(place, number);
      window.offset = offset;
      plan_.pool_samples = std::max(plan_.pool_samples, offset + Samples(window));
      if (plan_.pool_samples > kMaximalPool) return TooLarge();
    }
    return {};
  }

  const PreparedGraph& graph_;
  const int64_t height_, width_;
  const Rect rect_;
  WindowPlan& plan_;
};

}  // namespace

int64_t Window::RowsDone(int64_t step) const { return std::clamp(done + step * rate, wanted.y0, wanted.y1); }

Rect TensorSize(const TensorShape& shape, int64_t height, int64_t width) {
  const Resolution resolution = shape.resolution;
  return {0, 0, CeilDivide(width * resolution.up, resolution.down),
          CeilDivide(height * resolution.up, resolution.down)};
}

Status PlanWindows(const PreparedGraph& graph, int64_t height, int64_t width, const Rect& rect, int64_t strip_rows,
                   size_t threads, WindowPlan* plan) {
  return Planner(graph, height, width, rect, plan).Plan(strip_rows, threads);
}

}  // namespace nic

// Runs a Graph: prepared once (weights packed for the machine's vector units), executed over any rectangle of its
// outputs, in strips, with the pixels of every path equal bit for bit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"
#include "intnet/graph.h"

namespace nic {

// Which kernels run. kScalar is the plain reference; the others must agree with it exactly.
enum class Target : uint8_t { kScalar, kSse4, kAvx2, kAvx512, kNeon };

const char* TargetName(Target target);               // "scalar", "sse4", "avx2", "avx512", "neon"
bool ParseTarget(const char* name, Target* target);  // false for a name that is none of these
bool TargetSupported(Target target);                 // by this build and this processor
Target BestTarget();                                 // the fastest supported one

// Half open, in samples of the tensor that it speaks of.
struct Rect {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int64_t width() const { return x1 - x0; }
  int64_t height() const { return y1 - y0; }
};

// Rows of a tensor, channels innermost: sample (y, x, c) is data[(y - rect.y0) * row_stride + (x - rect.x0) *
// pixel_stride + c] for y, x in rect. In the views that a Program hands out pixel_stride equals channels.
template <typename T>
struct TensorViewOf {
  T* data = nullptr;
  Rect rect;
  int channels = 0;
  int64_t pixel_stride = 0;
  int64_t row_stride = 0;
  T* at(int64_t y, int64_t x) const { return data + (y - rect.y0) * row_stride + (x - rect.x0) * pixel_stride; }
};
using TensorView = TensorViewOf<int16_t>;
using ConstTensorView = TensorViewOf<const int16_t>;

// Gives the rows of a graph's input as the execution comes to need them: writes every sample of view.rect (never
// outside the tensor), within the GraphInput's bounds. Rows are asked for once, from the top down.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual Status Read(int input, const TensorView& view) = 0;
};

// Takes the rows of a graph's output as they are finished, each once, from the top down.
class TensorSink {
 public:
  virtual ~TensorSink() = default;
  virtual Status Write(int output, const ConstTensorView& view) = 0;
};

// A run that advances strip by strip, for inputs that come piece by piece and outputs that are taken so. After a
// failure it is not to be used.
class ProgramRun {
 public:
  virtual ~ProgramRun() = default;
  virtual bool done() const = 0;
  // How many rows of the inputs, counted from the top of the tensors, must be there for the next strip. Never falls;
  // all rows of Program::FindInputRect at the latest.
  virtual int64_t rows_needed() const = 0;
  // Computes the next strip, unless all are done.
  virtual Status Advance() = 0;
};

struct Kernels;

class Program {
 public:
  // Checks the graph (CheckGraph) and packs it for `target`, which must be supported. The graph is not referred to
  // afterwards. Memory for the program itself comes from `memory`.
  static Status Prepare(const Graph& graph, Target target, Memory& memory, std::unique_ptr<Program>* program);
  // The same with given kernels (kernel.h), for tests and measurements.
  static Status Prepare(const Graph& graph, const Kernels& kernels, Memory& memory, std::unique_ptr<Program>* program);
  ~Program();

  // The size of output `output` for inputs of height x width.
  Rect OutputSize(int output, int64_t height, int64_t width) const;

  // Computes, for inputs of height x width samples, the samples of every output inside `rect`, which is in samples of
  // output 0 and lies within it; all outputs of a graph have one height and width. What is computed equals the crop of
  // the whole result. Works down in strips of about `strip_rows` rows of output 0 (0: chosen for the caches), holding
  // no more than the strips need. Splits work by `parallel`. Stops with the status of a source or sink that fails.
  // Thread-safe: a Program is immutable and may run in several threads at once.
  Status Run(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows, TensorSource& source,
             TensorSink& sink, Parallel& parallel, Memory& memory) const;

  // Prepares what Run does, for ProgramRun::Advance to do. All arguments but the numbers must outlive the run.
  Status Begin(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows, TensorSource& source,
               TensorSink& sink, Parallel& parallel, Memory& memory, std::unique_ptr<ProgramRun>* run) const;

  // The samples of the inputs that Run reads for `rect`: `rect` and the halo of the graph's receptive field, cut at the
  // tensor's border. Fails as Run does.
  Status FindInputRect(int64_t height, int64_t width, const Rect& rect, Memory& memory, Rect* input) const;

  // About how many bytes Run would hold at once with a Parallel of width `threads`; 0 where Run would refuse its
  // arguments.
  uint64_t EstimateMemory(int64_t height, int64_t width, const Rect& rect, int64_t strip_rows,
                          size_t threads = 1) const;

 private:
  struct Plan;
  explicit Program(std::unique_ptr<Plan> plan);
  std::unique_ptr<Plan> plan_;
};

}  // namespace nic

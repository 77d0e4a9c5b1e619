// One run of a prepared graph over one rectangle (Program::Run).
#pragma once

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"
#include "intnet/kernel.h"
#include "intnet/program.h"
#include "intnet/window.h"

namespace nic {

class Execution {
 public:
  // All arguments must outlive the execution. Allocates what the plan asks for.
  Execution(const PreparedGraph& graph, const Kernels& kernels, const WindowPlan& plan, const Rect& rect,
            TensorSource& source, TensorSink& sink, Parallel& parallel, Memory& memory);

  Status Run();

  // The same in pieces: one strip for each call, until all are done.
  bool done() const { return next_step_ >= plan_.last_step; }
  // The end of the input rows that the next strip asks for.
  int64_t RowsNeeded() const;
  Status Advance();

 private:
  struct Work;

  int64_t NextEnd() const;
  Status RunStrip(int64_t from_step, int64_t to_step);
  Status ReadRows(int input, int64_t y0, int64_t y1);
  Status WriteRows(int number, int64_t y0, int64_t y1);
  Status WriteOutput(int output, int64_t y0, int64_t y1);
  void ComputeRows(const Layer& layer, int number, int64_t y0, int64_t y1);
  void ComputePart(const Work& work, int64_t begin, int64_t end) const;
  void ComputeSegments(const Work& work, int64_t begin, int64_t end) const;
  void CopyRow(const Work& work, int64_t y, int64_t x0, int64_t x1) const;

  int16_t* Row(int number, int64_t y) const;
  int16_t* Sample(int number, int64_t y, int64_t x) const;
  int64_t RowsBeforeWrap(int number, int64_t y0, int64_t y1) const;

  const PreparedGraph& graph_;
  const Kernels& kernels_;
  const WindowPlan& plan_;
  const Rect rect_;
  TensorSource& source_;
  TensorSink& sink_;
  Parallel& parallel_;
  int64_t next_step_;
  Buffer<int16_t> pool_;
  Buffer<int16_t> zeros_;
};

}  // namespace nic

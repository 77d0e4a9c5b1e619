// Which part of every tensor an execution holds, and when: the geometry of Program::Run.
//
// The execution advances in steps. A step is the fewest output rows that make whole rows of every tensor: `up` rows of
// the output of a graph that grows (one row of its inputs), one row of the output of one that shrinks. From one step to
// the next each tensor moves on by its `rate` of rows, so that in row numbers that know no border, after step m
// the rows below done + m * rate of a tensor exist, and those below keep + m * rate will not be read again. Real rows
// are these cut to the rows that are wanted at all. The first steps therefore lie above the wanted rectangle, where
// they fill the halo, and every tensor gets along with one window of constant height, a ring of rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "intnet/graph.h"
#include "intnet/layer.h"
#include "intnet/program.h"

namespace nic {

struct TensorShape {
  int channels = 0;
  Resolution resolution;
};

struct PreparedGraph {
  explicit PreparedGraph(Memory& memory) : tensors(&memory), layers(&memory), outputs(&memory) {}
  int input_count() const { return static_cast<int>(tensors.size() - layers.size()); }

  std::pmr::vector<TensorShape> tensors;
  std::pmr::vector<Layer> layers;
  std::pmr::vector<int> outputs;
};

struct Window {
  bool live = false;  // some output depends on it
  int channels = 0;
  int64_t height = 0;  // of the tensor
  int64_t width = 0;
  int64_t rate = 0;
  int64_t done = 0;
  int64_t keep = 0;
  Rect wanted;  // what is computed

  // The buffer: `capacity` rows of columns [column0, column1), those outside the tensor zero. Row y is in slot
  // (y - origin) mod capacity.
  int64_t column0 = 0;
  int64_t column1 = 0;
  int64_t origin = 0;
  int64_t capacity = 0;
  bool padded = false;  // some consumer reads beyond the sides
  int last_reader = 0;  // the largest tensor number that is made from it, or its own
  uint64_t offset = 0;  // into the pool, in samples

  int64_t row_stride() const { return (column1 - column0) * channels; }
  int64_t RowsDone(int64_t step) const;  // the end of the wanted rows that exist after `step`
};

struct WindowPlan {
  explicit WindowPlan(std::pmr::memory_resource& memory) : windows(&memory) {}
  std::pmr::vector<Window> windows;  // by tensor number
  int64_t first_step = 0;            // steps [first_step, last_step) are executed,
  int64_t last_step = 0;
  int64_t strip_steps = 1;  // so many at once
  uint64_t pool_samples = 0;
  uint64_t zero_samples = 0;  // the longest row that a kernel may ask for beyond the top or bottom
};

// NIC_INVALID_ARGUMENT for sizes that do not fit the graph and for a rectangle outside output 0; NIC_LIMIT_MEMORY for
// windows larger than an address space.
// A strip of 0 rows stands for one chosen for the caches of `threads` threads.
Status PlanWindows(const PreparedGraph& graph, int64_t height, int64_t width, const Rect& rect, int64_t strip_rows,
                   size_t threads, WindowPlan* plan);

Rect TensorSize(const TensorShape& shape, int64_t height, int64_t width);

}  // namespace nic

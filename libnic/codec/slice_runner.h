// Runs a function for each slice of a picture: side by side where there are enough slices for the threads, otherwise
// one after the other with the threads inside.
#pragma once

#include <functional>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"
#include "codec/progress.h"

namespace nic {

// function(index, parallel) for index 0 .. count - 1; `parallel` is what it may split its own work with. Returns the
// failure of the smallest index that failed, if any; later slices may or may not have run then. What the functions
// throw is thrown again here, in the calling thread.
Status RunSlices(int64_t count, Parallel& parallel, const Progress& progress,
                 const std::function<Status(int64_t, Parallel&)>& function);

// How many rows of slices to run at once where not all of a picture's shall be held: as many as keep all threads busy,
// as long as they need no more than some 64 MiB. `columns`: slices in a row; `row_bytes`: what a row of them takes.
int64_t RowsOfBand(int64_t columns, int64_t row_bytes, const Parallel& parallel);

}  // namespace nic

// Work that can be split, without saying by whom: the pipelines hand lower layers a Parallel, and only they know
// whether threads, the caller's executor or nobody stands behind it.
#pragma once

#include <cstddef>
#include <type_traits>

namespace nic {

class Parallel {
 public:
  using Task = void (*)(void* context, size_t index);
  virtual ~Parallel() = default;
  // How many tasks can run at once, at least 1. A hint for splitting; results never depend on it.
  virtual size_t width() const = 0;
  // Runs task(context, i) for every i in [0, count), in any order and at the same time, and returns when all are done.
  // Tasks must not throw.
  virtual void Run(size_t count, Task task, void* context) = 0;

  // The same for a callable.
  template <typename F>
  void ForEach(size_t count, F&& function) {
    Run(
        count, [](void* context, size_t index) { (*static_cast<std::remove_reference_t<F>*>(context))(index); },
        &function);
  }
};

// Runs everything in the calling thread.
class Serial final : public Parallel {
 public:
  size_t width() const override { return 1; }
  void Run(size_t count, Task task, void* context) override {
    for (size_t i = 0; i < count; ++i) task(context, i);
  }
};

}  // namespace nic

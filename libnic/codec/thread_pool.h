// Threads behind Parallel: a fixed set that waits between runs, with the calling thread as one of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/parallel.h"

namespace nic {

// A run never waits for a thread that has not begun to take part: where waking one is slow, or the processors are busy
// with something else, the calling thread does the work alone. Threads look out for the next run for some
// microseconds before they sleep, since layers follow each other faster than a thread wakes.
class ThreadPool final : public Parallel {
 public:
  // `width` threads in all, the caller's included; if the system refuses some, fewer.
  explicit ThreadPool(size_t width);
  ~ThreadPool() override;

  size_t width() const override { return threads_.size() + 1; }
  // Not reentrant: one Run at a time, and not from within a task.
  void Run(size_t count, Task task, void* context) override;

 private:
  void Work();
  void Join(uint64_t state);
  void TakeTasks();

  // The run's number, whether threads may still join it, whether the pool ends, and how many have joined and not left.
  std::atomic<uint64_t> state_{0};
  Task task_ = nullptr;  // this field and the next two change only while nobody can join
  void* context_ = nullptr;
  size_t count_ = 0;
  std::atomic<size_t> next_{0};
  std::vector<std::thread> threads_;
};

}  // namespace nic

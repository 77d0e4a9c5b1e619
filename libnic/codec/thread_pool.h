// Threads behind Parallel: a fixed set that waits between runs, with the calling thread as one of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel.h"

namespace nic {

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
  void TakeTasks();

  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable ended_;
  uint64_t run_number_ = 0;  // the fields below up to next_ change only between runs
  bool stopping_ = false;
  size_t busy_ = 0;
  Task task_ = nullptr;
  void* context_ = nullptr;
  size_t count_ = 0;
  std::atomic<size_t> next_{0};
  std::vector<std::thread> threads_;
};

}  // namespace nic

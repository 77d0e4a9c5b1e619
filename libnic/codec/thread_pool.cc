#include "codec/thread_pool.h"

#include <exception>

namespace nic {

ThreadPool::ThreadPool(size_t width) {
  threads_.reserve(width);
  for (size_t i = 1; i < width; ++i) {
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::exception&) {  // of the system, or of memory: threads that run already must not be lost
      return;
    }
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run(size_t count, Task task, void* context) {
  if (count == 0) return;
  if (count == 1 || threads_.empty()) {
    for (size_t i = 0; i < count; ++i) task(context, i);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    task_ = task;
    context_ = context;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_ = threads_.size();
    ++run_number_;
  }
  begun_.notify_all();
  TakeTasks();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return busy_ == 0; });
}

void ThreadPool::TakeTasks() {
  for (size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) task_(context_, i);
}

void ThreadPool::Work() {
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    begun_.wait(lock, [&] { return stopping_ || run_number_ != seen; });
    if (stopping_) return;
    seen = run_number_;
    lock.unlock();
    TakeTasks();
    lock.lock();
    if (--busy_ == 0) ended_.notify_one();
  }
}

}  // namespace nic

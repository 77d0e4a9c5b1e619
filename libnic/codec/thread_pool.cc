#include "codec/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>

namespace nic {
namespace {

constexpr uint64_t kOne = 1;  // thread that has joined
constexpr uint64_t kJoined = (uint64_t{1} << 16) - 1;
constexpr uint64_t kOpen = uint64_t{1} << 16;
constexpr uint64_t kStopping = uint64_t{1} << 17;
constexpr uint64_t kNextRun = uint64_t{1} << 18;
constexpr size_t kMaximalWidth = kJoined;
// About what sleeping and waking costs; a thread that finds no work for so long sleeps.
constexpr std::chrono::microseconds kPatience{40};

uint64_t RunOf(uint64_t state) { return state / kNextRun; }

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns the first state for which done(state) holds, looking for a while and then asleep.
template <typename Done>
uint64_t Await(const std::atomic<uint64_t>& state, Done done) {
  const auto patience_ends = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 16; ++i, Pause()) {
      const uint64_t now = state.load(std::memory_order_acquire);
      if (done(now)) return now;
    }
  } while (std::chrono::steady_clock::now() < patience_ends);
  uint64_t now = state.load(std::memory_order_acquire);
  for (; !done(now); now = state.load(std::memory_order_acquire)) state.wait(now, std::memory_order_acquire);
  return now;
}

}  // namespace

ThreadPool::ThreadPool(size_t width) {
  width = std::min(width, kMaximalWidth);
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
  state_.fetch_or(kStopping, std::memory_order_release);
  state_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::Run(size_t count, Task task, void* context) {
  if (count == 0) return;
  if (count == 1 || threads_.empty()) {
    for (size_t i = 0; i < count; ++i) task(context, i);
    return;
  }
  task_ = task;
  context_ = context;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  state_.fetch_add(kNextRun | kOpen, std::memory_order_release);
  state_.notify_all();
  TakeTasks();
  state_.fetch_and(~kOpen, std::memory_order_acq_rel);
  Await(state_, [](uint64_t state) { return (state & kJoined) == 0; });
}

void ThreadPool::TakeTasks() {
  for (size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) task_(context_, i);
}

// Takes part in the run that `state` tells of, if it is still the present one and open.
void ThreadPool::Join(uint64_t state) {
  const uint64_t run = RunOf(state);
  while (!state_.compare_exchange_weak(state, state + kOne, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    if (RunOf(state) != run || !(state & kOpen)) return;
  }
  TakeTasks();
  const uint64_t before = state_.fetch_sub(kOne, std::memory_order_acq_rel);
  if (!(before & kOpen) && (before & kJoined) == kOne) state_.notify_all();
}

void ThreadPool::Work() {
  uint64_t seen = 0;
  while (true) {
    const uint64_t state =
        Await(state_, [seen](uint64_t now) { return (now & kStopping) || ((now & kOpen) && RunOf(now) != seen); });
    if (state & kStopping) return;
    seen = RunOf(state);
    Join(state);
  }
}

}  // namespace nic

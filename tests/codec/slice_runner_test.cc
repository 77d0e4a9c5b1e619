#include "codec/slice_runner.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <string>
#include <vector>

#include "codec/thread_pool.h"

using nic::Parallel;
using nic::Progress;
using nic::RunSlices;
using nic::Serial;
using nic::Status;
using nic::ThreadPool;

namespace {

Status Damaged(int64_t index) {
  return Status::Error(NIC_SLICE_DAMAGED, static_cast<uint64_t>(index), "slice %d", static_cast<int>(index));
}

// Claims a width without threads, and counts how it is used.
class Wide final : public Parallel {
 public:
  explicit Wide(size_t width) : width_(width) {}
  size_t width() const override { return width_; }
  void Run(size_t count, Task task, void* context) override {
    ++runs;
    for (size_t i = count; i-- > 0;) task(context, i);
  }
  int runs = 0;

 private:
  size_t width_;
};

struct Watcher {
  static int Call(void* user, double fraction) {
    auto* watcher = static_cast<Watcher*>(user);
    watcher->seen.push_back(fraction);
    return watcher->seen.size() == watcher->stop_at;
  }
  Progress progress() { return Progress(Call, this); }
  size_t stop_at = 0;
  std::vector<double> seen;
};

}  // namespace

TEST_CASE("every slice runs once, with any number of threads") {
  for (const size_t width : {1u, 2u, 3u, 5u}) {
    ThreadPool pool(width);
    for (const int64_t count : {0, 1, 2, 3, 9, 10, 11, 40, 41, 300}) {
      CAPTURE(width, count);
      std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
      const auto call = [&](int64_t i, Parallel&) {
        ++calls[static_cast<size_t>(i)];
        return Status();
      };
      REQUIRE(RunSlices(count, pool, Progress(), call).ok());
      for (const std::atomic<int>& number : calls) REQUIRE(number == 1);
    }
  }
}

TEST_CASE("few slices get the threads, many share them") {
  Wide wide(4);
  const auto width_within = [&](int64_t count) {
    size_t width = 0;
    const auto call = [&](int64_t, Parallel& within) {
      width = within.width();
      return Status();
    };
    REQUIRE(RunSlices(count, wide, Progress(), call).ok());
    return width;
  };
  REQUIRE(width_within(1) == 4);
  REQUIRE(width_within(7) == 4);
  REQUIRE(wide.runs == 0);
  REQUIRE(width_within(8) == 1);
  REQUIRE(wide.runs == 1);
  REQUIRE(width_within(33) == 1);
  REQUIRE(wide.runs == 4);
}

TEST_CASE("the failure of the smallest index is returned") {
  Serial serial;
  Wide wide(3);  // runs backwards
  ThreadPool pool(3);
  for (Parallel* parallel :
       {static_cast<Parallel*>(&serial), static_cast<Parallel*>(&wide), static_cast<Parallel*>(&pool)}) {
    for (const auto& failing : std::vector<std::vector<int64_t>>{{0}, {5, 7}, {11, 12}, {12, 30, 35}, {49}}) {
      CAPTURE(failing[0]);
      const auto call = [&](int64_t i, Parallel&) {
        for (const int64_t index : failing) {
          if (i == index) return Damaged(i);
        }
        return Status();
      };
      const Status status = RunSlices(50, *parallel, Progress(), call);
      REQUIRE(status.code() == NIC_SLICE_DAMAGED);
      REQUIRE(status.offset() == static_cast<uint64_t>(failing[0]));
      REQUIRE(std::string(status.message()) == "slice " + std::to_string(failing[0]));
    }
  }
}

TEST_CASE("an exception comes out in the calling thread") {
  Serial serial;
  ThreadPool pool(3);
  for (Parallel* parallel : {static_cast<Parallel*>(&serial), static_cast<Parallel*>(&pool)}) {
    const auto throws = [](int64_t i, Parallel&) -> Status {
      if (i == 17) throw nic::LimitReached(10, 20);
      return {};
    };
    REQUIRE_THROWS_AS(RunSlices(50, *parallel, Progress(), throws), nic::LimitReached);
    const auto fails_before = [](int64_t i, Parallel&) -> Status {
      if (i == 17) throw std::bad_alloc();
      return i == 16 ? Damaged(i) : Status();
    };
    REQUIRE(RunSlices(50, *parallel, Progress(), fails_before).offset() == 16);
    const auto throws_before = [](int64_t i, Parallel&) -> Status {
      if (i == 15) throw std::bad_alloc();
      return i == 16 ? Damaged(i) : Status();
    };
    REQUIRE_THROWS_AS(RunSlices(50, *parallel, Progress(), throws_before), std::bad_alloc);
    // Nothing is left behind that would disturb the next run.
    const auto fine = [](int64_t, Parallel&) { return Status(); };
    REQUIRE(RunSlices(50, *parallel, Progress(), fine).ok());
  }
}

TEST_CASE("progress rises from 0 to 1") {
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    for (const int64_t count : {0, 1, 5, 6, 100}) {
      CAPTURE(width, count);
      Watcher watcher;
      const auto call = [](int64_t, Parallel&) { return Status(); };
      REQUIRE(RunSlices(count, pool, watcher.progress(), call).ok());
      REQUIRE(watcher.seen.front() == (count ? 0 : 1));
      REQUIRE(watcher.seen.back() == 1);
      REQUIRE(std::is_sorted(watcher.seen.begin(), watcher.seen.end()));
    }
  }
}

TEST_CASE("cancelling stops before the next slices") {
  for (const size_t width : {1u, 3u}) {
    ThreadPool pool(width);
    for (size_t stop_at = 1; stop_at <= 3; ++stop_at) {
      Watcher watcher;
      watcher.stop_at = stop_at;
      std::atomic<int> calls{0};
      const auto call = [&](int64_t, Parallel&) {
        ++calls;
        return Status();
      };
      REQUIRE(RunSlices(100, pool, watcher.progress(), call).code() == NIC_CANCELLED);
      REQUIRE(calls == static_cast<int>(stop_at - 1) * (width == 1 ? 1 : 12));
      REQUIRE(watcher.seen.size() == stop_at);
    }
  }
}

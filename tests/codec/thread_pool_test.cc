#include "codec/thread_pool.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

using nic::ThreadPool;

TEST_CASE("a pool runs every index once, whatever its width and the count") {
  for (const size_t width : {1u, 2u, 3u, 8u}) {
    ThreadPool pool(width);
    REQUIRE(pool.width() == width);
    for (const size_t count : {0u, 1u, 2u, 3u, 7u, 100u, 5000u}) {
      CAPTURE(width, count);
      std::vector<std::atomic<int>> calls(count);
      pool.ForEach(count, [&](size_t i) { calls[i].fetch_add(1, std::memory_order_relaxed); });
      bool once = true;
      for (const std::atomic<int>& number : calls) once = once && number == 1;
      REQUIRE(once);
    }
  }
}

TEST_CASE("what tasks wrote is seen after the run, without atomics") {
  ThreadPool pool(4);
  std::vector<uint64_t> values(1000);
  for (uint64_t run = 0; run < 2000; ++run) {
    pool.ForEach(values.size() / (1 + run % 7), [&](size_t i) { values[i] += run + i; });
  }
  std::vector<uint64_t> expected(1000);
  for (uint64_t run = 0; run < 2000; ++run) {
    for (size_t i = 0; i < expected.size() / (1 + run % 7); ++i) expected[i] += run + i;
  }
  REQUIRE(values == expected);
}

TEST_CASE("runs follow each other at any distance, so that threads look out for them, fall asleep or come late") {
  ThreadPool pool(4);
  uint64_t expected = 0;
  std::atomic<uint64_t> sum{0};
  for (int run = 0; run < 600; ++run) {
    const std::chrono::microseconds distance(run % 3 == 0 ? 0 : run % 100);
    const auto end = std::chrono::steady_clock::now() + distance;
    if (run % 7 == 0) std::this_thread::sleep_until(end);
    while (std::chrono::steady_clock::now() < end) {
    }
    const size_t count = 2 + static_cast<size_t>(run % 5);
    pool.ForEach(count, [&](size_t i) { sum.fetch_add(i + 1, std::memory_order_relaxed); });
    expected += count * (count + 1) / 2;
    REQUIRE(sum == expected);
  }
}

TEST_CASE("as many tasks run at once as the pool is wide") {
  ThreadPool pool(4);
  std::barrier meeting(static_cast<ptrdiff_t>(pool.width()));
  std::atomic<size_t> met{0};
  pool.ForEach(pool.width(), [&](size_t) {
    meeting.arrive_and_wait();  // would never return if fewer tasks ran at once
    ++met;
  });
  REQUIRE(met == pool.width());
}

TEST_CASE("the calling thread is one of the pool's") {
  ThreadPool alone(1);
  const std::thread::id caller = std::this_thread::get_id();
  bool same = true;
  alone.ForEach(10, [&](size_t) { same = same && std::this_thread::get_id() == caller; });
  REQUIRE(same);

  ThreadPool pool(3);
  std::barrier meeting(3);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  pool.ForEach(3, [&](size_t) {
    meeting.arrive_and_wait();
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  REQUIRE(seen.size() == 3);
  REQUIRE(seen.count(caller) == 1);
}

TEST_CASE("pools come and go, used or not") {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(static_cast<size_t>(i % 5));
    std::atomic<int> calls{0};
    if (i % 3) pool.ForEach(static_cast<size_t>(i % 4), [&](size_t) { ++calls; });
    REQUIRE(calls == (i % 3 ? i % 4 : 0));
  }
}

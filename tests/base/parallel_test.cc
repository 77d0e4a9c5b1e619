#include "base/parallel.h"

#include <catch2/catch.hpp>

#include <vector>

TEST_CASE("serial work runs every index once, in order") {
  nic::Serial serial;
  REQUIRE(serial.width() == 1);
  std::vector<size_t> order;
  serial.ForEach(5, [&](size_t i) { order.push_back(i); });
  REQUIRE(order == std::vector<size_t>{0, 1, 2, 3, 4});
  serial.ForEach(0, [&](size_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("a callable keeps its state between tasks") {
  struct Counter {
    void operator()(size_t i) { sum += i; }
    size_t sum = 0;
  } counter;
  nic::Serial serial;
  nic::Parallel& parallel = serial;
  parallel.ForEach(10, counter);
  REQUIRE(counter.sum == 45);
}

TEST_CASE("a plain function and a context are enough") {
  nic::Serial serial;
  int calls[3] = {};
  serial.Run(3, [](void* context, size_t index) { ++static_cast<int*>(context)[index]; }, calls);
  REQUIRE((calls[0] == 1 && calls[1] == 1 && calls[2] == 1));
}

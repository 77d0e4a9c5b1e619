// Watches and refuses what is allocated by plain new, past the caller's allocator. The whole test program's operator
// new is replaced in plain_new.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nic::testing {

// While one exists, allocations by this and all other threads are counted, and number `fail_at` (from 1; 0: none)
// throws std::bad_alloc. One at a time.
class PlainNew {
 public:
  explicit PlainNew(uint64_t fail_at = 0);
  ~PlainNew();
  PlainNew(const PlainNew&) = delete;
  PlainNew& operator=(const PlainNew&) = delete;

  uint64_t calls() const;
  uint64_t bytes() const;
};

}  // namespace nic::testing

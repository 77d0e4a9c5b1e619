#include "api/plain_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> watching{false};
std::atomic<uint64_t> fail_at{0};
std::atomic<uint64_t> calls{0};
std::atomic<uint64_t> bytes{0};

void* Allocate(size_t size, size_t alignment) {
  if (watching.load()) {
    bytes += size;
    if (++calls == fail_at) throw std::bad_alloc();
  }
  const size_t rounded = ((size ? size : 1) + alignment - 1) / alignment * alignment;
  void* block = alignment > alignof(std::max_align_t) ? std::aligned_alloc(alignment, rounded) : std::malloc(rounded);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(size_t size) { return Allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  try {
    return Allocate(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](size_t size) { return Allocate(size, 1); }
void* operator new[](size_t size, const std::nothrow_t& nothrow) noexcept { return operator new(size, nothrow); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete[](void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { std::free(block); }

namespace nic::testing {

PlainNew::PlainNew(uint64_t number) {
  fail_at = number;
  ::calls = 0;
  ::bytes = 0;
  watching = true;
}

PlainNew::~PlainNew() { watching = false; }

uint64_t PlainNew::calls() const { return ::calls; }
uint64_t PlainNew::bytes() const { return ::bytes; }

}  // namespace nic::testing

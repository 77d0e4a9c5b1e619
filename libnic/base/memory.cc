#include "base/memory.h"

#include <algorithm>
#include <cstdlib>

namespace nic {
namespace {

// Over-aligned blocks from a plain allocator: the block's own address is kept just before the aligned one.
constexpr size_t kPlainAlignment = alignof(std::max_align_t);

// Never 0: what is asked for and what is counted are the same.
size_t PaddedSize(size_t bytes, size_t alignment) {
  if (alignment <= kPlainAlignment) return std::max(bytes, size_t{1});
  const size_t extra = alignment + sizeof(void*);
  if (bytes > SIZE_MAX - extra) throw std::bad_alloc();
  return bytes + extra;
}

void* AlignWithin(void* block, size_t alignment) {
  const auto address = reinterpret_cast<uintptr_t>(block) + sizeof(void*);
  const uintptr_t aligned = (address + alignment - 1) & ~(uintptr_t{alignment} - 1);
  reinterpret_cast<void**>(aligned)[-1] = block;
  return reinterpret_cast<void*>(aligned);
}

}  // namespace

void* Memory::do_allocate(size_t bytes, size_t alignment) {
  const size_t padded = PaddedSize(bytes, alignment);
  uint64_t held = held_.load(std::memory_order_relaxed);
  do {
    if (padded > limit_ || held > limit_ - padded) {
      throw LimitReached(limit_, padded > UINT64_MAX - held ? UINT64_MAX : held + padded);
    }
  } while (!held_.compare_exchange_weak(held, held + padded, std::memory_order_relaxed));

  void* block = hooks_.allocate ? hooks_.allocate(hooks_.user, padded) : std::malloc(padded);
  if (!block) {
    held_.fetch_sub(padded, std::memory_order_relaxed);
    throw std::bad_alloc();
  }
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < held + padded && !peak_.compare_exchange_weak(peak, held + padded, std::memory_order_relaxed)) {
  }
  return alignment <= kPlainAlignment ? block : AlignWithin(block, alignment);
}

void Memory::do_deallocate(void* block, size_t bytes, size_t alignment) {
  void* original = alignment <= kPlainAlignment ? block : static_cast<void**>(block)[-1];
  if (hooks_.allocate) {
    hooks_.release(hooks_.user, original);
  } else {
    std::free(original);
  }
  held_.fetch_sub(PaddedSize(bytes, alignment), std::memory_order_relaxed);
}

}  // namespace nic

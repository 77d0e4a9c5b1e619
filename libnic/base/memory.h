// The one source of memory inside libnic: the caller's allocator under a limit.
//
// Everything whose size depends on input is allocated through a Memory, as a std::pmr container or a Buffer. A refused
// allocation throws LimitReached or std::bad_alloc; the C boundary turns these into NIC_LIMIT_MEMORY and
// NIC_OUT_OF_MEMORY, and they are the only exceptions that libnic itself throws.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <utility>

namespace nic {

struct LimitReached : std::bad_alloc {
  LimitReached(uint64_t limit_bytes, uint64_t wanted_bytes) : limit(limit_bytes), wanted(wanted_bytes) {}
  const char* what() const noexcept override { return "memory limit reached"; }
  uint64_t limit;
  uint64_t wanted;  // what would have been held in all
};

// Thread-safe. Must outlive all that was allocated from it.
class Memory : public std::pmr::memory_resource {
 public:
  // A caller's allocator: `allocate` returns null on failure; blocks are aligned for any fundamental type.
  struct Hooks {
    void* (*allocate)(void* user, size_t bytes) = nullptr;
    void (*release)(void* user, void* block) = nullptr;
    void* user = nullptr;
  };
  static constexpr uint64_t kNoLimit = ~uint64_t{0};

  Memory() = default;
  explicit Memory(uint64_t limit) : limit_(limit) {}
  Memory(uint64_t limit, const Hooks& hooks) : limit_(limit), hooks_(hooks) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  uint64_t limit() const { return limit_; }
  void set_limit(uint64_t limit) { limit_ = limit; }
  uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  uint64_t peak() const { return peak_.load(std::memory_order_relaxed); }

 private:
  void* do_allocate(size_t bytes, size_t alignment) override;
  void do_deallocate(void* block, size_t bytes, size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  uint64_t limit_ = kNoLimit;
  Hooks hooks_;
  std::atomic<uint64_t> held_{0};
  std::atomic<uint64_t> peak_{0};
};

// An array of plain values, aligned to 64 bytes and uninitialised unless asked otherwise, for tensors and pixels.
// Movable. At least kSlack bytes behind the last element belong to the block, so that a vector load that begins inside
// the array may run past its end.
template <typename T>
class Buffer {
 public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kSlack = 128;

  Buffer() = default;
  Buffer(std::pmr::memory_resource& memory, size_t size) : memory_(&memory), size_(size) {
    if (size > (SIZE_MAX - kSlack) / sizeof(T)) throw std::bad_alloc();
    data_ = static_cast<T*>(memory.allocate(Bytes(), kAlignment));
  }
  Buffer(std::pmr::memory_resource& memory, size_t size, T value) : Buffer(memory, size) {
    for (size_t i = 0; i < size; ++i) data_[i] = value;
  }
  Buffer(Buffer&& other) noexcept { Swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    Swap(moved);
    return *this;
  }
  ~Buffer() {
    if (data_) memory_->deallocate(data_, Bytes(), kAlignment);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  size_t Bytes() const { return size_ * sizeof(T) + kSlack; }
  void Swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::pmr::memory_resource* memory_ = nullptr;
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace nic

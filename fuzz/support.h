// What the fuzz targets share: an assertion, exact copies of input, an allocator that counts, numbers from bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "nic/nic.h"

// Ends the program, which a fuzzer reports, unless `condition` holds.
#define NIC_FUZZ_CHECK(condition)                                                           \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);   \
      std::abort();                                                                         \
    }                                                                                       \
  } while (0)

namespace nic::fuzz {

// A copy on the heap of exactly the input's size, so that a sanitizer sees the first byte read behind it.
class ExactCopy {
 public:
  ExactCopy(const uint8_t* bytes, size_t size) : bytes_(new uint8_t[size]), size_(size) {
    if (size) std::memcpy(bytes_.get(), bytes, size);
  }
  const uint8_t* data() const { return bytes_.get(); }
  uint8_t* data() { return bytes_.get(); }
  size_t size() const { return size_; }
  std::span<const uint8_t> span() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
};

// Small numbers from the beginning of the input; 0 when it ends.
class Numbers {
 public:
  Numbers(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}
  uint8_t Byte() { return size_ ? (--size_, *bytes_++) : 0; }
  // low .. high.
  uint32_t In(uint32_t low, uint32_t high) {
    const uint32_t drawn = static_cast<uint32_t>(Byte()) << 8 | Byte();
    return low + drawn % (high - low + 1);
  }
  std::span<const uint8_t> rest() const { return {bytes_, size_}; }

 private:
  const uint8_t* bytes_;
  size_t size_;
};

// An allocator for a context that notes what is held through it.
class CountingAllocator {
 public:
  nic_allocator hooks() { return {Allocate, Release, this}; }
  uint64_t held() const { return held_; }
  uint64_t peak() const { return peak_; }

 private:
  static constexpr size_t kHead = 64;
  static void* Allocate(void* user, size_t bytes) {
    auto* self = static_cast<CountingAllocator*>(user);
    auto* block = static_cast<uint8_t*>(std::malloc(bytes + kHead));
    if (!block) return nullptr;
    std::memcpy(block, &bytes, sizeof bytes);
    const uint64_t now = self->held_ += bytes;
    if (now > self->peak_) self->peak_ = now;
    return block + kHead;
  }
  static void Release(void* user, void* pointer) {
    auto* self = static_cast<CountingAllocator*>(user);
    auto* block = static_cast<uint8_t*>(pointer) - kHead;
    size_t bytes = 0;
    std::memcpy(&bytes, block, sizeof bytes);
    self->held_ -= bytes;
    std::free(block);
  }

  std::atomic<uint64_t> held_{0};
  std::atomic<uint64_t> peak_{0};
};

// The package of the small model that the targets use (conformance/models/checkerboard.nicm); ends the program if it
// cannot be read.
const std::vector<uint8_t>& SmallPackage();
// The same model with random networks for the smaller pictures of both scales; of the same digest.
const std::vector<uint8_t>& SmallPackageWithPreviews();
// The same model with random deblocking, of another digest.
const std::vector<uint8_t>& SmallPackageWithDeblocking();
// Adds the package, and that with deblocking, to the context: MendHeader names either.
void AddPackages(nic_context* context, const std::vector<uint8_t>& package);
constexpr uint32_t kSmallModelId = 4000;

// A status that bad input may bring about.
inline bool IsOrderly(nic_status status) { return status != NIC_INTERNAL && status != NIC_WRONG_STATE; }

// Puts the check that belongs there into the header at the beginning of a file, and the small model's id and digest, so
// that changed bytes reach what lies behind; the digest of the one with deblocking if the lowest bit is not that of the
// small model's. Does nothing to what is no header.
void MendHeader(uint8_t* bytes, size_t size, bool name_model);

}  // namespace nic::fuzz

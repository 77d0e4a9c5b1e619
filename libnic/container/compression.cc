#include "container/compression.h"

#define ZSTD_STATIC_LINKING_ONLY  // for contexts with an allocator
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>

namespace nic {
namespace {

// Hands zstd blocks of a memory. zstd is C: what the memory throws is kept for its caller.
class ZstdMemory {
 public:
  explicit ZstdMemory(std::pmr::memory_resource& memory) : memory_(memory) {}

  ZSTD_customMem Hooks() { return {Allocate, Release, this}; }
  [[noreturn]] void Rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
    throw std::bad_alloc();
  }
  void RethrowIfAny() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static constexpr size_t kHead = alignof(std::max_align_t);  // before each block, its size

  static void* Allocate(void* opaque, size_t size) {
    auto* self = static_cast<ZstdMemory*>(opaque);
    try {
      void* block = self->memory_.allocate(size + kHead, kHead);
      *static_cast<size_t*>(block) = size;
      return static_cast<char*>(block) + kHead;
    } catch (...) {
      self->thrown_ = std::current_exception();
      return nullptr;
    }
  }
  static void Release(void* opaque, void* address) {
    if (!address) return;
    void* block = static_cast<char*>(address) - kHead;
    static_cast<ZstdMemory*>(opaque)->memory_.deallocate(block, *static_cast<size_t*>(block) + kHead, kHead);
  }

  std::pmr::memory_resource& memory_;
  std::exception_ptr thrown_;
};

struct ContextFreer {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void CompressFrame(std::span<const uint8_t> content, int level, bool checked, std::pmr::memory_resource& memory,
                   std::pmr::vector<uint8_t>* bytes) {
  Buffer<uint8_t> frame(memory, ZSTD_compressBound(content.size()));
  ZstdMemory zstd_memory(memory);
  const std::unique_ptr<ZSTD_CCtx, ContextFreer> context(ZSTD_createCCtx_advanced(zstd_memory.Hooks()));
  if (!context) zstd_memory.Rethrow();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, checked);
  const size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), content.data(), content.size());
  if (ZSTD_isError(size)) zstd_memory.Rethrow();  // with a destination of the bound, memory is all that can lack
  bytes->insert(bytes->end(), frame.begin(), frame.begin() + size);
}

bool ReadFrameSize(std::span<const uint8_t> bytes, uint64_t* size) {
  constexpr uint8_t kMagic[4] = {0x28, 0xB5, 0x2F, 0xFD};  // neither skippable nor of the years before the RFC
  if (bytes.size() < sizeof kMagic || !std::equal(kMagic, kMagic + sizeof kMagic, bytes.begin())) return false;
  const unsigned long long stated = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (stated == ZSTD_CONTENTSIZE_UNKNOWN || stated == ZSTD_CONTENTSIZE_ERROR) return false;
  *size = stated;
  return ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) == bytes.size();
}

bool DecompressFrame(std::span<const uint8_t> frame, std::pmr::memory_resource& memory, Buffer<uint8_t>* content) {
  ZstdMemory zstd_memory(memory);
  const std::unique_ptr<ZSTD_DCtx, ContextFreer> context(ZSTD_createDCtx_advanced(zstd_memory.Hooks()));
  if (!context) zstd_memory.Rethrow();
  const size_t size =
      ZSTD_decompressDCtx(context.get(), content->data(), content->size(), frame.data(), frame.size());
  zstd_memory.RethrowIfAny();
  return size == content->size();
}

}  // namespace nic

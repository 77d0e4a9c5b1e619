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

struct FrameCompressor::State {
  State(std::pmr::memory_resource& resource, std::pmr::vector<uint8_t>* out)
      : memory(resource), context(ZSTD_createCCtx_advanced(memory.Hooks())), piece(resource, 65536), bytes(out) {
    if (!context) memory.Rethrow();
  }
  // Compresses `input`, or with ZSTD_e_end what is left.
  void Run(std::span<const uint8_t> input, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in = {input.data(), input.size(), 0};
    size_t left = 1;
    while (directive == ZSTD_e_end ? left != 0 : in.pos < in.size) {
      ZSTD_outBuffer out = {piece.data(), piece.size(), 0};
      left = ZSTD_compressStream2(context.get(), &out, &in, directive);
      bytes->insert(bytes->end(), piece.data(), piece.data() + out.pos);
      if (ZSTD_isError(left)) memory.Rethrow();
    }
  }

  ZstdMemory memory;
  std::unique_ptr<ZSTD_CCtx, ContextFreer> context;
  Buffer<uint8_t> piece;
  std::pmr::vector<uint8_t>* bytes;
};

FrameCompressor::FrameCompressor(uint64_t size, int level, bool checked, std::pmr::memory_resource& memory,
                                 std::pmr::vector<uint8_t>* bytes)
    : state_(std::make_unique<State>(memory, bytes)) {
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_checksumFlag, checked);
  ZSTD_CCtx_setPledgedSrcSize(state_->context.get(), size);
}
FrameCompressor::~FrameCompressor() = default;
void FrameCompressor::Write(std::span<const uint8_t> piece) { state_->Run(piece, ZSTD_e_continue); }
void FrameCompressor::Finish() { state_->Run({}, ZSTD_e_end); }

uint64_t EstimateCompressor(uint64_t size, int level) {
  return ZSTD_estimateCStreamSize_usingCParams(ZSTD_getCParams(level, size, 0));
}

struct FrameDecompressor::State {
  State(std::span<const uint8_t> frame, std::pmr::memory_resource& resource)
      : memory(resource), context(ZSTD_createDCtx_advanced(memory.Hooks())), in{frame.data(), frame.size(), 0} {
    if (!context) memory.Rethrow();
    // Windows of any size are valid; zstd takes no more memory than the content's size justifies.
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
  }
  // Fills `out` as far as the frame goes. False if that is damaged.
  bool Run(ZSTD_outBuffer* out) {
    while (!ended && (out->pos < out->size || out->size == 0)) {
      const size_t in_before = in.pos;
      const size_t out_before = out->pos;
      const size_t left = ZSTD_decompressStream(context.get(), out, &in);
      memory.RethrowIfAny();
      if (ZSTD_isError(left)) return false;
      ended = left == 0;
      if (in.pos == in_before && out->pos == out_before) break;
    }
    return true;
  }

  ZstdMemory memory;
  std::unique_ptr<ZSTD_DCtx, ContextFreer> context;
  ZSTD_inBuffer in;
  bool ended = false;
};

FrameDecompressor::FrameDecompressor(std::span<const uint8_t> frame, std::pmr::memory_resource& memory)
    : state_(std::make_unique<State>(frame, memory)) {}
FrameDecompressor::~FrameDecompressor() = default;

bool FrameDecompressor::Read(std::span<uint8_t> piece) {
  ZSTD_outBuffer out = {piece.data(), piece.size(), 0};
  return state_->Run(&out) && out.pos == out.size;
}

bool FrameDecompressor::AtEnd() {
  ZSTD_outBuffer out = {nullptr, 0, 0};
  return state_->Run(&out) && state_->ended && state_->in.pos == state_->in.size;
}

uint64_t EstimateDecompressor(std::span<const uint8_t> frame) {
  const size_t bytes = ZSTD_estimateDStreamSize_fromFrame(frame.data(), frame.size());
  return ZSTD_isError(bytes) ? 0 : bytes;
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

// zstd frames (RFC 8878), compressed and decompressed in the caller's memory alone.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"

namespace nic {

// Appends `content` as one frame that states its size. `checked`: with zstd's own check of the content, 4 bytes.
// Throws what the memory throws.
void CompressFrame(std::span<const uint8_t> content, int level, bool checked, std::pmr::memory_resource& memory,
                   std::pmr::vector<uint8_t>* bytes);

// The same for content that comes in pieces. The bytes depend on how it is cut.
class FrameCompressor {
 public:
  // `size`: of the whole content. Appends to *bytes, which it borrows like `memory`.
  FrameCompressor(uint64_t size, int level, bool checked, std::pmr::memory_resource& memory,
                  std::pmr::vector<uint8_t>* bytes);
  ~FrameCompressor();
  void Write(std::span<const uint8_t> piece);
  // Once all of the content was written.
  void Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// About how many bytes a FrameCompressor holds for a content of `size` bytes, more than 0.
uint64_t EstimateCompressor(uint64_t size, int level);

// Decompresses a frame piece by piece.
class FrameDecompressor {
 public:
  // Borrows the frame, which ReadFrameSize has found well.
  FrameDecompressor(std::span<const uint8_t> frame, std::pmr::memory_resource& memory);
  ~FrameDecompressor();
  // Fills `piece` with the next bytes of the content. False if the frame is damaged or its content is over; with the
  // last piece its check is read too. Throws what the memory throws.
  bool Read(std::span<uint8_t> piece);
  // True if all of the content has been read, and nothing of the frame is left.
  bool AtEnd();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Bytes that a FrameDecompressor holds for this frame; 0 if it is none.
uint64_t EstimateDecompressor(std::span<const uint8_t> frame);

// Whether `bytes` are exactly one frame that states its content's size; *size receives it.
bool ReadFrameSize(std::span<const uint8_t> bytes, uint64_t* size);

// Decompresses a frame whose content is as large as *content. False if it is damaged; *content is undefined then.
// Throws what the memory throws.
bool DecompressFrame(std::span<const uint8_t> frame, std::pmr::memory_resource& memory, Buffer<uint8_t>* content);

}  // namespace nic

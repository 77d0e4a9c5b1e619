// The alpha channel: lossless, of 8 or 16 bits, predicted row by row as in PNG and compressed by zstd
// (format-spec/elements.md, "Alpha").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"

namespace nic {

class FrameCompressor;
class FrameDecompressor;

// Samples of one channel, `step` bytes apart in rows `stride` bytes apart. Borrowed.
struct ChannelView {
  uint32_t width = 0;
  uint32_t height = 0;
  size_t step = 1;
  size_t stride = 0;
  const uint8_t* samples = nullptr;
  int depth = 8;  // bits of a sample; those of 16 are in the machine's byte order and at even places
};

// Makes the payload of an alpha element row by row.
class AlphaEncoder {
 public:
  // For a picture of width x height with alpha of `depth` bits. Appends to *payload, which it borrows.
  AlphaEncoder(uint32_t width, uint32_t height, int depth, bool premultiplied, Memory& memory,
               std::pmr::vector<uint8_t>* payload);
  ~AlphaEncoder();
  // Takes the next row, of samples `step` bytes apart.
  void Push(const uint8_t* samples, size_t step);
  // Once all rows were taken.
  void Finish();

 private:
  template <typename Sample>
  void PushSamples(const uint8_t* samples, size_t step);

  size_t width_;
  int depth_;
  bool odd_ = false;
  Buffer<uint16_t> rows_;  // of either depth: this one and the one above, taking turns
  Buffer<uint16_t> trial_;
  Buffer<uint8_t> filtered_;
  std::unique_ptr<FrameCompressor> frame_;
};

struct AlphaFlags {
  bool premultiplied = false;
  bool deep = false;  // samples of 16 bits
};

// NIC_MALFORMED for a payload that is empty, or has flags that are reserved or not allowed in a picture of `depth`
// bits.
Status ReadAlphaFlags(std::span<const uint8_t> payload, int depth, AlphaFlags* flags);

// A row of either depth: one of the two is null.
struct AlphaRow {
  const uint8_t* samples = nullptr;
  const uint16_t* samples16 = nullptr;
};

// Reads a payload row by row, in little more memory than a few rows and the frame's window.
class AlphaDecoder {
 public:
  // For a picture of width x height with colours of `depth` bits.
  AlphaDecoder(uint32_t width, uint32_t height, int depth, Memory& memory);
  ~AlphaDecoder();
  // The functions fail with NIC_MALFORMED, with an offset in the payload, for one that is not valid; nothing else is to
  // be called then. The payload is borrowed.
  Status Begin(std::span<const uint8_t> payload);
  // Gives the next row, as long as there is one, valid until the next call.
  Status Next(AlphaRow* alpha);
  // About how many bytes a decoder of this payload holds; 0 for one that is not valid.
  static uint64_t EstimateMemory(std::span<const uint8_t> payload, uint32_t width);
  // Reads on to the end, for the sake of the frame's check.
  Status Finish();

 private:
  template <typename Sample>
  const Sample* Unfilter();

  uint32_t width_;
  uint32_t height_;
  int depth_;
  Memory& memory_;
  AlphaFlags flags_;
  uint32_t rows_read_ = 0;
  std::unique_ptr<FrameDecompressor> frame_;
  Buffer<uint16_t> rows_;  // of either depth: this one and the one above, taking turns
  Buffer<uint8_t> filtered_;
};

// Colour under an alpha of 0 is never seen: gives such pixels the mean of what is visible around them, so that they
// cost next to nothing. Works on bands of rows, so that it sees no further than a band, and what it gave the one above.
class InvisibleFiller {
 public:
  static constexpr uint32_t kBandRows = 64;

  // For pictures of `width` columns with `channels` colour samples of `depth` bits a pixel.
  InvisibleFiller(uint32_t width, int channels, int depth, Memory& memory);
  // The next band: kBandRows rows, the last fewer. Its pixels have no gaps, and the depth of its alpha.
  void Fill(const ChannelView& alpha, uint8_t* pixels);

 private:
  template <typename Sample>
  void FillSamples(const ChannelView& alpha, Sample* pixels);

  int channels_;
  Memory& memory_;
  Buffer<uint16_t> above_;  // what pixels at the lower end of the last band would get
};

}  // namespace nic

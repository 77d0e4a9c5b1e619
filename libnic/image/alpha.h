// The alpha channel: lossless, of 8 or 16 bits, predicted row by row as in PNG and compressed by zstd
// (format-spec/elements.md, "Alpha").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"

namespace nic {

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

// Makes the payload of an alpha element band by band. Which of PNG's filters serves best shows in the compressed bytes
// alone: the plane is compressed in several ways side by side, with one filter throughout or with a guess at each
// row's, and the smallest stays. Ways that fall far behind are given up, so that memory does not grow with their
// number.
class AlphaEncoder {
 public:
  static constexpr uint32_t kBandRows = 64;

  // For a picture of width x height with alpha of `depth` bits. Fills *payload, which it borrows like `parallel`.
  // Unless `thorough`, the guess alone is made. The bytes depend on the samples, and on the memory's limit: where that
  // is small, fewer ways are tried.
  AlphaEncoder(uint32_t width, uint32_t height, int depth, bool premultiplied, bool thorough, Parallel& parallel,
               Memory& memory, std::pmr::vector<uint8_t>* payload);
  ~AlphaEncoder();
  // Takes the next band: kBandRows rows, the last fewer. Its samples have no gaps within a row.
  void Push(const ChannelView& band);
  // Once all rows were taken.
  void Finish();

 private:
  class Way;

  static bool SmallerFirst(const std::unique_ptr<Way>& a, const std::unique_ptr<Way>& b);
  void ForEachWay(void (Way::*function)());
  void GiveUpFarBehind();

  Parallel& parallel_;
  std::pmr::vector<uint8_t>* payload_;
  ChannelView band_;
  Buffer<uint16_t> above_;                    // the last row of the band before, of either depth
  std::array<std::unique_ptr<Way>, 5> ways_;  // those given up are null, behind the others
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

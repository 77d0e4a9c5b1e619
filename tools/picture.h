// A picture in memory, as the tools hand it to libnic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nic/nic.h"
#include "tools/metadata.h"
#include "tools/outcome.h"

namespace nic::tools {

struct Picture;

// Takes the rows of a picture while it is read, so that it is not held in memory.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // Once, before the rows: sides and format are known.
  virtual Outcome Begin(const Picture& picture) = 0;
  // The next `rows` rows, from the top down, `stride` bytes apart; valid during the call only.
  virtual Outcome Take(const uint8_t* pixels, size_t stride, uint32_t rows) = 0;
};

struct Picture {
  uint32_t width = 0;
  uint32_t height = 0;
  nic_pixel_format format = NIC_RGB8;
  std::vector<uint8_t> pixels;  // all, but see in_strips: rows from the top, without gaps; see nic_pixel_format
  Metadata metadata;
  std::vector<std::string> notes;  // what reading it lost, one sentence each, for the user

  size_t stride() const { return size_t{width} * nic_format_bytes(format); }
  uint8_t* row(uint32_t y) { return pixels.data() + (in_strips ? y % kStripRows : y) * stride(); }
  // The sample of that number, counted through all pixels and channels, 0 .. MaxSample(format).
  uint32_t sample(size_t i) const;
  // Leaves out the alpha channel, if there is one.
  void DropAlpha();
  // Makes it a picture of one channel: (77 R + 150 G + 29 B) / 256, alpha left out.
  void MakeGrey();
  // Rounds samples of 16 bits to 8.
  void MakeShallow();
  // As libnic's argument; points into `pixels`.
  nic_image image() { return {width, height, format, stride(), pixels.data()}; }

  // Takes the sides and format and allocates the pixels, unless a limit forbids that (kExitLimit). A limit of 0 means
  // libnic's default.
  Outcome Allocate(uint64_t columns, uint64_t rows, nic_pixel_format channels, const nic_limits& limits);

  // For readers that fill rows from the top down: the same, but with a sink only a strip of rows is allocated. Each row
  // that is filled, row(y), is then to be told to FinishRow, which hands full strips to the sink.
  Outcome AllocateRows(uint64_t columns, uint64_t rows, nic_pixel_format channels, const nic_limits& limits);
  Outcome FinishRow(uint32_t y);

  static constexpr uint32_t kStripRows = 64;
  RowSink* sink = nullptr;  // where rows go, if the reader has them in order; null: into `pixels`
  bool in_strips = false;   // they went there: `pixels` holds no more than a strip
};

// Bytes of a pixel.
size_t PixelSize(nic_pixel_format format);
// True for the formats whose last channel is alpha.
bool HasAlpha(nic_pixel_format format);
// The format without that channel.
nic_pixel_format WithoutAlpha(nic_pixel_format format);
// 255 or 65535.
uint32_t MaxSample(nic_pixel_format format);
// "RGB", "grey with alpha" and so on, whatever the depth.
const char* NameOf(nic_pixel_format format);

// PSNR in dB over all samples; infinity for equal pictures. Both must have the same sides and format.
double Psnr(const Picture& a, const Picture& b);

}  // namespace nic::tools

// Writes PNM: P5 for grey, P6 for colour, which have no alpha and do not take it, or P7 (PAM) for all.
#pragma once

#include "tools/picture_writer.h"

namespace nic::tools {

class PnmWriter : public PictureWriter {
 public:
  PnmWriter(OutputFile* file, bool pam) : file_(file), pam_(pam) {}

  Outcome Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) override;
  Outcome Write(const uint8_t* pixels, uint32_t rows, size_t stride) override;
  Outcome End() override { return {}; }

 private:
  Outcome WriteRow(const uint8_t* row);

  OutputFile* file_;
  bool pam_;
  size_t row_size_ = 0;
  bool deep_ = false;  // 16 bits
  std::vector<uint8_t> swapped_;
};

}  // namespace nic::tools

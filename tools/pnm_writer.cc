#include "tools/pnm_writer.h"

#include <cstring>

#include "tools/cicp.h"
#include "tools/icc_profile.h"

namespace nic::tools {
namespace {

std::string PnmHeader(uint32_t width, uint32_t height, nic_pixel_format format) {
  return std::string(nic_format_channels(format) == 1 ? "P5\n" : "P6\n") + std::to_string(width) + " " +
         std::to_string(height) + "\n" + std::to_string(MaxSample(format)) + "\n";
}

std::string PamHeader(uint32_t width, uint32_t height, nic_pixel_format format) {
  const std::string type = nic_format_channels(format) <= 2 ? "GRAYSCALE" : "RGB";
  return "P7\nWIDTH " + std::to_string(width) + "\nHEIGHT " + std::to_string(height) + "\nDEPTH " +
         std::to_string(nic_format_channels(format)) + "\nMAXVAL " + std::to_string(MaxSample(format)) + "\nTUPLTYPE " +
         type + (HasAlpha(format) ? "_ALPHA" : "") + "\nENDHDR\n";
}

}  // namespace

Outcome PnmWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  if (HasAlpha(format) && !pam_) return Outcome::Failure(kExitUsage, "PNM holds no alpha");
  if (!metadata.cicp.empty()) {
    if (!IsSrgbCicp(metadata.cicp)) notes_.push_back(kCicpDropped);
  } else if (!metadata.icc.empty() && !IsSrgbProfile(metadata.icc)) {
    notes_.push_back(kProfileDropped);
  }
  row_size_ = size_t{width} * nic_format_bytes(format);
  deep_ = nic_format_depth(format) == 16;
  const std::string header = pam_ ? PamHeader(width, height, format) : PnmHeader(width, height, format);
  return file_->Write(header.data(), header.size());
}

Outcome PnmWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  for (uint32_t y = 0; y < rows; ++y) NIC_TOOLS_RETURN_IF_FAILED(WriteRow(pixels + y * stride));
  return {};
}

// PNM has the high byte first.
Outcome PnmWriter::WriteRow(const uint8_t* row) {
  if (!deep_) return file_->Write(row, row_size_);
  swapped_.resize(row_size_);
  for (size_t i = 0; i < row_size_; i += 2) {
    uint16_t sample = 0;
    std::memcpy(&sample, row + i, sizeof sample);
    swapped_[i] = static_cast<uint8_t>(sample >> 8);
    swapped_[i + 1] = static_cast<uint8_t>(sample);
  }
  return file_->Write(swapped_.data(), row_size_);
}

}  // namespace nic::tools

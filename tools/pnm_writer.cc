#include "tools/pnm_writer.h"

#include "tools/icc_profile.h"

namespace nic::tools {
namespace {

std::string PnmHeader(uint32_t width, uint32_t height, nic_pixel_format format) {
  return std::string(format == NIC_GREY8 ? "P5\n" : "P6\n") + std::to_string(width) + " " + std::to_string(height) +
         "\n255\n";
}

std::string PamHeader(uint32_t width, uint32_t height, nic_pixel_format format) {
  const std::string type = WithoutAlpha(format) == NIC_GREY8 ? "GRAYSCALE" : "RGB";
  return "P7\nWIDTH " + std::to_string(width) + "\nHEIGHT " + std::to_string(height) + "\nDEPTH " +
         std::to_string(PixelSize(format)) + "\nMAXVAL 255\nTUPLTYPE " + type + (HasAlpha(format) ? "_ALPHA" : "") +
         "\nENDHDR\n";
}

}  // namespace

Outcome PnmWriter::Begin(uint32_t width, uint32_t height, nic_pixel_format format, const Metadata& metadata) {
  if (HasAlpha(format) && !pam_) return Outcome::Failure(kExitUsage, "PNM holds no alpha");
  if (!metadata.icc.empty() && !IsSrgbProfile(metadata.icc)) notes_.push_back(kProfileDropped);
  row_size_ = size_t{width} * static_cast<size_t>(format);
  const std::string header = pam_ ? PamHeader(width, height, format) : PnmHeader(width, height, format);
  return file_->Write(header.data(), header.size());
}

Outcome PnmWriter::Write(const uint8_t* pixels, uint32_t rows, size_t stride) {
  for (uint32_t y = 0; y < rows; ++y) NIC_TOOLS_RETURN_IF_FAILED(file_->Write(pixels + y * stride, row_size_));
  return {};
}

}  // namespace nic::tools

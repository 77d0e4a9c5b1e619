// A file that arrives in pieces: what nic_decoder_push takes and nic_decoder_next gives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "api/decoder.h"
#include "api/row_converter.h"

namespace nic {

class PushedFile {
 public:
  explicit PushedFile(nic_decoder& decoder);

  // Appends bytes, or ends the file. NIC_WRONG_STATE after its end.
  Status Push(std::span<const uint8_t> bytes);
  Status End();
  // Works until there is something to tell. A failure is final: it comes again.
  Status Next(nic_event* event);

  // The synthesis of the picture or region is under way.
  bool has_begun() const { return picture_ != nullptr; }

 private:
  enum class Stage { kHeader, kElements, kReady, kPicture, kDone };

  Status Advance(nic_event* event);
  Status ReadHeader(nic_event* event);
  Status ReadElements(nic_event* event);
  Status BeginPicture();
  Status AdvancePicture(nic_event* event);
  Status FindSlices();
  Status CheckWorkSoFar() const;
  bool TellSlice(nic_event* event);
  bool TellRows(nic_event* event);
  Status Finish(nic_event* event);
  Status Wait(const Status& cut, nic_event* event) const;
  Status TakeRow(int64_t y, const int16_t* values);

  nic_decoder& decoder_;
  Memory& memory_;
  std::pmr::vector<uint8_t> bytes_;
  bool ended_ = false;
  Stage stage_ = Stage::kHeader;
  Status failure_;
  size_t elements_told_ = 0;

  Rect region_;
  double work_ = 0;
  GainMap gain_map_;
  Buffer<uint8_t> alpha_;  // the payload: bytes_ moves as it grows
  std::optional<RowConverter> converter_;
  std::unique_ptr<PictureDecoder> picture_;
  uint64_t slices_told_ = 0;  // of picture_'s last step
  std::pmr::vector<uint8_t> rows_;
  uint32_t first_row_ = 0;
  uint32_t row_count_ = 0;
};

}  // namespace nic

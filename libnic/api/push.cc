// nic_decoder_begin_push, nic_decoder_push, nic_decoder_end_push, nic_decoder_next.
#include "api/push.h"

#include <algorithm>

#include "api/guard.h"
#include "api/sized_struct.h"

namespace nic {
namespace {

// Rows come out as soon as a row of latents allows.
constexpr int64_t kPromptRows = 1;

Status WrongState(const char* what) { return Status::Error(NIC_WRONG_STATE, Status::kNoOffset, "%s", what); }

}  // namespace

PushedFile::PushedFile(nic_decoder& decoder)
    : decoder_(decoder), memory_(decoder.context.memory), bytes_(&memory_), rows_(&memory_) {
  static_cast<void>(decoder.file.Open({}, decoder.context.limits.max_metadata).ok());
}

Status PushedFile::Push(std::span<const uint8_t> bytes) {
  if (ended_) return WrongState("push: the file has been ended");
  NIC_RETURN_IF_ERROR(failure_);
  if (bytes.size() > decoder_.context.limits.max_memory) {
    return Status::Error(NIC_LIMIT_MEMORY, Status::kNoOffset, "max_memory: %zu bytes at once", bytes.size());
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  // The reader must not look at where they were; what it says is for Next.
  static_cast<void>(decoder_.file.Continue(bytes_).ok());
  return {};
}

Status PushedFile::End() {
  if (ended_) return WrongState("push: the file has been ended");
  ended_ = true;
  return {};
}

Status PushedFile::Next(nic_event* event) {
  if (failure_.ok()) failure_ = CatchAll([&] { return Advance(event); });
  return failure_;
}

Status PushedFile::Advance(nic_event* event) {
  switch (stage_) {
    case Stage::kHeader:
      return ReadHeader(event);
    case Stage::kElements:
      return ReadElements(event);
    case Stage::kReady:
      NIC_RETURN_IF_ERROR(BeginPicture());
      return AdvancePicture(event);
    case Stage::kPicture:
      return AdvancePicture(event);
    case Stage::kDone:
      event->type = NIC_EVENT_DONE;
      return FindSlices();  // bytes behind the end
  }
  return {};
}

// Where the bytes end too early: more are needed, unless there will be none.
Status PushedFile::Wait(const Status& cut, nic_event* event) const {
  if (cut.code() != NIC_TRUNCATED || ended_) return cut;
  event->type = NIC_EVENT_NEED_MORE;
  return {};
}

Status PushedFile::ReadHeader(nic_event* event) {
  FileReader& file = decoder_.file;
  const Status status = file.Continue(bytes_);
  if (!file.has_header()) return Wait(status, event);
  NIC_RETURN_IF_ERROR(
      CheckDimensions(file.header().width, file.header().height, decoder_.context.limits, kWidthOffset));
  NIC_RETURN_IF_ERROR(FindModel(decoder_));
  decoder_.opened = true;
  stage_ = Stage::kElements;
  event->type = NIC_EVENT_HEADER;
  return {};
}

Status PushedFile::ReadElements(nic_event* event) {
  FileReader& file = decoder_.file;
  const Status status = file.Continue(bytes_);
  while (elements_told_ < file.elements().size()) {
    const Element& element = file.elements()[elements_told_];
    if (element.type == static_cast<uint8_t>(ElementType::kLatents)) break;
    if (element.payload_size > bytes_.size() - element.payload_offset) break;
    ++elements_told_;
    if (!IsMetadataKind(element.type)) continue;
    event->type = NIC_EVENT_METADATA;
    event->metadata = static_cast<nic_metadata>(element.type);
    return {};
  }
  if (!file.has_latents()) return Wait(status, event);
  FindParts(decoder_);
  stage_ = Stage::kReady;
  event->type = NIC_EVENT_PICTURE;
  return {};
}

Status PushedFile::BeginPicture() {
  NIC_RETURN_IF_ERROR(FindPreview(decoder_));
  region_ = ResultRegion(decoder_);
  NIC_RETURN_IF_ERROR(CountWork(decoder_, &work_));
  NIC_RETURN_IF_ERROR(CheckWork(work_, decoder_.file.file_size(), decoder_.context.limits));
  DecoderChoices choices;
  choices.keep_going = decoder_.keep_going;
  choices.strip_rows = kPromptRows;
  choices.scale = decoder_.scale;
  if (decoder_.gain_map_element) {
    NIC_RETURN_IF_ERROR(ReadGainMap(decoder_, &gain_map_));
    choices.gain_map = &gain_map_;
  }
  if (decoder_.alpha_element) {
    const std::span<const uint8_t> payload = decoder_.file.Payload(*decoder_.alpha_element);
    alpha_ = Buffer<uint8_t>(memory_, payload.size());
    std::copy(payload.begin(), payload.end(), alpha_.begin());
  }
  converter_.emplace(decoder_, region_, std::span<const uint8_t>(alpha_.data(), alpha_.size()));
  NIC_RETURN_IF_ERROR(converter_->Begin());
  auto picture = std::make_unique<PictureDecoder>(decoder_.file, *decoder_.model->prepared, region_, choices,
                                                  *decoder_.context.parallel, memory_);
  NIC_RETURN_IF_ERROR(picture->Begin());
  picture_ = std::move(picture);
  stage_ = Stage::kPicture;
  return {};
}

// Brings the file's slices up to date. What lacks is no failure here.
Status PushedFile::FindSlices() {
  FileReader& file = decoder_.file;
  const FileHeader& header = file.header();
  const Status read = file.Continue(bytes_);
  if (read.code() != NIC_TRUNCATED) NIC_RETURN_IF_ERROR(read);
  const Status found = file.ContinueSlices(SliceGrid::Of(header.width, header.height, header.slice_side()));
  return found.code() == NIC_TRUNCATED ? Status() : found;
}

// The file may have told a larger size than it comes to have: what is done never exceeds what its bytes allow.
Status PushedFile::CheckWorkSoFar() const {
  return CheckWork(work_ * picture_->fraction(), bytes_.size(), decoder_.context.limits);
}

Status PushedFile::AdvancePicture(nic_event* event) {
  for (;;) {
    if (TellSlice(event)) return {};
    NIC_RETURN_IF_ERROR(FindSlices());
    NIC_RETURN_IF_ERROR(CheckWorkSoFar());
    row_count_ = 0;
    slices_told_ = 0;
    rows_.clear();
    DecoderStep step = DecoderStep::kDone;
    const auto take = [this](int64_t y, const int16_t* values) { return TakeRow(y, values); };
    const Status status = picture_->Advance(ended_, decoder_.context.progress, take, &step);
    decoder_.damaged = picture_->damaged();
    NIC_RETURN_IF_ERROR(status);
    if (TellRows(event)) return {};
    if (step == DecoderStep::kDone) return Finish(event);
    if (step != DecoderStep::kStarved) continue;
    event->type = NIC_EVENT_NEED_MORE;
    return {};
  }
}

Status PushedFile::TakeRow(int64_t y, const int16_t* values) {
  const size_t stride = static_cast<size_t>(region_.width()) * nic_format_bytes(ResultFormat(decoder_));
  if (row_count_ == 0) first_row_ = static_cast<uint32_t>(y - region_.y0);
  rows_.resize((row_count_ + 1) * stride);
  NIC_RETURN_IF_ERROR(converter_->Convert(values, rows_.data() + row_count_ * stride));
  ++row_count_;
  return {};
}

bool PushedFile::TellRows(nic_event* event) {
  if (row_count_ == 0) return false;
  event->type = NIC_EVENT_ROWS;
  event->y = first_row_;
  event->rows = row_count_;
  event->pixels = rows_.data();
  event->stride = rows_.size() / row_count_;
  return true;
}

bool PushedFile::TellSlice(nic_event* event) {
  if (slices_told_ >= picture_->slices().size()) return false;
  const PictureDecoder::Slice& slice = picture_->slices()[slices_told_++];
  event->type = NIC_EVENT_SLICE;
  event->slice = static_cast<uint64_t>(slice.index);
  event->damaged = slice.damaged;
  return true;
}

// All rows are out.
Status PushedFile::Finish(nic_event* event) {
  NIC_RETURN_IF_ERROR(converter_->Finish());
  LogDamage(decoder_, picture_->first_damage());
  NIC_RETURN_IF_ERROR(picture_->first_damage());
  stage_ = Stage::kDone;
  event->type = NIC_EVENT_DONE;
  return {};
}

namespace {

Status CheckPushed(const nic_decoder& decoder) {
  return decoder.pushed ? Status() : WrongState("decoder: no file is being pushed");
}

}  // namespace
}  // namespace nic

nic_status nic_decoder_begin_push(nic_decoder* decoder) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    nic::CloseFile(*decoder);
    decoder->pushed = std::make_unique<nic::PushedFile>(*decoder);
    return {};
  });
}

nic_status nic_decoder_push(nic_decoder* decoder, const void* bytes, size_t size) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckPushed(*decoder));
    if (!bytes && size) return nic::Status::Error(NIC_INVALID_ARGUMENT, nic::Status::kNoOffset, "bytes: null");
    return decoder->pushed->Push({static_cast<const uint8_t*>(bytes), size});
  });
}

nic_status nic_decoder_end_push(nic_decoder* decoder) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    NIC_RETURN_IF_ERROR(nic::CheckPushed(*decoder));
    return decoder->pushed->End();
  });
}

nic_status nic_decoder_next(nic_decoder* decoder, nic_event* event) {
  if (!decoder) return NIC_INVALID_ARGUMENT;
  return nic::Guard(&decoder->error, [&]() -> nic::Status {
    if (!event || !nic::IsKnownSize<nic_event>(event->struct_size, {})) {
      return nic::Status::Error(NIC_INVALID_ARGUMENT, nic::Status::kNoOffset, "event: struct_size is not known");
    }
    NIC_RETURN_IF_ERROR(nic::CheckPushed(*decoder));
    nic_event next = NIC_EVENT_INIT;
    const nic::Status status = decoder->pushed->Next(&next);
    nic::WriteSized(next, event);
    return status;
  });
}

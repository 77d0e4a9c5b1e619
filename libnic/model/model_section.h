// The sections of a model package as bytes, and the models that they hold (format-spec/model-package.md, "Sections").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "model/model.h"

namespace nic {

// Append a section's bytes. The model is not checked: see CheckModel.
void WriteDecoderSection(const DecoderModel& model, std::pmr::vector<uint8_t>* bytes);
void WriteEncoderSection(const EncoderModel& model, std::pmr::vector<uint8_t>* bytes);
void WritePreviewSection(const PreviewModel& model, std::pmr::vector<uint8_t>* bytes);
void WriteDeblockingSection(const DeblockingModel& model, std::pmr::vector<uint8_t>* bytes);

// Read a section into an empty model, whose memory serves all that it allocates: never more than a small multiple of
// the bytes. NIC_MODEL_MALFORMED, with the offset in the section, for bytes that break the format; what the fields mean
// together is for CheckModel to judge.
Status ReadDecoderSection(std::span<const uint8_t> bytes, DecoderModel* model);
Status ReadEncoderSection(std::span<const uint8_t> bytes, const DecoderModel& decoder, EncoderModel* model);
Status ReadPreviewSection(std::span<const uint8_t> bytes, PreviewModel* model);
Status ReadDeblockingSection(std::span<const uint8_t> bytes, const DecoderModel& decoder, DeblockingModel* model);

}  // namespace nic

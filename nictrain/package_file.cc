#include "package_file.h"

#include <utility>

#include "files.h"
#include "model/model_section.h"

namespace nic {
namespace {

Status ReadSections(const std::string& path, const PackageReader& reader, Memory& memory, DecoderModel* decoder,
                    EncoderModel* encoder) {
  const PackageSection* decoder_section = reader.Find(SectionType::kDecoder);
  const PackageSection* encoder_section = reader.Find(SectionType::kEncoder);
  if (!decoder_section || !encoder_section) {
    return Status::Error(NIC_MODEL_MALFORMED, Status::kNoOffset, "%s: no decoder or no encoder in it", path.c_str());
  }
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(reader.Unpack(*decoder_section, &raw, memory));
  NIC_RETURN_IF_ERROR(ReadDecoderSection({raw.data(), raw.size()}, decoder));
  NIC_RETURN_IF_ERROR(reader.Unpack(*encoder_section, &raw, memory));
  return ReadEncoderSection({raw.data(), raw.size()}, *decoder, encoder);
}

}  // namespace

Status ReadModel(const std::string& path, Memory& memory, DecoderModel* decoder, EncoderModel* encoder) {
  std::vector<uint8_t> bytes;
  NIC_RETURN_IF_ERROR(ReadFile(path, &bytes));
  PackageReader reader(memory);
  NIC_RETURN_IF_ERROR(reader.Open(bytes));
  return ReadSections(path, reader, memory, decoder, encoder);
}

Status PrepareModel(const std::string& path, bool deblocked, Memory& memory, std::unique_ptr<PreparedModel>* model) {
  std::vector<uint8_t> bytes;
  NIC_RETURN_IF_ERROR(ReadFile(path, &bytes));
  PackageReader reader(memory);
  NIC_RETURN_IF_ERROR(reader.Open(bytes));
  DecoderModel decoder(memory);
  EncoderModel encoder(memory);
  NIC_RETURN_IF_ERROR(ReadSections(path, reader, memory, &decoder, &encoder));
  const Target target = BestTarget();
  NIC_RETURN_IF_ERROR(PreparedModel::Prepare(std::move(decoder), target, memory, model));
  NIC_RETURN_IF_ERROR((*model)->PrepareEncoder(std::move(encoder), target, memory));
  const PackageSection* section = reader.Find(SectionType::kDeblocking);
  if (!deblocked || !section) return {};
  Buffer<uint8_t> raw;
  NIC_RETURN_IF_ERROR(reader.Unpack(*section, &raw, memory));
  DeblockingModel deblocking(memory);
  NIC_RETURN_IF_ERROR(ReadDeblockingSection({raw.data(), raw.size()}, (*model)->decoder(), &deblocking));
  return (*model)->PrepareDeblocking(deblocking, target, memory);
}

Status SetSection(std::span<const uint8_t> package, SectionType type, uint8_t flags, std::span<const uint8_t> section,
                  Memory& memory, std::pmr::vector<uint8_t>* bytes) {
  PackageReader reader(memory);
  NIC_RETURN_IF_ERROR(reader.Open(package));
  PackageWriter writer(reader.model_id(), reader.model_version(), reader.name(), memory);
  bool added = false;
  const auto add = [&] { return added ? Status() : (added = true, writer.Add(type, flags, section)); };
  for (const PackageSection& each : reader.sections()) {
    const auto here = static_cast<SectionType>(each.type);
    if (here >= type) NIC_RETURN_IF_ERROR(add());
    if (here == type) continue;
    Buffer<uint8_t> raw;
    NIC_RETURN_IF_ERROR(reader.Unpack(each, &raw, memory));
    NIC_RETURN_IF_ERROR(writer.Add(here, each.flags, {raw.data(), raw.size()}));
  }
  NIC_RETURN_IF_ERROR(add());
  return writer.Finish(bytes);
}

}  // namespace nic

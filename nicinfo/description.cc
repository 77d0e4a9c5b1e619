#include "nicinfo/description.h"

#include "tools/input_file.h"
#include "tools/metadata.h"

namespace nic::tools {
namespace {

constexpr uint64_t kMaxFile = uint64_t{2} << 30;
constexpr nic_limits kLimits = {.max_pixels = UINT64_MAX, .max_work = UINT64_MAX};  // what is told, not decoded
constexpr uint32_t kDigestMask = 0xffffff;  // the part of a package's digest that a file holds

std::string FindModelName(nic_context* context, const nic_info& info) {
  nic_model_info model;
  nic_status status = NIC_OK;
  for (size_t i = 0; status != NIC_INVALID_ARGUMENT; ++i) {
    status = nic_context_model(context, i, &model, nullptr);  // a package that cannot be used is no reason to stop
    if (status == NIC_OK && model.id == info.model_id && (model.digest & kDigestMask) == info.model_digest)
      return model.name;
  }
  return "";
}

// About what nicdec holds to decode the file so many times smaller, with the threads of the context; 0 for a file that
// cannot be opened.
uint64_t EstimateMemory(const std::vector<uint8_t>& bytes, uint32_t scale, nic_context* context) {
  nic_decoder* decoder = nullptr;
  uint64_t memory = 0;
  if (nic_decoder_new(context, &decoder, nullptr) != NIC_OK) return 0;
  if (nic_decoder_set(decoder, NIC_DECODER_SCALE, scale) == NIC_OK &&
      nic_decoder_open(decoder, bytes.data(), bytes.size()) == NIC_OK &&
      nic_decoder_memory(decoder, &memory) == NIC_OK) {
    memory += bytes.size();
  }
  nic_decoder_free(decoder);
  return memory;
}

// All slices that are whole; their count is bounded by the bytes.
void ReadSlices(const std::vector<uint8_t>& bytes, std::vector<nic_slice_info>* slices) {
  constexpr size_t kAtOnce = 1 << 16;
  size_t count = kAtOnce;
  while (count == kAtOnce) {
    const size_t known = slices->size();
    slices->resize(known + kAtOnce);
    nic_read_slices(bytes.data(), bytes.size(), &kLimits, known, slices->data() + known, kAtOnce, &count, nullptr);
    slices->resize(known + count);
  }
}

// Of the metadata that are there whole.
Outcome ReadMetadataSizes(const std::vector<uint8_t>& bytes, Description* description) {
  uint64_t* size = description->metadata_sizes;
  for (const MetadataKind& kind : kMetadataKinds) {
    nic_error error = {};
    const nic_status status = nic_read_metadata_size(bytes.data(), bytes.size(), &kLimits, kind.kind, size++, &error);
    if (status != NIC_OK && status != NIC_TRUNCATED) return Outcome::Library(error);
  }
  return {};
}

void ReadCicp(const std::vector<uint8_t>& bytes, std::vector<uint8_t>* cicp) {
  uint8_t content[4];
  uint64_t size = 0;
  nic_read_metadata(bytes.data(), bytes.size(), &kLimits, NIC_METADATA_CICP, content, sizeof content, &size, nullptr);
  cicp->assign(content, content + size);
}

// The bytes of a file, all but those of a file of another kind.
Outcome Load(const std::string& file, std::vector<uint8_t>* bytes) {
  InputFile input;
  NIC_TOOLS_RETURN_IF_FAILED(input.Open(file));
  // A look at the beginning refuses a huge file of another kind quickly.
  const std::span<const uint8_t> head = input.Peek(InputFile::kWindow);
  NIC_TOOLS_RETURN_IF_FAILED(input.status());
  if (head.empty()) return Outcome::Failure(kExitTruncated, "truncated file", "it is empty");
  nic_info info = {};
  nic_error error = {};
  const nic_status status = nic_read_info(head.data(), head.size(), &kLimits, &info, &error);
  if (status != NIC_OK && status != NIC_TRUNCATED) return Outcome::Library(error);
  return input.ReadAll(kMaxFile, bytes);
}

}  // namespace

Outcome Extract(const std::string& file, const MetadataFiles& wanted) {
  std::vector<uint8_t> bytes;
  NIC_TOOLS_RETURN_IF_FAILED(Load(file, &bytes));
  Metadata metadata;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].empty()) continue;
    const nic_metadata kind = kMetadataKinds[i].kind;
    std::vector<uint8_t>& content = metadata.*kMetadataKinds[i].content;
    uint64_t size = 0;
    nic_error error = {};
    nic_status status = nic_read_metadata_size(bytes.data(), bytes.size(), &kLimits, kind, &size, &error);
    if (status != NIC_OK) return Outcome::Library(error);
    content.resize(static_cast<size_t>(size));
    status =
        nic_read_metadata(bytes.data(), bytes.size(), &kLimits, kind, content.data(), content.size(), &size, &error);
    if (status != NIC_OK) return Outcome::Library(error);
  }
  return WriteMetadataFiles(wanted, metadata, false);
}

Outcome Describe(const std::string& file, nic_context* context, Description* description) {
  description->file = file;
  std::vector<uint8_t> bytes;
  NIC_TOOLS_RETURN_IF_FAILED(Load(file, &bytes));
  description->bytes_present = bytes.size();
  nic_error error = {};
  const nic_status status = nic_read_info(bytes.data(), bytes.size(), &kLimits, &description->info, &error);
  if (status != NIC_OK && (status != NIC_TRUNCATED || description->info.width == 0)) return Outcome::Library(error);
  description->model_name = FindModelName(context, description->info);
  for (size_t i = 0; i < std::size(kScales) && !description->model_name.empty(); ++i) {
    description->decode_memory[i] = EstimateMemory(bytes, kScales[i], context);
  }
  ReadSlices(bytes, &description->slices);
  ReadCicp(bytes, &description->cicp);
  NIC_TOOLS_RETURN_IF_FAILED(ReadMetadataSizes(bytes, description));
  return Outcome::Library(error);
}

}  // namespace nic::tools

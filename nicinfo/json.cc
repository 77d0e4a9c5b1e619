#include "nicinfo/json.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/cicp.h"
#include "tools/metadata.h"

namespace nic::tools {
namespace {

using Json = nlohmann::ordered_json;

// Digests and checks are identities, not quantities.
std::string Hexadecimal(const char* format, uint32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

Json SliceAsJson(const nic_slice_info& slice) {
  return {{"x", slice.x},
          {"y", slice.y},
          {"width", slice.width},
          {"height", slice.height},
          {"offset", slice.offset},
          {"bytes", slice.size},
          {"hyper_latent_bytes", slice.hyper_size},
          {"check", Hexadecimal("%08x", slice.check)}};
}

Json ColoursAsJson(const std::vector<uint8_t>& cicp) {
  if (cicp.empty()) return {};
  return {{"primaries", cicp[0]},
          {"transfer", cicp[1]},
          {"matrix", cicp[2]},
          {"full_range", cicp[3] != 0},
          {"name", CicpName(cicp)}};
}

Json MemoryAsJson(uint64_t bytes) { return bytes ? Json(bytes) : Json(); }

Json AsJson(const Description& d) {
  const nic_info& info = d.info;
  Json slices = Json::array();
  for (const nic_slice_info& slice : d.slices) slices.push_back(SliceAsJson(slice));
  Json metadata = Json::object();
  const uint64_t* metadata_size = d.metadata_sizes;
  for (const MetadataKind& kind : kMetadataKinds) metadata[kind.option] = *metadata_size++;
  Json scaled = Json::object();
  for (size_t i = 1; i < std::size(kScales); ++i) {
    scaled["1/" + std::to_string(kScales[i])] = MemoryAsJson(d.decode_memory[i]);
  }
  return {{"file", d.file},
          {"width", info.width},
          {"height", info.height},
          {"channels", nic_format_channels(info.format)},
          {"alpha", info.has_alpha != 0},
          {"metadata", metadata},
          {"colours", ColoursAsJson(d.cicp)},
          {"bit_depth", info.bit_depth},
          {"container_version", std::to_string(info.container_major) + "." + std::to_string(info.container_minor)},
          {"model",
           {{"id", info.model_id},
            {"name", d.model_name.empty() ? Json() : Json(d.model_name)},
            {"digest", Hexadecimal("%06x", info.model_digest)}}},
          {"gain_level", info.gain_level},
          {"interpolation", info.interpolation},
          {"lanes", info.lanes},
          {"slice_side", info.slice_side},
          {"slice_columns", info.slice_columns},
          {"slice_rows", info.slice_rows},
          {"bytes", info.file_size},
          {"bytes_present", d.bytes_present},
          {"header_bytes", info.header_size},
          {"metadata_bytes", info.metadata_size},
          {"alpha_bytes", info.alpha_size},
          {"gain_map_bytes", info.gain_map_size},
          {"hyper_latent_bytes", info.hyper_size},
          {"latent_bytes", info.latent_size},
          {"decode_memory", MemoryAsJson(d.decode_memory[0])},
          {"decode_memory_scaled", scaled},
          {"bits_per_pixel", d.bpp()},
          {"slices", slices}};
}

}  // namespace

std::string FormatJson(const std::vector<Description>& descriptions, bool as_array) {
  Json json = Json::array();
  for (const Description& description : descriptions) json.push_back(AsJson(description));
  if (!as_array) json = json.empty() ? Json() : json[0];
  // File names may be in any encoding; JSON may not.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nic::tools
